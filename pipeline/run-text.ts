/** The end of a run for a person: what was made, what was dropped and why, and where it lies. */
import { join } from "node:path";
import { plural } from "../lib/plural.ts";
import { flakinessText } from "../output/flakiness.ts";
import { emptyText, splitLines } from "../output/split-proof.ts";
import type { Place } from "../schemas/config.ts";
import { skills } from "../schemas/instance.ts";
import type { RunSummary, SiftSummary } from "../schemas/run-summary.ts";
import type { RefreshResult } from "./refresh.ts";

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

function siftText({ mutants, survived, endless, killed, unsure, nothing }: SiftSummary): string {
  if (nothing !== null) return `nothing is known of ${plural(mutants, "mutant")}: ${oneLine(nothing)}`;
  return `${survived} survive, ${endless} never end, ${killed} are killed; ${unsure} of ${mutants} mutants are unsure`;
}

function auditText({ recomputed, disagreed, undecided = 0 }: NonNullable<RunSummary["audit"]>): string {
  const open = undecided > 0 ? `; of ${undecided} more the whole suite gave no whole report` : "";
  return `${plural(recomputed, "verdict")} computed again by the whole suite, ${disagreed} came out differently${disagreed > 0 ? " (the report lists them)" : ""}${open}`;
}

/** A word as a shell reads it back. */
const shellWord = (text: string): string => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What goes on with a run. Its configuration lies in its folder; where and how wide it works does not, and is said again where it was said. */
export function resumeCommand(out: string, given: Partial<Place>): string {
  const options = {
    "--cache": given.cache,
    "--repositories-gb": given.repositoriesGb,
    "--dependencies-gb": given.dependenciesGb,
    "--concurrency": given.concurrency,
    "--sandbox": given.sandbox,
    "--image": given.image,
  };
  const again = Object.entries(options).flatMap(([option, value]) => (value == null ? [] : [option, String(value)]));
  const switches = { "--i-trust-this-code": given.trusted, "--plain": given.plain };
  const on = Object.entries(switches).flatMap(([option, value]) => (value === true ? [option] : []));
  return ["kihon resume", ...[out, ...again].map(shellWord), ...on].join(" ");
}

/** `again` is the command that goes on with the run. */
export function runText(summary: RunSummary, out: string, again: string): string {
  const lines: string[] = [];
  for (const { name, commit, environments, mutants, history, instances } of summary.repositories) {
    const [environment] = environments;
    lines.push(
      `${name} at ${commit.slice(0, 12)}${environment ? `: ${environment.runner} ${environment.runnerVersion}, ${plural(environment.tests, "test")}` : ""}`,
    );
    lines.push(`  mutants: ${mutants.generated} generated, ${mutants.covered} covered, ${mutants.sampled} taken, ${mutants.killed} killed`);
    for (const sift of summary.sifts ?? []) if (sift.repository === name) lines.push(`  sift:    ${siftText(sift)}`);
    if (history !== undefined && history.changes > 0) {
      lines.push(
        `  history: ${plural(history.changes, "change")} tried, ${history.prepared} prepared, ${history.observed} with a fail-to-pass test; ${history.mirrors} taken back in today's tree, ${history.mirrorsFailing} of them with a failing test`,
      );
    }
    const counted = skills.flatMap((name) => (instances[name] === undefined ? [] : [`${name} ${instances[name]}`]));
    lines.push(`  proven:  ${counted.join(", ")}`);
  }
  for (const { name, packageDir, reason, detail } of summary.leftOut ?? []) {
    lines.push(
      `${name}${packageDir === "." ? "" : ` (${packageDir})`} was left out: ${reason}${detail === "" ? "" : `: ${oneLine(detail)}`}`,
    );
  }
  if (summary.flakiness !== undefined) lines.push(`quarantined: ${flakinessText(summary.flakiness)}`);
  if (summary.audit !== null) lines.push(`audit: ${auditText(summary.audit)}`);
  const dropped = summary.stages.flatMap((stage) => stage.dropped).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  if (dropped.length > 0) lines.push("", "dropped:");
  for (const { reason, count } of dropped) lines.push(`  ${String(count).padStart(6)}  ${reason}`);
  for (const target of summary.unmatched ?? []) lines.push("", `nothing of this run is meant by ${oneLine(target)} of the takedown list`);
  const { infrastructureFailures: troubles } = summary;
  if (troubles > 0)
    lines.push(
      "",
      `${plural(troubles, "record was", "records were")} not finished for trouble of the machine or the registry; to try them again: ${again}`,
    );
  return [...lines, ...splitsOf(summary), "", ...endOf(summary, out)].join("\n");
}

/** Nothing where all of it is train, as it is unless something else was asked for. */
function splitsOf({ splitProof }: RunSummary): string[] {
  if (splitProof === undefined || splitProof.splits.every(({ split }) => split === "train")) return [];
  return ["", "splits:", ...splitLines(splitProof), ...emptyText(splitProof).map((one) => `warning: ${one}`)];
}

/** Where the dataset lies, or why there is none. */
function endOf(summary: RunSummary, out: string): string[] {
  const minutes = (Date.parse(summary.finishedAt) - Date.parse(summary.startedAt)) / 60_000;
  const last = summary.stages.at(-1);
  const took = `in ${minutes.toFixed(1)} minutes`;
  if (last?.name !== "export") return [`only the stage ${last?.name ?? ""} was done; the dataset is as it was before`, took];
  if (summary.stands === true) return ["no instance was proven, for the reasons above; the dataset is as it was before", took];
  const empty = last.kept === 0 ? ["the dataset is empty: no instance was proven, for the reasons above", ""] : [];
  return [...empty, `Parquet: ${out}`, `card:    ${join(out, "README.md")}`, `report:  ${join(out, "report.html")}`, took];
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");

/** The end of a refresh for a person. */
export function refreshText(result: RefreshResult, out: string): string {
  const { added, withdrawn, notAdded, unmatched, returned } = result;
  const lines = [
    result.changed
      ? `edition ${result.edition} in ${out}: ${plural(result.rows, "row")}${result.compacted ? ", written anew" : ""}`
      : `nothing has changed in ${out}: ${plural(result.rows, "row")}`,
  ];
  if (Object.keys(added).length > 0) lines.push(`  added:     ${listed(added)}`);
  if (Object.keys(withdrawn).length > 0) lines.push(`  withdrawn: ${listed(withdrawn)}`);
  if (returned > 0) lines.push(`  returned:  ${returned}`);
  if (Object.keys(notAdded).length > 0) lines.push(`  kept out:  ${listed(notAdded)}`);
  for (const target of unmatched) lines.push(`  no row is meant by ${oneLine(target)}; it holds for rows to come`);
  if (result.infrastructureFailures > 0) {
    lines.push(
      `  ${plural(result.infrastructureFailures, "record was", "records were")} not finished for trouble of the machine or the registry; to try them again: kihon refresh ${out}`,
    );
  }
  if (Object.keys(withdrawn).length > 0 && !result.compacted) {
    lines.push(
      `  what was withdrawn still lies in the files; before publishing: kihon refresh ${shellWord(out)} --withdraw-only --compact`,
    );
  }
  return lines.join("\n");
}
