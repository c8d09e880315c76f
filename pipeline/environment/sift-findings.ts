/** What the processes of a sift write, and what is known of the mutants while it comes in. */
import { z } from "zod";
import { readJson } from "../../lib/json.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";

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
  /** Mutants that run while files are loaded; the turns of loops that loading and testing takes. */
  z.object({ of, type: z.literal("loaded"), ids: z.base64(), turns: z.number().nonnegative() }),
  /** Mutants that another process came to before the first test. */
  z.object({ of, type: z.literal("elsewhere"), ids: z.base64() }),
  z.object({
    of,
    type: z.literal("test"),
    at: z.int().nonnegative(),
    file: z.string(),
    path: z.array(z.string()),
    why: z.string().nullable(),
    /** Did later runs do all that the first did: come to the same mutants, by as many turns of loops? */
    steady: z.boolean(),
    /** Milliseconds that it takes on the healthy code, of its runs the longest. */
    ms: z.number().nonnegative(),
    /** Mutants that it reaches whenever it is run, and those that it does not always reach. */
    ids: z.base64(),
    odd: z.base64(),
    /** Made by another test while that runs. */
    inner: z.boolean().optional(),
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
  /** Of a mutant in force from the start: of these files every test was run, or one failed, is not there, or did not load. */
  z.object({
    of,
    type: z.literal("alone"),
    id: z.int().nonnegative(),
    files: z.array(z.string()),
    verdict: z.enum(["survived", "failed", "late", "endless", "unloaded", "otherwise"]),
    by: z.array(z.string()).optional(),
  }),
  z.object({ of, type: z.literal("end") }),
]);
export type SiftRecord = z.infer<typeof recordSchema>;

export const recordsOf = (told: string): SiftRecord[] =>
  told.split("\n").flatMap((line) => (line === "" ? [] : (readJson(line, recordSchema) ?? [])));

export function* idsOf(packed: string): Generator<number> {
  const bytes = Buffer.from(packed, "base64");
  for (const [at, byte] of bytes.entries()) for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) yield at * 8 + bit;
}

/** Of two verdicts, by two files, the weightier stands. */
const rank: Readonly<Record<SiftVerdict["kind"], number>> = { survived: 0, unsure: 1, endless: 2, killed: 3 };

/** What is known of the mutants while the parts of a sift come in. */
export class Findings {
  readonly #environment: Environment;
  readonly #mutants: readonly Mutant[];
  readonly #verdicts = new Map<number, SiftVerdict>();
  /** Why it cannot be said of a mutant that it survived. */
  readonly #doubts = new Map<number, string>();
  /** The same, until it was in force from the start. */
  readonly #late = new Map<number, string>();
  readonly #doubtedFiles = new Set<string>();
  readonly #givenUp = new Set<number>();

  constructor(environment: Environment, mutants: readonly Mutant[]) {
    this.#environment = environment;
    this.#mutants = mutants;
  }

  doubt(ids: Iterable<number>, why: string): void {
    for (const id of ids) if (!this.#doubts.has(id)) this.#doubts.set(id, why);
  }

  doubtLate(ids: Iterable<number>, why: string): void {
    for (const id of ids) if (!this.#late.has(id)) this.#late.set(id, why);
  }

  /** Those that may come out of it by being in force from the start. */
  get late(): number[] {
    return [...this.#late.keys()].filter((id) => !this.isFinal(id) && this.#verdicts.get(id)?.kind !== "unsure" && !this.#doubts.has(id));
  }

  /** The killed, each with the file of the test that did it. */
  *killers(): Generator<readonly [id: number, file: string]> {
    for (const [id, verdict] of this.#verdicts) if (verdict.kind === "killed") yield [id, verdict.by.split(" > ")[0] ?? ""];
  }

  /** It was in force from the start, for every test. */
  settle(id: number): void {
    this.#late.delete(id);
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
    const why = this.#doubts.get(id) ?? this.#late.get(id);
    return said.kind === "survived" && why !== undefined ? { kind: "unsure", why } : said;
  }
}
