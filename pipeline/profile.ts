/** Where a run's time went: a table of its stages, V8's profile of this process, and a flame graph of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import type { PoolUsage } from "../sandbox/pool.ts";
import { type CpuProfile, flameOf, flameSvg } from "./flame.ts";

/** One sample in so many microseconds: an hour of work is a third of a million samples. */
const INTERVAL_US = 10_000;

/** What a stage took. Times of this process in milliseconds. */
export interface StageTime {
  readonly name: string;
  readonly in: number;
  readonly kept: number;
  /** On the clock of `performance.now()`. */
  readonly from: number;
  readonly to: number;
  /** Processor time of this process. */
  readonly ownCpuMs: number;
  /** What its jobs in the sandbox took. */
  readonly jobs: Pick<PoolUsage, "runs" | "wallMs" | "cpuMs">;
}

/** Measures one stage. */
export function stageWatch(usage: () => PoolUsage): (name: string, tally: { in: number; kept: number }) => StageTime {
  const [from, own, before] = [performance.now(), process.cpuUsage(), usage()];
  return (name, tally) => {
    const [to, spent, after] = [performance.now(), process.cpuUsage(own), usage()];
    return {
      name,
      in: tally.in,
      kept: tally.kept,
      from,
      to,
      ownCpuMs: (spent.user + spent.system) / 1000,
      jobs: { runs: after.runs - before.runs, wallMs: after.wallMs - before.wallMs, cpuMs: after.cpuMs - before.cpuMs },
    };
  };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

/** Markdown: a row for each stage, and their sums. */
export function stageTable(times: readonly StageTime[]): string {
  const head = ["stage", "in", "kept", "wall s", "own CPU s", "jobs", "jobs' CPU s", "jobs side by side", "kept a CPU-minute"];
  const row = (name: string, took: Omit<StageTime, "name" | "from" | "to"> & { wallMs: number }): string => {
    const cpuMs = took.ownCpuMs + took.jobs.cpuMs;
    const cells = [
      ...[name, String(took.in), String(took.kept), seconds(took.wallMs), seconds(took.ownCpuMs)],
      ...[String(took.jobs.runs), seconds(took.jobs.cpuMs), (took.jobs.wallMs / Math.max(1, took.wallMs)).toFixed(1)],
      cpuMs < 1 ? "" : (took.kept / (cpuMs / 60_000)).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  };
  const sum = (of: (took: StageTime) => number): number => times.reduce((total, took) => total + of(took), 0);
  const all = {
    in: times[0]?.in ?? 0,
    kept: times.at(-1)?.kept ?? 0,
    wallMs: sum(({ from, to }) => to - from),
    ownCpuMs: sum(({ ownCpuMs }) => ownCpuMs),
    jobs: { runs: sum(({ jobs }) => jobs.runs), wallMs: sum(({ jobs }) => jobs.wallMs), cpuMs: sum(({ jobs }) => jobs.cpuMs) },
  };
  return [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => " --- ").join("|")}|`,
    ...times.map((took) => row(took.name, { ...took, wallMs: took.to - took.from })),
    row("all", all),
    "",
  ].join("\n");
}

export class Profile {
  readonly #session: Session;
  /** What V8's clock says when `performance.now()` says 0, in microseconds. */
  readonly #origin = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async start(): Promise<Profile> {
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    await session.post("Profiler.start");
    return new Profile(session);
  }

  /** Ends the measurement and writes `stages.md`, `flame.svg` and `main.cpuprofile` (for Chrome's developer tools) into the folder. */
  async write(folder: string, times: readonly StageTime[]): Promise<void> {
    const { profile } = (await this.#session.post("Profiler.stop")) as { profile: CpuProfile };
    this.#session.disconnect();
    const clock = (ms: number): number => this.#origin + ms * 1000;
    const spans = times.map(({ name, from, to }) => ({ name, from: clock(from), to: clock(to) }));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "stages.md"), stageTable(times));
    writeFileSync(join(folder, "flame.svg"), flameSvg(flameOf(profile, spans)));
    writeFileSync(join(folder, "main.cpuprofile"), JSON.stringify(profile));
  }
}
