/**
 * What going on costs when the ledger is long: `node bench/ledger.ts [--candidates 1000000] --out FOLDER`.
 *
 * Fills FOLDER once with a run's ledger and store: environments of 3,333 candidates, of which 200 were taken, 150 kept by what observed
 * them. Then, in a process of its own, opens it as `kihon resume` does and drives both stages over it, and over one candidate more that is
 * new. Prints how long it took until work on that one began, and the most memory.
 */
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { exec } from "../lib/exec.ts";
import { shortId } from "../lib/hash.ts";
import type { Bench } from "../pipeline/bench.ts";
import type { Stage } from "../pipeline/contract.ts";
import { drive, type Item } from "../pipeline/drive.ts";
import { Ledger, type Verdict } from "../pipeline/ledger.ts";
import { createLog } from "../pipeline/log.ts";
import { Store } from "../pipeline/store.ts";
import { Width } from "../sandbox/width.ts";
import { configSchema } from "../schemas/config.ts";
import { keep } from "../schemas/outcome.ts";

const PER_ENVIRONMENT = 3333;
const [TAKEN, KEPT] = [200, 150];
const cost = { wallMs: 1, tries: 1 };

const { values } = parseArgs({
  options: { candidates: { type: "string", default: "1000000" }, out: { type: "string" }, resume: { type: "boolean", default: false } },
});
const environments = Math.ceil(Number(values.candidates) / PER_ENVIRONMENT);
const folder = values.out ?? "";
const [path, filled] = [join(folder, "ledger.sqlite"), join(folder, `filled-${environments}`)];
const itemsOf = (ids: readonly string[]): Item<string>[] => ids.map((id) => ({ id, sha: id, load: () => id }));
const environmentIds = Array.from({ length: environments }, (_, at) => shortId(["environment", at]));
const candidateOf = (environment: string, at: number): string => shortId([environment, at]);

let [began, worked] = [0, 0];
const stageOf = (name: string): Stage<string, string> => ({
  name,
  version: 1,
  resource: "sandbox",
  output: z.string(),
  settings: [],
  async *work([id = ""]) {
    began = performance.now();
    worked += 1;
    yield { id, parent: null, outcome: keep(id) };
  },
});
const workOf = (stage: string, id: string, sha: string) => ({ stage, version: 1, input: shortId([[id, sha]]), settings: shortId([]) });

function fill(): void {
  mkdirSync(folder, { recursive: true });
  const [ledger, store] = [new Ledger(path, { write: true }), new Store(join(folder, "store"))];
  const verdictOf = (id: string, parent: string, kept: boolean, reason: string): Verdict =>
    kept
      ? { id, parent, blob: store.putJson(id), reason: null, detail: "" }
      : { id, parent, blob: null, reason, detail: "src/a-file-of-the-repository.ts:1234 return-value" };
  for (const environment of environmentIds) {
    const ids = Array.from({ length: PER_ENVIRONMENT }, (_, at) => candidateOf(environment, at));
    const verdicts = ids.map((id, at) => verdictOf(id, environment, at < TAKEN, "inject/over-budget"));
    ledger.record(workOf("inject", environment, environment), verdicts, cost);
    for (const [at, { id, blob }] of verdicts.slice(0, TAKEN).entries()) {
      ledger.record(workOf("observe", id, blob ?? ""), [verdictOf(id, id, at < KEPT, "observe/survived")], cost);
    }
    process.stderr.write(`\r${environment}`);
  }
  ledger.close();
  writeFileSync(filled, "");
}

async function goOn(): Promise<void> {
  const started = performance.now();
  const [ledger, store] = [new Ledger(path, { write: true }), new Store(join(folder, "store"))];
  const opened = performance.now();
  const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
  const bench = { config: configSchema.parse({}), store, log } as Bench;
  const options = { ledger, width: new Width([2, 2]), mode: "go-on" } as const;
  const injected = await drive(stageOf("inject"), itemsOf(environmentIds), bench, options);
  const observed = await drive(stageOf("observe"), [...injected.kept, ...itemsOf([`new ${Date.now()}`])], bench, options);
  ledger.close();
  if (worked !== 1) throw new Error(`${worked} were worked on where one is new`);
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(2)} s`;
  process.stdout.write(
    `${observed.kept.length} of ${injected.kept.length} taken kept; ledger ${(statSync(path).size / 2 ** 20).toFixed(0)} MiB: opened in ${seconds(started, opened)}, ` +
      `first new work after ${seconds(started, began)}, peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB\n`,
  );
}

if (folder === "") {
  process.stderr.write("usage: node bench/ledger.ts --out FOLDER [--candidates 1000000]\n");
  process.exitCode = 2;
} else if (values.resume) {
  await goOn();
} else {
  if (!existsSync(filled)) fill();
  const { ended, stdout, stderr } = await exec({
    argv: [process.execPath, import.meta.filename, "--out", folder, "--candidates", values.candidates, "--resume"],
    env: {},
    timeoutMs: 600_000,
    outputBytes: 10_000,
  });
  if (ended.kind !== "exited" || ended.code !== 0) throw new Error(stderr);
  process.stdout.write(`${environments * PER_ENVIRONMENT} candidates: ${stdout}`);
}
