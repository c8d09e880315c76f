/** The folder of a run: where its books lie, and whose dataset it may write over. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { earlierIn, manifestName } from "../output/manifest.ts";
import { holdWriting, type Ledger } from "./ledger.ts";
import { ensureFolder } from "./place.ts";
import { isOwnExport, manifestHash } from "./stages/10-export.ts";
import { configHashOf } from "./summary.ts";

export const workFolder = (out: string): string => join(out, ".kihon");
export const ledgerFile = (out: string): string => join(workFolder(out), "ledger.sqlite");

/** Does a job while nobody else writes the dataset, where its ledger is not needed. Throws `StopRun` where somebody else does. */
export async function whileHeld<T>(out: string, option: "--out" | null, job: () => Promise<T>): Promise<T> {
  ensureFolder(workFolder(out), option);
  const held = holdWriting(ledgerFile(out));
  try {
    return await job();
  } finally {
    held.release();
  }
}

const notOurs = (out: string, what: string): StopRun =>
  new StopRun(`the dataset in ${out} ${what}: its rows would be replaced`, {
    next: "choose another folder with --out, or add --replace to give these rows up",
  });

const holdsRows = (out: string): boolean => (earlierIn(out)?.files ?? []).length > 0;

/**
 * Before anything is made there. A run writes its dataset whole: a refreshed one holds more than its newest run does, one without books came from
 * elsewhere, and what is no dataset would lose its files of the same names.
 */
export function refuseFolder(out: string, replace: boolean): void {
  const edition = earlierIn(out)?.edition ?? 1;
  if (edition > 1) {
    throw new StopRun(
      `the dataset in ${out} was refreshed (edition ${edition}): a run would write it anew, without what left it and what was added`,
      {
        next: `kihon refresh ${out}, or choose another folder with --out`,
      },
    );
  }
  if (!replace && !existsSync(ledgerFile(out)) && holdsRows(out)) throw notOurs(out, "came of another run");
  const isKnown = existsSync(join(out, manifestName)) || existsSync(workFolder(out));
  if (isKnown || !existsSync(out) || !statSync(out).isDirectory() || readdirSync(out).length === 0) return;
  throw new StopRun(`${out} holds files and is neither a dataset nor the folder of a run`, {
    next: "choose a new or an empty folder with --out",
  });
}

/** Throws where the ledger did not make the dataset beside it. What a killed process had not yet noted is known by its settings. */
export function refuseForeign(out: string, ledger: Ledger, replace: boolean): void {
  if (!holdsRows(out)) return;
  const given = manifestHash(out);
  if (replace) ledger.setMeta("replaces", given);
  if (isOwnExport(out, ledger) || ledger.meta("replaces") === given) return;
  const config = ledger.meta("config");
  if (config !== null && configHashOf(JSON.parse(config)) === earlierIn(out)?.configHash) return;
  throw notOurs(out, "came of another run");
}

/** Settings may change from run to run in one folder, and repositories come and go; where none stays it is another dataset. */
export function refuseStrangers(out: string, before: readonly string[], now: readonly string[]): void {
  if (!holdsRows(out) || before.length === 0 || before.some((name) => now.includes(name))) return;
  throw notOurs(out, `is of ${before.join(", ")}`);
}
