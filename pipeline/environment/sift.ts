/**
 * A sift: hundreds of mutants judged in processes that have loaded the tests once. It says which mutants no test of the suite notices, so
 * that nobody runs the suite on each of them; of the others it says that they are worth a run of their own, and nothing of a sift is stored.
 *
 * "Survived" is said only where every test that could reach the mutant was run on it here. Unsure are the mutants that a test reaches which
 * fails here and not in the baseline, or works in another process; those of files that say nothing; those that a test reaches only the
 * first time; and those that run while files are loaded. If another test kills them, they are killed all the same.
 */
import { z } from "zod";
import type { Mutation, NumberedMutation } from "../../languages/contract.ts";
import { testId } from "../../languages/javascript/runners/report.ts";
import { readJson } from "../../lib/json.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";

export type SiftVerdict =
  /** By a test of that id, at least. */
  | { readonly kind: "killed"; readonly by: string }
  | { readonly kind: "survived" }
  /** A loop or a test goes on without end. */
  | { readonly kind: "endless" }
  | { readonly kind: "unsure"; readonly why: string };

/** Which of a job's processes, and which of the groups of files in it, a record is of. */
const of = z.string();
const recordSchema = z.discriminatedUnion("type", [
  z.object({ of, type: z.literal("loaded"), ids: z.base64() }),
  z.object({
    of,
    type: z.literal("test"),
    at: z.int().nonnegative(),
    file: z.string(),
    path: z.array(z.string()),
    why: z.string().nullable(),
    /** Mutants that it reaches whenever it is run, and those that it does not always reach. */
    ids: z.base64(),
    odd: z.base64(),
  }),
  z.object({ of, type: z.literal("begin"), id: z.int().nonnegative() }),
  z.object({
    of,
    type: z.literal("mutant"),
    id: z.int().nonnegative(),
    verdict: z.enum(["survived", "failed", "late", "endless"]),
    by: z.int().nonnegative().optional(),
  }),
  z.object({ of, type: z.literal("drift"), id: z.int().nonnegative() }),
  z.object({ of, type: z.literal("end") }),
]);
type SiftRecord = z.infer<typeof recordSchema>;

/** Milliseconds that one test may take, and that a job may fall silent. */
const testMs = 10_000;
const silentMs = 12_000;
/** A process is started anew after a mutant that never ends or leaves something behind; so often for one part of the mutants. */
const maxStarts = 12;

function* idsOf(packed: string): Generator<number> {
  const bytes = Buffer.from(packed, "base64");
  for (const [at, byte] of bytes.entries()) for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) yield at * 8 + bit;
}

const mutationOf = ({ sites: [site] }: Mutant): Mutation | null =>
  site === undefined ? null : { operator: site.operator, start: site.start, end: site.end, replacement: site.replacement };

interface Held {
  readonly layer: Layer;
  readonly ids: ReadonlySet<number>;
}

/** Sources with their mutants in them. A mutant of several places is held by none. */
function hold(mutants: readonly Mutant[], workspace: Workspace): Held {
  const files = new Map<string, NumberedMutation[]>();
  for (const [id, mutant] of mutants.entries()) {
    const mutation = mutant.sites.length === 1 ? mutationOf(mutant) : null;
    const path = mutant.sites[0]?.file;
    if (mutation === null || path === undefined) continue;
    files.set(path, [...(files.get(path) ?? []), { id, mutation }]);
  }
  const layer: Record<string, string> = {};
  const ids = new Set<number>();
  for (const [path, numbered] of files) {
    const found = workspace.language.switched({ path, text: workspace.text(path) ?? "" }, numbered);
    if (found === null) continue;
    layer[path] = found.text;
    for (const id of found.held) ids.add(id);
  }
  return { layer, ids };
}

/** Of two verdicts, by two files, the weightier stands. */
const rank: Readonly<Record<SiftVerdict["kind"], number>> = { survived: 0, unsure: 1, endless: 2, killed: 3 };

/** What is known of the mutants while the parts of a sift come in. */
class Findings {
  readonly #environment: Environment;
  readonly #mutants: readonly Mutant[];
  readonly #verdicts = new Map<number, SiftVerdict>();
  /** Why it cannot be said of a mutant that it survived. */
  readonly #doubts = new Map<number, string>();
  readonly #doubtedFiles = new Set<string>();
  readonly #givenUp = new Set<number>();

  constructor(environment: Environment, mutants: readonly Mutant[]) {
    this.#environment = environment;
    this.#mutants = mutants;
  }

  doubt(ids: Iterable<number>, why: string): void {
    for (const id of ids) if (!this.#doubts.has(id)) this.#doubts.set(id, why);
  }

  /** Every mutant on a line that a test file reaches. */
  doubtFile(file: string, why: string): void {
    if (this.#doubtedFiles.has(file)) return;
    this.#doubtedFiles.add(file);
    const covers = this.#environment.testFiles.find((test) => test.file === file)?.covers ?? {};
    const lines = new Map(Object.entries(covers).map(([path, covered]) => [path, new Set(covered)]));
    const reached = this.#mutants.entries().flatMap(([id, { edits }]) => {
      const hit = edits.some(({ file: path, startLine, endLine }) => {
        for (let line = startLine; line <= endLine; line++) if (lines.get(path)?.has(line)) return true;
        return false;
      });
      return hit ? [id] : [];
    });
    this.doubt(reached, why);
  }

  say(id: number, verdict: SiftVerdict): void {
    const known = this.#verdicts.get(id);
    if (known === undefined || rank[verdict.kind] > rank[known.kind]) this.#verdicts.set(id, verdict);
  }

  /** Nothing that is still to come would change it. */
  isFinal(id: number): boolean {
    const kind = this.#verdicts.get(id)?.kind;
    return kind === "killed" || kind === "endless" || this.#givenUp.has(id);
  }

  /** It is not tried again. */
  giveUp(id: number): void {
    this.#givenUp.add(id);
  }

  of(id: number): SiftVerdict {
    const said = this.#verdicts.get(id) ?? { kind: "survived" };
    const why = this.#doubts.get(id);
    return said.kind === "survived" && why !== undefined ? { kind: "unsure", why } : said;
  }
}

const titleOf = (id: string): string => id.replace(/ #\d+$/, "");

/** What tests did on the healthy code, and which of these there were. */
function readTests(records: readonly SiftRecord[], findings: Findings): string[] {
  const seen: string[] = [];
  for (const record of records) {
    if (record.type !== "test") continue;
    const id = testId(record.file, record.path);
    seen.push(id);
    if (record.why === "skipped") continue;
    findings.doubt(idsOf(record.odd), `${id} does not always reach it`);
    if (record.why !== null) findings.doubt(idsOf(record.ids), `${id} ${record.why}`);
    if (record.why === "works in another process" || record.why === "was not run") findings.doubtFile(record.file, `${id} ${record.why}`);
  }
  return seen;
}

/** What one group of files, in one process, said of the mutants. */
interface Group {
  readonly files: ReadonlySet<string>;
  readonly judged: ReadonlySet<number>;
  /** False where the process died or stopped by itself: not all of the mutants were tried. */
  readonly ended: boolean;
}

function readGroup(records: readonly SiftRecord[], findings: Findings): Group {
  const names = new Map<number, string>();
  const files = new Set<string>();
  const judged = new Set<number>();
  let begun: number | null = null;
  let ended = false;
  for (const record of records) {
    switch (record.type) {
      case "loaded":
        findings.doubt(idsOf(record.ids), "it runs while files are loaded");
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
        break;
    }
  }
  // The process did not come back from this one; a slow machine can look like that.
  if (begun !== null && !ended) {
    findings.say(begun, { kind: "unsure", why: "its process fell silent or ended" });
    findings.giveUp(begun);
    judged.add(begun);
  }
  return { files, judged, ended };
}

function verdictOf(said: "survived" | "failed" | "late" | "endless", by: string): SiftVerdict {
  if (said === "failed") return { kind: "killed", by };
  return said === "late" ? { kind: "unsure", why: "a test took too long" } : { kind: said };
}

const recordsOf = (told: string): SiftRecord[] =>
  told.split("\n").flatMap((line) => (line === "" ? [] : (readJson(line, recordSchema) ?? [])));

interface Part {
  readonly layer: Layer;
  readonly files: readonly string[];
  readonly ids: readonly number[];
  /** Of all mutants, those of other parts too. */
  readonly size: number;
  readonly wallMs: number;
}

/** One part of the mutants, in one job after another until every file has judged them. */
async function siftPart({ layer, files, ids, size, wallMs }: Part, workspace: Workspace, findings: Findings): Promise<void> {
  const done = new Map<string, readonly number[]>();
  const seen = new Set<string>();
  let waiting = files;
  for (let start = 0; start < maxStarts && waiting.length > 0; start++) {
    const left = ids.filter((id) => !findings.isFinal(id));
    const plan = JSON.stringify({
      ids: left,
      size,
      timeoutMs: testMs,
      done: Object.fromEntries(done),
      sources: Object.keys(layer),
    });
    const { ended, told, stderr } = await workspace.sift(layer, waiting, plan, { wallMs, silentMs });
    const records = recordsOf(told);
    for (const id of readTests(records, findings)) seen.add(id);
    const groups = [...Map.groupBy(records, (record) => record.of).values()].map((own) => readGroup(own, findings));
    const over = new Set(groups.flatMap((group) => (group.ended ? [...group.files] : [])));
    const next = waiting.filter((file) => !over.has(file));
    if (next.length === waiting.length && groups.every(({ judged }) => judged.size === 0)) {
      const why = ended.kind === "finished" ? (stderr.trim().split("\n").at(-1) ?? "") : ended.kind;
      for (const file of next) findings.doubtFile(file, `the sift of its tests ended early: ${why.slice(0, 200)}`);
      break;
    }
    for (const { files: own, judged } of groups) for (const file of own) done.set(file, [...(done.get(file) ?? []), ...judged]);
    waiting = next;
  }
  for (const file of waiting) findings.doubtFile(file, `${maxStarts} processes were not enough for its tests`);
  for (const { id, file, standing } of workspace.environment.tests) {
    if (standing === "stable" && files.includes(file) && !seen.has(titleOf(id))) findings.doubtFile(file, `${id} was not run`);
  }
}

/**
 * Verdicts by mutant id. The mutants are those of this environment; `parts` jobs work side by side.
 */
export async function sift(
  mutants: readonly Mutant[],
  files: readonly string[],
  workspace: Workspace,
  { parts, wallMs }: { readonly parts: number; readonly wallMs: number },
): Promise<ReadonlyMap<string, SiftVerdict>> {
  const findings = new Findings(workspace.environment, mutants);
  const { layer, ids } = hold(mutants, workspace);
  findings.doubt(
    mutants.keys().filter((id) => !ids.has(id)),
    "it cannot stand beside what it replaces",
  );
  const all = [...ids].sort((a, b) => a - b);
  const count = Math.max(1, Math.min(parts, Math.ceil(all.length / 50)));
  const shares = Array.from({ length: count }, (_, at) => all.filter((_id, place) => place % count === at));
  await Promise.all(shares.map((share) => siftPart({ layer, files, ids: share, size: mutants.length, wallMs }, workspace, findings)));
  return new Map(mutants.map(({ id }, at) => [id, findings.of(at)]));
}
