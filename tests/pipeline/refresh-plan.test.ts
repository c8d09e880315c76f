import { describe, expect, it } from "vitest";
import { takedownsOf } from "../../filters/takedown.ts";
import { fateIn, type PlanInput, planRefresh, superseded } from "../../pipeline/refresh-plan.ts";
import type { RowSubject, StoredRow } from "../../pipeline/stored-rows.ts";
import type { RowWithdrawal } from "../../schemas/withdrawal.ts";

const subject = (id: string, more: Partial<RowSubject> = {}): RowSubject => ({
  id,
  skill: "editing",
  split: "train",
  changeId: `change of ${id}`,
  pairId: null,
  environmentId: "e1",
  repository: { name: "acme/calc", origin: "https://github.com/acme/calc", license: "MIT" },
  packageDir: ".",
  pullRequest: null,
  commits: [],
  instance: `instance ${id}`,
  verifier: "4",
  ...more,
});
const stored = (id: string, more: Partial<StoredRow> = {}): StoredRow => ({
  ...subject(id),
  split: "train",
  group: "acme/calc",
  contentHash: `hash ${id}`,
  ...more,
});
const record = (id: string, reason: string, contentHash = `hash ${id}`): RowWithdrawal => ({
  kind: "row",
  instance_id: id,
  skill: "editing",
  content_hash: contentHash,
  edition: 2,
  reason,
  detail: "",
});
const plan = (more: Partial<PlanInput<RowSubject>>) =>
  planRefresh<RowSubject>({
    edition: 3,
    stored: [],
    fresh: [],
    withdrawn: [],
    takedowns: takedownsOf([]),
    licence: () => null,
    failed: new Map(),
    fate: () => null,
    hashOf: async ({ instance, verifier }) => `hash ${instance.replace("instance ", "")}${verifier === "4" ? "" : ` by ${verifier}`}`,
    ...more,
  });
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
const left = ({ left: all }: { readonly left: readonly RowWithdrawal[] }): string[] => all.map((one) => `${one.instance_id} ${one.reason}`);

describe("the plan of a refresh", () => {
  it("adds what is new and leaves the rest", async () => {
    const planned = await plan({ stored: [stored("a"), stored("old")], fresh: [subject("a"), subject("b")] });
    expect([ids(planned.live), ids(planned.add), planned.left]).toEqual([["a", "old"], ["b"], []]);
  });

  it("puts a row that was proven by another verifier in the place of the old one", async () => {
    const planned = await plan({ stored: [stored("a")], fresh: [subject("a", { verifier: "5" })] });
    expect([ids(planned.live), ids(planned.add), left(planned)]).toEqual([[], ["a"], [`a ${superseded}`]]);
    expect(planned.left[0]?.detail).toBe("proven by verifier 5, was 4");
  });

  it("leaves a row that was made anew and says the same", async () => {
    const planned = await plan({ stored: [stored("a")], fresh: [subject("a", { verifier: "5" })], hashOf: async () => "hash a" });
    expect([ids(planned.live), ids(planned.add), planned.left]).toEqual([["a"], [], []]);
  });

  it("withdraws what the takedown list means, and keeps it out however it is proven", async () => {
    const planned = await plan({
      stored: [stored("a")],
      fresh: [subject("a", { verifier: "5" }), subject("b")],
      takedowns: takedownsOf(["acme/calc"]),
    });
    expect([ids(planned.live), ids(planned.add), left(planned)]).toEqual([[], [], ["a takedown/asked"]]);
    expect([...planned.notAdded]).toEqual([["takedown/asked", 2]]);
  });

  it("withdraws what fails to be proven again, and does not take it back from the ledger", async () => {
    const failed = new Map([["a", { reason: "verify/gold-fails", detail: "run 1" } as const]]);
    const planned = await plan({ stored: [stored("a")], fresh: [subject("a")], failed });
    expect([ids(planned.live), ids(planned.add), left(planned)]).toEqual([[], [], ["a verify/gold-fails"]]);
    const next = await plan({ stored: [stored("a")], fresh: [subject("a")], withdrawn: planned.records });
    expect([ids(next.live), ids(next.add), next.left, [...next.notAdded]]).toEqual([[], [], [], [["verify/gold-fails", 1]]]);
    const newer = await plan({ stored: [stored("a")], fresh: [subject("a", { verifier: "5" })], withdrawn: planned.records });
    expect(ids(newer.add)).toEqual(["a"]);
  });

  it("withdraws rows whose licence is gone, and takes them back when it is there again", async () => {
    const planned = await plan({
      stored: [stored("a")],
      fresh: [subject("a")],
      licence: () => ({ reason: "license/gone", detail: "MIT" }),
    });
    expect([ids(planned.live), left(planned)]).toEqual([[], ["a license/gone"]]);
    const again = await plan({ stored: [stored("a")], fresh: [subject("a")], withdrawn: planned.records });
    expect([ids(again.live), ids(again.returned), again.records]).toEqual([["a"], ["a"], []]);
    const unseen = await plan({ stored: [stored("a")], withdrawn: planned.records, licence: () => undefined });
    expect([ids(unseen.live), unseen.records]).toEqual([[], planned.records]);
    const compacted = await plan({ fresh: [subject("a")], withdrawn: planned.records });
    expect([ids(compacted.add), compacted.records]).toEqual([["a"], []]);
  });

  it("lets both arms of a review pair go together", async () => {
    const arms = [stored("a", { pairId: "p" }), stored("b", { pairId: "p" }), stored("c", { pairId: "q" }), stored("d", { pairId: "q" })];
    const planned = await plan({
      stored: arms,
      fresh: [subject("x", { pairId: "r" })],
      takedowns: takedownsOf(["00000000000000aa"]),
      fate: ({ id }) => (id === "a" ? { reason: "prove/gold-fails", detail: "" } : null),
    });
    expect([ids(planned.live), left(planned), [...planned.notAdded]]).toEqual([
      ["c", "d"],
      ["a prove/gold-fails", "b export/lone-arm"],
      [["export/lone-arm", 1]],
    ]);
  });

  it("takes an earlier content back from the file where it lies", async () => {
    const both = [stored("a"), stored("a", { contentHash: "hash a by 5", verifier: "5" })];
    const planned = await plan({ stored: both, fresh: [subject("a")], withdrawn: [record("a", superseded)] });
    expect([planned.live.map(({ contentHash }) => contentHash), ids(planned.add), left(planned)]).toEqual([
      ["hash a"],
      [],
      [`a ${superseded}`],
    ]);
    expect(planned.records.map(({ content_hash }) => content_hash)).toEqual(["hash a by 5"]);
  });
});

describe("the fate of a row that a run no longer gives", () => {
  const row = stored("a", { changeId: "c", environmentId: "e" });
  type More = Readonly<Record<string, Readonly<Record<string, string | null>>>>;
  const said = (more: More) => (stage: string, id: string) => {
    const reason = more[stage]?.[id];
    return reason === undefined ? undefined : { reason, detail: "" };
  };
  const fate = (more: More, troubled: readonly string[] = []) => fateIn(said(more), new Set(troubled), ["editing"])(row)?.reason ?? null;

  it("is to stay where the run did not come to its change", () => {
    expect(fate({ screen: {}, observe: {}, pose: {}, prove: {} })).toBeNull();
  });

  it.each([
    ["a filter", { screen: { c: "not-a-fix/subject" } }, "not-a-fix/subject"],
    ["the observation", { observe: { c: "observe/survived" } }, "observe/survived"],
    ["an audit", { observe: { c: null }, audit: { c: "audit/disagrees" }, pose: {} }, "audit/disagrees"],
    ["what audits doubt", { observe: { c: null }, pose: { c: "audit/doubted" } }, "audit/doubted"],
    ["audits of its environment", { observe: { c: null }, pose: { e: "audit/unsound" } }, "audit/unsound"],
    ["its skill", { observe: { c: null }, pose: { a: "pose/not-text" } }, "pose/not-text"],
    ["its proof", { observe: { c: null }, pose: { a: null }, prove: { a: "prove/gold-fails" } }, "prove/gold-fails"],
    ["nobody, as it is not posed", { observe: { c: null }, pose: {} }, "refresh/not-posed"],
  ])("is to leave by the word of %s", (_, verdicts, reason) => {
    expect(fate(verdicts as Parameters<typeof said>[0])).toBe(reason);
  });

  it("is to stay where it was only not chosen, or where the machine failed", () => {
    expect(fate({ inject: { c: "inject/over-budget" } })).toBeNull();
    expect(fate({ observe: { c: null }, pose: { a: null }, prove: { a: "prove/over-limit" } })).toBeNull();
    expect(fate({ observe: { c: null }, pose: { a: null }, prove: {} })).toBeNull();
    expect(fate({ observe: { c: null }, pose: {} }, ["pose"])).toBeNull();
    expect(fate({ observe: { c: null }, audit: {}, pose: { a: null }, prove: { a: null } }, ["audit"])).toBeNull();
  });
});
