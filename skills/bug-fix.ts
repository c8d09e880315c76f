/**
 * Repair what was reported: from an issue to a patch, judged by the tests that came with the real repair. A composite task: to find the place, to
 * make the change and to know that it holds are all in it.
 */
import { layerChanges, unifiedDiff } from "../lib/diff.ts";
import { shortId } from "../lib/hash.ts";
import type { Commit } from "../schemas/candidate.ts";
import type { Draft, KnownAnswer } from "../schemas/instance.ts";
import { type Layer, mergeLayers, readOver } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { brokenChecks } from "./broken-checks.ts";
import type { Observed, PoseContext, Skill } from "./contract.ts";
import { humanFindings } from "./human-findings.ts";
import { interfaceOf } from "./interface.ts";
import { findLeak, secretsOf } from "./leak.ts";
import { partialFixes } from "./partial-fixes.ts";
import { patchTrials } from "./patch-trials.ts";
import { patchProbes } from "./probes.ts";
import { type Report, reportOf, reportReasons } from "./report.ts";
import { reviewVerdicts } from "./review-verdicts.ts";
import { findHint } from "./scrub/check.ts";
import { fixOf } from "./scrub/fix.ts";
import { oppositeTrial } from "./turned-tests.ts";
import { brokenPremise, defectiveTree, filesOf, hideFailing } from "./visible.ts";

const reasons = ["injected", "tree-unknown", "only-new-files", ...reportReasons, "leak"] as const;

interface Trees {
  /** The defective sources, and the whole of what the solver sees over the environment's tree. */
  readonly before: Layer;
  readonly visible: Layer;
  readonly after: Layer;
}

/** A source file that is there before and after the fix. */
function placeOf({ before, after }: Trees): { readonly path: string; readonly text: string } | null {
  for (const path of Object.keys(before).sort()) {
    const text = before[path] ?? null;
    if (text !== null && (after[path] ?? null) !== null) return { path, text };
  }
  return null;
}

/** Each function that the fix edits, with nothing in it. */
function emptied({ before }: Trees, commit: Commit, { language }: PoseContext): Layer[] {
  const places = new Map(commit.edits.flatMap(({ file, symbol }) => (symbol === null ? [] : [[`${file}\0${symbol}`, { file, symbol }]])));
  return [...places.values()].flatMap(({ file, symbol }) => {
    const text = before[file];
    if (typeof text !== "string") return [];
    const unit = language.units({ path: file, text }).find(({ name }) => name === symbol);
    const empty = unit ? language.emptyBody({ path: file, text }, unit) : null;
    return empty === null ? [] : [{ [file]: empty }];
  });
}

function decoys(trees: Trees, place: { path: string; text: string }, gold: string, commit: Commit, context: PoseContext): KnownAnswer[] {
  const read = (layer: Layer) => readOver(layer, context.text);
  const decoy = (name: string, layer: Layer): KnownAnswer => ({
    role: "decoy",
    name,
    text: unifiedDiff(layerChanges(trees.before, mergeLayers(trees.before, layer), context.text)),
  });
  const partial = partialFixes(gold, { before: read(trees.before), after: read(trees.after) }, context.language);
  const remark = `${place.text}${place.text.endsWith("\n") || place.text === "" ? "" : "\n"}// The report was looked into.\n`;
  const all = [
    decoy("remark-only", { [place.path]: remark }),
    ...emptied(trees, commit, context)
      .slice(0, 2)
      .map((layer, at) => decoy(`empty-body-${at + 1}`, layer)),
    ...partial.map((layer, at): KnownAnswer => ({ ...decoy(`hunk-left-${at + 1}`, layer), tentative: true })),
  ];
  return [...new Map(all.filter(({ text }) => text !== "" && text !== gold).map((answer) => [answer.text, answer])).values()];
}

const opening: Readonly<Record<Report["source"], string>> = {
  issue: "This was reported of the repository:",
  "pull-request": "This was written of a defect of the repository, and of what is wanted:",
  "commit-message": "This was written of a defect of the repository, and of what is wanted:",
};

/** What others wrote cannot end the place where it stands. */
const enclosed = (text: string): string => text.replace(/<(?=\/?report\b)/gi, "&lt;");

function prompt(report: Report, names: readonly string[]): string {
  const hasMarks = /\[(?:link|reference|commit|file|user|e-mail|secret)\]/.test(report.text);
  return [
    opening[report.source],
    "",
    "<report>",
    enclosed(report.text),
    "</report>",
    "",
    ...(hasMarks
      ? ["Words in brackets such as [link] stand for what was taken out of the text; `example.com` may stand for other hosts.", ""]
      : []),
    ...(names.length === 0
      ? []
      : ["The tests that will be run use these names, which the tree does not have yet:", "", ...names.map((name) => `- \`${name}\``), ""]),
    "Find the cause and repair it in the source code, so that what is told holds and everything else goes on as before.",
    "Tests that you do not see will be run on the result. Tests and configuration of the tree are put back before that.",
    "Answer with one unified diff (`--- a/path`, `+++ b/path`) against the tree as it is.",
  ].join("\n");
}

const factsOf = (report: Report, trees: Trees, { candidate, observation }: Observed): Draft["facts"] => ({
  source: report.source,
  words: report.words,
  "reporter-comments": report.comments,
  files: Object.keys(trees.before).length,
  "failing-tests": observation.failToPass.length,
  ...reviewVerdicts(candidate),
  ...Object.fromEntries(Object.entries(report.removed).map(([kind, count]) => [`removed-${kind}`, count])),
});

function pose(observed: Observed, context: PoseContext): Outcome<Draft> {
  const { candidate, observation } = observed;
  if (candidate.kind !== "commit") return drop("bug-fix/injected", "nobody reported a defect that was put in");
  if (candidate.earlier === undefined) return drop("bug-fix/tree-unknown", "it was mined without what else it changed");
  const before = candidate.before;
  const after = Object.fromEntries(Object.keys(before).map((path) => [path, context.text(path)]));
  const trees: Trees = { before, after, visible: defectiveTree(observed, context) };
  const place = placeOf(trees);
  if (place === null) return drop("bug-fix/only-new-files", "no source file is there before and after");
  const hidden = [...new Set([...Object.keys(hideFailing(observed, context)), ...candidate.testFiles])].sort();
  const fix = fixOf(candidate, observation.failToPass, hidden, context);
  const reported = reportOf(candidate, fix);
  if (!reported.kept) return reported;
  const report = reported.value;
  const names = interfaceOf(candidate, hidden, report.text, context);
  const text = prompt(report, names);
  const leak = findHint(report.text, fix) ?? findLeak(text, secretsOf("bug-fix", candidate, observation.failToPass), names.join("\n"));
  if (leak !== null) return drop("bug-fix/leak", leak);
  const gold = unifiedDiff(layerChanges(before, after, context.text));
  const failing = filesOf(observation.failToPass);
  const said = humanFindings(candidate);
  const biting = [oppositeTrial(observed, context), brokenChecks(failing[0] ?? "", before, context)].filter((trial) => trial !== null);
  return keep({
    id: shortId(["bug-fix", candidate.id]),
    skill: "bug-fix",
    changeId: candidate.id,
    pairId: null,
    environmentId: context.environment.id,
    prompt: text,
    visible: trees.visible,
    answerForm: "patch",
    answerPath: null,
    interface: names,
    facts: factsOf(report, trees, observed),
    judgement: { kind: "trials" },
    premises: [brokenPremise(observed)],
    trials: [...patchTrials(observed), ...biting],
    answers: [
      { role: "gold", name: "gold", text: gold },
      { role: "blank", name: "blank", text: "" },
      ...decoys(trees, place, gold, candidate, context),
      ...patchProbes(place.path, place.text, failing, context),
    ],
    failToPass: observation.failToPass,
    passToPass: observation.passToPass,
    ...(said.length === 0 ? {} : { humanFindings: said }),
  });
}

export const bugFix = Object.freeze({
  name: "bug-fix",
  version: 9,
  reasons,
  *pose(context: PoseContext) {
    for (const observed of context.all) yield { subject: observed.candidate.id, outcome: pose(observed, context) };
  },
}) satisfies Skill;
