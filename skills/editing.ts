/** Make this change here: the place and the change are given, and the hidden tests judge the patch. */
import { layerChanges, unifiedDiff } from "../lib/diff.ts";
import { shortId } from "../lib/hash.ts";
import { replacementsOf } from "../lib/replacements.ts";
import type { Commit, Mutant } from "../schemas/candidate.ts";
import type { Draft, KnownAnswer, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { brokenChecks } from "./broken-checks.ts";
import type { Observed, PoseContext, Skill } from "./contract.ts";
import { commitSteps, mutantSteps } from "./instruction.ts";
import { findLeak, secretsOf } from "./leak.ts";
import { patchProbes } from "./probes.ts";
import { oppositeTrial } from "./turned-tests.ts";
import { fails, judging, variantsOf } from "./variants.ts";
import { brokenPremise, defectiveTree, fileOfTest, filesOf } from "./visible.ts";

const reasons = ["no-instruction", "too-long", "no-target", "no-decoy", "leak"] as const;

/** The clean texts of what the change edits. */
const cleanLayer = (observed: Observed, context: PoseContext): Layer =>
  Object.fromEntries(Object.keys(observed.candidate.before).map((file) => [file, context.text(file)]));

/** Another defect beside the answer: these tests fail, whatever the answer repairs. */
interface Canary {
  readonly layer: Layer;
  readonly shown: readonly string[];
}

/** Known defects in files that the change does not touch, which one of its own tests shows. */
function canariesElsewhere({ candidate, observation }: Observed, context: PoseContext): Canary[] {
  const mine = new Set(observation.failToPass);
  return context.all.flatMap(({ candidate: other, observation: seen }) => {
    const shown = seen.failToPass.filter((id) => mine.has(id));
    const apart = Object.keys(other.before).every((file) => !Object.hasOwn(candidate.before, file));
    return apart && shown.length > 0 ? [{ layer: other.before, shown }] : [];
  });
}

/**
 * Do the tests still bite? An answer that tames `expect`, or gives back what it reads in a test, makes the canary's tests pass and earns
 * nothing. Null where no canary was observed.
 */
function bitingTrial(observed: Observed, context: PoseContext): Trial | null {
  const { candidate } = observed;
  const [canary] = context.rng(candidate.id, "editing/canary").shuffle(canariesElsewhere(observed, context));
  if (!canary) return null;
  return {
    name: "still-bites",
    layer: mergeLayers(candidate.before, canary.layer),
    answer: "patch",
    files: filesOf(observed.observation.failToPass),
    expect: { kind: "some-fail", among: [...canary.shown] },
  };
}

/** First the tests that must turn green, in their own files; then everything else that reaches the change; then whether tests bite at all. */
function gradingTrials(observed: Observed, context: PoseContext): Trial[] {
  const { candidate, observation } = observed;
  const failing = filesOf(observation.failToPass);
  const own = [oppositeTrial(observed, context), bitingTrial(observed, context)].filter((trial) => trial !== null);
  // Without a hidden test that must fail, checks beside one stand in.
  const biting = own.length > 0 ? own : [brokenChecks(failing[0] ?? "", candidate.before, context)].filter((trial) => trial !== null);
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
    ...biting,
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

/** A mutant that none of the tests which judge the patch notices, in code that others reach: a fix that brings it along breaks something else. */
function mutantElsewhere(mutant: Mutant, judged: ReadonlySet<string>, context: PoseContext): Mutant | null {
  const unnoticed = context.all.flatMap(({ candidate, observation: { failToPass } }) =>
    candidate.kind === "mutant" && candidate.id !== mutant.id && !failToPass.some((id) => judged.has(id)) ? [candidate] : [],
  );
  return context.rng(mutant.id, "editing/elsewhere").shuffle(unnoticed)[0] ?? null;
}

/** A wrong answer by what it makes of the defective tree. */
type Wrong = readonly [name: string, after: Layer];

/** The text of a file in which the named unit does nothing any more. */
function emptied(file: string, symbol: string | null, tree: Layer, context: PoseContext): Layer | null {
  const text = tree[file];
  if (symbol === null || typeof text !== "string") return null;
  const unit = context.language.units({ path: file, text }).find((candidate) => candidate.name === symbol);
  const empty = unit ? context.language.emptyBody({ path: file, text }, unit) : null;
  return empty === null ? null : { ...tree, [file]: empty };
}

function wrongMutants(observed: Observed, mutant: Mutant, clean: Layer, context: PoseContext): Wrong[] {
  const tree = mutant.before;
  const rival = otherMutant(mutant, judging(observed), context);
  const [site] = mutant.sites;
  const body = site ? emptied(site.file, site.symbol, tree, context) : null;
  const dropped = mutant.sites.length < 2 ? [] : partialFixes(mutant, clean);
  const beside = mutantElsewhere(mutant, judging(observed), context);
  return [
    ...dropped.map((layer, at): Wrong => [`site-left-${at + 1}`, mergeLayers(tree, layer)]),
    ...(rival ? [["other-mutant", mergeLayers(tree, clean, rival.before)] as const] : []),
    ...(body ? [["empty-body", body] as const] : []),
    ...(beside ? [["breaks-elsewhere", mergeLayers(tree, clean, beside.before)] as const] : []),
  ];
}

/**
 * Of a fix: itself without a change that its tests are known to miss, with a slip that they are known to see, and the function that it
 * repairs emptied. The last is not known to fail a test, so it is left to places that one of the tests is known to need.
 */
function wrongFixes(observed: Observed, commit: Commit, clean: Layer, context: PoseContext): Wrong[] {
  const judged = judging(observed);
  const left = variantsOf(observed, "hunk").filter((variant) => fails(variant, judged));
  const slips = variantsOf(observed, "slip").filter((variant) => fails(variant, judged));
  const [slip] = context.rng(commit.id, "editing/slip").shuffle(slips);
  const places = changesOf(commit, clean) === 1 ? commit.edits : left.flatMap(({ candidate }) => candidate.edits);
  const body = places.map(({ file, symbol }) => emptied(file, symbol, commit.before, context)).find((layer) => layer !== null);
  return [
    ...left.map(({ candidate }, at): Wrong => [`hunk-left-${at + 1}`, mergeLayers(clean, candidate.before)]),
    ...(slip ? [["slip", mergeLayers(clean, slip.candidate.before)] as const] : []),
    ...(body ? [["empty-body", body] as const] : []),
  ];
}

const changesOf = ({ before }: Commit, clean: Layer): number =>
  Object.entries(before).reduce((sum, [path, text]) => sum + replacementsOf(text ?? "", clean[path] ?? "").length, 0);

/** As patches, none of which is another's text or the right one's. */
function decoys(tree: Layer, gold: string, wrong: readonly Wrong[], context: PoseContext): KnownAnswer[] {
  const texts = new Map<string, string>();
  for (const [name, after] of wrong) {
    const text = unifiedDiff(layerChanges(tree, after, context.text));
    if (text !== "" && text !== gold && !texts.has(text)) texts.set(text, name);
  }
  return [...texts].map(([text, name]) => ({ role: "decoy", name, text }));
}

/** For a mutant of several sites: the fix with one site left as it is. */
function partialFixes(mutant: Mutant, clean: Layer): Layer[] {
  return mutant.sites.flatMap((left) => {
    const text = clean[left.file];
    if (typeof text !== "string") return [];
    return [{ ...clean, [left.file]: text.slice(0, left.start) + left.replacement + text.slice(left.end) }];
  });
}

const prompt = (steps: readonly string[]): string =>
  [
    ...steps,
    "Make exactly this change and nothing else; keep the rest of the code and its formatting. Tests that you do not see will be run on the result.",
    "Answer with one unified diff (`--- a/path`, `+++ b/path`) against the tree as it is.",
  ].join("\n");

/** What is asked about a change, in its own words. */
interface Asked {
  readonly steps: readonly string[];
  readonly wrong: readonly Wrong[];
  readonly facts: Draft["facts"];
  /** The file that tamper probes change. */
  readonly file: string;
}

function askMutant(observed: Observed, mutant: Mutant, clean: Layer, context: PoseContext): Outcome<Asked> {
  const [site] = mutant.sites;
  if (!site) return drop("editing/no-target");
  return keep({
    steps: mutantSteps(mutant, mutant.before, clean, context),
    wrong: wrongMutants(observed, mutant, clean, context),
    facts: { operator: mutant.sites.map((place) => place.operator).join("+"), sites: mutant.sites.length },
    file: site.file,
  });
}

function askCommit(observed: Observed, commit: Commit, clean: Layer, context: PoseContext): Outcome<Asked> {
  const [file] = Object.keys(commit.before)
    .filter((path) => commit.before[path] !== null && context.text(path) !== null)
    .sort();
  if (file === undefined) return drop("editing/no-target", "the fix edits no existing source file");
  const told = commitSteps(commit, context);
  if (!told.kept) return told;
  const { steps, changes } = told.value;
  return keep({
    steps,
    wrong: wrongFixes(observed, commit, clean, context),
    facts: { changes, files: Object.keys(commit.before).length },
    file,
  });
}

function pose(observed: Observed, context: PoseContext): Outcome<Draft> {
  const { candidate, observation } = observed;
  const tree = candidate.before;
  const clean = cleanLayer(observed, context);
  const asked =
    candidate.kind === "mutant" ? askMutant(observed, candidate, clean, context) : askCommit(observed, candidate, clean, context);
  if (!asked.kept) return asked;
  const { steps, facts, file } = asked.value;
  const gold = unifiedDiff(layerChanges(tree, clean, context.text));
  const wrong = decoys(tree, gold, asked.value.wrong, context);
  if (wrong.length === 0) return drop("editing/no-decoy", "no other mistake of the unit and no body to remove");
  const text = prompt(steps);
  const leak = findLeak(text, secretsOf("editing", candidate, observation.failToPass));
  if (leak) return drop("editing/leak", leak);
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
    facts: { ...facts, "failing-tests": observation.failToPass.length },
    judgement: { kind: "trials" },
    premises: [brokenPremise(observed)],
    trials: gradingTrials(observed, context),
    answers: [
      { role: "gold", name: "gold", text: gold },
      { role: "blank", name: "blank", text: "" },
      ...wrong,
      ...patchProbes(file, tree[file] ?? "", filesOf(observation.failToPass), context),
    ],
    failToPass: observation.failToPass,
    passToPass: observation.passToPass,
  });
}

export const editing = Object.freeze({
  name: "editing",
  version: 11,
  reasons,
  *pose(context: PoseContext) {
    for (const observed of context.all) yield { subject: observed.candidate.id, outcome: pose(observed, context) };
  },
}) satisfies Skill;
