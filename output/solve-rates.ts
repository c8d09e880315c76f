/** `solve-rates.json`: how often language models solved a dataset's questions, kept beside the manifest as `baselines.json` is. */
import { join } from "node:path";
import { type ModelRates, type SolveRates, solveRatesSchema } from "../schemas/solve-rates.ts";
import { cardWithRates } from "./card.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { writeWhole } from "./pending-file.ts";
import { pageWith, readRecorded } from "./recorded.ts";

export const solveRatesFile = "solve-rates.json";

/** Null where none were recorded. Throws `StopRun` where the file has another form. */
export const readSolveRates = (folder: string): SolveRates | null =>
  readRecorded(folder, solveRatesFile, solveRatesSchema, "kihon solve --llm URL --llm-model NAME --record");

/** Those that were measured on the rows of this manifest. */
export const solveRatesOf = ({ row_hashes }: Manifest, recorded: SolveRates | null): readonly ModelRates[] =>
  recorded?.row_hashes === row_hashes ? recorded.models : [];

const cardIn = (folder: string, models: readonly ModelRates[]): string =>
  pageWith(folder, "README.md", "rates", (card) => cardWithRates(card, models));

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
