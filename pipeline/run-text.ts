/** The end of a run for a person: what was made, what was dropped and why, and where it lies. */
import { join } from "node:path";
import { skills } from "../schemas/instance.ts";
import type { RunSummary } from "../schemas/run-summary.ts";

export function runText(summary: RunSummary, out: string): string {
  const lines: string[] = [];
  for (const { name, commit, environments, mutants, instances } of summary.repositories) {
    const [environment] = environments;
    lines.push(`${name} at ${commit.slice(0, 12)}${environment ? `: ${environment.runner} ${environment.runnerVersion}, ${environment.tests} tests` : ""}`);
    lines.push(`  mutants: ${mutants.generated} generated, ${mutants.covered} covered, ${mutants.sampled} taken, ${mutants.killed} killed`);
    lines.push(`  proven:  ${skills.map((skill) => `${skill} ${instances[skill] ?? 0}`).join(", ")}`);
  }
  const dropped = summary.stages.flatMap((stage) => stage.dropped).sort((a, b) => b.count - a.count);
  if (dropped.length > 0) lines.push("", "dropped:");
  for (const { reason, count } of dropped) lines.push(`  ${String(count).padStart(6)}  ${reason}`);
  if (summary.infrastructureFailures > 0) lines.push("", `${summary.infrastructureFailures} records were not finished for trouble of the machine; kihon resume tries them again`);
  const minutes = (Date.parse(summary.finishedAt) - Date.parse(summary.startedAt)) / 60_000;
  lines.push("", `Parquet: ${out}`, `card:    ${join(out, "README.md")}`, `report:  ${join(out, "report.html")}`, `in ${minutes.toFixed(1)} minutes`);
  return lines.join("\n");
}
