/** A real branch with commits of several kinds after the one that was remarked on. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRepository } from "../../../lib/git.ts";
import { locateRemarks, remarkedLinesOf } from "../../../miners/github/remarked-lines.ts";
import { type RemarkedLines, remarkedLinesSchema } from "../../../schemas/candidate.ts";
import type { ReviewThread } from "../../../schemas/pull-request.ts";
import { ScratchRepository } from "../../lib/scratch-repository.ts";

/** Lines 1 to 12, some of them others. */
const lines = (changed: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 12 }, (_, at) => `${changed[at + 1] ?? `line ${at + 1}`}\n`).join("");

let scratch: ScratchRepository;
beforeEach(async () => {
  scratch = await ScratchRepository.make();
  await scratch.commit("Start", { "a.js": lines(), "b.js": "b\n" });
  await scratch.git("switch", "--quiet", "--create", "fix");
});
afterEach(() => scratch[Symbol.dispose]());

const step = (files: Readonly<Record<string, string | Uint8Array | null>>): Promise<string> => scratch.commit("Step", files);
const on = (commit: string | null, originalLine: number | null, more: Partial<ReviewThread> = {}): ReviewThread => ({
  path: "a.js",
  line: null,
  originalLine,
  commit,
  resolved: false,
  outdated: false,
  body: "Why?",
  author: { login: "reader", kind: "user" },
  createdAt: "2025-01-01T00:00:00Z",
  ...more,
});
async function told(head: string, ...threads: ReviewThread[]): Promise<readonly RemarkedLines[]> {
  const repository = await openRepository(scratch.work, scratch.cache);
  const pull = { threads, head: { ref: "fix", oid: head, fork: null } };
  const located = await locateRemarks(repository, pull, await scratch.git("rev-parse", "main"));
  return (await remarkedLinesOf(located, repository, 100_000)).map((one) => remarkedLinesSchema.parse(one));
}
const changes = async (head: string, ...threads: ReviewThread[]): Promise<readonly (readonly [number, boolean])[]> =>
  (await told(head, ...threads)).map(({ thread, changed }) => [thread, changed]);

describe("lines that were remarked on", () => {
  it("are changed where a later commit of the branch edits or removes one of them", async () => {
    const first = await step({ "a.js": lines({ 3: "three" }) });
    await step({ "a.js": lines({ 3: "THREE", 8: "eight" }) });
    const head = await step({ "a.js": lines({ 3: "THREE", 8: "eight" }).replace("line 10\n", "") });
    expect(await changes(head, on(first, 3), on(first, 4), on(first, 8), on(first, 9), on(first, 10), on(first, 11))).toEqual([
      [0, true],
      [1, false],
      [2, true],
      [3, false],
      [4, true],
      [5, false],
    ]);
    expect((await told(head, on(first, 3), on(first, 10))).map(({ was, became }) => [was, became])).toEqual([
      ["three\n", "THREE\n"],
      ["line 10\n", ""],
    ]);
  });

  it("are quoted with what was rewritten in one go with them, on both sides", async () => {
    const first = await step({ "a.js": lines({ 3: "three" }) });
    const head = await step({ "a.js": lines({ 3: "x", 4: "y\nz", 1: "one" }) });
    expect(await told(head, on(first, 3), on(first, 5, { originalStartLine: 4 }))).toEqual([
      { thread: 0, changed: true, was: "three\nline 4\n", became: "x\ny\nz\n" },
      { thread: 1, changed: true, was: "three\nline 4\nline 5\n", became: "x\ny\nz\nline 5\n" },
    ]);
  });

  it("are not changed by what is put before or behind them, and are by what is put between", async () => {
    const first = await step({ "a.js": lines({ 3: "three" }) });
    const head = await step({ "a.js": lines({ 3: "three\nnew" }) });
    const several = { originalStartLine: 3 };
    expect(await changes(head, on(first, 3), on(first, 4), on(first, 4, several))).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
  });

  it("are not changed by what others did, which the branch took over by a merge", async () => {
    const first = await step({ "a.js": lines({ 3: "three" }) });
    await scratch.git("switch", "--quiet", "main");
    await scratch.commit("Others", { "a.js": `zero\n${lines({ 9: "nine" })}` });
    await scratch.git("switch", "--quiet", "fix");
    await scratch.git("merge", "--quiet", "--no-edit", "main");
    const merged = await scratch.git("rev-parse", "HEAD");
    const head = await step({ "a.js": `zero\n${lines({ 3: "three", 6: "six", 9: "nine" })}` });
    expect(await changes(merged, on(first, 3), on(first, 6))).toEqual([
      [0, false],
      [1, false],
    ]);
    // Line 9 is another's: whether the branch would have changed it nobody knows.
    expect(await told(head, on(first, 3), on(first, 6), on(first, 9))).toEqual([
      { thread: 0, changed: false },
      { thread: 1, changed: true, was: "line 6\n", became: "six\n" },
    ]);
  });

  it("are changed without a quotation where a hundred others were in one go", async () => {
    const long = (word: string): string => Array.from({ length: 101 }, (_, at) => `${word} ${at}\n`).join("");
    const first = await step({ "a.js": long("old") });
    expect(await told(await step({ "a.js": long("new") }), on(first, 7))).toEqual([{ thread: 0, changed: true }]);
  });

  it("are told of on a commit that was pushed away", async () => {
    const away = await step({ "a.js": lines({ 3: "three" }) });
    await scratch.git("reset", "--quiet", "--hard", "main");
    const head = await step({ "a.js": lines({ 3: "THREE" }) });
    expect(await changes(head, on(away, 3), on(away, 7))).toEqual([
      [0, true],
      [1, false],
    ]);
  });

  it("are told of by nobody where git has no such commit, the file is gone or no text, or no line is named", async () => {
    const first = await step({ "a.js": lines({ 3: "three" }), "c.js": "c\n", "d.js": "d\n" });
    const head = await step({ "c.js": null, "d.js": new Uint8Array([0, 1]) });
    const other = (path: string) => on(first, 1, { path });
    expect(await told(head, on("d".repeat(40), 3), on(null, 3), on(head, 3), on(first, null), other("c.js"), other("d.js"))).toEqual([]);
    expect(await told("d".repeat(40), on(first, 3))).toEqual([]);
  });
});
