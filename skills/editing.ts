/** Make this change here: the place and the change are given, and the hidden tests judge the patch. */
import { layerChanges, unifiedDiff } from "../lib/diff.ts";
import { shortId } from "../lib/hash.ts";
import type { Mutant } from "../schemas/candidate.ts";
import type { Draft, KnownAnswer, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Observed, PoseContext, Skill } from "./contract.ts";
import { findLeak, secretsOf } from "./leak.ts";
import { patchProbes } from "./probes.ts";
import { quoted } from "./symptoms.ts";
import { brokenPremise, defectiveTree, fileOfTest, filesOf } from "./visible.ts";

const reasons = ["no-instruction", "no-target", "no-decoy", "leak"] as const;

/** The clean texts of what the change edits. */
const cleanLayer = (observed: Observed, context: PoseContext): Layer =>
  Object.fromEntries(Object.keys(observed.candidate.before).map((file) => [file, context.text(file)]));

/**
 * Do the tests still bite? Another known defect, in files that the change does not touch, lies beside the answer: a test that shows it must
 * fail. An answer that tames `expect`, or rewrites the tests, makes it pass and earns nothing. Null where no such defect was observed.
 */
function bitingTrial({ candidate, observation }: Observed, context: PoseContext): Trial | null {
  const mine = new Set(observation.failToPass);
  const canaries = context.all.flatMap(({ candidate: other, observation: seen }) => {
    const shared = seen.failToPass.filter((id) => mine.has(id));
    const apart = Object.keys(other.before).every((file) => !Object.hasOwn(candidate.before, file));
    return apart && shared.length > 0 ? [{ before: other.before, shared }] : [];
  });
  const [canary] = context.rng(candidate.id, "editing/canary").shuffle(canaries);
  if (!canary) return null;
  return {
    name: "still-bites",
    layer: mergeLayers(candidate.before, canary.before),
    answer: "patch",
    files: filesOf(canary.shared),
    expect: { kind: "some-fail", among: canary.shared },
  };
}

/** First the tests that must turn green, in their own files; then everything else that reaches the change; then whether tests bite at all. */
function gradingTrials(observed: Observed, context: PoseContext): Trial[] {
  const { candidate, observation } = observed;
  const biting = bitingTrial(observed, context);
  const failing = filesOf(observation.failToPass);
  const others = observation.files.filter((file) => !failing.includes(file));
  const inFiles = (files: readonly string[]) => observation.passToPass.filter((id) => files.includes(fileOfTest(id)));
  const trial = (name: string, files: readonly string[], pass: readonly string[]): Trial => ({
    name,
    layer: candidate.before,
    answer: "patch",
    files: [...files],
    expect: { kind: "tests", pass: [...pass], fail: [] },
  });
  return [
    trial("fail-to-pass", failing, [...observation.failToPass, ...inFiles(failing)]),
    ...(others.length > 0 && inFiles(others).length > 0 ? [trial("pass-to-pass", others, inFiles(others))] : []),
    ...(biting ? [biting] : []),
  ];
}

/** Another mutant of the same unit as a wrong fix: one of the tests that judge the patch is known to fail on it. */
function otherMutant(mutant: Mutant, judged: ReadonlySet<string>, context: PoseContext): Mutant | null {
  const place = mutant.edits[0];
  const rivals = context.all
    .filter(({ observation }) => observation.failToPass.some((id) => judged.has(id)))
    .flatMap(({ candidate }) => (candidate.kind === "mutant" ? [candidate] : []))
    .filter((rival) => rival.id !== mutant.id && rival.edits.every((edit) => edit.file === place?.file && edit.symbol === place?.symbol))
    .filter((rival) => Object.keys(rival.before).every((file) => Object.hasOwn(mutant.before, file)));
  return context.rng(mutant.id, "editing/rival").shuffle(rivals)[0] ?? null;
}

function decoys(mutant: Mutant, judged: ReadonlySet<string>, tree: Layer, clean: Layer, context: PoseContext): KnownAnswer[] {
  const decoy = (name: string, after: Layer): KnownAnswer[] => {
    const text = unifiedDiff(layerChanges(tree, after, context.text));
    return text === "" ? [] : [{ role: "decoy", name, text }];
  };
  const rival = otherMutant(mutant, judged, context);
  const site = mutant.sites[0];
  const before = site ? tree[site.file] : null;
  const emptied = (): Layer | null => {
    if (!site || site.symbol === null || typeof before !== "string") return null;
    const unit = context.language.units({ path: site.file, text: before }).find((candidate) => candidate.name === site.symbol);
    const text = unit ? context.language.emptyBody({ path: site.file, text: before }, unit) : null;
    return text === null ? null : { ...tree, [site.file]: text };
  };
  const body = emptied();
  const dropped =
    mutant.sites.length < 2
      ? []
      : partialFixes(mutant, clean).flatMap((layer, at) => decoy(`site-left-${at + 1}`, mergeLayers(tree, layer)));
  return [
    ...dropped,
    ...(rival ? decoy("other-mutant", mergeLayers(tree, clean, rival.before)) : []),
    ...(body ? decoy("empty-body", body) : []),
  ];
}

/** For a mutant of several sites: the fix with one site left as it is. */
function partialFixes(mutant: Mutant, clean: Layer): Layer[] {
  return mutant.sites.flatMap((left) => {
    const text = clean[left.file];
    if (typeof text !== "string") return [];
    return [{ ...clean, [left.file]: text.slice(0, left.start) + left.replacement + text.slice(left.end) }];
  });
}

/** A block of code, fenced by more backticks than it has. */
const fenced = (text: string): string[] => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return ["`".repeat(longest + 1), text, "`".repeat(longest + 1)];
};

/** What to change, said outright: the code as it stands and as it must be. Sites that share their lines are said once. */
function instruction(mutant: Mutant, tree: Layer, clean: Layer, context: PoseContext): string[] {
  const steps = mutant.sites.map((site) => {
    const noun = context.language.mutators.find((mutator) => mutator.name === site.operator)?.noun;
    const from = spanLines(tree[site.file], site.replacement, site, mutant);
    const to = spanLines(clean[site.file], site.original, site, null);
    const where = site.symbol === null ? "outside of any function" : `in ${quoted(site.symbol)}`;
    const place = `In ${quoted(site.file)}, ${where}, at line ${from.line}${noun === undefined ? "" : ` (what is wrong: ${noun})`}`;
    return { change: `${from.text}\0${to.text}`, text: stepText(place, from.text, to.text) };
  });
  return [...new Map(steps.map(({ change, text }) => [change, text])).values()].flat();
}

function stepText(place: string, from: string, to: string): string[] {
  if (from.trim() === "") return [`${place}, this is missing and must be put back:`, "", ...fenced(to), ""];
  if (to.trim() === "") return [`${place}, this must be removed:`, "", ...fenced(from), ""];
  return [`${place}, replace`, "", ...fenced(from), "", "with", "", ...fenced(to), ""];
}

/** Whole lines around a site in a text; with a mutant, offsets are moved by the sites before this one. */
function spanLines(
  text: string | null | undefined,
  piece: string,
  site: Mutant["sites"][number],
  mutant: Mutant | null,
): { text: string; line: number } {
  if (typeof text !== "string") return { text: piece, line: site.startLine };
  const shift = (mutant?.sites ?? [])
    .filter((other) => other.file === site.file && other.start < site.start)
    .reduce((sum, other) => sum + other.replacement.length - (other.end - other.start), 0);
  const start = site.start + shift;
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const to = text.indexOf("\n", start + piece.length);
  return { text: text.slice(from, to < 0 ? undefined : to), line: text.slice(0, start).split("\n").length };
}

const prompt = (steps: readonly string[]): string =>
  [
    ...steps,
    "Make exactly this change and nothing else; keep the rest of the code and its formatting. Tests that you do not see will be run on the result.",
    "Answer with one unified diff (`--- a/path`, `+++ b/path`) against the tree as it is.",
  ].join("\n");

function pose(observed: Observed, context: PoseContext): Outcome<Draft> {
  const { candidate, observation } = observed;
  if (candidate.kind !== "mutant") return drop("editing/no-instruction", "the change has no instruction that was written before it");
  if (candidate.sites.length === 0) return drop("editing/no-target");
  const tree = candidate.before;
  const clean = cleanLayer(observed, context);
  const judged = new Set([...observation.failToPass, ...observation.passToPass]);
  const wrong = decoys(candidate, judged, tree, clean, context);
  if (wrong.length === 0) return drop("editing/no-decoy", "no other mutant of the unit and no body to remove");
  const text = prompt(instruction(candidate, tree, clean, context));
  const leak = findLeak(text, secretsOf("editing", candidate, observation.failToPass));
  if (leak) return drop("editing/leak", leak);
  const site = candidate.sites[0];
  return keep({
    id: shortId(["editing", candidate.id]),
    skill: "editing",
    changeId: candidate.id,
    pairId: null,
    environmentId: context.environment.id,
    prompt: text,
    visible: defectiveTree(observed, context),
    answerForm: "patch",
    answerPath: null,
    interface: [],
    facts: {
      operator: candidate.sites.map((place) => place.operator).join("+"),
      sites: candidate.sites.length,
      "failing-tests": observation.failToPass.length,
    },
    judgement: { kind: "trials" },
    premises: [brokenPremise(observed)],
    trials: gradingTrials(observed, context),
    answers: [
      { role: "gold", name: "gold", text: unifiedDiff(layerChanges(tree, clean, context.text)) },
      { role: "blank", name: "blank", text: "" },
      ...wrong,
      ...(site ? patchProbes(site.file, tree[site.file] ?? "", filesOf(observation.failToPass), context) : []),
    ],
    failToPass: observation.failToPass,
    passToPass: observation.passToPass,
  });
}

export const editing = Object.freeze({
  name: "editing",
  version: 4,
  reasons,
  *pose(context: PoseContext) {
    for (const observed of context.all) yield { subject: observed.candidate.id, outcome: pose(observed, context) };
  },
}) satisfies Skill;
