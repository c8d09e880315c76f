import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeDataset } from "../output/dataset-writer.ts";
import { parseConfig } from "../pipeline/config.ts";
import { Ledger } from "../pipeline/ledger.ts";
import { defaultPlace } from "../pipeline/place.ts";
import { optionOf } from "../pipeline/settings-text.ts";
import { ledgerFile } from "../pipeline/work-folder.ts";
import { kihon, scratch } from "./e2e/stand.ts";
import { ScratchRepository } from "./lib/scratch-repository.ts";
import { datasetInput } from "./output/samples.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const repo = await ScratchRepository.make();
afterAll(() => repo[Symbol.dispose]());
await repo.commit("one", { "a.txt": "a" });
const empty = await ScratchRepository.make();
afterAll(() => empty[Symbol.dispose]());
writeFileSync(join(folder, "file"), "");
mkdirSync(join(folder, "plain"));

const commands = ["run", "resume", "verify", "grade", "inspect", "stats", "migrate", "schema", "push", "pull", "explain", "doctor"];
const out = join(folder, "out");
const data = join(folder, "data");

describe("kihon --help", () => {
  it("lists the commands", async () => {
    const { code, out: text } = await kihon(["--help"]);
    expect(code).toBe(0);
    for (const name of commands) expect(text).toContain(name);
  });

  it.each(commands)("tells of %s", async (name) => {
    const { code, out: text } = await kihon([name, "--help"]);
    expect([code, text.startsWith(`Usage: kihon ${name}`)]).toEqual([0, true]);
  });

  it.each(["run", "split"])("tells of splits, limits and the cut-off at %s", async (name) => {
    const { out: text } = await kihon([name, "--help"]);
    for (const option of ["--ratio", "--pin", "--same", "--cutoff", "--per-repository", "--per-operator", "--per-file", "--per-difficulty"])
      expect(text).toContain(option);
  });

  it("tells the defaults that settings and places have", async () => {
    const text = (await kihon(["run", "--help"])).out.replace(/\s+/g, " ");
    const { perSkill, higherOrder, repeats, testTimeoutMs, runTimeoutMs, installTimeoutMs } = parseConfig({});
    const told = { "per-skill": perSkill, "higher-order": higherOrder, repeats, cache: defaultPlace({ out: "." }).cache };
    const times = { "test-timeout": testTimeoutMs / 1000, "run-timeout": runTimeoutMs / 1000, "install-timeout": installTimeoutMs / 1000 };
    const parts = text.split(" --");
    for (const [name, value] of Object.entries({ ...told, ...times }))
      expect(parts.find((part) => part.startsWith(`${name} `))).toContain(`(default: ${value})`);
    expect((await kihon(["solve", "--help"])).out).toMatch(/may be repeated \(default: all\)\n/);
  });

  it("tells of no option that doctor does not look at", async () => {
    const { out: text } = await kihon(["doctor", "--help"]);
    expect(text.match(/^ {2}--[\w-]+/gm)).toEqual(["  --cache", "  --image", "  --json"]);
  });

  it("tells of every option that a refusal of settings names", async () => {
    const { out: text } = await kihon(["run", "--help"]);
    const settings = parseConfig({ github: { repositories: ["o/n"], search: { query: "x" } } });
    const { llm, github, contamination, permissive, takedown, selection, ...flat } = settings;
    const groups = { llm: { url: "", model: "" }, github: { ...github }, contamination, permissive, takedown, selection };
    const paths = Object.entries(groups).flatMap(([name, group]) => Object.keys(group).map((key) => [name, key]));
    const searched = Object.keys(github?.search ?? {}).map((key) => ["github", "search", key]);
    const all = [...Object.keys(flat).map((key) => [key]), ...paths.filter(([, key]) => key !== "search"), ...searched];
    for (const path of all) expect(text, path.join(".")).toMatch(new RegExp(`^ {2}${optionOf(path)}\\b`, "m"));
  });

  it("prints its version", async () => {
    expect((await kihon(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

it("shows rows of every skill that is named", async () => {
  await writeDataset(datasetInput(data));
  const { code, out: text } = await kihon(["inspect", data, "--skill", "editing, review", "--json"]);
  expect([code, JSON.parse(text)]).toMatchObject([0, [{ skill: "editing" }, { skill: "review" }]]);
});

it("ends with 1 where a run has made no row, and says so", async () => {
  const where = ["--out", join(folder, "empty-handed"), "--cache", join(folder, "cache"), "--sandbox", "process", "--i-trust-this-code"];
  const { code, out: text } = await kihon(["run", "--repo", repo.work, ...where]);
  expect([code, text]).toEqual([1, expect.stringContaining("the dataset is empty: no instance was proven")]);
});

it("takes the longest test, run and install in seconds", async () => {
  const at = join(folder, "timed");
  const where = ["--repo", repo.work, "--out", at, "--cache", join(folder, "cache"), "--sandbox", "process", "--i-trust-this-code"];
  await kihon(["run", ...where, "--only", "mine", "--test-timeout", "3", "--run-timeout", "7", "--install-timeout", "90"]);
  const ledger = new Ledger(ledgerFile(at), { write: false });
  expect(JSON.parse(ledger.meta("config") ?? "")).toMatchObject({ testTimeoutMs: 3000, runTimeoutMs: 7000, installTimeoutMs: 90_000 });
  ledger.close();
});

it("ends with 1 where a takedown list means no row, and says so", async () => {
  const copy = join(folder, "copy");
  await writeDataset(datasetInput(copy));
  writeFileSync(join(folder, "list"), "acme/other\n");
  const { code, out: text } = await kihon(["refresh", copy, "--withdraw-only", "--takedown", join(folder, "list")]);
  expect([code, text]).toEqual([1, expect.stringContaining("no row is meant by acme/other")]);
});

describe("under --json", () => {
  it.each([
    ["a flag that does not exist", ["stats", data, "--fast"], { message: "unknown option '--fast'", exit: 2 }],
    ["a number that is none", ["run", "--out", out, "--mutants", "many"], { message: expect.stringContaining("whole number"), exit: 2 }],
    ["a dataset that is not there", ["stats", join(folder, "none")], { message: expect.stringContaining("manifest.json"), exit: 2 }],
    [
      "a server that does not answer",
      ["stats", "http://127.0.0.1:61999/data"],
      { message: expect.stringContaining("ECONNREFUSED"), exit: 1 },
    ],
  ])("an error is one line of JSON on standard error: %s", async (_, words, told) => {
    const { code, out: text, err } = await kihon([...words, "--json"]);
    expect([text, err.split("\n").length]).toEqual(["", 2]);
    expect(JSON.parse(err)).toEqual({ level: "error", next: expect.stringMatching(/./), ...told });
    expect(code).toBe(told.exit);
  });

  it("an id of which nothing is known is an empty list, and ends with 1", async () => {
    const at = join(folder, "known");
    new Ledger(ledgerFile(at), { write: true }).close();
    expect(await kihon(["explain", "0000000000000000", "--out", at, "--json"])).toEqual({ code: 1, out: "[]\n", err: "" });
    expect((await kihon(["explain", "0000000000000000", "--out", at])).out).toBe("nothing is known of 0000000000000000 in this run\n");
  });

  it("the row schema is what it is without", async () => {
    expect(await kihon(["schema", "--json"])).toEqual(await kihon(["schema"]));
  });
});

describe("bad words end with 2, a message and a next step", () => {
  it.each([
    [
      "a flag that does not exist",
      ["run", "--repo", repo.work, "--out", out, "--fast"],
      /unknown option '--fast'[\s\S]*\(kihon run --help lists its options\)/,
    ],
    ["a command that does not exist", ["bake"], /unknown command 'bake'[\s\S]*\(kihon --help lists the commands\)/],
    ["no --out", ["run", "--repo", repo.work], /--out/],
    ["no --repo", ["run", "--out", out], /no repository is given[\s\S]*next: add --repo/],
    ["a stage that does not exist", ["run", "--repo", repo.work, "--out", out, "--only", "cook"], /prove/],
    [
      "a skill that does not exist",
      ["run", "--repo", repo.work, "--out", out, "--skills", "editing,cooking"],
      /"cooking" is none of localization/,
    ],
    [
      "an operator that does not exist",
      ["run", "--repo", repo.work, "--out", out, "--operators", "nonsense"],
      /no operator named nonsense[\s\S]*next: choose among/,
    ],
    [
      "settings of --github without it",
      ["run", "--repo", repo.work, "--out", out, "--github-limit", "5"],
      /--github-limit[\s\S]*next: add --github OWNER\/NAME/,
    ],
    [
      "composite tasks where all is train",
      ["run", "--repo", repo.work, "--out", out, "--skills", "editing,bug-fix"],
      /splitRatio \(--ratio\)/,
    ],
    [
      "shares that are none",
      ["run", "--repo", repo.work, "--out", out, "--ratio", "8:2"],
      /--ratio 8:2[\s\S]*next: write train:validation:test/,
    ],
    [
      "a pin of a repository that is not one of the run, which holds out enough for composite tasks",
      ["run", "--repo", repo.work, "--out", out, "--skills", "editing,bug-fix", "--ratio", "8:1:1", "--pin", "nosuch/repo=test"],
      /nosuch\/repo is pinned[\s\S]*next: choose among/,
    ],
    ["a number that is none", ["run", "--repo", repo.work, "--out", out, "--mutants", "many"], /whole number/],
    ["a time that is none", ["run", "--repo", repo.work, "--out", out, "--run-timeout", "5m"], /--run-timeout is a whole number from 1/],
    ["an empty number", ["run", "--repo", repo.work, "--out", out, "--mutants", ""], /--mutants is a whole number from 0/],
    ["an empty share", ["run", "--repo", repo.work, "--out", out, "--audit", " "], /A share is a number from 0 to 1/],
    [
      "a model's server without a model",
      ["run", "--repo", repo.work, "--out", out, "--llm", "http://127.0.0.1:1/v1"],
      /--llm and --llm-model belong together/,
    ],
    [
      "a model without a server",
      ["run", "--repo", repo.work, "--out", out, "--llm-model", "small-1"],
      /belong together[\s\S]*next: give both/,
    ],
    [
      "an address with a password",
      ["run", "--repo", repo.work, "--out", out, "--llm", "http://me:secret@host/v1", "--llm-model", "small-1"],
      /read from KIHON_LLM_KEY[\s\S]*next:/,
    ],
    ["too many repeats", ["run", "--repo", repo.work, "--out", out, "--repeats", "50"], /--repeats 50: [\s\S]*next:/],
    [
      "no name of a repository on GitHub",
      ["run", "--github", "ufo", "--out", out],
      /--github ufo: a repository of GitHub's is given as owner\/name[\s\S]*next:/,
    ],
    ["no moment", ["split", data, "--out", out, "--cutoff", "June"], /--cutoff June: a moment is written like[\s\S]*next:/],
    ["a revision that does not exist", ["run", "--repo", repo.work, "--out", out, "--rev", "nowhere"], /no commit "nowhere"[\s\S]*next:/],
    ["nothing at the path", ["run", "--repo", join(folder, "none"), "--out", out], /there is nothing at[\s\S]*next:/],
    ["a folder that is no repository", ["run", "--repo", join(folder, "plain"), "--out", out], /is no git repository[\s\S]*next:/],
    ["a file that is no bundle", ["run", "--repo", join(folder, "file"), "--out", out], /could not be fetched[\s\S]*next:/],
    ["a repository without commits", ["run", "--repo", empty.work, "--out", out], /has no commits[\s\S]*next:/],
    [
      "a file in place of the output folder",
      ["run", "--repo", repo.work, "--out", join(folder, "file")],
      /cannot be written[\s\S]*next: .*--out/,
    ],
    [
      "an output folder below a file",
      ["run", "--repo", repo.work, "--out", join(folder, "file/below")],
      /cannot be written[\s\S]*next: .*--out/,
    ],
    ["an output folder in /proc", ["run", "--repo", repo.work, "--out", "/proc/kihon"], /cannot be written[\s\S]*next: .*--out/],
    [
      "a cache that cannot be",
      ["run", "--repo", repo.work, "--out", out, "--cache", join(folder, "file")],
      /cannot be written[\s\S]*next: .*--cache/,
    ],
    ["nothing to resume", ["resume", join(folder, "plain")], /there is no run in[\s\S]*next:/],
    ["nothing to explain from", ["explain", "0000000000000000", "--out", join(folder, "plain")], /there is no ledger[\s\S]*next:/],
    ["no dataset to verify", ["verify", join(folder, "plain")], /manifest\.json[\s\S]*next:/],
    ["no dataset to inspect", ["inspect", join(folder, "none")], /manifest\.json[\s\S]*next:/],
    [
      "an address where a folder is read",
      ["project", "https://example.org/data", "--to", "slime", "--out", join(folder, "far")],
      /is an address, and this command reads a folder[\s\S]*next: .*kihon pull/,
    ],
    ["an empty contact", ["run", "--repo", repo.work, "--out", out, "--takedown-contact", " "], /--takedown-contact is empty/],
    ["an empty output folder", ["run", "--repo", repo.work, "--out", ""], /--out is empty[\s\S]*next: .*current folder is \./],
    ["an empty cache", ["run", "--repo", repo.work, "--out", out, "--cache", ""], /--cache is empty[\s\S]*next:/],
    ["an empty repository among others", ["run", "--repo", repo.work, "--repo", "", "--out", out], /--repo is empty[\s\S]*next:/],
    ["an empty dataset", ["stats", ""], /<dataset> is empty[\s\S]*next:/],
    [
      "no takedown list",
      ["run", "--repo", repo.work, "--out", out, "--takedown", join(folder, "none")],
      /takedown list .* cannot be read \(ENOENT\)/,
    ],
    [
      "a licence that does not exist",
      ["run", "--repo", repo.work, "--out", out, "--licenses", "MIT,FOO"],
      /no licence FOO on the SPDX list[\s\S]*next: .*--licenses/,
    ],
    ["no dataset to count", ["stats", join(folder, "plain")], /manifest\.json[\s\S]*next:/],
    ["no dataset to migrate", ["migrate", join(folder, "plain"), "--out", join(folder, "newer")], /manifest\.json[\s\S]*next:/],
    ["no dataset to push", ["push", join(folder, "plain"), "acme/calc"], /manifest\.json[\s\S]*next:/],
    ["no name on the Hub", ["pull", "calc", join(folder, "calc")], /names no dataset of the Hub[\s\S]*next: .*OWNER\/NAME/],
    [
      "no token in the file that is named",
      ["pull", "acme/calc", join(folder, "calc"), "--token-file", join(folder, "none")],
      /there is no token in[\s\S]*next:/,
    ],
    [
      "no answers to grade",
      ["grade", join(folder, "plain"), "--answers", join(folder, "none.jsonl")],
      /answers .* cannot be read \(ENOENT\)[\s\S]*next:/,
    ],
    ["a folder of answers", ["grade", join(folder, "plain"), "--answers", folder], /are a folder[\s\S]*next:/],
    [
      "no trust in a provider that does not isolate",
      ["run", "--repo", repo.work, "--out", out, "--sandbox", "process"],
      /does not isolate[\s\S]*next:/,
    ],
  ])("%s", async (_, words, said) => {
    const { code, err } = await kihon(words);
    expect(err).toMatch(said);
    expect(err).not.toContain("a bug");
    expect(code).toBe(2);
  });

  it("promises nothing earned to a command that earns nothing", async () => {
    const { code, err } = await kihon(["stats", "http://127.0.0.1:61999/data"]);
    expect([code, err]).toEqual([1, expect.stringMatching(/ECONNREFUSED[\s\S]*next: .*try again\n$/)]);
    expect(err).not.toContain("earned");
  });

  it("says that a run that never began cannot be gone on with", async () => {
    await kihon(["run", "--repo", repo.work, "--out", join(folder, "never"), "--rev", "nowhere"]);
    const { code, err } = await kihon(["resume", join(folder, "never")]);
    expect([code, err]).toEqual([2, expect.stringContaining("ended before it had begun")]);
  });
});
