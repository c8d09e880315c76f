/** The end of a run for a person: what was made, what was dropped and why, and where it lies. */
import { join } from "node:path";
import { skills } from "../schemas/instance.ts";
import type { RunSummary } from "../schemas/run-summary.ts";

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

export function runText(summary: RunSummary, out: string): string {
  const lines: string[] = [];
  for (const { name, commit, environments, mutants, history, instances } of summary.repositories) {
    const [environment] = environments;
    lines.push(
      `${name} at ${commit.slice(0, 12)}${environment ? `: ${environment.runner} ${environment.runnerVersion}, ${environment.tests} tests` : ""}`,
    );
    lines.push(`  mutants: ${mutants.generated} generated, ${mutants.covered} covered, ${mutants.sampled} taken, ${mutants.killed} killed`);
    if (history !== undefined && history.changes > 0) {
      lines.push(
        `  history: ${history.changes} changes tried, ${history.prepared} prepared, ${history.observed} with a fail-to-pass test; ${history.mirrors} taken back in today's tree, ${history.mirrorsFailing} of them with a failing test`,
      );
    }
    lines.push(`  proven:  ${skills.map((skill) => `${skill} ${instances[skill] ?? 0}`).join(", ")}`);
  }
  for (const { name, packageDir, reason, detail } of summary.leftOut ?? []) {
    lines.push(
      `${name}${packageDir === "." ? "" : ` (${packageDir})`} was left out: ${reason}${detail === "" ? "" : `: ${oneLine(detail)}`}`,
    );
  }
  const dropped = summary.stages.flatMap((stage) => stage.dropped).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  if (dropped.length > 0) lines.push("", "dropped:");
  for (const { reason, count } of dropped) lines.push(`  ${String(count).padStart(6)}  ${reason}`);
  const { infrastructureFailures: troubles } = summary;
  if (troubles > 0)
    lines.push(
      "",
      `${troubles} records were not finished for trouble of the machine or the registry; to try them again: kihon resume ${out}`,
    );
  return [...lines, "", ...endOf(summary, out)].join("\n");
}

/** Where the dataset lies, or why there is none. */
function endOf(summary: RunSummary, out: string): string[] {
  const minutes = (Date.parse(summary.finishedAt) - Date.parse(summary.startedAt)) / 60_000;
  const last = summary.stages.at(-1);
  const took = `in ${minutes.toFixed(1)} minutes`;
  if (last?.name !== "export") return [`only the stage ${last?.name ?? ""} was done; the dataset is as it was before`, took];
  const empty = last.kept === 0 ? ["the dataset is empty: no instance was proven, for the reasons above", ""] : [];
  return [...empty, `Parquet: ${out}`, `card:    ${join(out, "README.md")}`, `report:  ${join(out, "report.html")}`, took];
}
