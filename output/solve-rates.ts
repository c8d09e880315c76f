/** `solve-rates.json`: how often language models solved a dataset's questions, kept beside the manifest as `baselines.json` is. */
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { readJson } from "../lib/json.ts";
import { type ModelRates, type SolveRates, solveRatesSchema } from "../schemas/solve-rates.ts";
import { cardWithRates } from "./card.ts";
import { textIn } from "./dataset-files.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { writeWhole } from "./pending-file.ts";

export const solveRatesFile = "solve-rates.json";

/** Null where none were recorded. Throws `StopRun` where the file has another form. */
export function readSolveRates(folder: string): SolveRates | null {
  const text = textIn(folder, solveRatesFile);
  if (text === null) return null;
  const recorded = readJson(text, solveRatesSchema);
  if (recorded === null) {
    throw new StopRun(`${join(folder, solveRatesFile)} has another form than this version reads: a newer Kihon may have written it`, {
      next: "remove that file, and measure again by kihon solve --llm URL --llm-model NAME --record",
      exitCode: 1,
    });
  }
  return recorded;
}

/** Those that were measured on the rows of this manifest. */
export const solveRatesOf = ({ row_hashes }: Manifest, recorded: SolveRates | null): readonly ModelRates[] =>
  recorded?.row_hashes === row_hashes ? recorded.models : [];

function cardIn(folder: string, models: readonly ModelRates[]): string {
  const card = textIn(folder, "README.md");
  const text = card === null ? null : cardWithRates(card, models);
  if (text !== null) return text;
  throw new StopRun(`${join(folder, "README.md")} is not as Kihon wrote it: the rates have no place in it`, {
    next: "leave --record away, or fetch that file anew",
  });
}

/** Throws `StopRun` where rates could not be recorded: to be asked before a model is, which costs. */
export function checkRatesRecordable(folder: string): void {
  cardIn(folder, solveRatesOf(readManifest(folder), readSolveRates(folder)));
}

/** Rates of all rows, in place of those of the same model. The dataset must not have changed since, and nobody else may write it. */
export function recordSolveRates(folder: string, measured: ModelRates): void {
  const manifest = readManifest(folder);
  const others = solveRatesOf(manifest, readSolveRates(folder)).filter(({ model }) => model !== measured.model);
  const models = [...others, measured].sort((a, b) => (a.model < b.model ? -1 : 1));
  const card = cardIn(folder, models);
  const recorded: SolveRates = { row_hashes: manifest.row_hashes, models };
  writeWhole(join(folder, solveRatesFile), `${JSON.stringify(recorded)}\n`);
  writeWhole(join(folder, "README.md"), card);
}
