/** The check of every text that a solver reads, after it is written and whoever wrote it. */

export interface Secrets {
  /** Paths whose naming gives the answer away. */
  readonly paths: readonly string[];
  /** Symbols whose naming gives the answer away, dotted or plain. */
  readonly symbols: readonly string[];
  /** Ids of hidden tests, `file > suite > title`. */
  readonly tests: readonly string[];
  readonly commits: readonly string[];
}

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

/** What leaks, in a few words, or null. Titles under 12 characters are too common to count. */
export function findLeak(text: string, secrets: Secrets): string | null {
  for (const path of secrets.paths) {
    const form = pathForms(path).find((candidate) => asWord(candidate).test(text));
    if (form) return `names the path ${form}`;
  }
  for (const symbol of secrets.symbols) {
    const form = symbolForms(symbol).find((part) => asWord(part).test(text));
    if (form) return `names the symbol ${form}`;
  }
  for (const id of secrets.tests) {
    const title = id.slice(id.lastIndexOf(" > ") + 3).replace(/ #\d+$/, "");
    if (title.length >= 12 && text.includes(title)) return `quotes the title of a hidden test`;
  }
  const commit = secrets.commits.find((id) => text.includes(id.slice(0, 7)));
  return commit ? "carries a commit id" : null;
}

/** Every word equal to a part of one of the names becomes `FN`, in strings too; longer words that hold it stay. */
export function maskNames(source: string, symbols: readonly string[]): string {
  let masked = source;
  for (const symbol of symbols) {
    for (const part of symbolForms(symbol)) masked = masked.replace(new RegExp(asWord(part), "g"), "FN");
  }
  return masked;
}
