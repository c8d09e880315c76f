/** Names that hidden tests need and that neither the solver's tree nor the report gives: without them only luck could pass the tests. */
import type { Unit } from "../languages/contract.ts";
import type { Candidate } from "../schemas/candidate.ts";
import type { PoseContext } from "./contract.ts";
import { blocksOf } from "./scrub/blocks.ts";
import { spansOf } from "./scrub/sentences.ts";

const shapeChars = 160;

const lastPart = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

/** `slugify(text, limit = 5)`: the name with what stands between its parentheses; the bare name where there are none. */
function shapeOf(name: string, unit: Unit | undefined): string {
  if (unit === undefined || unit.kind === "class") return name;
  const [open, close] = [unit.signature.indexOf("("), unit.signature.lastIndexOf(")")];
  if (open < 0 || close < open || close - open > shapeChars) return name;
  return `${name}${unit.signature.slice(open, close + 1)}`;
}

interface Sides {
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
  readonly units: readonly Unit[];
  /** Last parts of the names that an import reaches, and did not before. */
  readonly exported: ReadonlySet<string>;
}

function sidesOf(commit: Pick<Candidate, "before">, context: PoseContext): Sides {
  const { language } = context;
  const before = new Set<string>();
  const after = new Set<string>();
  const units: Unit[] = [];
  const old = new Set<string>();
  for (const [path, text] of Object.entries(commit.before)) {
    const clean = context.text(path);
    if (text !== null) {
      for (const name of language.names({ path, text })) before.add(name);
      for (const unit of language.units({ path, text })) if (unit.exported) old.add(unit.name);
    }
    if (clean === null) continue;
    for (const name of language.names({ path, text: clean })) after.add(name);
    units.push(...language.units({ path, text: clean }));
  }
  const exported = new Set(units.filter((unit) => unit.exported && !old.has(unit.name)).map(({ name }) => lastPart(name)));
  return { before, after, units, exported };
}

export const hasWord = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[\w$]/.test(text[at - 1] ?? "") && !/[\w$]/.test(text[at + word.length] ?? "")) return true;
  }
  return false;
};

/** Code of a text, in fences and in sentences. */
const codeIn = (text: string): string =>
  blocksOf(text)
    .flatMap((block) =>
      block.kind === "code" ? block.lines : spansOf(block.line).flatMap((span) => (span.kind === "code" ? [span.text] : [])),
    )
    .join("\n");

/** A word of everyday language is a name only where it stands in code; `slugLimit`, `slug_limit` and `$slug` are names anywhere. */
const isNamed = (told: string, code: string, name: string): boolean => hasWord(/[a-z\d][A-Z]|[_$\d]/.test(name) ? told : code, name);

/** Sorted: files that the tests load and the solver's tree lacks, then names, each with its parameters where it has some. */
export function interfaceOf(commit: Pick<Candidate, "before">, hidden: readonly string[], told: string, context: PoseContext): string[] {
  const tests = hidden.flatMap((path) => {
    const text = context.text(path);
    return text === null || !context.language.extensions.some((ending) => path.endsWith(ending)) ? [] : [{ path, text }];
  });
  const files = tests.flatMap((file) => context.language.loads(file, context.paths()).files).filter((path) => commit.before[path] === null);
  const used = new Set(tests.flatMap((file) => [...context.language.names(file)]));
  const code = codeIn(told);
  const { before, after, units, exported } = sidesOf(commit, context);
  const visible = (path: string): string => (Object.hasOwn(commit.before, path) ? commit.before[path] : context.text(path)) ?? "";
  const isNew = (name: string): boolean =>
    exported.has(name) || (!before.has(name) && !context.environment.sourceFiles.some((path) => hasWord(visible(path), name)));
  const names = [...after].filter((name) => name.length > 1 && used.has(name) && !isNamed(told, code, name) && isNew(name)).sort();
  const unitOf = (name: string): Unit | undefined =>
    units.filter((unit) => lastPart(unit.name) === name).sort((a, b) => Number(b.exported) - Number(a.exported))[0];
  return [...[...new Set(files)].sort(), ...names.map((name) => shapeOf(name, unitOf(name)))];
}
