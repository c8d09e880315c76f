/** What a file loads of its own tree: files that it names, and folders in which it may find files by name. */
import { posix } from "node:path";
import type { Loads, SourceFile } from "../contract.ts";
import { literalText } from "./literals.ts";
import { extensions } from "./roles.ts";
import { childOf, nodesOf, partsOf, type SyntaxNode, treeOf } from "./tree.ts";

interface Tree {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** A tree's paths are asked about once for each of its test files. */
const trees = new WeakMap<readonly string[], Tree>();

function treeWith(paths: readonly string[]): Tree {
  const known = trees.get(paths);
  if (known !== undefined) return known;
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf("/"); at > 0 && !folders.has(path.slice(0, at)); at = path.lastIndexOf("/", at - 1))
      folders.add(path.slice(0, at));
  }
  const tree = { files: new Set(paths), folders };
  trees.set(paths, tree);
  return tree;
}

/** The file that a relative path stands for, as Node, TypeScript and the runners find it: as written, with an ending, or as a folder's index. */
function fileAt(path: string, { files }: Tree): string | null {
  const typed = path.replace(/\.([mc]?)js(x?)$/, ".$1ts$2");
  const names = [path, typed, ...extensions.map((ending) => path + ending), ...extensions.map((ending) => `${path}/index${ending}`)];
  return names.find((name) => files.has(name)) ?? null;
}

/** The module's name in an import, an export or a `require`; "" where it is not written out; null where the node loads nothing. */
function loadedName(text: string, node: SyntaxNode): string | null {
  if (node.type === "import_statement" || node.type === "export_statement") {
    const source = childOf(node, "source");
    return source === null ? null : literalText(text, source);
  }
  if (node.type !== "call_expression") return null;
  const callee = childOf(node, "function");
  const list = childOf(node, "arguments");
  if (callee === null || list === null) return null;
  const word = text.slice(callee.start, callee.end);
  if (/^(?:import\.meta\.glob|require\.context)$/.test(word)) return "";
  if (word !== "require" && word !== "import") return null;
  const [first] = partsOf(list);
  return first === undefined ? null : (literalText(text, first) ?? "");
}

/** `names.forEach(require)` loads by name too. */
const isHandedOn = (text: string, node: SyntaxNode): boolean =>
  node.type === "identifier" && node.parent?.type === "arguments" && text.slice(node.start, node.end) === "require";

/** What a piece of a string names: up to the folder in which a wildcard or a substitution stands. */
function written(text: string, piece: SyntaxNode): string {
  const whole = text.slice(piece.start, piece.end);
  const siblings = piece.parent?.children ?? [];
  const isOpen = siblings[siblings.indexOf(piece) + 1]?.type === "template_substitution";
  const wild = isOpen ? whole.length : whole.search(/[*?{[]/);
  return (wild < 0 ? whole : whole.slice(0, Math.max(0, whole.lastIndexOf("/", wild)))).replace(/^\/|\/$/g, "");
}

export function loads({ path, text }: SourceFile, paths: readonly string[]): Loads {
  const tree = treeWith(paths);
  const inFolder = (name: string): string => posix.join(posix.dirname(path), name);
  const files = new Set<string>();
  const folders = new Set<string>();
  const strings: string[] = [];
  let byName = false;
  for (const node of nodesOf(treeOf({ path, text }).root)) {
    if (node.type === "string_fragment") strings.push(written(text, node));
    const name = loadedName(text, node);
    byName ||= name === "" || isHandedOn(text, node);
    const file = name?.startsWith(".") ? fileAt(inFolder(name), tree) : null;
    if (file !== null) files.add(file);
  }
  if (byName) {
    for (const word of strings.filter((string) => /\w/.test(string) && string.length < 200)) {
      const file = /[./]/.test(word) ? fileAt(inFolder(word), tree) : null;
      if (file !== null) files.add(file);
      for (const folder of [inFolder(word), posix.normalize(word)]) if (tree.folders.has(folder)) folders.add(folder);
    }
  }
  return { files: [...files].sort(), byName, folders: [...folders].sort() };
}
