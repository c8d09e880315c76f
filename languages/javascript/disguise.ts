/**
 * Right and wrong forms of a source in one text, one of them in force: whoever reads the text sees them all, and only who runs it knows which
 * it is. A test that compares texts, however much of them it leaves out, takes all the disguised forms of a source for the same.
 *
 * Which form is in force lies in digits, of which one is asked for its size in one of several ways that no bundler works out. Two texts that are
 * made with the same chance differ in single digits alone. What counts as yes differs from question to question, and by how much the digit grows or
 * shrinks for it, so that nothing which adds up all digits sets the right text apart from all the wrong ones.
 */
import type { Rng } from "../../lib/rng.ts";
import type { NumberedMutation, SourceFile } from "../contract.ts";
import { inForms, type Words } from "./switched.ts";

interface Part {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** What one text has in place of a part of the other, letter by letter; null where they are the same. */
function replacementIn(text: string, other: string): Part | null {
  if (text === other) return null;
  const most = Math.min(text.length, other.length);
  let start = 0;
  while (start < most && text[start] === other[start]) start += 1;
  let tail = 0;
  while (tail < most - start && text[text.length - 1 - tail] === other[other.length - 1 - tail]) tail += 1;
  return { start, end: text.length - tail, replacement: other.slice(start, other.length - tail) };
}

/** With the word or sign that follows in both: of `a && b` and `b` the latter replaces the former, not nothing the `a && `. */
function widened({ start, end, replacement }: Part, text: string): Part {
  const next = /^\s*(?:[\w$]+|\S)/.exec(text.slice(end, end + 200))?.[0] ?? "";
  return { start, end: end + next.length, replacement: replacement + next };
}

/** Whether the last of five digits is over 4. */
const overFour: readonly ((digits: string) => string)[] = [
  (digits) => `/[5-9]$/.test("${digits}")`,
  (digits) => `"${digits}".charCodeAt(4)>52`,
  (digits) => `Number("${digits}")%10>4`,
];
/** Whether it is not. */
const underFive: typeof overFour = [
  (digits) => `/[0-4]$/.test("${digits}")`,
  (digits) => `"${digits}".charCodeAt(4)<53`,
  (digits) => `Number("${digits}")%10<5`,
];

/** A question that is answered with yes or no, as asked for. */
function question(yes: boolean, rng: Rng): string {
  const askings = rng.below(2) === 0 ? overFour : underFive;
  const [asking, digits] = [askings[rng.below(askings.length)], 1000 + rng.below(9000)];
  const [small, large] = [rng.below(5), 5 + rng.below(5)];
  return `(${(asking ?? String)(`${digits}${yes === (askings === overFour) ? large : small}`)})`;
}

/** Words by which it is only seen whether a form can be held. */
const harmless: Words = { is: () => "(0>1)", turn: null, declared: "" };

/**
 * The file's text and the other texts in one, with `others[inForce]` in force, or the file's own where that is null. Null where the one in
 * force, or all of them, cannot stand beside the own text.
 */
export function disguise(file: SourceFile, others: readonly string[], inForce: number | null, rng: Rng): string | null {
  const numbered = others.flatMap((other, id): NumberedMutation[] => {
    const found = replacementIn(file.text, other);
    if (found === null) return [];
    const forms = [found, widened(found, file.text)].map((part): NumberedMutation => ({ id, mutation: { operator: "disguise", ...part } }));
    return forms.filter((form) => inForms(file, [form], harmless) !== null).slice(0, 1);
  });
  const made = inForms(file, numbered, { ...harmless, is: (id) => question(id === inForce, rng) });
  return made === null || (inForce !== null && !made.held.includes(inForce)) ? null : made.text;
}
