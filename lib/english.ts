/** Whether a text is in English, by its letters and its smallest words. */
import { proseWords } from "./tokens.ts";

/** Words without which hardly an English sentence does, and which other languages in Latin letters do not have. */
const small = new Set(
  "the and of to it that this with when not for be are was should which but if an from does there have has would could what how because".split(
    " ",
  ),
);
/** English prose has about a third of such words, lists of steps and errors fewer; texts of other languages that quote a message have some. */
const leastSmall = 0.04;
/** Letters of other scripts: a name or a character that is reported on is no language. */
const mostForeign = 0.2;
const fewWords = 12;

/** Of a text of less than a dozen words the letters alone are asked. Code in fences and between ticks is no prose. */
export function isEnglish(text: string): boolean {
  const prose = text.replace(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, " ");
  const letters = prose.match(/\p{L}/gu) ?? [];
  const foreign = letters.filter((letter) => !/\p{Script=Latin}/u.test(letter)).length;
  if (letters.length > 0 && foreign / letters.length > mostForeign) return false;
  const words = proseWords(prose);
  return words.length < fewWords || words.filter((word) => small.has(word)).length / words.length >= leastSmall;
}
