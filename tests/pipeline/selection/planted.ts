/** Questions whose nearness is known: defects set into real code of installed packages, and copies of that code with the same defect. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { type Rng, rngFor } from "../../../lib/rng.ts";
import { codeTokens } from "../../../lib/tokens.ts";
import { type Document, documentsOf } from "../../../pipeline/selection/document.ts";
import type { Instance } from "../../../schemas/instance.ts";

const modules = join(import.meta.dirname, "../../../node_modules");
const shelves = [
  "commander/lib",
  "semver/classes",
  "semver/functions",
  "yaml/dist/compose",
  "yaml/dist/schema",
  "p-queue/dist",
  "hyparquet/src",
];

/** Texts of real sources, each in the form that a printer gives it, so that a copy of another form differs in form alone. */
export const sources = (): readonly string[] =>
  shelves.flatMap((shelf) =>
    readdirSync(join(modules, shelf))
      .filter((name) => /\.js$/.test(name))
      .sort()
      .map((name) => readFileSync(join(modules, shelf, name), "utf8")),
  );

/** A function of a source, with a defect: the line and the column of what was replaced count from its beginning. */
export interface Planted {
  readonly healthy: string;
  readonly defective: string;
  /** What follows its beginning up to the defect, and what was put there. */
  readonly at: number;
  readonly original: string;
  readonly replacement: string;
}

const swaps: readonly (readonly [string, string])[] = [
  [" === ", " !== "],
  [" && ", " || "],
  [" < ", " <= "],
  [" + 1", " - 1"],
  [" > ", " >= "],
  ["(!", "("],
  [" true", " false"],
  [" || ", " && "],
];

/** Whole functions of at least eight lines. */
export function functionsOf(text: string): readonly string[] {
  const tree = ts.createSourceFile("a.js", text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && node.getText().split("\n").length >= 8) found.push(node.getText());
    // A method stands for a function of its own: its text is one once the word is there.
    else if (
      ts.isMethodDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.modifiers === undefined &&
      node.getText().split("\n").length >= 8
    )
      found.push(`function ${node.getText()}`);
    else ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Every place at which one of the swaps can be made. */
export function defectsOf(healthy: string): readonly Planted[] {
  return swaps.flatMap(([original, replacement]) => {
    const places: Planted[] = [];
    for (let at = healthy.indexOf(original); at >= 0; at = healthy.indexOf(original, at + 1)) {
      const defective = healthy.slice(0, at) + replacement + healthy.slice(at + original.length);
      // Inside of a comment it is no defect.
      const same =
        codeTokens(healthy)
          .map(({ text }) => text)
          .join(" ") ===
        codeTokens(defective)
          .map(({ text }) => text)
          .join(" ");
      if (!same) places.push({ healthy, defective, at, original, replacement });
    }
    return places;
  });
}

const printer = ts.createPrinter({ removeComments: true });
const reprinted = (text: string): string =>
  printer
    .printFile(ts.createSourceFile("a.js", text, ts.ScriptTarget.Latest, true))
    .replace(/;$/gm, "")
    .replace(/^( {4})+/gm, (indent) => "\t".repeat(indent.length / 4));

/** All names that the function itself declares are given new ones. */
function renamed(text: string): string {
  const declared = new Set([...text.matchAll(/\b(?:const|let|var|function)\s+([A-Za-z_$][\w$]*)/g)].map(([, name]) => name ?? ""));
  const parameters = /\(([^)]*)\)/.exec(text)?.[1]?.match(/[A-Za-z_$][\w$]*/g) ?? [];
  for (const name of parameters) declared.add(name);
  return text.replace(/(?<![\w$.'"])[A-Za-z_$][\w$]*/g, (name) => (declared.has(name) ? `${name}Renamed` : name));
}

/** One line in five, but for the defect's own: gone, doubled or another one. */
function edited(one: Planted, rng: Rng): readonly [string, string] {
  const lines = one.healthy.split("\n");
  const own = one.healthy.slice(0, one.at + 1).split("\n").length - 1;
  const bad = one.defective.split("\n");
  const chosen = new Set(
    rng
      .shuffle(lines.map((_, at) => at).filter((at) => at > 0 && at < lines.length - 1 && at !== own))
      .slice(0, Math.round(lines.length * 0.2)),
  );
  const change = (all: readonly string[]): string =>
    all
      .flatMap((line, at) => {
        if (!chosen.has(at)) return [line];
        if (at % 3 === 0) return [`  trace(state.level, "step ${at}")`, line];
        return at % 3 === 1 ? [`${line} // looked at`, `  count.seen += ${at}`] : [line.replace(/[A-Za-z_$][\w$]*/, "other.value")];
      })
      .join("\n");
  return [change(lines), change(bad)];
}

export const variants = ["exact", "renamed", "reformatted", "moved", "edited"] as const;
export type Variant = (typeof variants)[number];

/** The same defect in a copy of the code. `around` are functions among which it may stand. */
export function variantOf(
  one: Planted,
  variant: Variant,
  around: readonly [string, string],
  rng: Rng,
): readonly [healthy: string, defective: string] {
  switch (variant) {
    case "exact":
      return [one.healthy, one.defective];
    case "renamed":
      return [renamed(one.healthy), renamed(one.defective)];
    case "reformatted":
      return [reprinted(one.healthy), reprinted(one.defective)];
    case "moved":
      return [`${around[0]}\n\n${one.healthy}\n\n${around[1]}\n`, `${around[0]}\n\n${one.defective}\n\n${around[1]}\n`];
    case "edited":
      return edited(one, rng);
  }
}

/** The document of a question about this defect. */
export function documentOf(healthy: string, defective: string, skill = "editing"): readonly Document[] {
  const path = "src/a.js";
  const instance = {
    draft: { skill, interface: [] },
    candidate: { kind: "mutant", before: { [path]: defective }, edits: [] },
  } as unknown as Instance;
  return documentsOf(instance, { healthy: () => healthy, units: () => [] });
}

export const rngOf = (use: string): Rng => rngFor("planted", use, "near-duplicates");
