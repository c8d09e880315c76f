/**
 * Kills a run again and again and goes on with it: `node bench/kill-resume.ts [--kills 10] [--seed 1] [--cache FOLDER] [--repo REPOSITORY]`.
 *
 * One run is left alone. Another gets SIGKILL, the whole process tree at once, at random moments in every stage, and is gone on with by
 * `kihon resume` each time. Both datasets must be the same bytes, and after the last start nothing of the dead may be left: no process,
 * no mount, no temporary folder, no control group, no half-filled folder in the cache. Prints a table; exits 1 where one of these fails.
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { unifiedDiff } from "../lib/diff.ts";
import { exec, ownEnvironment } from "../lib/exec.ts";
import { sha256 } from "../lib/hash.ts";
import { rngFor } from "../lib/rng.ts";
import { timingsFile } from "../output/timings.ts";
import { Ledger } from "../pipeline/ledger.ts";
import { type StageName, stageNames } from "../schemas/stages.ts";

export interface KillOptions {
  readonly repo: string;
  /** Words of `kihon run` beside --repo, --out and --cache. */
  readonly words: readonly string[];
  readonly kills: number;
  readonly seed: string;
  readonly cache: string;
  /** Where the two datasets go; the caller removes it. */
  readonly folder: string;
}

export interface Kill {
  readonly stage: string;
  /** After the stage began. */
  readonly afterMs: number;
  readonly processes: number;
}

export interface KillResult {
  readonly kills: readonly Kill[];
  /** Files that are not the same in both datasets, or only in one, with the cells that differ; what tells times is left out. */
  readonly different: readonly string[];
  readonly leftOver: readonly string[];
  readonly undisturbedMs: number;
  readonly disturbedMs: number;
}

const cli = join(import.meta.dirname, "..", "cli.ts");

interface Started {
  /** Null until the process is there. */
  pid: number | null;
  /** Stages that have begun, and when, since the start of the process. */
  readonly begun: Map<string, number>;
  onStage: (stage: string) => void;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
}

/** The stage after the one whose figures a log line says. */
const begunBy = (line: string): string | undefined => {
  const name = /"message":"([a-z]+): \d+ in,/.exec(line)?.[1];
  return name === undefined ? undefined : stageNames[stageNames.indexOf(name as StageName) + 1];
};

/** Starts the command and follows its log, which comes on standard error and is therefore led to a descriptor that can be followed. */
function start(words: readonly string[]): Started {
  const at = performance.now();
  const started: Omit<Started, "ended"> = { pid: null, begun: new Map([["mine", 0]]), onStage: () => undefined };
  let open = "";
  const onBytes = (bytes: Buffer): void => {
    const lines = (open + bytes.toString("utf8")).split("\n");
    open = lines.pop() ?? "";
    for (const stage of lines.map(begunBy)) {
      if (stage === undefined) continue;
      started.begun.set(stage, performance.now() - at);
      started.onStage(stage);
    }
  };
  const ended = exec({
    argv: ["sh", "-c", 'exec "$@" 2>&3', "sh", process.execPath, cli, ...words, "--json"],
    env: ownEnvironment(),
    timeoutMs: 3_600_000,
    outputBytes: 2 ** 26,
    channels: [{ kind: "read", maxBytes: 2 ** 26, onBytes }],
    onStart: (pid) => {
      started.pid = pid;
    },
  }).then((result) => ({
    code: result.ended.kind === "exited" ? result.ended.code : null,
    said: result.channels[0]?.toString("utf8") ?? "",
  }));
  return Object.assign(started, { ended });
}

const entriesOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Parent of each process; those that end meanwhile are not there. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrNull(`/proc/${name}/stat`);
    if (stat !== null) found.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  return found;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return null;
    throw error;
  }
}

/** A process and all below it, the root first. */
function tree(root: number): number[] {
  const all = [...parents()];
  const found = [root];
  for (let at = 0; at < found.length; at++) for (const [pid, parent] of all) if (parent === found[at]) found.push(pid);
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts, waits for the stage and then so long, kills everything; null where the run ended first. */
async function killIn(words: readonly string[], stage: string, delayMs: number): Promise<{ pids: number[] } | null> {
  const run = start(words);
  const reached = run.begun.has(stage)
    ? Promise.resolve()
    : new Promise<void>((resolve) => {
        run.onStage = (begun) => begun === stage && resolve();
      });
  const first = await Promise.race([reached.then(() => sleep(delayMs)).then(() => "now" as const), run.ended]);
  if (first !== "now" || run.pid === null) return null;
  const pids = tree(run.pid);
  for (const each of pids) kill(each);
  await run.ended;
  return { pids };
}

/** Path → sha256 of what a dataset's folder holds, but for the books of the run and what tells times. */
export function datasetFiles(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith(".kihon") && !["report.html", timingsFile].includes(path));
  return Object.fromEntries(paths.sort().map((path) => [path, sha256(readFileSync(join(folder, path)))]));
}

const cellText = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value, jsonCell, 1) ?? "nothing"));

function jsonCell(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? `sha256 ${sha256(value)}` : value;
}

/** The lines that are not the same in two texts; the first few. */
const linesApart = (path: string, before: string, after: string): string =>
  unifiedDiff([{ path, before, after }], 0)
    .split("\n")
    .filter((line) => /^[-+](?![-+]{2} )/.test(line))
    .slice(0, 8)
    .map((line) => line.slice(0, 300))
    .join("\n");

/** Rows of a Parquet file as they are, without what the reader of datasets checks. */
const rowsIn = async (path: string): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: await asyncBufferFromFile(path), compressors: { ZSTD: (input) => zstdDecompressSync(input) } });

/** What is not the same in a file of both datasets: of Parquet the cells, row by row, of others the lines. */
async function differences(path: string, folders: readonly [string, string]): Promise<string> {
  const missing = folders.find((folder) => !existsSync(join(folder, path)));
  if (missing !== undefined) return `${path}: not in ${basename(missing)}`;
  if (!path.endsWith(".parquet")) {
    const [before = "", after = ""] = folders.map((folder) => readFileSync(join(folder, path), "utf8"));
    return `${path}:\n${linesApart(path, before, after)}`;
  }
  const [one = [], other = []] = await Promise.all(folders.map((folder) => rowsIn(join(folder, path))));
  const found = one.length === other.length ? [] : [`${one.length} rows and ${other.length}`];
  for (const [index, row] of one.entries()) {
    for (const [column, value] of Object.entries(row)) {
      const cells = [cellText(value), cellText(other[index]?.[column])] as const;
      if (cells[0] !== cells[1]) found.push(`row ${index} (${cellText(row.instance_id)}), ${column}:\n${linesApart(column, ...cells)}`);
    }
  }
  return `${path}:\n${found.length === 0 ? "the same cells in other bytes" : found.join("\n")}`;
}

/** What of the dead processes can still be seen: processes, mounts, temporary folders, control groups, unfinished folders in the cache. */
function leftOver(dead: ReadonlySet<number>, { folder, cache }: KillOptions): string[] {
  const found: string[] = [];
  const isDead = (text: string | undefined): boolean => text !== undefined && dead.has(Number(text));
  for (const name of readdirSync("/proc").filter((pid) => /^\d+$/.test(pid))) {
    const words = readOrNull(`/proc/${name}/cmdline`) ?? "";
    if (Number(name) !== process.pid && words.includes(folder) && words.includes("cli.ts")) found.push(`process ${name}`);
  }
  for (const line of (readOrNull("/proc/self/mounts") ?? "").split("\n"))
    if (/\/kihon-\d+\/(\d+)-/.test(line) && isDead(/\/kihon-\d+\/(\d+)-/.exec(line)?.[1])) found.push(`mount ${line}`);
  const shared = join(tmpdir(), `kihon-${process.getuid?.() ?? 0}`);
  for (const name of entriesOf(shared)) if (isDead(name.split("-")[0])) found.push(join(shared, name));
  const groups = "/sys/fs/cgroup";
  for (const parent of [groups, ...entriesOf(groups).map((name) => join(groups, name))]) {
    if (!existsSync(join(parent, "cgroup.procs"))) continue;
    for (const name of readdirSync(parent)) if (isDead(/^kihon-(\d+)-/.exec(name)?.[1])) found.push(join(parent, name));
  }
  const store = join(folder, "disturbed", ".kihon", "store");
  const places = [
    ...["trees", "dependencies", "harness", "repositories", "timings", "promises"].map((name) => join(cache, name)),
    ...entriesOf(store).map((name) => join(store, name)),
  ];
  for (const shelf of ["toolchains", "tarballs"]) places.push(...entriesOf(join(cache, shelf)).map((name) => join(cache, shelf, name)));
  for (const place of places) {
    for (const name of entriesOf(place)) {
      const pid = /^\.work-(\d+)-/.exec(name)?.[1] ?? /\.new-(\d+)$/.exec(name)?.[1] ?? /^\..+\.(\d+)\.part$/.exec(name)?.[1];
      if (isDead(pid) || (place.startsWith(store) && name.includes("."))) found.push(join(place, name));
    }
  }
  return found;
}

/** Are there settings to go on with? A kill may come before they are stored. */
function hasBegun(out: string): boolean {
  const path = join(out, ".kihon", "ledger.sqlite");
  if (!existsSync(path)) return false;
  const ledger = new Ledger(path, { write: false });
  try {
    return ledger.meta("config") !== null;
  } finally {
    ledger.close();
  }
}

async function finish(words: readonly string[]): Promise<Started> {
  const run = start(words);
  const { code, said } = await run.ended;
  if (code !== 0) throw new Error(`kihon ${words.join(" ")} ended with ${code}:\n${said.slice(-2000)}`);
  return run;
}

export async function killAndResume(options: KillOptions, tell: (kill: Kill) => void = () => undefined): Promise<KillResult> {
  const { repo, words, kills, seed, cache, folder } = options;
  const [undisturbed, disturbed] = [join(folder, "undisturbed"), join(folder, "disturbed")];
  const runWords = (out: string): string[] => ["run", "--repo", repo, "--out", out, "--cache", cache, ...words];
  let at = performance.now();
  const { begun } = await finish(runWords(undisturbed));
  const undisturbedMs = performance.now() - at;
  const lengths = stageNames.map(
    (name, place) => (begun.get(stageNames[place + 1] ?? "") ?? undisturbedMs) - (begun.get(name) ?? undisturbedMs),
  );
  const rng = rngFor(seed, "kill-resume", "moments");
  const dead = new Set<number>();
  const done: Kill[] = [];
  at = performance.now();
  for (let index = 0; index < kills; index++) {
    // Spread over the stages in the order of the road, so that each kill meets work that is under way.
    const place = Math.floor(((index + 0.5) * stageNames.length) / kills);
    const stage = stageNames[place] ?? "export";
    // The undisturbed run asks in its last stage what the sandbox promises here, which the second finds in the cache: there, little else is left.
    const delayMs = rng.next() * (stage === stageNames.at(-1) ? 0.05 : 0.6) * (lengths[place] ?? 0);
    const killed = await killIn(hasBegun(disturbed) ? ["resume", disturbed, "--cache", cache] : runWords(disturbed), stage, delayMs);
    for (const pid of killed?.pids ?? []) dead.add(pid);
    done.push({ stage: killed ? stage : `${stage} (ended first)`, afterMs: Math.round(delayMs), processes: killed?.pids.length ?? 0 });
    tell(done[done.length - 1] as Kill);
  }
  await finish(hasBegun(disturbed) ? ["resume", disturbed, "--cache", cache] : runWords(disturbed));
  const disturbedMs = performance.now() - at;
  const [one, other] = [datasetFiles(undisturbed), datasetFiles(disturbed)];
  const paths = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((path) => one[path] !== other[path]);
  const different = await Promise.all(paths.map((path) => differences(path, [undisturbed, disturbed])));
  return { kills: done, different, leftOver: leftOver(dead, options), undisturbedMs, disturbedMs };
}

const rowOf = (number: number | string, { stage, afterMs, processes }: Kill): string =>
  [String(number).padStart(4), stage.padEnd(22), String(afterMs).padStart(9), String(processes).padStart(10)].join("  ");

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      cache: { type: "string" },
      repo: { type: "string", default: join(import.meta.dirname, "..", "examples", "demo-repository.bundle") },
      mutants: { type: "string", default: "20" },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "kihon-kills-"));
  chmodSync(folder, 0o755); // jobs pass it on their way to the cache inside
  const words = ["--mutants", values.mutants, "--per-skill", "2", "--repeats", "2", "--audit", "1"];
  const print = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  try {
    print("kill  stage                   after (ms)  processes");
    let number = 0;
    const options = {
      repo: values.repo,
      words,
      kills: Number(values.kills),
      seed: values.seed,
      cache: values.cache ?? join(folder, "cache"),
      folder,
    };
    const result = await killAndResume(options, (kill) => print(rowOf(++number, kill)));
    print(
      `\nundisturbed ${(result.undisturbedMs / 1000).toFixed(1)} s, with ${values.kills} kills ${(result.disturbedMs / 1000).toFixed(1)} s`,
    );
    print(result.different.length === 0 ? "both datasets are the same bytes" : `different:\n${result.different.join("\n")}`);
    print(result.leftOver.length === 0 ? "nothing is left of the dead" : `left over:\n${result.leftOver.join("\n")}`);
    const late = result.kills.filter(({ processes }) => processes === 0).length;
    if (late > 0) print(`${late} kills came too late: the run had ended`);
    return result.different.length === 0 && result.leftOver.length === 0 && late <= 1 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
