import { describe, expect, it } from "vitest";
import { initLanguages, languages } from "../../../languages/index.ts";
import { sift } from "../../../pipeline/environment/sift.ts";
import { mutantOf, spotsOf } from "../../../pipeline/injection/mutant.ts";
import type { SiftRun, Workspace } from "../../../sandbox/workspace.ts";
import type { Environment } from "../../../schemas/environment.ts";
import { environmentOf } from "../../grading/stand.ts";

await initLanguages();
const [language] = languages;
const source = "export const add = (a, b) => a + b;\nexport const less = (a, b) => a < b;\n";
const text = (path: string): string | null => (path === "src/a.js" ? source : null);
const environment: Environment = {
  ...environmentOf(),
  sourceFiles: ["src/a.js"],
  tests: ["a.test.js > adds", "b.test.js > compares"].map((id) => ({ id, file: id.slice(0, 9), standing: "stable" })),
  testFiles: ["a.test.js", "b.test.js"].map((file) => ({ file, standalone: true, covers: { "src/a.js": [1, 2] } })),
};
const mutants = spotsOf({ path: "src/a.js", text: source }, environment, language as never, []).map(({ site }) =>
  mutantOf(environment, [site], (path) => text(path) ?? ""),
);
const all = mutants.map((_, at) => at);

const packed = (ids: readonly number[]): string => {
  const bytes = Buffer.alloc(8);
  for (const id of ids) bytes[id >> 3] = (bytes[id >> 3] ?? 0) | (1 << (id & 7));
  return bytes.toString("base64");
};
type Line = Readonly<Record<string, unknown>>;
const test = (file: string, title: string, ids: readonly number[], more: Line = {}): Line => ({
  type: "test",
  at: 0,
  file,
  path: [title],
  why: null,
  ids: packed(ids),
  odd: "",
  ...more,
});
const told = (of: string, ...lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify({ of, ...line })}\n`).join("");
const a = (...lines: readonly Line[]): string => told("1.1", test("a.test.js", "adds", all), ...lines);
const b = (...lines: readonly Line[]): string => told("2.1", test("b.test.js", "compares", all), ...lines);
const end: Line = { type: "end" };
const of = (id: number, verdict: string): Line => ({ type: "mutant", id, verdict, by: 0 });

/** Verdicts where the jobs of a sift say one text after another; and the files that each was asked for. */
async function siftedBy(...texts: readonly string[]) {
  const asked: (readonly string[])[] = [];
  const stand = {
    environment,
    language,
    text,
    sift: async (_layer: unknown, files: readonly string[]): Promise<SiftRun> => {
      asked.push(files);
      return {
        ended: { kind: "finished", exitCode: 0, failedCommand: null },
        told: texts[asked.length - 1] ?? "",
        stderr: "broke",
      };
    },
  } as unknown as Workspace;
  const verdicts = await sift(mutants, ["a.test.js", "b.test.js"], stand, { parts: 1, wallMs: 1000 });
  return { verdicts: mutants.map(({ id }) => verdicts.get(id)), asked };
}

describe("what processes say of mutants", () => {
  it("is killed where one file kills, and survived where all were run and none does", async () => {
    const { verdicts } = await siftedBy(
      a(of(0, "failed"), of(1, "survived"), of(2, "endless"), end) + b(of(1, "survived"), of(3, "late"), end),
    );
    expect(verdicts.slice(0, 5)).toEqual([
      { kind: "killed", by: "a.test.js > adds" },
      { kind: "survived" },
      { kind: "endless" },
      { kind: "unsure", why: "a test took too long" },
      { kind: "survived" },
    ]);
  });

  it("is not survived where a test that reaches the mutant cannot be believed, and killed all the same", async () => {
    const odd = test("a.test.js", "adds", [0, 1], { why: "fails", odd: packed([2]) });
    const { verdicts } = await siftedBy(told("1.1", odd, end) + b({ type: "loaded", ids: packed([3]) }, of(0, "failed"), end));
    expect(verdicts.slice(0, 5)).toEqual([
      { kind: "killed", by: "b.test.js > compares" },
      { kind: "unsure", why: "a.test.js > adds fails" },
      { kind: "unsure", why: "a.test.js > adds does not always reach it" },
      { kind: "unsure", why: "it runs while files are loaded" },
      { kind: "survived" },
    ]);
  });

  it("is asked for again of the files whose process died, without the mutant that it died of", async () => {
    const { verdicts, asked } = await siftedBy(a(of(0, "survived"), end) + b({ type: "begin", id: 1 }), b(of(2, "failed"), end));
    expect(asked).toEqual([["a.test.js", "b.test.js"], ["b.test.js"]]);
    expect(verdicts.slice(0, 3)).toEqual([
      { kind: "survived" },
      { kind: "unsure", why: "its process fell silent or ended" },
      { kind: "killed", by: "b.test.js > compares" },
    ]);
  });

  it("is nothing where a file never says anything", async () => {
    const { verdicts, asked } = await siftedBy(a(of(0, "failed"), end), "");
    expect(asked).toHaveLength(2);
    expect(verdicts.slice(0, 2)).toEqual([
      { kind: "killed", by: "a.test.js > adds" },
      { kind: "unsure", why: "the sift of its tests ended early: broke" },
    ]);
  });

  it("is nothing where a test of the baseline was not run", async () => {
    const { verdicts } = await siftedBy(a(end) + told("2.1", test("b.test.js", "another", []), end));
    expect(verdicts[0]).toEqual({ kind: "unsure", why: "b.test.js > compares was not run" });
  });

  it("is read past lines that are none of a judge's", async () => {
    const { verdicts } = await siftedBy(`${a(of(0, "failed"), end)}not json\n{"type":"mutant"}\n${b(end)}`);
    expect(verdicts[0]).toEqual({ kind: "killed", by: "a.test.js > adds" });
  });
});
