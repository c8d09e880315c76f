/** Right texts made wrong, and what a property of their readers is. */
import fc from "fast-check";

/** One thing that is read, and a check that throws where a promise is broken. */
export interface Property {
  readonly name: string;
  /** Share of the cases: what writes files is tried less often. */
  readonly weight: number;
  readonly of: (parameters: { readonly numRuns: number; readonly seed: number }) => void;
}

const scraps = [
  ..."\0 \n \r\n \t \\ \" ' ` { } [ ] : , - + @@ --- +++ /dev/null a/ b/ ../ ./ .git __proto__ constructor null true NaN 1e999 -1 0".split(
    " ",
  ),
  ...[
    "9".repeat(20),
    "\u2028",
    "\ud800",
    "\u200b",
    "é漢😀",
    "\\ No newline at end of file",
    "diff --git a/x b/x",
    "rename from ",
    "new file mode 120000",
  ],
  ...["@@ -1 +1 @@", "@@ -0,0 +1,999999999 @@", "GIT binary patch", '"\\303\\251"', "x".repeat(3_000)],
];

interface Spoil {
  readonly kind: "insert" | "remove" | "repeat" | "swap";
  readonly at: number;
  readonly length: number;
  readonly scrap: string;
}

const spoil: fc.Arbitrary<Spoil> = fc.record({
  kind: fc.constantFrom("insert", "remove", "repeat", "swap"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 40 }),
  scrap: fc.constantFrom(...scraps),
});

function spoilt(text: string, { kind, at, length, scrap }: Spoil): string {
  const from = Math.floor(at * text.length);
  const piece = text.slice(from, from + length);
  if (kind === "insert") return text.slice(0, from) + scrap + text.slice(from);
  if (kind === "remove") return text.slice(0, from) + text.slice(from + length);
  if (kind === "repeat") return text.slice(0, from) + piece + piece + text.slice(from + length);
  return text.slice(0, from) + scrap + text.slice(from + length);
}

/** A right text with up to six wounds; none leaves it right. */
export const woundedOf = (...rights: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...rights), fc.array(spoil, { maxLength: 6 })).map(([text, wounds]) => wounds.reduce(spoilt, text));

/** Throws where the promise is broken. */
export function hold(condition: boolean, what: string): void {
  if (!condition) throw new Error(`broken: ${what}`);
}

/** Runs it; only errors of this kind may come. */
export function only(kind: new (...words: never[]) => Error, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

export const jsonOr = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
};

export const asserting =
  <T>(property: fc.IRawProperty<T>): Property["of"] =>
  (parameters) =>
    fc.assert(property, parameters);
