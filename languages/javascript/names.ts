/** Names that a file shows to others or takes from them: members, keys, imports and exports, as opposed to its own variables. */
import type { SourceFile } from "../contract.ts";
import { exportedNames } from "./exports.ts";
import { childOf, nodesOf, treeOf } from "./tree.ts";

const SHOWN: ReadonlySet<string> = new Set([
  "property_identifier",
  "shorthand_property_identifier",
  "shorthand_property_identifier_pattern",
  "type_identifier",
]);

export function names({ path, text }: SourceFile): ReadonlySet<string> {
  const { root } = treeOf({ path, text });
  const found = new Set(exportedNames(text, root));
  for (const node of nodesOf(root)) {
    const name = node.type === "import_specifier" ? childOf(node, "name") : SHOWN.has(node.type) ? node : null;
    if (name !== null) found.add(text.slice(name.start, name.end));
  }
  return found;
}
