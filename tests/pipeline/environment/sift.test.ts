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
  const bytes = Buffer.alloc(ids.length === 0 ? 0 : 8);
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
  steady: true,
  ms: 1,
  ids: packed(ids),
  odd: "",
  ...more,
});
const told = (of: string, ...lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify({ of, ...line })}\n`).join("");
const a = (...lines: readonly Line[]): string => told("1.1", test("a.test.js", "adds", all), ...lines);
const b = (...lines: readonly Line[]): string => told("2.1", test("b.test.js", "compares", all), ...lines);
const end: Line = { type: "end" };
const of = (id: number, verdict: string): Line => ({ type: "mutant", id, verdict, by: 0 });

/** Verdicts where the jobs of a sift say one text after another, or fall silent at once (null); and what each was asked for. */
async function siftedBy(...texts: readonly (string | null)[]) {
  return siftedFrom(["a.test.js", "b.test.js"], 1, ...texts);
}

async function siftedFrom(testFiles: readonly string[], parts: number, ...texts: readonly (string | null)[]) {
  const asked: (readonly string[])[] = [];
  const steps: unknown[] = [];
  const patience: number[] = [];
  const width: unknown[] = [];
  const stand = {
    environment,
    language,
    text,
    sift: async (
      _layer: unknown,
      files: readonly string[],
      plan: string,
      { limits, workers }: { limits: { silentMs: number }; workers?: number },
    ): Promise<SiftRun> => {
      asked.push(files);
      width.push([workers, JSON.parse(plan).workers]);
      steps.push(...JSON.parse(plan).steps);
      patience.push(limits.silentMs);
      const text = texts[asked.length - 1];
      return {
        ended: text === null ? { kind: "timed-out" } : { kind: "finished", exitCode: 0, failedCommand: null },
        told: text ?? "",
        complaint: () => "broke",
      };
    },
  } as unknown as Workspace;
  const reaching = new Map(mutants.map(({ id }) => [id, testFiles]));
  const verdicts = await sift(mutants, reaching, stand, { parts, wallMs: 1000 });
  return { verdicts: mutants.map(({ id }) => verdicts.get(id)), asked, steps, patience, width };
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
    const { verdicts } = await siftedBy(told("1.1", odd, end) + b({ type: "loaded", ids: packed([3]), turns: 0 }, of(0, "failed"), end));
    expect(verdicts.slice(0, 5)).toEqual([
      { kind: "killed", by: "b.test.js > compares" },
      { kind: "unsure", why: "a.test.js > adds fails" },
      { kind: "unsure", why: "a.test.js > adds fails" },
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

  it("comes of one job with files side by side where there are many, and of one after another where there are few", async () => {
    const many = Array.from({ length: 9 }, (_, at) => `${at}.test.js`);
    const { asked, width } = await siftedFrom(many, 2, "");
    expect([asked, width]).toEqual([[many], [[2, 2]]]);
    expect((await siftedFrom(many.slice(0, 7), 2, "")).width).toEqual([[1, 1]]);
  });

  it("is nothing where a file never says anything", async () => {
    const { verdicts, asked } = await siftedBy(a(of(0, "failed"), end), "");
    expect(asked).toHaveLength(2);
    expect(verdicts.slice(0, 2)).toEqual([
      { kind: "killed", by: "a.test.js > adds" },
      { kind: "unsure", why: "the sift of its tests ended early: broke" },
    ]);
  });

  it("is waited for longer, once, where nothing was said at all", async () => {
    const { verdicts, patience } = await siftedBy(null, a(of(0, "failed"), end) + b(end));
    expect(patience).toEqual([12_000, 60_000]);
    expect(verdicts.slice(0, 2)).toEqual([{ kind: "killed", by: "a.test.js > adds" }, { kind: "survived" }]);
    const { verdicts: none, asked } = await siftedBy(null, null);
    expect(asked).toHaveLength(2);
    expect(none[0]).toEqual({ kind: "unsure", why: "the sift of its tests ended early: timed-out" });
  });

  it("is nothing where a test of the baseline was not run", async () => {
    const { verdicts } = await siftedBy(a(end) + told("2.1", test("b.test.js", "another", [4]), end));
    expect(verdicts[0]).toEqual({ kind: "unsure", why: "b.test.js > compares was not run" });
  });

  it("is not survived where a stable test was skipped", async () => {
    const { verdicts } = await siftedBy(
      a(end) + told("2.1", test("b.test.js", "compares", [], { why: "skipped" }), test("b.test.js", "another", [4]), end),
    );
    expect(verdicts[0]).toEqual({ kind: "unsure", why: "b.test.js > compares was not run" });
  });

  it("is not survived where another process comes to the mutant before the tests", async () => {
    const { verdicts } = await siftedBy(a({ type: "elsewhere", ids: packed([1]) }, end) + b(end));
    expect(verdicts.slice(0, 2)).toEqual([{ kind: "survived" }, { kind: "unsure", why: "another process comes to it" }]);
  });

  it("is not survived where a file that covers it comes to none of the mutants", async () => {
    const { verdicts } = await siftedBy(a(of(1, "failed"), end) + told("2.1", test("b.test.js", "compares", []), end));
    expect(verdicts.slice(0, 2)).toEqual([
      { kind: "unsure", why: "b.test.js comes to none of the mutants" },
      { kind: "killed", by: "a.test.js > adds" },
    ]);
  });

  it("is read past lines that are none of a judge's", async () => {
    const { verdicts } = await siftedBy(`${a(of(0, "failed"), end)}not json\n{"type":"mutant"}\n${b(end)}`);
    expect(verdicts[0]).toEqual({ kind: "killed", by: "a.test.js > adds" });
  });
});

describe("mutants that matter while files are loaded", () => {
  const loaded: Line = { type: "loaded", ids: packed([0, 1, 2, 3, 4]), turns: 7 };
  const first = a(loaded, end) + b(end);
  const alone = (id: number, verdict: string, files: readonly string[], more: Line = {}): string =>
    told("3.1", { type: "begin", id }, { type: "alone", id, files, verdict, ...more });

  it("are steps of a job of their own, over all files that reach them, the killer of its neighbours first", async () => {
    const { asked, steps } = await siftedBy(told("2.1", test("b.test.js", "compares", all), of(4, "failed"), end) + a(loaded, end), "");
    expect(asked).toHaveLength(2);
    expect(steps).toHaveLength(4);
    expect(steps[0]).toEqual({ id: 0, files: ["b.test.js", "a.test.js"], turns: 7, settles: true });
  });

  it("are what the steps say: killed, survived where every file says so, else unsure as before", async () => {
    const both = ["a.test.js", "b.test.js"];
    const second = [
      alone(0, "failed", ["a.test.js"], { by: ["a.test.js", "adds"] }),
      alone(1, "survived", ["a.test.js"]) + alone(1, "survived", ["b.test.js"]),
      alone(2, "survived", ["a.test.js"]),
      alone(3, "unloaded", []),
      alone(4, "otherwise", both),
    ];
    const { verdicts } = await siftedBy(first, second.join(""));
    expect(verdicts.slice(0, 5)).toEqual([
      { kind: "killed", by: "a.test.js > adds" },
      { kind: "survived" },
      { kind: "unsure", why: "it runs while files are loaded" },
      { kind: "killed", by: "a file that does not load" },
      { kind: "unsure", why: "its files give other tests" },
    ]);
  });

  it("are not settled by files with a test that cannot be judged by", async () => {
    const odd = told("2.1", test("b.test.js", "compares", [4], { why: "fails" }), end);
    const { verdicts, steps } = await siftedBy(a(loaded, end) + odd, alone(0, "survived", ["a.test.js"]));
    expect(steps[0]).toMatchObject({ id: 0, files: ["a.test.js"], settles: false });
    expect(verdicts[0]).toEqual({ kind: "unsure", why: "it runs while files are loaded" });
  });

  it("are joined by all that a test reaches which does something else when it is run again", async () => {
    const unsteady = told("2.1", test("b.test.js", "compares", [2], { steady: false, odd: packed([3]) }), of(2, "survived"), end);
    const { steps, verdicts } = await siftedBy(
      a(end) + unsteady,
      alone(3, "survived", ["a.test.js"]) + alone(3, "survived", ["b.test.js"]),
    );
    expect(steps).toMatchObject([{ id: 3 }, { id: 2 }]);
    expect(verdicts.slice(2, 4)).toEqual([
      { kind: "unsure", why: "b.test.js > compares does something else when it is run again" },
      { kind: "survived" },
    ]);
  });

  it("are left unsure where a test reaches one in another process too", async () => {
    const odd = test("b.test.js", "compares", [0], { why: "works in another process" });
    const { steps } = await siftedBy(a(loaded, end) + told("2.1", odd, end), "");
    expect(steps).toEqual([]);
  });
});
