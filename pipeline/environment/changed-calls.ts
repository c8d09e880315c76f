/**
 * The calls that a defect changes: failing test files are run in both trees with sources that tell of their calls, and what is called with
 * the same arguments and gives something else is kept.
 *
 * A call counts only where it gave one and the same thing in two clean runs. Where telling changes which tests fail, nothing is believed.
 */

import { z } from "zod";
import { readJson } from "../../lib/json.ts";
import type { TestRun, Workspace } from "../../sandbox/workspace.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { ChangedCall, Observation } from "../../schemas/observation.ts";

/** A line of `calls-preload.cjs`. */
const toldSchema = z.tuple([z.int(), z.string(), z.string(), z.boolean(), z.enum(["value", "throw"]), z.string()]);
/** What a call gave, under what was called; null where it gave this and that. */
type Outcomes = ReadonlyMap<string, Told | null>;
interface Told {
  readonly file: string;
  readonly symbol: string;
  readonly call: string;
  readonly selfContained: boolean;
  readonly how: "value" | "throw";
  readonly outcome: string;
}

const maxCalls = 10;
const maxOfSymbol = 5;
/** Test files are looked into one after another until one shows changed calls. */
const maxFiles = 2;
/** The sink writes 1 MiB a process. */
const maxChars = 16 * 1024 ** 2;

/** Tests may write there too: what is no line of the sink is nothing. */
function tellOf(line: string, sources: readonly string[]): Told | null {
  const [id, symbol, call, contained, how, outcome] = readJson(line, toldSchema) ?? [];
  const file = id === undefined ? undefined : sources[id];
  if (file === undefined || symbol === undefined || call === undefined || how === undefined || outcome === undefined) return null;
  // An assertion of the test itself, thrown through the package by a callback.
  if (how === "throw" && /^\w*Assert/.test(outcome)) return null;
  return { file, symbol, call, selfContained: contained === true && !/\/(?:workspace|kihon|tmp)\//.test(call), how, outcome };
}

/** Every call of these runs. */
export function outcomesOf(runs: readonly string[], sources: readonly string[]): Outcomes {
  const found = new Map<string, Told | null>();
  for (const line of runs.flatMap((text) => text.slice(0, maxChars).split("\n"))) {
    const told = line === "" ? null : tellOf(line, sources);
    if (told === null) continue;
    const key = JSON.stringify([told.file, told.symbol, told.call]);
    const known = found.get(key);
    const same = known === undefined || (known !== null && known.how === told.how && known.outcome === told.outcome);
    found.set(key, same ? told : null);
  }
  return found;
}

const spoken = ({ how, outcome }: Told): string => (how === "throw" ? `throws ${outcome}` : outcome);

function changed(before: Told, after: Told): ChangedCall {
  const { file, symbol, call, selfContained } = before;
  const error = before.how === "throw" && after.how === "value" ? before.outcome : null;
  return { file, symbol, call, selfContained, expected: spoken(after), actual: error === null ? spoken(before) : null, error };
}

const better = (a: ChangedCall, b: ChangedCall): number =>
  Number(b.selfContained) - Number(a.selfContained) || a.call.length - b.call.length || (a.call < b.call ? -1 : 1);

/** Calls in both that differ: those that can be made as they stand first, short ones first, and not all of one function. */
export function compared(before: Outcomes, after: Outcomes): readonly ChangedCall[] {
  const all: ChangedCall[] = [];
  for (const [key, clean] of after) {
    const broken = before.get(key);
    if (!clean || !broken || spoken(broken) === spoken(clean)) continue;
    all.push(changed(broken, clean));
  }
  const taken = new Map<string, number>();
  const some = all.sort(better).filter(({ file, symbol }) => {
    const key = `${file} ${symbol}`;
    taken.set(key, (taken.get(key) ?? 0) + 1);
    return (taken.get(key) ?? 0) <= maxOfSymbol;
  });
  return some.slice(0, maxCalls);
}

/** What is known of an environment's calls, for as long as its workspace is in use. */
class Recording {
  readonly #workspace: Workspace;
  readonly #sources: readonly string[];
  readonly #layer: Readonly<Record<string, string>>;
  readonly #clean = new Map<string, Promise<Outcomes | null>>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#sources = workspace.environment.sourceFiles;
    this.#layer = Object.fromEntries(this.#sources.flatMap((path) => this.#told(path, workspace.text(path))));
  }

  #told(path: string, text: string | null): [string, string][] {
    const id = this.#sources.indexOf(path);
    const recorded = text === null || id < 0 ? null : this.#workspace.language.record({ path, text }, id);
    return recorded === null ? [] : [[path, recorded]];
  }

  /** Null where the tests do not do what they do otherwise. */
  #cleanOutcomes(file: string): Promise<Outcomes | null> {
    const known = this.#clean.get(file);
    if (known) return known;
    const started = this.#runClean(file);
    this.#clean.set(file, started);
    started.catch(() => this.#clean.delete(file));
    return started;
  }

  async #runClean(file: string): Promise<Outcomes | null> {
    const told: string[] = [];
    for (let repeat = 0; repeat < 2; repeat++) {
      const one = await this.#workspace.record(this.#layer, [file]);
      if (!this.#fails(one.run, file, [])) return null;
      told.push(one.told);
    }
    return outcomesOf(told, this.#sources);
  }

  /** Of the file's stable tests exactly these fail. */
  #fails({ ended, report }: TestRun, file: string, failing: readonly string[]): boolean {
    if (ended.kind !== "finished" || ended.failedCommand !== null || !report.complete || report.unloaded.length > 0) return false;
    const seen = new Map(report.tests.map((test) => [test.id, test.status]));
    const stable = this.#workspace.environment.tests.filter((test) => test.file === file && test.standing === "stable");
    return stable.every(({ id }) => seen.get(id) === (failing.includes(id) ? "failed" : "passed"));
  }

  async changedBy(candidate: Candidate, failing: readonly string[], file: string): Promise<readonly ChangedCall[]> {
    const after = await this.#cleanOutcomes(file);
    if (after === null || after.size === 0) return [];
    const recorded = Object.entries(candidate.before).flatMap(([path, text]) => this.#told(path, text));
    const { run, told } = await this.#workspace.record({ ...this.#layer, ...candidate.before, ...Object.fromEntries(recorded) }, [file]);
    return this.#fails(run, file, failing) ? compared(outcomesOf([told], this.#sources), after) : [];
  }
}

const recordings = new WeakMap<Workspace, Recording>();

function recordingOf(workspace: Workspace): Recording {
  const recording = recordings.get(workspace) ?? new Recording(workspace);
  recordings.set(workspace, recording);
  return recording;
}

/** At most ten; none where no failing file shows any. */
export async function changedCalls(
  candidate: Candidate,
  { failToPass }: Pick<Observation, "failToPass">,
  workspace: Workspace,
): Promise<readonly ChangedCall[]> {
  const byFile = Map.groupBy(failToPass, (id) => workspace.environment.tests.find((test) => test.id === id)?.file ?? "");
  const files = [...byFile].sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || (a < b ? -1 : 1)).slice(0, maxFiles);
  for (const [file, failing] of files) {
    const calls = await recordingOf(workspace).changedBy(candidate, failing, file);
    if (calls.length > 0) return calls;
  }
  return [];
}
