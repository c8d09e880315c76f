/** Does a text hold a stretch of a program: as code, or as data that becomes code? */
import ts from "typescript";
import { recent } from "../../lib/recent.ts";
import type { SourceFile } from "../contract.ts";
import { compile, compileOnce, tokensOf } from "./emit.ts";

/** So many tokens in a row are no coincidence, where two of them steer or make functions. */
const stretch = 25;
const leastSteering = 2;
const steering: ReadonlySet<string> = new Set([
  "return",
  "if",
  "else",
  "for",
  "while",
  "do",
  "switch",
  "case",
  "throw",
  "try",
  "catch",
  "=>",
  "?",
  "function",
]);
/** Long enough for a stretch, and of the letters of base64 or hexadecimal digits alone. */
const encoded = /^[\w+/=-]{60,}$/;

/** A stretch takes more letters than this. */
const leastLetters = 2 * stretch;

const words = (path: string, code: string): string[] =>
  tokensOf(path, code).flatMap(({ text }) => (text === "" ? [] : [text.replaceAll("'", '"')]));

/** Every stretch of the tokens that steers; NUL stands in no token. */
function* stretchesOf(tokens: readonly string[]): Generator<string> {
  const steers = (at: number): number => (steering.has(tokens[at] ?? "") ? 1 : 0);
  let inside = 0;
  for (let end = 0; end < tokens.length; end++) {
    inside += steers(end) - (end < stretch ? 0 : steers(end - stretch));
    if (end + 1 >= stretch && inside >= leastSteering) yield tokens.slice(end + 1 - stretch, end + 1).join("\0");
  }
}

const rememberedStretches: (path: string, text: string) => ReadonlySet<string> = recent(
  4,
  (path = "", text = "") => new Set(stretchesOf(words(path, compileOnce(path, text)))),
);

/** What the strings of a text say, one by one and all behind each other, as they are and decoded. */
function dataOf({ path, text }: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(`${path}.tsx`, text, ts.ScriptTarget.ESNext, false));
  const whole = [...found, found.join("")];
  const decoded = whole
    .filter((data) => encoded.test(data))
    .flatMap((data) => [Buffer.from(data, "base64").toString("utf8"), Buffer.from(data, "hex").toString("utf8")]);
  return [...whole, ...decoded];
}

export function repeats(source: SourceFile, text: SourceFile): boolean {
  const known = rememberedStretches(source.path, source.text);
  if (known.size === 0) return false;
  const holds = (path: string, code: string): boolean => {
    for (const run of stretchesOf(words(path, compile(path, code)))) if (known.has(run)) return true;
    return false;
  };
  return holds(text.path, text.text) || dataOf(text).some((data) => data.length > leastLetters && holds(source.path, data));
}
