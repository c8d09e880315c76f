/** What `kihon project` does with folders, selections and rows that have no place in a format. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readManifest } from "../../output/manifest.ts";
import { projections } from "../../output/projections/index.ts";
import { createLog } from "../../pipeline/log.ts";
import { type ProjectOptions, project, projectText } from "../../pipeline/project.ts";
import { writeStand } from "../output/projections/stand.ts";

const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
let scratch = "";
const at = (name: string): string => join(scratch, name);
const run = (out: string, more: Partial<ProjectOptions> = {}) => project(at("data"), { log, to: "slime", out: at(out), ...more });
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kihon-project-"));
  await writeStand(at("data"));
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true }));

/** Every file below a folder with its text. */
const contentOf = (folder: string): readonly (readonly [string, string])[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path.slice(folder.length), readFileSync(path, "latin1")] as const);

describe("the command", () => {
  it("lists the formats where it is asked for another", async () => {
    const said = run("nothing", { to: "csv" });
    await expect(said).rejects.toMatchObject({
      name: "StopRun",
      next: expect.stringContaining(projections.map(({ name }) => name).join(", ")),
    });
    expect(existsSync(at("nothing"))).toBe(false);
  });

  it.each(projections.map(({ name }) => name))("gives the same bytes each time: %s", async (to) => {
    await run(`one-${to}`, { to });
    await run(`two-${to}`, { to });
    expect(contentOf(at(`two-${to}`))).toEqual(contentOf(at(`one-${to}`)));
  });

  it("takes the skills, the split and as many rows as asked for", async () => {
    const { rows } = await run("few", { skills: ["review", "editing"], split: "train", limit: 1 });
    expect(rows).toEqual({ "review/train": 1, "editing/train": 1 });
    const left = await run("held-out", { split: "test" });
    expect(left.rows).toEqual({ "editing/test": 1 });
  });

  it("names the splits where it is asked for another", async () => {
    await expect(run("none", { split: "foo" })).rejects.toMatchObject({
      name: "StopRun",
      message: "the dataset has no split foo",
      next: expect.stringMatching(/^choose with --split among: .*train/),
      exitCode: 2,
    });
  });

  it("says of an address that it reads folders, and how to come by one", async () => {
    await expect(project("https://example.org/data", { log, to: "slime", out: at("far") })).rejects.toMatchObject({
      name: "StopRun",
      message: "https://example.org/data is an address, and this command reads a folder",
      next: expect.stringContaining("kihon pull"),
    });
    expect(() => readManifest("http://example.org/data")).toThrow("this command reads a folder");
  });

  it.each(projections.map(({ name, holdsTree }) => [name, holdsTree] as const))(
    "says where the tree is that the rows of %s do not hold, or nothing where they do (%s)",
    async (to, holdsTree) => {
      const result = await run(`needs-${to}`, { to });
      const list = JSON.parse(readFileSync(at(`needs-${to}/projection.json`), "utf8")) as { needs: string | null };
      expect(list.needs).toBe(result.needs);
      if (holdsTree) return expect(list.needs).toBeNull();
      expect(list.needs).toMatch(/holds no file of the repository.*`archive` of the row's `environment_id`.*`visible_layer_json`/);
      expect(projectText(result)).toContain(list.needs);
      const files = contentOf(at(`needs-${to}`)).map(([path]) => path);
      expect(files.filter((path) => !/^\/(?:projection\.json|(?:train|test)\.(?:jsonl|parquet))$/.test(path))).toEqual([]);
    },
  );

  it("tells which rows have no place in a format, and stops where none has one", async () => {
    const { refused } = await run("patches", { to: "swe-bench" });
    expect(refused["review/no-patch"]).toMatchObject({ rows: 1 });
    await expect(run("none", { to: "swe-bench", skills: ["review"] })).rejects.toMatchObject({ name: "StopRun", exitCode: 1 });
    await expect(run("none", { to: "sft", split: "test" })).rejects.toMatchObject({ name: "StopRun", exitCode: 1 });
    expect(existsSync(at("none"))).toBe(false);
  });

  it("warns where rows of the split test hold answers, and nowhere else", async () => {
    const warnings: string[] = [];
    const hearing = { ...log, warn: (message: string) => warnings.push(message) };
    await run("shown", { to: "swe-bench", split: "train", log: hearing });
    for (const { name, holdsAnswers } of projections) if (!holdsAnswers) await run(`closed-${name}`, { to: name, log: hearing });
    await run("taught", { to: "sft", log: hearing });
    expect(warnings).toEqual([]);
    await run("measured", { to: "swe-bench", split: "test", log: hearing });
    await run("both", { to: "swe-bench", log: hearing });
    expect(warnings).toEqual(Array(2).fill(expect.stringMatching(/^1 row of the split test as swe-bench, with answers and hidden tests/)));
  });

  it("leaves alone a folder that holds something else, and a file", async () => {
    mkdirSync(at("mine"));
    writeFileSync(at("mine/notes.txt"), "keep me");
    writeFileSync(at("file"), "keep me");
    for (const out of ["mine", "file", "data"]) await expect(run(out)).rejects.toMatchObject({ name: "StopRun" });
    expect(readdirSync(at("mine"))).toEqual(["notes.txt"]);
    expect(readFileSync(at("file"), "utf8")).toBe("keep me");
  });

  it("replaces an earlier projection whole, and an empty folder", async () => {
    mkdirSync(at("again"));
    await run("again", { to: "verl" });
    await run("again");
    expect(readdirSync(at("again")).sort()).toEqual(["projection.json", "test.jsonl", "train.jsonl"]);
  });

  it("removes what a killed projection into the same folder left, and leaves nothing of its own where it fails", async () => {
    // No process has this number: it is above the largest that Linux gives.
    mkdirSync(at(".late.kihon-99999999-new"));
    await run("late");
    expect(readdirSync(scratch).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("says in the folder what it is of", async () => {
    await run("listed");
    const list = JSON.parse(readFileSync(at("listed/projection.json"), "utf8")) as { dataset: { row_hashes: string } };
    const manifest = JSON.parse(readFileSync(at("data/manifest.json"), "utf8")) as { row_hashes: string };
    expect(list).toMatchObject({ tool: "kihon", format: "slime", rows: { "editing/test": 1 } });
    expect(list.dataset.row_hashes).toBe(manifest.row_hashes);
  });
});
