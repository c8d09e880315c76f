/**
 * The second round of a sift: mutants that must be in force before anything is loaded. Each is a step of a job whose main script has the
 * test files that reach it loaded anew, the likeliest killers first, and stops at the first failure.
 *
 * A step settles its mutant where every stable test of these files was run on it. Why that is as good as a run by itself: nothing of the
 * package, nor of what it loads, has run in the process (with jest: in the realm) before the mutant was in force.
 */
import { testId } from "../../languages/javascript/runners/report.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import { type Findings, recordsOf, type SiftRecord } from "./sift-findings.ts";

/** Milliseconds that one test may take, and that a job may fall silent. */
export const testMs = 10_000;
export const silentMs = 12_000;
/** And that the next may, where one fell silent before it said a word. */
export const patientMs = 60_000;
/** A job is started anew after a step that never ends; so often. */
const maxStarts = 8;

const titleOf = (id: string): string => id.replace(/ #\d+$/, "");

type TestRecord = Extract<SiftRecord, { type: "test" }>;

export interface Step {
  readonly id: number;
  /** Those that reach it, the likeliest killers first. */
  readonly files: readonly string[];
  /** Turns of loops that loading and testing them takes on the healthy code. */
  readonly turns: number;
  /** False where a stable test of its files cannot be judged by: the step may kill, and no more. */
  readonly settles: boolean;
}

/** What the tests of an environment did in the first round. */
export class Suite {
  readonly #environment: Environment;
  readonly #stable: ReadonlySet<string>;
  readonly #seen = new Set<string>();
  /** Files in which a mutant was come to: while they were loaded, or by a test. */
  readonly #reaching = new Set<string>();
  /** Of files with a stable test by which nothing can be judged. */
  readonly #unfit = new Set<string>();
  /** By file: tests by which can be judged, once each. */
  readonly #fit = new Map<string, Map<number, readonly string[]>>();
  /** By file: the process that had it, and the turns of loops that all its files took. */
  readonly #turns = new Map<string, { readonly of: string; readonly turns: number }>();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#stable = new Set(environment.tests.flatMap(({ id, standing }) => (standing === "stable" ? [titleOf(id)] : [])));
  }

  /** Of files that were in one process: the turns of loops that they took, and whether a mutant was come to while they were loaded. */
  noteProcess(of: string, files: Iterable<string>, { turns, loads }: { readonly turns: number; readonly loads: boolean }): void {
    for (const file of files) {
      this.#turns.set(file, { of, turns });
      if (loads) this.#reaching.add(file);
    }
  }

  note({ file, path, at, why, inner, ids, odd }: TestRecord): void {
    const id = testId(file, path);
    if (ids !== "" || odd !== "") this.#reaching.add(file);
    if (why !== "skipped") this.#seen.add(id);
    if (why !== null && this.#stable.has(id)) this.#unfit.add(file);
    if (why !== null || inner) return;
    const fit = this.#fit.get(file) ?? new Map<number, readonly string[]>();
    this.#fit.set(file, fit.set(at, path));
  }

  /** Stable tests of these files that nothing was told of, or that were not run. */
  unseen(files: readonly string[]): { readonly file: string; readonly id: string }[] {
    const asked = new Set(files);
    return this.#environment.tests.filter(
      ({ id, file, standing }) => standing === "stable" && asked.has(file) && !this.#seen.has(titleOf(id)),
    );
  }

  /** Of these files, those that come to no mutant here: where coverage says that they do, they are not seen to, as in a realm of their own. */
  blind(files: readonly string[]): string[] {
    return files.filter((file) => !this.#reaching.has(file));
  }

  /** Titles of the tests by which can be judged. */
  fitOf(file: string): readonly (readonly string[])[] {
    return [...(this.#fit.get(file)?.values() ?? [])];
  }

  #turnsOf(files: readonly string[]): number {
    const processes = new Map(files.map((file) => [this.#turns.get(file)?.of, this.#turns.get(file)?.turns ?? 0]));
    return [...processes.values()].reduce((sum, turns) => sum + turns, 0);
  }

  /** Files that killed most mutants of the same source come first. */
  stepsFor(
    ids: readonly number[],
    mutants: readonly Mutant[],
    reaching: ReadonlyMap<string, readonly string[]>,
    findings: Findings,
  ): Step[] {
    const sourceOf = (id: number): string => mutants[id]?.sites[0]?.file ?? "";
    const kills = new Map<string, number>();
    for (const [id, file] of findings.killers()) kills.set(`${sourceOf(id)}\n${file}`, (kills.get(`${sourceOf(id)}\n${file}`) ?? 0) + 1);
    return ids.flatMap((id) => {
      const score = (file: string): number => kills.get(`${sourceOf(id)}\n${file}`) ?? 0;
      const all = reaching.get(mutants[id]?.id ?? "") ?? [];
      const files = all.filter((file) => this.#fit.has(file)).sort((a, b) => score(b) - score(a));
      const settles = all.every((file) => !this.#unfit.has(file));
      return files.length === 0 ? [] : [{ id, files, turns: this.#turnsOf(files), settles }];
    });
  }
}

type AloneRecord = Extract<SiftRecord, { type: "alone" }>;

/** Files by whose tests a mutant survives, as far as it was told. */
function readStep({ id, files, verdict, by: [file = "", ...path] = [] }: AloneRecord, findings: Findings): readonly string[] {
  switch (verdict) {
    case "survived":
      return files;
    case "failed":
      findings.say(id, { kind: "killed", by: testId(file, path) });
      return [];
    case "unloaded":
      findings.say(id, { kind: "killed", by: "a file that does not load" });
      return [];
    case "endless":
      findings.say(id, { kind: "endless" });
      return [];
    case "late":
      findings.say(id, { kind: "unsure", why: "a test took too long" });
      return [];
    case "otherwise":
      findings.say(id, { kind: "unsure", why: "its files give other tests" });
      return [];
  }
}

interface StepsPart {
  readonly layer: Layer;
  /** Those of it that hold mutants. */
  readonly sources: readonly string[];
  readonly steps: readonly Step[];
  /** Of all mutants. */
  readonly size: number;
  readonly wallMs: number;
}

/** One part of the steps, in one job after another. */
export async function siftSteps(
  { layer, sources, steps, size, wallMs }: StepsPart,
  workspace: Workspace,
  findings: Findings,
  suite: Suite,
): Promise<void> {
  const { environment } = workspace;
  const together = environment.testFiles.flatMap((test) => (test.together ? [test.file] : []));
  let left = steps;
  let patience = silentMs;
  for (let start = 0; start < maxStarts && left.length > 0; start++) {
    const files = [...new Set(left.flatMap((step) => step.files))].sort();
    const tests = Object.fromEntries(files.map((file) => [file, suite.fitOf(file)]));
    const plan = JSON.stringify({ ids: [], size, timeoutMs: testMs, done: {}, sources, steps: left, tests });
    const limits = { wallMs, silentMs: patience };
    const sharing = together.filter((file) => files.includes(file));
    const { ended, told } = await workspace.sift(layer, files, plan, { limits, together: sharing });
    if (told === "" && ended.kind === "timed-out" && patience === silentMs) {
      patience = patientMs;
      continue;
    }
    const settled = new Map<number, Set<string>>();
    let last: number | null = null;
    for (const record of recordsOf(told)) {
      if (record.type === "begin") last = record.id;
      if (record.type !== "alone") continue;
      const sound = settled.get(record.id) ?? new Set();
      for (const file of readStep(record, findings)) sound.add(file);
      settled.set(record.id, sound);
    }
    for (const { id, files: own, settles } of left) if (settles && own.every((file) => settled.get(id)?.has(file))) findings.settle(id);
    // The step that was under way when a job died is not tried again.
    const at = left.findIndex(({ id }) => id === last);
    left = ended.kind === "finished" || at < 0 ? [] : left.slice(at + 1);
  }
}
