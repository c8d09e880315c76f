/**
 * A dataset of a real repository, brought up to date: `node bench/refresh.ts --out FOLDER [--commits 20] [--history 30] [--cache FOLDER] REPOSITORY`.
 *
 * Makes a mirror that ends so many steps of the mainline before the repository's tip, a dataset of it, moves the mirror to the tip,
 * refreshes, compares with `kihon diff`, and refreshes once more. What is there of an interrupted attempt is gone on with. Prints what each
 * step took and what was found; exits 1 where anything but the new commits was worked on, a file of before is not the same, a row of before
 * has another split or is gone, the difference is not the additions exactly, or the second refresh does anything.
 */
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { exec, ownEnvironment } from "../lib/exec.ts";
import { openDataset } from "../output/dataset-reader.ts";
import type { Difference, DiffSummary } from "../pipeline/diff.ts";
import { minedSchema } from "../pipeline/stages/1-mine.ts";
import { Store } from "../pipeline/store.ts";
import { datasetFiles } from "./kill-resume.ts";

const { values, positionals } = parseArgs({
  options: {
    out: { type: "string" },
    commits: { type: "string", default: "20" },
    history: { type: "string", default: "30" },
    mutants: { type: "string", default: "10" },
    "per-skill": { type: "string", default: "4" },
    cache: { type: "string" },
  },
  allowPositionals: true,
});
const [given] = positionals;
if (values.out === undefined || given === undefined) {
  process.stderr.write("usage: node bench/refresh.ts --out FOLDER [--commits 20] [--history 30] [--cache FOLDER] REPOSITORY\n");
  process.exit(2);
}
const [out, repository] = [resolve(values.out), resolve(given)];
const [mirror, data, before] = [join(out, "mirror.git"), join(out, "data"), join(out, "before")];
const cli = join(import.meta.dirname, "..", "cli.ts");
const place = values.cache === undefined ? [] : ["--cache", resolve(values.cache)];

async function said(argv: readonly string[], okCodes: readonly number[] = [0]): Promise<{ text: string; seconds: number }> {
  const { ended, stdout, stderr, wallMs } = await exec({
    argv,
    env: ownEnvironment(),
    timeoutMs: 6 * 60 * 60 * 1000,
    outputBytes: 64 * 2 ** 20,
  });
  if (ended.kind !== "exited" || !okCodes.includes(ended.code)) throw new Error(`${argv.join(" ")}: ${stderr.slice(-1000)}`);
  return { text: stdout.trim(), seconds: wallMs / 1000 };
}
const git = async (...words: string[]): Promise<string> => (await said(["git", ...words])).text;
const kihon = (words: readonly string[], okCodes?: readonly number[]) => said([process.execPath, cli, ...words, "--json"], okCodes);

interface Worked {
  readonly stage: string;
  readonly id: string;
  readonly parent: string | null;
  readonly blob: string | null;
}

/** Every verdict of the ledger, by its place. */
function verdicts(at: string): Map<string, Worked> {
  const database = new DatabaseSync(join(at, ".kihon", "ledger.sqlite"), { readOnly: true });
  const rows = database.prepare("select stage, version, input, settings, seq, id, parent, blob from verdict").all();
  database.close();
  return new Map(
    rows.map((row) => [[row["stage"], row["version"], row["input"], row["settings"], row["seq"]].join(" "), row as unknown as Worked]),
  );
}

/** Gives the commit that a verdict goes back to: that of the mined record at the end of its parents; null where there is none. */
function commits(all: readonly Worked[], store: Store): (one: Worked) => string | null {
  const parents = new Map(all.flatMap(({ id, parent }) => (parent === null || parent === id ? [] : [[id, parent] as const])));
  const mined = new Map(all.flatMap(({ stage, id, blob }) => (stage === "mine" && blob !== null ? [[id, blob] as const] : [])));
  const read = (blob: string): string => {
    const item = store.getJson(blob, minedSchema);
    return (item.kind === "revision" ? item.revision : item.commit.revision).commit;
  };
  return ({ id: first }) => {
    for (let id: string | undefined = first; id !== undefined; id = parents.get(id)) {
      const blob = mined.get(id);
      if (blob !== undefined) return read(blob);
    }
    return null;
  };
}

async function splitsOf(at: string): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for await (const { public: row } of (await openDataset(at)).pairs()) rows.set(row.instance_id, row.split);
  return rows;
}

const counted = (rows: readonly Worked[]): string =>
  [...Map.groupBy(rows, ({ stage }) => stage)].map(([stage, of]) => `${stage} ${of.length}`).join(", ");

mkdirSync(out, { recursive: true });
if (!existsSync(mirror)) await git("clone", "--quiet", "--bare", repository, mirror);
const tip = await git("-C", repository, "rev-parse", "HEAD");
const old = await git("-C", repository, "rev-parse", `HEAD~${values.commits}`);
const fresh = new Set((await git("-C", mirror, "rev-list", `${old}..${tip}`)).split("\n"));
const words = ["--mutants", values.mutants, "--history", values.history, "--per-skill", values["per-skill"]];
if (!existsSync(before)) {
  await git("-C", mirror, "update-ref", "HEAD", old);
  const { seconds } = await kihon(["run", "--repo", mirror, "--out", data, ...words, ...place]);
  cpSync(data, before, { recursive: true });
  process.stdout.write(`run at ${old.slice(0, 7)}: ${seconds.toFixed(0)} s, ${(await splitsOf(data)).size} rows\n`);
}
await git("-C", mirror, "update-ref", "HEAD", tip);
const refreshed = await kihon(["refresh", data, ...place]);
const [olds, nows] = [verdicts(before), verdicts(data)];
const commitOf = commits([...nows.values()], new Store(join(data, ".kihon", "store")));
const worked = [...nows].flatMap(([place, one]) => (olds.has(place) ? [] : [one]));
// Mining and screening read the repository's newest state whole, and posing an environment's changes together: what they give is looked at below.
const costly = worked.filter(({ stage }) => ["prepare", "inject", "sift", "observe", "prove"].includes(stage));
const strange = costly.filter((one) => !fresh.has(commitOf(one) ?? ""));
process.stdout.write(
  `refresh to ${tip.slice(0, 7)}, ${fresh.size} commits on: ${refreshed.seconds.toFixed(0)} s; new in the ledger: ${counted(worked)}\n`,
);

const [filesBefore, filesNow] = [datasetFiles(before), datasetFiles(data)];
const shards = Object.keys(filesBefore).filter((path) => path.endsWith(".parquet"));
const altered = shards.filter((path) => filesNow[path] !== filesBefore[path]);
const [rowsBefore, rowsNow] = [await splitsOf(before), await splitsOf(data)];
const moved = [...rowsBefore].filter(([id, split]) => rowsNow.get(id) !== split);
const added = [...rowsNow.keys()].filter((id) => !rowsBefore.has(id));
const lines = (await kihon(["diff", before, data], [0, 1])).text.split("\n").map((line) => JSON.parse(line) as unknown);
const summary = lines.pop() as DiffSummary;
const told = (lines as Difference[]).filter(({ kind }) => kind === "row");
const exact = told.length === added.length && told.every(({ change, id }) => change === "added" && !rowsBefore.has(id));
process.stdout.write(
  `${shards.length} files of before, ${altered.length} altered; ${rowsBefore.size} rows of before, ${moved.length} moved or gone; ${added.length} added; diff tells ${JSON.stringify(summary.rows)}\n`,
);
const again = await kihon(["refresh", data, ...place]);
const idle = [...verdicts(data).keys()].filter((place) => !nows.has(place)).length;
const unchanged = JSON.stringify(datasetFiles(data)) === JSON.stringify(filesNow);
process.stdout.write(
  `second refresh: ${again.seconds.toFixed(1)} s, ${idle} new in the ledger, files ${unchanged ? "as they were" : "altered"}\n`,
);

const wrong = [
  ...strange.map(({ stage, id }) => `${stage} worked on ${id}, which is of no new commit`),
  ...altered.map((path) => `${path} was altered`),
  ...moved.map(([id]) => `${id} has another split or is gone`),
  ...(exact ? [] : ["kihon diff does not tell the additions exactly"]),
  ...(idle === 0 && unchanged ? [] : ["the second refresh did something"]),
];
for (const line of wrong) process.stdout.write(`WRONG: ${line}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
