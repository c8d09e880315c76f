/** The check of every text that a solver reads, after it is written and whoever wrote it. */
import type { Candidate } from "../schemas/candidate.ts";
import type { Draft, SkillName } from "../schemas/instance.ts";
import { credentialsIn, namesAuthor } from "./scrub/credentials.ts";
import { titleOfTest } from "./visible.ts";

export interface Secrets {
  /** Paths whose naming gives the answer away. */
  readonly paths: readonly string[];
  /** Symbols whose naming gives the answer away, dotted or plain. */
  readonly symbols: readonly string[];
  /** Ids of hidden tests, `file > suite > title`. */
  readonly tests: readonly string[];
  readonly commits: readonly string[];
}

/** What the question of a skill about a change withholds. Editing, unit tests and review name the place themselves; a report may name symbols. */
export function secretsOf(skill: SkillName, { edits, revision }: Candidate, tests: readonly string[]): Secrets {
  const placeIsHidden = skill === "localization" || skill === "reproduction" || skill === "bug-fix";
  return {
    paths: placeIsHidden ? edits.map(({ file }) => file) : [],
    symbols: skill === "localization" ? edits.flatMap(({ symbol }) => (symbol === null ? [] : [symbol])) : [],
    tests,
    commits: [revision.commit],
  };
}

/** Every test that fails in a run of the draft, the other arm's too: a solver sees none of them. */
export const hiddenTestsOf = ({ failToPass, premises }: Pick<Draft, "failToPass" | "premises">): string[] => [
  ...new Set([...failToPass, ...premises.flatMap(({ expect }) => (expect.kind === "tests" ? expect.fail : []))]),
];

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const asWord = (word: string): RegExp => new RegExp(`(?<![\\w$])${escaped(word)}(?![\\w$])`);

/** `Box.open` is named by `Box` and by `open`: either leads to the place. */
const symbolForms = (symbol: string): string[] => symbol.split(".").filter((part) => part !== "");

/** `src/url.ts` is named by itself, without its extension, and by its base name with extension. */
const pathForms = (path: string): string[] => {
  const base = path.slice(path.lastIndexOf("/") + 1);
  const stem = path.replace(/\.[^./]+$/, "");
  return [path, base, ...(stem.includes("/") ? [stem] : [])];
};

/**
 * What leaks, in a few words, or null. Titles under 12 characters are too common to count. Words of paths and symbols that `told` holds do
 * not count: a question's own sentences may say `file` where a function is called so. Credentials and addresses of authors may stand in no text:
 * to mask them in code or in values would make these false.
 */
export function findLeak(text: string, secrets: Secrets, told = ""): string | null {
  const says = (word: string): boolean => asWord(word).test(text) && !asWord(word).test(told);
  for (const path of secrets.paths) {
    const form = pathForms(path).find(says);
    if (form) return `names the path ${form}`;
  }
  for (const symbol of secrets.symbols) {
    const form = symbolForms(symbol).find(says);
    if (form) return `names the symbol ${form}`;
  }
  for (const id of secrets.tests) {
    const title = titleOfTest(id);
    if (title.length >= 12 && text.includes(title)) return `quotes the title of a hidden test`;
  }
  if (secrets.commits.some((id) => text.includes(id.slice(0, 7)))) return "carries a commit id";
  const [credential] = credentialsIn(text);
  if (credential !== undefined) return `carries a credential (${credential.kind})`;
  return namesAuthor(text) ? "gives the e-mail address of an author" : null;
}

/** Every word equal to a part of one of the names becomes `FN`, in strings too; longer words that hold it stay. */
export function maskNames(source: string, symbols: readonly string[]): string {
  let masked = source;
  for (const symbol of symbols) {
    for (const part of symbolForms(symbol)) masked = masked.replace(new RegExp(asWord(part), "g"), "FN");
  }
  return masked;
}
