/**
 * How much of a history can be used: `node bench/history.ts --out FOLDER [--history 300] REPOSITORY...`.
 *
 * The newest changes of sources and tests together of each repository are mined, screened, installed and glimpsed as `kihon run --history`
 * does it, but nothing is prepared further. What became of each is kept in `FOLDER/<repository>.jsonl`, so a run that was killed goes on. Prints
 * how many installed, how many of these have a fail-to-pass test, and the others by reason.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import PQueue from "p-queue";
import { z } from "zod";
import { openRepository } from "../lib/git.ts";
import type { Bench } from "../pipeline/bench.ts";
import { createLog } from "../pipeline/log.ts";
import { mineStage, type Source } from "../pipeline/stages/1-mine.ts";
import { screenStage } from "../pipeline/stages/2-screen.ts";
import { glimpseOf } from "../pipeline/stages/3-prepare.ts";
import type { MinedCommit } from "../schemas/candidate.ts";
import { openBench } from "./stand.ts";

/** What became of a change; no reason where a test fails without it and passes with it. */
const fateSchema = z.object({ id: z.string(), commit: z.string(), subject: z.string(), reason: z.string().nullable(), detail: z.string() });
type Fate = z.infer<typeof fateSchema>;

const log = createLog({ json: false, terminal: false, write: (text) => process.stderr.write(text), now: () => performance.now() });

/** The changes that a run would try, and what became of those that it would not. */
async function triedOf(source: Source, bench: Bench): Promise<{ tried: readonly MinedCommit[]; passedOver: readonly Fate[] }> {
  const tried: MinedCommit[] = [];
  const passedOver: Fate[] = [];
  for await (const mined of mineStage.work([source], bench)) {
    if (!mined.outcome.kept) {
      passedOver.push({ id: mined.id, commit: "", subject: "", reason: mined.outcome.reason, detail: mined.outcome.detail });
      continue;
    }
    if (mined.outcome.value.kind !== "commit") continue;
    const { commit } = mined.outcome.value;
    for await (const { id, outcome } of screenStage.work([mined.outcome.value], bench)) {
      if (outcome.kept) tried.push(commit);
      else passedOver.push({ ...fateOf(commit), id, reason: outcome.reason, detail: outcome.detail });
    }
  }
  return { tried, passedOver };
}

const fateOf = ({ id, revision, subject }: MinedCommit): Fate => ({ id, commit: revision.commit, subject, reason: null, detail: "" });

const readFates = (path: string): readonly Fate[] =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [fateSchema.parse(JSON.parse(line))]))
    : [];

async function measure(address: string, out: string, bench: Bench): Promise<{ name: string; fates: readonly Fate[] }> {
  const repository = await openRepository(address, join(bench.place.cache, "repositories"));
  bench.addRepository(repository);
  const { commit } = await repository.resolve();
  const { tried, passedOver } = await triedOf({ name: repository.name, commit }, bench);
  const path = join(out, `${repository.name.replaceAll("/", "+")}.jsonl`);
  const known = new Set(readFates(path).map(({ id }) => id));
  const queue = new PQueue({ concurrency: bench.place.concurrency });
  let done = known.size;
  for (const change of tried.filter(({ id }) => !known.has(id))) {
    void queue.add(async () => {
      const outcome = await glimpseOf(change, bench);
      const fate = outcome.kept ? fateOf(change) : { ...fateOf(change), reason: outcome.reason, detail: outcome.detail };
      appendFileSync(path, `${JSON.stringify(fate)}\n`);
      log.progress(`${repository.name}: ${++done} of ${tried.length}`);
    });
  }
  await queue.onIdle();
  const own = new Set(tried.map(({ id }) => id));
  return { name: repository.name, fates: [...passedOver, ...readFates(path).filter(({ id }) => own.has(id))] };
}

/** Reasons of changes whose trees were never run, because they could not be installed. */
const notInstalled = /^prepare\/(?!baseline|no-tests|no-stable|exit-code|report-forged|build-failed)/;
const wasTried = ({ reason }: Fate): boolean => reason === null || /^(?:prepare|glimpse)\//.test(reason);

function tableOf(all: readonly { readonly name: string; readonly fates: readonly Fate[] }[]): string {
  const rows = all.map(({ name, fates }) => {
    const tried = fates.filter(wasTried);
    const installed = tried.filter(({ reason }) => reason === null || !notInstalled.test(reason));
    const told = installed.filter(({ reason }) => reason === null);
    const share = installed.length === 0 ? "" : `${((100 * told.length) / installed.length).toFixed(0)}%`;
    const reasons = Object.entries(Object.groupBy(fates, ({ reason }) => reason ?? ""))
      .filter(([reason]) => reason !== "")
      .map(([reason, list]) => [reason, list?.length ?? 0] as const)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${reason} ${count}`);
    return `| ${name} | ${fates.length} | ${tried.length} | ${installed.length} | ${told.length} | ${share} | ${reasons.join(", ")} |`;
  });
  return ["| repository | changes | tried | installed | fail-to-pass | share | others |", "|---|---|---|---|---|---|---|", ...rows].join(
    "\n",
  );
}

const { values, positionals } = parseArgs({
  options: { out: { type: "string" }, history: { type: "string", default: "300" }, cache: { type: "string" } },
  allowPositionals: true,
});
if (values.out === undefined || positionals.length === 0) {
  process.stderr.write("usage: node bench/history.ts --out FOLDER [--history 300] [--cache FOLDER] REPOSITORY...\n");
  process.exitCode = 2;
} else {
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  const bench = await openBench(out, values.cache, { history: Number(values.history), mutants: 0 }, log);
  try {
    const all: { name: string; fates: readonly Fate[] }[] = [];
    for (const address of positionals) all.push(await measure(resolve(address), out, bench));
    process.stdout.write(`${tableOf(all)}\n`);
  } finally {
    bench.close();
  }
}
