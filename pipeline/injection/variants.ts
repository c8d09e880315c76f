/**
 * Ways in which a fix could have gone wrong, to be tried on its tests: a change of several left out, a slip in a line that it wrote; and how it
 * was before, which may have been wrong in earnest. And ways in which one of its tests would ask for the opposite. Each is a mutant of the fixed tree.
 */
import type { Language, SourceFile } from "../../languages/contract.ts";
import { replacementsOf } from "../../lib/replacements.ts";
import type { Rng } from "../../lib/rng.ts";
import type { Commit, Mutant, Site } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Observation } from "../../schemas/observation.ts";
import { turnedTests } from "../../skills/turned-tests.ts";
import { mutantOf, siteOf, spotsOf } from "./mutant.ts";
import { spread } from "./spread.ts";

export interface Fixed {
  readonly candidate: Commit;
  readonly observation: Observation;
  readonly environment: Environment;
  readonly language: Language;
  /** Text of a file of the fixed tree, or null. */
  text(path: string): string | null;
}

/** The names of what no mutator did: a change of the fix was left out, or was not as it is yet. They stand beside those of the mutators. */
const hunkLeft = "hunk-left";
const notYet = "not-yet";

/** Operators whose work a reader sees without understanding the code: they are tried after all others. */
const glaring: ReadonlySet<string> = new Set(["condition-true", "condition-false", "error-message", "string-literal"]);

/** Where a file has other lines than it had before, with those. */
function sitesOf(file: SourceFile, before: string, operator: string, language: Language): Site[] {
  const at = siteOf(file, language);
  return replacementsOf(before, file.text).map(({ before: old, after: now }) =>
    at({ operator, start: now.start, end: now.start + now.text.length, replacement: old.text }),
  );
}

/** The fix without one of its changes, for each of them; none where it has only one. Files that came or went with the fix are no part. */
export function leftHunks(fixed: Fixed): Mutant[] {
  const { candidate, environment, language } = fixed;
  const sites: Site[] = [];
  for (const [path, before] of Object.entries(candidate.before)) {
    const text = fixed.text(path);
    if (before === null || text === null) continue;
    sites.push(...sitesOf({ path, text }, before, hunkLeft, language));
  }
  const whole = Object.values(candidate.before).every((text) => text !== null);
  return sites.length < 2 && whole ? [] : sites.map((site) => mutantOf(environment, [site], (path) => fixed.text(path) ?? ""));
}

/** The fix as it was before, in each of its attempts. One with a file that the fix has not, or without one that it has, is no part. */
export function attempted(fixed: Fixed): Mutant[] {
  const { candidate, environment, language } = fixed;
  return (candidate.attempts ?? []).flatMap(({ layer }) => {
    const sites: Site[] = [];
    for (const [path, old] of Object.entries(layer)) {
      const text = fixed.text(path);
      if (old === null || text === null) return [];
      sites.push(...sitesOf({ path, text }, old, notYet, language));
    }
    return mutantOf(environment, sites, (path) => fixed.text(path) ?? "");
  });
}

const lineCount = (text: string): number => text.split("\n").length;

/** Slips in lines that the fix wrote and its tests reach, spread over its symbols; the plain to see last. None is the defect itself. */
export function slips(fixed: Fixed, rng: Rng): Mutant[] {
  const { candidate, observation, environment, language } = fixed;
  const reached = (file: string, line: number): boolean =>
    environment.testFiles.some((test) => observation.files.includes(test.file) && (test.covers[file] ?? []).includes(line));
  const written = ({ file, startLine, endLine }: Site): boolean =>
    candidate.edits.some((edit) => edit.file === file && edit.startLine <= startLine && endLine <= edit.endLine) &&
    reached(file, startLine);
  const spots = [...new Set(candidate.edits.map(({ file }) => file))].sort().flatMap((path) => {
    const text = fixed.text(path);
    return text === null ? [] : spotsOf({ path, text }, environment, language, []).filter(({ site }) => written(site));
  });
  const isPlain = ({ operator, original, replacement }: Site): boolean =>
    glaring.has(operator) || lineCount(original) !== lineCount(replacement);
  const { first = [], last = [] } = Object.groupBy(spread(spots, rng), ({ site }) => (isPlain(site) ? "last" : "first"));
  return [...first, ...last]
    .map(({ site }) => mutantOf(environment, [site], (path) => fixed.text(path) ?? ""))
    .filter(({ before }) => Object.entries(before).some(([path, text]) => text !== candidate.before[path]));
}

/** Failing tests of the change made to ask for the opposite, in the assertion that failed or the first one after. */
export function otherwiseAsked(fixed: Fixed): Mutant[] {
  const { observation, environment, language } = fixed;
  const mutants = new Map<string, Mutant>();
  for (const { path, mutation } of turnedTests(observation, fixed)) {
    const text = fixed.text(path) ?? "";
    const mutant = mutantOf(environment, [siteOf({ path, text }, language)(mutation)], () => text);
    mutants.set(mutant.id, mutant);
  }
  return [...mutants.values()];
}
