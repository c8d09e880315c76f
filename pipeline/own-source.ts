/** The source of a program of this house, packed with everything that it imports, for a format that brings its grader along. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { type ArchiveEntry, packTree } from "../lib/archive.ts";

const root = join(import.meta.dirname, "..");
/** What runs inside the sandbox beside foreign code is read by name, not imported. */
const harnesses = ["languages/javascript/harness", "sandbox/harness"];
/** Grammars that `languages/javascript/syntax.ts` loads by path. */
const byPath = ["tree-sitter-javascript", "tree-sitter-typescript"];

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

/** Beside the sources, or above the built package. */
const manifestPath = (): string => {
  const beside = join(root, "package.json");
  return existsSync(beside) ? beside : join(root, "..", "package.json");
};

const ending = import.meta.filename.slice(import.meta.filename.lastIndexOf("."));

/** `@scope/name` or `name` of what is imported. */
const packageOf = (imported: string): string =>
  imported
    .split("/")
    .slice(0, imported.startsWith("@") ? 2 : 1)
    .join("/");

/** Relative paths of the entry's file and of all that it imports, and the packages among these. Types are imports too here: a file too many does no harm. */
function reachedFrom(entry: string): { readonly files: readonly string[]; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    for (const { fileName } of ts.preProcessFile(readFileSync(join(root, path), "utf8"), true, true).importedFiles) {
      if (fileName.startsWith(".")) visit(normalize(join(dirname(path), fileName)));
      else if (!fileName.startsWith("node:")) packages.add(packageOf(fileName));
    }
  };
  visit(entry);
  return { files: [...files].sort(), packages };
}

/** Files of the house, without a path that leads out of it. `entry` is a path without its ending: the house runs as TypeScript and, published, as JavaScript. */
export function packOwnSource(entry: string): { readonly archive: Buffer; readonly entry: string } {
  const named = `${entry}${ending}`;
  const { files, packages } = reachedFrom(named);
  const harness = harnesses.flatMap((folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => join(folder, name)) : [],
  );
  const { name, version, license, dependencies } = manifestSchema.parse(JSON.parse(readFileSync(manifestPath(), "utf8")));
  const wanted = new Set([...packages, ...byPath]);
  const needed = Object.fromEntries(Object.entries(dependencies).filter(([package_]) => wanted.has(package_)));
  const manifest = { name, version, license, private: true, type: "module", dependencies: needed };
  const texts = new Map([...files, ...harness].map((path) => [relative(root, join(root, path)), readFileSync(join(root, path))]));
  texts.set("package.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  const entries = [...texts].map(([path, bytes]): ArchiveEntry => ({ path, kind: "file", executable: false, bytes }));
  return { archive: packTree(entries), entry: named };
}
