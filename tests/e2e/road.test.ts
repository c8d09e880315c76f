import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetFiles } from "../../bench/kill-resume.ts";
import { createLog, defaultPlace, type GradeLine, openGrader, parseConfig, type RunSummary, run, verify } from "../../index.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Instance } from "../../schemas/instance.ts";
import { stageNames } from "../../schemas/stages.ts";
import { cache, demo, kihon, scratch, small, threeModules } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const out = join(folder, "one");
const words = (into: string): string[] => ["run", "--repo", demo, "--out", into, "--cache", cache, ...small];
const instances: Instance[] = [];
const quiet = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });

beforeAll(async () => {
  const { code, err } = await kihon(words(out));
  if (code !== 0) throw new Error(err);
  for await (const instance of (await openDataset(out)).instances()) instances.push(instance);
});

const ledgerRows = (): unknown[] => {
  const database = new DatabaseSync(join(out, ".kihon", "ledger.sqlite"), { readOnly: true });
  const rows = ["meta", "work", "verdict"].flatMap((table) => database.prepare(`select * from ${table}`).all());
  database.close();
  return rows;
};
const times = (): unknown => Object.keys(datasetFiles(out)).map((path) => [path, statSync(join(out, path)).mtimeMs]);

describe("a whole run", () => {
  it("proves instances of several skills", () => {
    expect(new Set(instances.map(({ draft }) => draft.skill)).size).toBeGreaterThan(2);
  });

  it("gives the same bytes in another folder, from the library", async () => {
    const other = join(folder, "two");
    const config = parseConfig({ repos: [demo], mutants: 8, perSkill: 1, repeats: 1 });
    const summary: RunSummary = await run(config, defaultPlace({ out: other, cache }), { log: quiet });
    expect(datasetFiles(other)).toEqual(datasetFiles(out));
    expect(summary.sandbox.promises.length).toBeGreaterThan(5);
    expect(summary.sandbox.promises.filter(({ holds }) => !holds)).toEqual([]);
  });

  it("gives the same rows where nothing is made faster", async () => {
    // The whole suite is run some hundred times.
    using made = await threeModules();
    const rowsOf = async (name: string, ...more: string[]): Promise<Instance[]> => {
      const into = join(folder, name);
      expect((await kihon(["run", "--repo", made.work, "--out", into, "--cache", cache, ...small, ...more])).code).toBe(0);
      const rows: Instance[] = [];
      for await (const instance of (await openDataset(into)).instances()) rows.push(instance);
      return rows;
    };
    const rows = await rowsOf("fast");
    expect(new Set(rows.map(({ draft }) => draft.skill)).size).toBeGreaterThan(3);
    expect(await rowsOf("plain", "--plain")).toEqual(rows);
  });

  it("writes nothing when it is run again", async () => {
    const before = [ledgerRows(), times()];
    const { code, err } = await kihon(words(out));
    expect([code, err]).toEqual([0, expect.stringContaining("nothing has changed")]);
    expect([ledgerRows(), times()]).toEqual(before);
  });

  it("prints a summary and log lines as JSON when asked, and the same counts from what it knows", async () => {
    const { out: text, err } = await kihon(["resume", out, "--cache", cache, "--json"]);
    const summary = JSON.parse(text) as RunSummary;
    expect(summary.stages.map(({ name }) => name)).toEqual([...stageNames]);
    for (const line of err.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
  });

  it("replays one stage alone and leaves the dataset as it is", async () => {
    const before = times();
    const { code, out: text, err } = await kihon([...words(out), "--only", "prove"]);
    expect([code, text]).toEqual([0, expect.stringContaining("only the stage prove was done")]);
    expect(err).not.toContain("export");
    expect(times()).toEqual(before);
  });

  it("refuses to replay a stage before which nothing is stored", async () => {
    const { code, err } = await kihon([...words(join(folder, "fresh")), "--only", "prove"]);
    expect([code, err]).toEqual([2, expect.stringMatching(/nothing stored of the stage mine\s+next: run it without --only/)]);
  });

  it("is the only one that writes into its folder", async () => {
    const into = join(folder, "shared");
    let second: ReturnType<typeof kihon> | null = null;
    const one = [...words(into), "--skills", "editing"];
    const first = await kihon(one, {
      onError: (text) => {
        if (text.includes("prepare: 1 in")) second ??= kihon(one);
      },
    });
    const refused = await (second as ReturnType<typeof kihon> | null);
    expect(first.code).toBe(0);
    expect([refused?.code, refused?.err]).toEqual([2, expect.stringMatching(/is writing this run\s+next: wait/)]);
  });

  it("keeps what was earned when it is interrupted, and says how to go on", async () => {
    const into = join(folder, "interrupted");
    const { code, err } = await kihon(words(into), { interruptAt: "inject: 1 in" });
    expect([code, err]).toEqual([
      130,
      expect.stringContaining(`interrupted; what was earned is kept\n  next: kihon resume ${into} --cache ${cache}\n`),
    ]);
    const resumed = await kihon(["resume", into, "--cache", cache]);
    expect(resumed.code).toBe(0);
    expect(datasetFiles(into)).toEqual(datasetFiles(out));
  });

  it("makes anew a blob that was damaged, and only that", async () => {
    const into = join(folder, "damaged");
    cpSync(out, into, { recursive: true });
    const store = join(into, ".kihon", "store");
    const shelf = readdirSync(store)[0] ?? "";
    truncateSync(join(store, shelf, readdirSync(join(store, shelf))[0] ?? ""), 5);
    await kihon(["resume", into, "--cache", cache]);
    expect((await kihon(["resume", into, "--cache", cache])).code).toBe(0);
    expect(datasetFiles(into)).toEqual(datasetFiles(out));
  });
});

describe("explain", () => {
  it.each(["candidate", "draft"] as const)("tells the story of a %s", async (kind) => {
    const [instance] = instances;
    const id = kind === "draft" ? instance?.draft.id : instance?.candidate.id;
    const { code, out: text } = await kihon(["explain", id ?? "", "--out", out]);
    const stages = text
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(code).toBe(0);
    expect(stages).toEqual(expect.arrayContaining(["mine", "screen", "prepare", "inject", "sift", "observe", "pose"]));
    expect(stages.slice(0, 4)).toEqual(["mine", "screen", "prepare", "inject"]);
    if (kind === "draft") expect(stages.at(-1)).toBe("prove");
  });

  it("ends with 1 for an id that the run never saw", async () => {
    expect((await kihon(["explain", "ffffffffffffffff", "--out", out])).code).toBe(1);
  });
});

describe("a dataset", () => {
  it("is verified from its files alone, with a fresh cache", async () => {
    const result = await verify(out, defaultPlace({ out, cache: join(folder, "fresh-cache") }), { log: quiet });
    expect(result).toEqual({ rows: instances.length, proven: instances.length, failures: [], infrastructure: 0 });
  });

  const lines = (): string[] =>
    instances.flatMap(({ draft }) => {
      const gold = draft.answers.find(({ role }) => role === "gold")?.text ?? "";
      return [JSON.stringify({ instance_id: draft.id, answer: gold }), JSON.stringify({ instance_id: draft.id, answer: "" })];
    });

  it("grades gold with 1 and blank with 0 in any order, and names an unknown id", async () => {
    const answers = [JSON.stringify({ instance_id: "unknown", answer: "x" }), "", ...lines().reverse()];
    const { code, out: text } = await kihon(["grade", out, "--answers", "-", "--cache", cache], { input: `${answers.join("\n")}\n` });
    const graded = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as GradeLine);
    expect(code).toBe(1);
    for (const { draft } of instances) {
      const rewards = graded.filter(({ instance_id }) => instance_id === draft.id).map(({ reward }) => reward);
      expect(rewards.sort()).toEqual([0, 1]);
    }
    expect(graded.find(({ instance_id }) => instance_id === "unknown")).toMatchObject({
      reward: null,
      reason: "unknown-instance",
      infra_error: null,
    });
  });

  it("grades what comes before a malformed line, and names the line", async () => {
    const {
      code,
      out: text,
      err,
    } = await kihon(["grade", out, "--answers", "-", "--cache", cache], { input: `${lines()[1]}\nnot json\n` });
    expect([code, text.trim().split("\n").length]).toEqual([2, 1]);
    expect(err).toMatch(/line 2 of the answers is not[\s\S]*next:/);
  });

  it("is not worked on with a cache where jobs cannot look, which is said", async (context) => {
    if (process.getuid?.() !== 0) context.skip("only root's jobs run as another user");
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const { code, err } = await kihon(["verify", out, "--cache", join(closed, "cache")]);
    expect([code, err]).toEqual([2, expect.stringMatching(/the sandbox cannot use the cache[\s\S]*next: .*--cache/)]);
  });

  it("grades from a program", async () => {
    const grader = await openGrader(out, defaultPlace({ out, cache }), quiet);
    try {
      const [instance] = instances;
      const gold = instance?.draft.answers.find(({ role }) => role === "gold")?.text ?? "";
      expect((await grader.grade(instance?.draft.id ?? "", gold)).reward).toBe(1);
      await expect(grader.grade("nobody", gold)).rejects.toThrow("the dataset has no instance nobody");
    } finally {
      await grader.close();
    }
  });

  it.each([
    ["inspect", ["--json"]],
    ["stats", ["--json"]],
  ])("is read by %s, as text and as JSON", async (command, more) => {
    const json = await kihon([command, out, ...more]);
    expect([json.code, typeof JSON.parse(json.out)]).toEqual([0, "object"]);
    const text = await kihon([command, out]);
    expect([text.code, text.out.length > 100]).toEqual([0, true]);
  });

  it("is not read by anyone once a file was cut short or the manifest altered", async () => {
    const broken = join(folder, "broken");
    cpSync(out, broken, { recursive: true });
    const shard = Object.keys(datasetFiles(broken)).find((path) => path.startsWith("editing-private")) ?? "";
    truncateSync(join(broken, shard), 100);
    for (const command of [["verify"], ["grade", "--answers", "/dev/null"], ["stats"]]) {
      const { code, err } = await kihon([command[0] ?? "", broken, ...command.slice(1)]);
      expect([code, err]).toEqual([1, expect.stringMatching(/has 100 bytes, the manifest says \d+\s+next:/)]);
    }
    writeFileSync(
      join(broken, "manifest.json"),
      readFileSync(join(broken, "manifest.json"), "utf8").replace(/"rows": \d+/, '"rows": "many"'),
    );
    const { code, err } = await kihon(["verify", broken]);
    expect([code, err]).toEqual([1, expect.stringMatching(/is not a dataset's manifest[\s\S]*next:/)]);
  });

  it("is made again from what was earned when a file of it is lost", async () => {
    const into = join(folder, "lost");
    cpSync(out, into, { recursive: true });
    truncateSync(join(into, Object.keys(datasetFiles(into)).find((path) => path.endsWith(".parquet")) ?? ""), 100);
    expect((await kihon(["resume", into, "--cache", cache])).code).toBe(0);
    expect(datasetFiles(into)).toEqual(datasetFiles(out));
  });

  it("stays whole when the ledger behind it is cut short, which is said", async () => {
    const into = join(folder, "cut");
    cpSync(out, into, { recursive: true });
    const ledger = join(into, ".kihon", "ledger.sqlite");
    truncateSync(ledger, 5000);
    const { code, err } = await kihon(["resume", into, "--cache", cache]);
    expect([code, err]).toEqual([2, expect.stringMatching(/ledger .* is damaged[\s\S]*next: it was left as it is/)]);
    expect([existsSync(ledger), statSync(ledger).size]).toEqual([true, 5000]);
    expect(datasetFiles(into)).toEqual(datasetFiles(out));
  });
});
