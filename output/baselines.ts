/**
 * `baselines.json`: what rules without a model earned on a dataset's rows, beside the manifest, which knows nothing of it. So the dataset is the
 * same with it and without it, for whoever reads, compares or goes on with it. Card and report tell the figures, and those of other rows are removed.
 */
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { readJson } from "../lib/json.ts";
import { type Baseline, type Baselines, baselinesSchema } from "../schemas/baselines.ts";
import { skills } from "../schemas/instance.ts";
import { cardWith } from "./card.ts";
import { textIn } from "./dataset-files.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { writeWhole } from "./pending-file.ts";
import { reportWith } from "./report.ts";

export const baselinesFile = "baselines.json";

/** Null where none were recorded. Throws `StopRun` where the file has another form. */
export function readBaselines(folder: string): Baselines | null {
  const text = textIn(folder, baselinesFile);
  if (text === null) return null;
  const recorded = readJson(text, baselinesSchema);
  if (recorded === null) {
    throw new StopRun(`${join(folder, baselinesFile)} has another form than this version reads: a newer Kihon may have written it`, {
      next: "remove that file, and measure again by kihon solve --record",
      exitCode: 1,
    });
  }
  return recorded;
}

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
  const page = (file: string, text: string | null): Page => {
    if (text !== null) return { file, text };
    throw new StopRun(`${join(folder, file)} is not as Kihon wrote it: the figures have no place in it`, {
      next: "leave --record away, or fetch that file anew",
    });
  };
  const card = textIn(folder, "README.md");
  const report = textIn(folder, "report.html");
  return [
    page("README.md", card === null ? null : cardWith(card, baselines)),
    ...(report === null ? [] : [page("report.html", reportWith(report, baselines))]),
  ];
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
