/** Code and prose as tokens that survive what does not matter: white space, comments, quotes, optional punctuation and the names that an author made up. */

export interface Token {
  /** Names that an author chose freely are `$`; strings bear one kind of quote. */
  readonly text: string;
  /** Line on which it begins, from 1. */
  readonly line: number;
}

const lexeme =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[\p{ID_Start}$_#@][\p{ID_Continue}$]*|\d[\w.]*|\.{3}|=>|\?\?=?|\?\.|[=!]==?|&&=?|\|\|=?|\+\+|--|\*\*=?|>>>?=?|<<=?|[-+*/%&|^<>]=|\S/gu;

/** Words of the language and names that every program finds there: nobody renames them. */
const given = new Set(
  "abstract any as asserts async await bigint boolean break case catch class const constructor continue debugger declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let module namespace never new null number object of override private protected public readonly return satisfies set static string super switch symbol this throw true try type typeof undefined unique unknown var void while with yield Array ArrayBuffer BigInt Boolean Buffer Date Error Function Infinity Intl JSON Map Math NaN Number Object Promise Proxy RangeError Reflect RegExp Set String Symbol SyntaxError TypeError URL URLSearchParams Uint8Array WeakMap WeakSet arguments clearTimeout console decodeURIComponent encodeURIComponent exports global globalThis isFinite isNaN parseFloat parseInt process require setTimeout window".split(
    " ",
  ),
);

const isName = (text: string): boolean => /^[\p{ID_Start}$_]/u.test(text);

/** Of a string: its content between double quotes, so that a formatter's choice of quotes does not show. */
const oneQuote = (text: string): string => (/^['"]/.test(text) ? `"${text.slice(1, -1).replace(/\\(['"])/g, "$1")}"` : text);

/** Members (`.name`) and what every program is given keep their names. */
const named = (text: string, before: string | undefined): string =>
  !isName(text) || given.has(text) || before === "." || before === "?." ? oneQuote(text) : "$";

/** `(x) => …` is `x => …`, and a comma before a closing bracket, like every semicolon, is a matter of taste. */
function tidy(tokens: Token[], next: string): void {
  const at = tokens.length;
  if (/^[)\]}]$/.test(next) && tokens[at - 1]?.text === ",") tokens.pop();
  if (next === "=>" && tokens[at - 1]?.text === ")" && tokens[at - 2]?.text === "$" && tokens[at - 3]?.text === "(") {
    const [, name] = tokens.splice(at - 3, 3);
    if (name !== undefined) tokens.push(name);
  }
}

/** Tokens of JavaScript or TypeScript, without a parser: a text that does not parse has some too. */
export function codeTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(lexeme)) {
    const [raw] = match;
    if (raw === ";" || raw.startsWith("//") || raw.startsWith("/*")) continue;
    for (let next = text.indexOf("\n", counted); next >= 0 && next < match.index; next = text.indexOf("\n", counted)) {
      line += 1;
      counted = next + 1;
    }
    tidy(tokens, raw);
    tokens.push({ text: named(raw, tokens.at(-1)?.text), line });
  }
  return tokens;
}

/** Words of prose in lower case; numbers, addresses and marks are none. */
export const proseWords = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .replace(/\S+:\/\/\S+/g, " ")
    .match(/\p{L}[\p{L}\d']*/gu) ?? [];
