/** What a program says in words: texts of strings, the fixed parts of templates, patterns and text between JSX tags, as they are written. */
import type { SourceFile, Wording } from "../contract.ts";
import { nodesOf, treeOf } from "./tree.ts";

const SAYING: ReadonlySet<string> = new Set(["string_fragment", "regex_pattern", "jsx_text"]);
/** Of what is loaded, and of types: no word that a run could show. */
const SILENT: ReadonlySet<string> = new Set(["import_statement", "export_statement", "literal_type"]);

export function strings({ path, text }: SourceFile): readonly Wording[] {
  const { root } = treeOf({ path, text });
  return [...nodesOf(root)].flatMap(({ type, start, end, parent }) =>
    SAYING.has(type) && !SILENT.has(parent?.parent?.type ?? "") ? [{ text: text.slice(start, end), start, end }] : [],
  );
}
