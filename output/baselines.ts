/**
 * `baselines.json`: what rules without a model earned on a dataset's rows, beside the manifest, which knows nothing of it. So the dataset is the
 * same with it and without it, for whoever reads, compares or goes on with it. Card and report tell the figures, and those of other rows are removed.
 */
import { join } from "node:path";
import { type Baseline, type Baselines, baselinesSchema } from "../schemas/baselines.ts";
import { skills } from "../schemas/instance.ts";
import { cardWith } from "./card.ts";
import { textIn } from "./dataset-files.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { writeWhole } from "./pending-file.ts";
import { pageWith, readRecorded } from "./recorded.ts";
import { reportWith } from "./report.ts";

export const baselinesFile = "baselines.json";

/** Null where none were recorded. Throws `StopRun` where the file has another form. */
export const readBaselines = (folder: string): Baselines | null =>
  readRecorded(folder, baselinesFile, baselinesSchema, "kihon solve --record");

/** Those that were measured on the rows of this manifest. */
export const baselinesOf = ({ row_hashes }: Manifest, recorded: Baselines | null): readonly Baseline[] =>
  recorded?.row_hashes === row_hashes ? recorded.figures : [];

const baselinesIn = (folder: string): readonly Baseline[] => baselinesOf(readManifest(folder), readBaselines(folder));

interface Page {
  readonly file: string;
  readonly text: string;
}

/** Card and report as they are with these figures; a dataset without a run has no report. */
function pagesWith(folder: string, baselines: readonly Baseline[]): readonly Page[] {
  const page = (file: string, tell: typeof cardWith): Page => ({
    file,
    text: pageWith(folder, file, "figures", (text) => tell(text, baselines)),
  });
  return [page("README.md", cardWith), ...(textIn(folder, "report.html") === null ? [] : [page("report.html", reportWith)])];
}

/** Throws `StopRun` where figures could not be recorded: to be asked before they are measured, which takes long. */
export function checkRecordable(folder: string): void {
  pagesWith(folder, baselinesIn(folder));
}

/**
 * Figures of all rows, beside those that were recorded earlier: only those of the same rule and skill are replaced. The dataset must not have
 * changed since they were measured, and nobody else may write it.
 */
export function recordBaselines(folder: string, measured: readonly Baseline[]): void {
  const { row_hashes } = readManifest(folder);
  const keyOf = ({ skill, baseline }: Baseline): string => `${skills.indexOf(skill)} ${baseline}`;
  const figures = new Map([...baselinesIn(folder), ...measured].map((one) => [keyOf(one), one]));
  const sorted = [...figures].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const pages = pagesWith(folder, sorted);
  const recorded: Baselines = { row_hashes, figures: sorted };
  writeWhole(join(folder, baselinesFile), `${JSON.stringify(recorded, null, 2)}\n`);
  for (const { file, text } of pages) writeWhole(join(folder, file), text);
}
