/** Where a mutation of a file is, and the mutant that one or more of them make of the tree. */
import type { Language, Mutation, SourceFile } from "../../languages/contract.ts";
import { shortId } from "../../lib/hash.ts";
import { innermost } from "../../lib/innermost.ts";
import { replaced } from "../../lib/pieces.ts";
import type { Mutant, Site } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Spot } from "./spot.ts";

const lineOf = (starts: readonly number[], offset: number): number => {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
};

/** Says of mutations of one file where they are: line numbers and the innermost unit around them. */
export function siteOf(file: SourceFile, language: Language): (mutation: Mutation) => Site {
  const starts = [0, ...[...file.text.matchAll(/\n/g)].map((match) => match.index + 1)];
  const units = language.units(file);
  return ({ operator, start, end, replacement }) => ({
    file: file.path,
    symbol: innermost(units, (unit) => unit.start <= start && unit.end >= end)?.name ?? null,
    start,
    end,
    startLine: lineOf(starts, start),
    endLine: lineOf(starts, Math.max(start, end - 1)),
    original: file.text.slice(start, end),
    replacement,
    operator,
  });
}

export function spotsOf(file: SourceFile, environment: Environment, language: Language, operators: readonly string[]): Spot[] {
  const at = siteOf(file, language);
  return language.mutations(file, operators.length > 0 ? operators : undefined).map((mutation) => {
    const site = at(mutation);
    return { id: mutantId(environment, [site]), site };
  });
}

const mutantId = ({ revision }: Environment, sites: readonly Site[]): string =>
  shortId([
    revision.repository.name,
    revision.commit,
    revision.packageDir,
    sites.map(({ file, start, end, replacement }) => [file, start, end, replacement]),
  ]);

export function mutantOf(environment: Environment, sites: readonly Site[], text: (path: string) => string): Mutant {
  const files = [...new Set(sites.map((site) => site.file))].sort();
  return {
    kind: "mutant",
    id: mutantId(environment, sites),
    revision: environment.revision,
    before: Object.fromEntries(
      files.map((file) => [
        file,
        replaced(
          text(file),
          sites.filter((site) => site.file === file),
        ),
      ]),
    ),
    edits: sites.map(({ file, symbol, startLine, endLine }) => ({ file, symbol, startLine, endLine })),
    sites: [...sites],
  };
}
