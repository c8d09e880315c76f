/**
 * A sift: hundreds of mutants judged in processes that have loaded the tests once. It says which mutants no test of the suite notices, so
 * that nobody runs the suite on each of them; of the others it says that they are worth a run of their own, and nothing of a sift is stored.
 *
 * "Survived" is said only where every test that could reach the mutant was run on it here. Unsure are the mutants that a test reaches which
 * fails here and not in the baseline, or works in another process, and those of files that say nothing. If another test kills them, they
 * are killed all the same.
 *
 * A mutant that runs while files are loaded, or that a test reaches now and then, or which a test reaches that did something in its first run which
 * it does in no later one, is tried in a second round: in force from the start, in a process (jest: a realm) that has run nothing of the package,
 * until a test fails. What this round cannot settle stays unsure.
 */
import type { Mutation, NumberedMutation } from "../../languages/contract.ts";
import { testId } from "../../languages/javascript/runners/report.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import { Findings, idsOf, recordsOf, type SiftRecord, type SiftVerdict } from "./sift-findings.ts";
import { patientMs, Suite, siftSteps, silentMs, testMs } from "./sift-steps.ts";

/** A process is started anew after a mutant that never ends or leaves something behind; so often for one part of the mutants. */
const maxStarts = 12;

const mutationOf = ({ sites: [site] }: Mutant): Mutation | null =>
  site === undefined ? null : { operator: site.operator, start: site.start, end: site.end, replacement: site.replacement };

/** Sources of which these test files run something. */
function sourcesOf({ sourceFiles, testFiles }: Environment, tests: readonly string[]): string[] {
  const asked = new Set(tests);
  const run = new Set(testFiles.flatMap(({ file, covers }) => (asked.has(file) ? Object.keys(covers) : [])));
  return sourceFiles.filter((path) => run.has(path));
}

interface Held {
  readonly layer: Layer;
  /** Those of it that hold mutants. */
  readonly sources: readonly string[];
  readonly ids: ReadonlySet<number>;
}

/**
 * Sources with their mutants in them. A mutant of several places is held by none. Of what else these tests run the loops are counted: a mutant
 * may make one of another file endless.
 */
function hold(mutants: readonly Mutant[], tests: readonly string[], workspace: Workspace): Held {
  const files = new Map<string, NumberedMutation[]>();
  for (const [id, mutant] of mutants.entries()) {
    const mutation = mutant.sites.length === 1 ? mutationOf(mutant) : null;
    const path = mutant.sites[0]?.file;
    if (mutation === null || path === undefined) continue;
    files.set(path, [...(files.get(path) ?? []), { id, mutation }]);
  }
  for (const path of sourcesOf(workspace.environment, tests)) if (!files.has(path)) files.set(path, []);
  const layer: Record<string, string> = {};
  const [sources, ids]: [string[], Set<number>] = [[], new Set()];
  for (const [path, numbered] of files) {
    const found = workspace.language.switched({ path, text: workspace.text(path) ?? "" }, numbered);
    if (found === null) continue;
    layer[path] = found.text;
    if (found.held.length > 0) sources.push(path);
    for (const id of found.held) ids.add(id);
  }
  return { layer, sources, ids };
}

/** What tests did on the healthy code. */
function readTests(records: readonly SiftRecord[], findings: Findings, suite: Suite): void {
  for (const record of records) {
    if (record.type !== "test") continue;
    suite.note(record);
    const id = testId(record.file, record.path);
    if (record.why === "skipped") continue;
    const [odd, ids] = [[...idsOf(record.odd)], [...idsOf(record.ids)]];
    if (record.why !== null) findings.doubt([...odd, ...ids], `${id} ${record.why}`);
    else findings.doubtLate(record.steady ? odd : [...odd, ...ids], `${id} does something else when it is run again`);
    if (record.why === "works in another process" || record.why === "was not run") findings.doubtFile(record.file, `${id} ${record.why}`);
  }
}

/** What one group of files, in one process, said of the mutants. */
interface Group {
  readonly files: ReadonlySet<string>;
  readonly judged: ReadonlySet<number>;
  /** False where the process died or stopped by itself: not all of the mutants were tried. */
  readonly ended: boolean;
}

function readGroup(of: string, records: readonly SiftRecord[], findings: Findings, suite: Suite): Group {
  const names = new Map<number, string>();
  const files = new Set<string>();
  const judged = new Set<number>();
  let begun: number | null = null;
  let [turns, loads] = [0, false];
  let ended = false;
  for (const record of records) {
    switch (record.type) {
      case "loaded":
        findings.doubtLate(idsOf(record.ids), "it runs while files are loaded");
        turns = record.turns;
        loads = record.ids !== "";
        break;
      case "elsewhere":
        findings.doubt(idsOf(record.ids), "another process comes to it");
        break;
      case "test":
        names.set(record.at, testId(record.file, record.path));
        files.add(record.file);
        break;
      case "begin":
        begun = record.id;
        break;
      case "mutant":
        begun = null;
        judged.add(record.id);
        findings.say(record.id, verdictOf(record.verdict, names.get(record.by ?? -1) ?? ""));
        break;
      case "end":
        ended = true;
        break;
      case "drift":
      case "alone":
        break;
    }
  }
  // The process did not come back from this one; a slow machine can look like that.
  if (begun !== null && !ended) {
    findings.say(begun, { kind: "unsure", why: "its process fell silent or ended" });
    findings.giveUp(begun);
    judged.add(begun);
  }
  suite.noteProcess(of, files, { turns, loads });
  return { files, judged, ended };
}

function verdictOf(said: "survived" | "failed" | "late" | "endless", by: string): SiftVerdict {
  if (said === "failed") return { kind: "killed", by };
  return said === "late" ? { kind: "unsure", why: "a test took too long" } : { kind: said };
}

interface Part {
  readonly held: Held;
  readonly files: readonly string[];
  readonly ids: readonly number[];
  /** Of all mutants, those of other parts too. */
  readonly size: number;
  /** So many of the files at a time; what one of them kills no other runs again. */
  readonly workers: number;
  readonly wallMs: number;
  readonly hear: (records: readonly SiftRecord[]) => void;
}

/** One part of the mutants, in one job after another until every file has judged them. */
async function siftPart(
  { held: { layer, sources }, files, ids, size, workers, wallMs, hear }: Part,
  workspace: Workspace,
  findings: Findings,
  suite: Suite,
): Promise<void> {
  const done = new Map<string, readonly number[]>();
  let waiting = files;
  let patience = silentMs;
  for (let start = 0; start < maxStarts && waiting.length > 0; start++) {
    const left = ids.filter((id) => !findings.isFinal(id));
    const plan = JSON.stringify({
      ids: left,
      size,
      timeoutMs: testMs,
      done: Object.fromEntries(done),
      sources,
      workers,
      steps: [],
    });
    const { ended, told, complaint } = await workspace.sift(layer, waiting, plan, { limits: { wallMs, silentMs: patience }, workers });
    // On a machine that is busy with other things it may take that long to load the tests.
    if (told === "" && ended.kind === "timed-out" && patience === silentMs) {
      patience = patientMs;
      continue;
    }
    const records = recordsOf(told);
    hear(records);
    readTests(records, findings, suite);
    const groups = [...Map.groupBy(records, ({ of }) => of)].map(([of, own]) => readGroup(of, own, findings, suite));
    const over = new Set(groups.flatMap((group) => (group.ended ? [...group.files] : [])));
    const next = waiting.filter((file) => !over.has(file));
    if (next.length === waiting.length && groups.every(({ judged }) => judged.size === 0)) {
      const why = ended.kind === "finished" ? complaint() : ended.kind;
      for (const file of next) findings.doubtFile(file, `the sift of its tests ended early: ${why.slice(0, 200)}`);
      break;
    }
    for (const { files: own, judged } of groups) for (const file of own) done.set(file, [...(done.get(file) ?? []), ...judged]);
    waiting = next;
  }
  for (const file of waiting) findings.doubtFile(file, `${maxStarts} processes were not enough for its tests`);
}

/** So many lists, each with every so-manieth. */
const shared = <T>(all: readonly T[], count: number): T[][] =>
  Array.from({ length: count }, (_, at) => all.filter((_one, place) => place % count === at));

export interface SiftOptions {
  /** Jobs, or processes of a job, side by side. */
  readonly parts: number;
  /**
   * To load the tests and go through them takes longer than to judge by them, so that files are shared out rather than mutants, at least so many
   * to each: of few files one may be most of the work.
   */
  readonly filesForWorker?: number;
  /** For each job. */
  readonly wallMs: number;
  /** Is given what the processes of the first round tell; the ids in it are places in this list of mutants. */
  readonly hear?: (records: readonly SiftRecord[], mutants: readonly Mutant[]) => void;
}

/**
 * So many mutants in one text of the sources at most: each is a question that every test asks on its way, so that the tests of thousands take
 * several times as long, and to load them once more costs less.
 */
const mostAtOnce = 2000;

/**
 * Verdicts by mutant id. The mutants are those of this environment, and `reaching` gives the test files that reach each.
 */
export async function sift(
  mutants: readonly Mutant[],
  reaching: ReadonlyMap<string, readonly string[]>,
  workspace: Workspace,
  options: SiftOptions,
): Promise<ReadonlyMap<string, SiftVerdict>> {
  const verdicts = new Map<string, SiftVerdict>();
  // Neighbours in different lots, so that no text has many in one place.
  for (const lot of shared(mutants, Math.ceil(mutants.length / mostAtOnce))) {
    for (const [id, verdict] of await siftLot(lot, reaching, workspace, options)) verdicts.set(id, verdict);
  }
  return verdicts;
}

async function siftLot(
  mutants: readonly Mutant[],
  reaching: ReadonlyMap<string, readonly string[]>,
  workspace: Workspace,
  { parts, filesForWorker = 4, wallMs, hear = () => {} }: SiftOptions,
): Promise<ReadonlyMap<string, SiftVerdict>> {
  const { environment } = workspace;
  const findings = new Findings(environment, mutants);
  const suite = new Suite(environment);
  const files = [...new Set(mutants.flatMap(({ id }) => reaching.get(id) ?? []))].sort();
  const held = hold(mutants, files, workspace);
  findings.doubt(
    mutants.keys().filter((id) => !held.ids.has(id)),
    "it cannot stand beside what it replaces",
  );
  const all = [...held.ids].sort((a, b) => a - b);
  const workers = Math.max(1, Math.min(parts, Math.floor(files.length / filesForWorker)));
  const heard = (records: readonly SiftRecord[]): void => hear(records, mutants);
  const whole = { held, files, size: mutants.length, workers, wallMs, hear: heard };
  const few = (count: number, most: number, side: number): number => Math.max(1, Math.min(side, Math.ceil(count / most)));
  const lots = shared(all, few(all.length, 50, Math.floor(parts / workers)));
  await Promise.all(lots.map((ids) => siftPart({ ...whole, ids }, workspace, findings, suite)));
  for (const { file, id } of suite.unseen(files)) findings.doubtFile(file, `${id} was not run`);
  for (const file of suite.blind(files)) findings.doubtFile(file, `${file} comes to none of the mutants`);
  const steps = suite.stepsFor(findings.late, mutants, reaching, findings);
  await Promise.all(
    shared(steps, few(steps.length, 4, parts)).map((own) =>
      siftSteps({ layer: held.layer, sources: held.sources, steps: own, size: mutants.length, wallMs }, workspace, findings, suite),
    ),
  );
  return new Map(mutants.map(({ id }, at) => [id, findings.of(at)]));
}
