/**
 * `report.html`: one page about a run, with nothing to load from anywhere. Times are welcome here.
 * Test names, paths and source text come from strangers: every text goes through `html`, which escapes whatever is put into it.
 */
import { duration } from "../lib/duration.ts";
import { plural } from "../lib/plural.ts";
import type { Disagreement } from "../schemas/audit.ts";
import type { Baseline } from "../schemas/baselines.ts";
import { atomicSkills, composites, type SkillName } from "../schemas/instance.ts";
import type { PublicRow } from "../schemas/row.ts";
import type { RepositorySummary, RunSummary, SiftSummary, StageSummary } from "../schemas/run-summary.ts";
import { baselineHead, baselineRows, baselineSentence } from "./baselines-text.ts";
import type { RowCount } from "./contract.ts";
import { flakinessText } from "./flakiness.ts";
import { listHead, listRows, listSentence } from "./lists-in-force.ts";
import { reportStyle } from "./report-style.ts";
import { splitRows, splitSentence } from "./split-proof.ts";

export interface ReportInput {
  readonly title: string;
  readonly summary: RunSummary;
  readonly rows: readonly RowCount[];
  /** Rows to show, usually one a skill. */
  readonly samples: readonly PublicRow[];
  /** What rules without a model earned on the rows. */
  readonly baselines: readonly Baseline[];
}

/** Markup that may stand as it is. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
type Piece = Markup | readonly Markup[] | string | number | null;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign);

function render(piece: Piece): string {
  if (piece === null) return "";
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === "object") return piece.map(({ text }) => text).join("");
  return escapeHtml(String(piece));
}

const html = (fixed: TemplateStringsArray, ...pieces: readonly Piece[]): Markup =>
  new Markup(String.raw({ raw: fixed }, ...pieces.map(render)));

export function toReport({ title, summary, rows, samples, baselines: measured }: ReportInput): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(reportStyle)}</style>
</head>
<body>
<main>
${head(title, summary, rows)}
${repositories(summary.repositories)}
${unsteady(summary)}
${funnel(summary.stages)}
${sifts(summary.sifts ?? [])}
${checks(summary)}
${contamination(summary)}
${sandbox(summary)}
${baselines(measured)}${sampleRows(samples)}
</main>
</body>
</html>
`.text;
}

function head(title: string, summary: RunSummary, counts: readonly RowCount[]): Markup {
  const rowsIn = (name: SkillName): number => sum(counts.filter((count) => count.skill === name).map((count) => count.rows));
  const tasks = composites.filter((task) => rowsIn(task) > 0);
  const rows = [...atomicSkills, ...tasks].map((skill) => [skill, rowsIn(skill)] as const);
  const wallMs = Date.parse(summary.finishedAt) - Date.parse(summary.startedAt);
  const figures: readonly (readonly [string, Piece])[] = [
    ["instances", sum(rows.map(([, count]) => count))],
    ["repositories", summary.repositories.length],
    ["took", duration(wallMs)],
    ["processor time", duration(total(summary.stages.map(({ cpuMs }) => cpuMs)))],
    ["given up for the machine's sake", summary.infrastructureFailures],
  ];
  return html`<header>
<h1>${title}</h1>
<p class="quiet">${summary.tool} ${summary.toolVersion}, seed <code>${summary.seed}</code>, configuration <code>${summary.configHash.slice(0, 16)}</code>, ${summary.startedAt} to ${summary.finishedAt}</p>
</header>
<section>
<dl class="figures">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${bars(
  tasks.length === 0 ? "Instances by skill" : "Instances by skill and composite task",
  rows.map(([name, count]) => ({ name, value: count, text: String(count) })),
)}
</section>`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
/** Null as soon as one part is unknown: a sum over the rest would be too small. */
const total = (numbers: readonly (number | null)[]): number | null => (numbers.includes(null) ? null : sum(numbers as number[]));

function repositories(all: readonly RepositorySummary[]): Markup {
  const counted = [...atomicSkills, ...composites.filter((task) => all.some(({ instances }) => (instances[task] ?? 0) > 0))];
  const head = ["repository", "environments", "mutants", "covered", "judged", "killed", ...counted, "took", "processor", "peak memory"];
  const rows = all.map(({ name, commit, environments, mutants, instances, wallMs, cpuMs, peakMemoryBytes }) => [
    html`<b>${name}</b><br><code>${commit.slice(0, 12)}</code>`,
    environments.map(
      (each) =>
        html`<div>${each.runner} ${each.runnerVersion}, Node ${each.nodeVersion}: ${plural(each.tests, "test")} in ${plural(each.files, "file")}, ${each.quarantined} set aside</div>`,
    ),
    mutants.generated,
    mutants.covered,
    mutants.observed,
    mutants.killed,
    ...counted.map((name) => instances[name] ?? 0),
    // Of several repositories nobody knows which took what.
    duration(all.length > 1 ? null : wallMs),
    duration(cpuMs),
    memory(peakMemoryBytes),
  ]);
  return html`<section><h2>Repositories</h2>${table(head, rows)}<p class="quiet">Judged are the mutants of which the stage sift said that no test notices them, or that they never end, and those that the stage observe looked at one by one. Of these alone the funnel tells under observe.</p></section>`;
}

const mostUnsteady = 200;

/** Tests that did not agree with themselves, and under what. */
function unsteady({ flakiness, repositories }: RunSummary): Markup | null {
  if (flakiness === undefined) return null;
  const rows = repositories.flatMap(({ name, environments }) =>
    environments.flatMap(({ id, unsteady: tests = [] }) =>
      tests.map((test) => [name, html`<code>${id}</code>`, test.id, `${test.passed} of ${test.seen}`, test.under.join(" ") || "nothing"]),
    ),
  );
  const head = ["repository", "environment", "test", "passed", "otherwise than at first under"];
  const more = rows.length > mostUnsteady ? html`<p>And ${rows.length - mostUnsteady} more.</p>` : null;
  return html`<section><h2>Quarantined tests</h2><p>${flakinessText(flakiness)}</p>${rows.length === 0 ? null : table(head, rows.slice(0, mostUnsteady))}${more}</section>`;
}

function funnel(stages: readonly StageSummary[]): Markup {
  const head = ["stage", "in", "kept", "dropped", "retried", "took", "summed work time", "processor"];
  const rows = stages.map(({ name, in: given, kept, dropped, retried, tookMs = null, wallMs, cpuMs }) => [
    html`<b>${name}</b>`,
    given,
    kept,
    sum(dropped.map(({ count }) => count)),
    retried,
    duration(tookMs),
    duration(wallMs),
    duration(cpuMs),
  ]);
  const reasons = stages.filter(({ dropped }) => dropped.length > 0);
  return html`<section><h2>Funnel</h2>${table(head, rows)}<p class="quiet">A stage took what the clock says of this start of the run. Its summed work time is that of every record, as if one had been worked on after the other: jobs side by side and what earlier starts did are in it, so it may be longer than the run.</p>${reasons.map(
    ({ name, dropped }) =>
      bars(
        `Dropped by ${name}`,
        [...dropped]
          .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
          .map(({ reason, count }) => ({ name: reason, value: count, text: String(count) })),
      ),
  )}</section>`;
}

function sifts(all: readonly SiftSummary[]): Markup | null {
  if (all.length === 0) return null;
  const head = ["environment", "mutants", "survive", "never end", "killed", "unsure", "why nothing is known"];
  const rows = all.map(({ repository, environmentId, mutants, survived, endless, killed, unsure, nothing }) => [
    html`<b>${repository}</b> <code>${environmentId}</code>`,
    mutants,
    survived,
    endless,
    killed,
    unsure,
    nothing,
  ]);
  return html`<section><h2>Sift</h2>${table(head, rows)}</section>`;
}

const disagreementHead = ["repository", "candidate", "verdict of", "to pass, and fail", "to fail, and pass", "the whole suite"];
const disagreementRow = ({
  repository,
  candidateId,
  by,
  toPass,
  elsewhere,
  inCompany,
  toFail,
  flaky,
}: Disagreement & { repository: string }): Piece[] => [
  html`<b>${repository}</b>`,
  html`<code>${candidateId}</code>`,
  by,
  firstOf([...toPass, ...elsewhere, ...inCompany]),
  firstOf(toFail),
  flaky ? "flickers" : "says so each time",
];
const firstOf = (ids: readonly string[]): string => `${ids.slice(0, 5).join(", ")}${ids.length > 5 ? `, and ${ids.length - 5} more` : ""}`;

function checks({ reviewCue, audit, splitProof }: RunSummary): Markup {
  const cue =
    reviewCue === null
      ? "Review cue test: not made, there were too few rows."
      : `Review cue test: a classifier over diff tokens tells the two arms apart with accuracy ${percent(reviewCue.accuracy)} on ${reviewCue.rows} rows (chance is 50 %).`;
  const second =
    audit === null
      ? "Audit: no verdict was recomputed."
      : `Audit: ${plural(audit.recomputed, "verdict")} recomputed the slow way, ${audit.disagreed} came out differently${(audit.undecided ?? 0) > 0 ? `; of ${audit.undecided} more the whole suite gave no whole report` : ""}.`;
  const differing = audit?.disagreements ?? [];
  return html`<section><h2>Checks on the whole</h2><p>${cue}</p><p>${second}</p>${differing.length === 0 ? null : table(disagreementHead, differing.map(disagreementRow))}${
    splitProof === undefined
      ? null
      : html`<p>Splits. ${splitSentence(splitProof)}</p>${table(["split", "repository groups", "rows", "share", "asked for"], splitRows(splitProof))}`
  }</section>`;
}

function contamination({ contamination: facts }: RunSummary): Markup | null {
  if (facts === undefined) return null;
  const lists = facts.lists.length === 0 ? html`<p>No list was in force.</p>` : table(listHead, listRows(facts));
  return html`<section><h2>Contamination</h2>${lists}<p>${listSentence(facts)}</p></section>`;
}

function sandbox({ sandbox: { provider, image, promises } }: RunSummary): Markup {
  const rows = promises.map(({ name, holds, detail }) => [
    html`<span class="${holds ? "good" : "bad"}">${holds ? "holds" : "does not hold"}</span>`,
    name,
    detail,
  ]);
  return html`<section><h2>Sandbox <code>${image === undefined ? provider : `${provider} ${image}`}</code></h2>${table(["", "promise", "what was tried and seen"], rows)}</section>`;
}

function baselines(measured: readonly Baseline[]): Markup | null {
  if (measured.length === 0) return null;
  return html`<section id="baselines"><h2>What rules without a model earn</h2>${table(baselineHead, baselineRows(measured))}<p>${baselineSentence(measured)}</p></section>`;
}

const samplesHead = html`<section><h2>Sample rows</h2>`;

/** A report that was written before, with these figures in place of those that it shows; null where it has no place for them. */
export function reportWith(report: string, measured: readonly Baseline[]): string | null {
  const bare = report.replace(/<section id="baselines">[\s\S]*?<\/section>/, "");
  const at = bare.indexOf(samplesHead.text);
  return at === -1 ? null : `${bare.slice(0, at)}${render(baselines(measured))}${bare.slice(at)}`;
}

function sampleRows(samples: readonly PublicRow[]): Markup {
  const one = (row: PublicRow): Markup => html`<details>
<summary><b>${row.skill}</b> <code>${row.instance_id}</code> ${row.repo}, ${row.source_kind}, answer: ${row.answer_form}</summary>
<pre>${row.problem_statement}</pre>
${table(
  ["fact", "value"],
  row.facts.map(({ name, value }) => [name, value]),
)}
</details>`;
  return html`${samplesHead}${samples.map(one)}</section>`;
}

function table(head: readonly string[], rows: readonly (readonly Piece[])[]): Markup {
  return html`<div class="wide"><table><thead><tr>${head.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows.map(
    (cells) =>
      html`<tr>${cells.map((cell) => html`<td${typeof cell === "number" ? new Markup(' class="number"') : null}>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
}

/** A bar chart as inline SVG; the largest value has the whole length. */
function bars(title: string, all: readonly Bar[]): Markup {
  const full = Math.max(1, ...all.map(({ value }) => value));
  const line = 22;
  const length = 360;
  const drawn = all.map(({ name, value, text }, index) => {
    const width = Math.round((value / full) * length);
    return html`<text x="232" y="${index * line + 15}" text-anchor="end">${name.length > 38 ? `${name.slice(0, 37)}…` : name}</text><rect x="240" y="${index * line + 3}" width="${width}" height="15" rx="2"/><text x="${246 + width}" y="${index * line + 15}">${text}</text>`;
  });
  return html`<figure><figcaption>${title}</figcaption><svg viewBox="0 0 680 ${all.length * line + 4}" role="img" aria-label="${title}">${drawn}</svg></figure>`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function memory(bytes: number | null): string {
  if (bytes === null) return "unknown";
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
