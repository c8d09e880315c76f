import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../lib/hash.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { tool } from "../../pipeline/identity.ts";
import { createLog } from "../../pipeline/log.ts";
import { split, splitText } from "../../pipeline/split.ts";
import { splitSettings } from "../../pipeline/split-settings.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, instanceSchema, type SkillName } from "../../schemas/instance.ts";
import type { RowPair } from "../../schemas/row.ts";
import { selectionSchema } from "../../schemas/selection.ts";
import { context, environment, mutant, sampleInstance, summary } from "../output/samples.ts";

const folder = mkdtempSync(join(tmpdir(), "kihon-split-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const from = join(folder, "from");
const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });

const repositories = Array.from({ length: 20 }, (_, at) => at);
const idOf = (kind: string, at: number): string => sha256(`${kind} ${at}`).slice(0, 16);
const addressOf = (at: number): string => `https://github.com/acme/project-${at}`;
const revisionOf = (at: number) => ({
  ...environment.revision,
  repository: { name: `acme/project-${at}`, origin: addressOf(at), license: "MIT" },
  commit: sha256(`commit ${at}`).slice(0, 40),
});
const environmentOf = (at: number): Environment => ({ ...environment, id: idOf("environment", at), revision: revisionOf(at) });

/** Each repository has code of its own, but for the last two, which have the same. */
const body = (at: number): string => {
  const own = Math.min(at, repositories.length - 2);
  return Array.from({ length: 20 }, (_, line) => `  log.step${own}(${line * own}, "${own} of ${line}")\n`).join("");
};
const healthyOf = (at: number): string => `export function add(a, b) {\n${body(at)}  return a + b\n}\n`;

function instanceOf(skill: SkillName, at: number): Instance {
  const healthy = healthyOf(at);
  const start = healthy.indexOf("a + b") + 2;
  const [site] = mutant.kind === "mutant" ? mutant.sites : [];
  const sample = sampleInstance(skill, { id: idOf(skill, at) });
  return instanceSchema.parse({
    ...sample,
    candidate: {
      ...mutant,
      id: idOf("change", at),
      revision: revisionOf(at),
      before: { "src/add.ts": healthy.replace("a + b", "a - b") },
      sites: [{ ...site, start, end: start + 1 }],
    },
    draft: {
      ...sample.draft,
      changeId: idOf("change", at),
      environmentId: idOf("environment", at),
      pairId: null,
      facts: { sites: 1, "candidate-files": 70 },
    },
  });
}

const rowOf = (skill: SkillName, at: number): RowPair =>
  toRows(instanceOf(skill, at), environmentOf(at), { ...context, group: `acme/project-${at}`, healthyText: () => healthyOf(at) });

/** A dataset of some of the repositories, all in train. */
async function write(place: string, own: readonly number[]): Promise<string> {
  const archive = new Uint8Array([1]);
  mkdirSync(place);
  await writeDataset({
    folder: place,
    sets: (["localization", "editing"] as const).map((skill) => ({
      skill,
      split: "train",
      pairs: () => own.map((at) => rowOf(skill, at)).sort((a, b) => (a.public.instance_id < b.public.instance_id ? -1 : 1)),
    })),
    environments: () =>
      own
        .map((at) => toEnvironmentRow({ ...environmentOf(at), archive: sha256(archive) }, archive))
        .sort((a, b) => (a.environment_id < b.environment_id ? -1 : 1)),
    summary,
    title: "Samples",
    contact: "us",
    compression: "snappy",
    formats: [],
  });
  return place;
}

beforeAll(async () => {
  await write(from, repositories);
});

const rowsOf = async (place: string): Promise<Map<string, { split: string; group: string; content: string }>> => {
  const rows = new Map<string, { split: string; group: string; content: string }>();
  for await (const { public: row, private: hidden } of (await openDataset(place)).pairs())
    rows.set(row.instance_id, { split: row.split, group: row.repo_group, content: hidden.candidate_json });
  return rows;
};

describe("kihon split", () => {
  it("writes the same rows into splits by repository group, and says so in card and manifest", async () => {
    const out = join(folder, "to");
    const result = await split(from, { log, out, ...splitSettings({ ratio: "3:1:1" }) });
    const [before, after] = [await rowsOf(from), await rowsOf(out)];
    expect(result).toMatchObject({ rows: 38, leftOut: { "export/near-duplicate": 2 } });
    for (const [id, { content }] of after) expect(before.get(id)?.content).toBe(content);
    const splitsOf = Map.groupBy(after.values(), ({ group }) => group);
    expect(splitsOf.size).toBe(19);
    for (const own of splitsOf.values()) expect(new Set(own.map((row) => row.split)).size).toBe(1);
    const counts = Object.fromEntries(result.proof.splits.map(({ split: name, rows }) => [name, rows]));
    for (const [name, share] of [
      ["train", 0.6],
      ["validation", 0.2],
      ["test", 0.2],
    ] as const)
      expect(Math.abs((counts[name] ?? 0) - share * 38)).toBeLessThanOrEqual(2);
    expect(result.proof).toMatchObject({
      groups: { all: 19, crossing: 0 },
      changes: { all: 19, crossing: 0 },
      nearDuplicates: { all: 0, crossing: 0 },
    });
    expect(readFileSync(join(out, "README.md"), "utf8")).toMatch(/## Splits[\s\S]*repository groups 19, in two splits 0/);
    const { facts } = (await openDataset(out)).manifest.about ?? {};
    expect(facts?.stages.at(-1)).toEqual({ name: "split", in: 40, kept: 38, dropped: [{ reason: "export/near-duplicate", count: 2 }] });
  });

  it("comes to the same bytes again, and from its own outcome", async () => {
    const settings = splitSettings({ ratio: "3:1:1" });
    await split(from, { log, out: join(folder, "again"), ...settings });
    await split(join(folder, "to"), { log, out: join(folder, "after"), ...settings });
    const manifest = (name: string): string => readFileSync(join(folder, name, "manifest.json"), "utf8");
    expect(manifest("again")).toBe(manifest("to"));
    expect(await rowsOf(join(folder, "after"))).toEqual(await rowsOf(join(folder, "to")));
  });

  it("keeps what it was dealt by in manifest and card, of which the same rows come again", async () => {
    const words = {
      ratio: "3:1:1",
      pin: ["https://someone:secret@github.com/Acme/Project-3.git=test"],
      perFile: 4,
      cutoff: "2026-01-01T00:00:00Z",
    };
    const out = join(folder, "told");
    await split(from, { log, out, ...splitSettings(words) });
    const { about } = (await openDataset(out)).manifest;
    expect(about?.facts.splitSettings).toEqual({
      toolVersion: tool.version,
      ratio: { train: 3, validation: 1, test: 1 },
      selection: selectionSchema.parse({ pins: { "acme/project-3": "test" }, perFile: 4, cutoff: "2026-01-01T00:00:00Z" }),
      of: (await openDataset(from)).manifest.row_hashes,
      like: null,
    });
    const card = readFileSync(join(out, "README.md"), "utf8");
    expect(card).toMatch(/`acme\/project-3` in test; at most 4 rows of one skill and one file\./);
    expect(card).not.toContain("secret");
    const hashOf = (text: string): string => /with the split settings `([0-9a-f]{16})`/.exec(text)?.[1] ?? "";
    expect(hashOf(card)).not.toBe("");
    expect(hashOf(readFileSync(join(folder, "to", "README.md"), "utf8"))).not.toBe(hashOf(card));
    await split(from, { log, out: join(folder, "told-again"), ...splitSettings(words) });
    expect(readFileSync(join(folder, "told-again", "README.md"), "utf8")).toBe(card);
  });

  it("obeys pins and what is said to belong together", async () => {
    const out = join(folder, "pinned");
    await split(from, {
      log,
      out,
      ...splitSettings({ pin: [`${addressOf(3)}=test`], same: ["acme/project-3=acme/project-4"], nearDuplicates: false }),
    });
    const rows = await rowsOf(out);
    expect(rows.size).toBe(40);
    for (const at of [3, 4]) expect(rows.get(idOf("editing", at))).toMatchObject({ split: "test", group: "acme/project-3" });
  });

  it("keeps so many rows of a level, as the facts of each row tell it", async () => {
    const out = join(folder, "levels");
    const result = await split(from, { log, out, ...splitSettings({ perDifficulty: 3, nearDuplicates: false }) });
    expect(result).toMatchObject({ rows: 6, leftOut: { "export/over-difficulty": 34 } });
    const levels: (string | null)[] = [];
    for await (const { public: row } of (await openDataset(out)).pairs()) levels.push(`${row.skill} ${row.difficulty}`);
    expect(levels.sort()).toEqual([...Array(3).fill("editing easy"), ...Array(3).fill("localization hard")]);
  });

  it("moves no row of an earlier split when repositories are added, and says what stood", async () => {
    let trial = 0;
    const some = fc.shuffledSubarray(
      repositories.filter((at) => at < 12),
      { minLength: 2, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(some, fc.constantFrom("8:1:1", "1:1:1", "3:0:1"), async (first, ratio) => {
        const name = (what: string): string => join(folder, `${what}-${++trial}`);
        const settings = { log, ...splitSettings({ ratio }) };
        const earlier = name("earlier");
        await split(await write(name("few"), first), { ...settings, out: earlier });
        const [all, out] = [await write(name("many"), repositories.slice(0, 12)), name("after")];
        const result = await split(all, { ...settings, out, like: earlier });
        const [before, after] = [await rowsOf(earlier), await rowsOf(out)];
        expect(result).toMatchObject({ stood: before.size, rows: 24 });
        for (const [id, place] of before) expect(after.get(id)).toEqual(place);
        expect(result.proof.groups.crossing + result.proof.repositories.crossing).toBe(0);
      }),
      { numRuns: 5 },
    );
  });

  it("says how many rows move where the dataset was split already, and moves none like itself", async () => {
    const thirds = { log, ...splitSettings({ ratio: "1:1:1" }) };
    const to = join(folder, "to");
    const anew = await split(to, { ...thirds, out: join(folder, "anew") });
    const [before, after] = [await rowsOf(to), await rowsOf(join(folder, "anew"))];
    const moved = [...before].filter(([id, place]) => after.get(id)?.split !== place.split).length;
    expect(moved).toBeGreaterThan(0);
    expect(anew.warnings).toEqual([
      `${to} is split already, and ${moved} rows lie in another split now: --like ${to} keeps them where they are`,
    ]);
    const kept = await split(to, { ...thirds, out: join(folder, "kept"), like: to });
    expect(kept).toMatchObject({ stood: 38, warnings: [] });
    expect(await rowsOf(join(folder, "kept"))).toEqual(before);
  });

  it("takes no earlier split of another dataset, and no pin against one", async () => {
    const other = await write(join(folder, "other"), [0, 1]);
    const like = join(folder, "like");
    await split(await write(join(folder, "others"), [2, 3]), { log, out: like, ...splitSettings({ pin: ["acme/project-2=train"] }) });
    await expect(split(other, { log, out: join(folder, "no"), like, ...splitSettings({}) })).rejects.toThrow("holds none of the rows");
    const pinned = { log, out: join(folder, "no-pin"), like, ...splitSettings({ pin: ["acme/project-2=test"] }) };
    await expect(split(join(folder, "others"), pinned)).rejects.toThrow("acme/project-2 is pinned to test, and its group stands in train");
  });

  it.each([
    [{ pin: ["nosuch/repo=test"] }, "nosuch/repo is pinned (--pin nosuch/repo=test)"],
    [{ same: ["acme/project-1=nosuch/fork"] }, "nosuch/fork is said to belong to another (--same acme/project-1=nosuch/fork)"],
  ])("names the repositories that there are where %j names none of them", async (words, what) => {
    const out = join(folder, "unknown");
    await expect(split(from, { log, out, ...splitSettings(words) })).rejects.toMatchObject({
      message: expect.stringContaining(what),
      next: expect.stringMatching(/^choose among acme\/project-0, acme\/project-1, acme\/project-10/),
      exitCode: 2,
    });
    expect(existsSync(join(out, "manifest.json"))).toBe(false);
  });

  it("says why a split stays empty, and that nothing crosses", async () => {
    const out = join(folder, "lone");
    const result = await split(await write(join(folder, "one"), [0]), { log, out, ...splitSettings({}) });
    expect(result.warnings).toEqual([
      "no row is in validation and test: there is one repository group, and a group lies in one split, whole",
    ]);
    const text = splitText(result, out);
    expect(text).toContain("warning: no row is in validation and test");
    expect(text).toContain("repository groups 1, in two splits 0");
  });

  it("refuses a folder in which something lies", async () => {
    const out = join(folder, "full");
    mkdirSync(out);
    writeFileSync(join(out, "notes"), "mine");
    await expect(split(from, { log, out, ...splitSettings({}) })).rejects.toThrow("is not empty");
    expect(existsSync(join(out, "manifest.json"))).toBe(false);
  });

  it.each([
    [{ ratio: "8:2" }, "--ratio 8:2"],
    [{ ratio: "0:0:0" }, "--ratio 0:0:0"],
    [{ ratio: "a:1:1" }, "--ratio a:1:1"],
    [{ pin: ["acme/calc"] }, "--pin acme/calc"],
    [{ pin: ["acme/calc=dev"] }, "there is no split dev"],
    [{ same: ["acme/calc="] }, "--same acme/calc="],
    [{ cutoff: "yesterday" }, "a moment is written like"],
  ])("says what is wrong with %j", (words, what) => {
    expect(() => splitSettings(words)).toThrow(what);
  });
});
