/** Show me the bug: a test that fails on the defective tree and passes on the clean one, and on rewritten forms of both. */
import { shortId } from "../lib/hash.ts";
import { replaced } from "../lib/pieces.ts";
import { oneByOne } from "../lib/replacements.ts";
import type { Candidate, Mutant } from "../schemas/candidate.ts";
import type { Draft, KnownAnswer, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Observed, PoseContext, Skill } from "./contract.ts";
import { findLeak, secretsOf } from "./leak.ts";
import { defectInCopies } from "./own-copies.ts";
import { skeletonProbe, testFileProbes } from "./probes.ts";
import { holdsTests, onlyTests } from "./reduce.ts";
import { conditionalTest, isModule, readSource, samplesOf } from "./style.ts";
import { isReproducible, type Symptom, symptomsOf, tell } from "./symptoms.ts";
import type { Place } from "./test-modules.ts";
import { besides, brokenPremise, defectiveTree, hideFailing, testsByHome } from "./visible.ts";

const reasons = ["thin-evidence", "leak", "no-test-to-cut", "no-rewrite", "own-copy"] as const;

interface Gold extends Place {
  readonly text: string;
}

/** Of the files that can be cut down the one in which most of what is told was seen, and then most tests fail; and its cut. */
function goldOf(observed: Observed, told: readonly Symptom[], context: PoseContext): Gold | null {
  const toldIn = (ids: readonly string[]): number => told.filter(({ test }) => test !== null && ids.includes(test)).length;
  for (const { place, ids } of testsByHome(observed, context).sort((a, b) => toldIn(b.ids) - toldIn(a.ids))) {
    const text = onlyTests(place, ids, context);
    if (text !== null) return { ...place, text };
  }
  return null;
}

/**
 * A file of the defective or the clean tree in a text that holds both, and does not show which is in force. Where it changed all over, its own
 * form stands beside pieces of the other. Null where it is not in both trees, or nothing of one can stand beside the other.
 */
function disguised(path: string, tree: Layer, observed: Observed, context: PoseContext): string | null {
  const [before, after] = [observed.candidate.before[path], context.text(path)];
  if (typeof before !== "string" || after === null) return null;
  const make = (text: string, others: readonly string[], inForce: number | null): string | null =>
    context.language.disguise({ path, text }, others, inForce, context.rng(`${observed.candidate.id}/${path}`, "reproduction/disguise"));
  const [right, wrong] = [make(after, [before], null), make(after, [before], 0)];
  if (right !== null && wrong !== null) return path in tree ? wrong : right;
  const [live, dead] = path in tree ? [before, after] : [after, before];
  return make(live, oneByOne(live, dead), null);
}

/** Every edited file in another text of the same behaviour; null where none can be made. */
export function rewritten(tree: Layer, observed: Observed, context: PoseContext): Layer | null {
  const layer: Record<string, string> = {};
  for (const file of new Set(observed.candidate.edits.map((edit) => edit.file))) {
    const text = disguised(file, tree, observed, context) ?? (file in tree ? tree[file] : context.text(file));
    if (typeof text !== "string") continue;
    const units = observed.candidate.edits.flatMap((edit) => (edit.file === file && edit.symbol !== null ? [edit.symbol] : []));
    // A unit of the clean tree may have another name here: then the whole file is rewritten.
    const aimed = context.language.rewrite({ path: file, text }, units);
    const other = aimed === text ? context.language.rewrite({ path: file, text }, []) : aimed;
    if (other === (file in tree ? tree[file] : context.text(file))) return null;
    layer[file] = other;
  }
  return Object.keys(layer).length > 0 ? layer : null;
}

function trialsOf(before: Layer, hidden: Layer, other: { before: Layer; after: Layer }, copies: Layer, path: string): Trial[] {
  const trial = (name: string, layer: Layer, kind: "answer-fails" | "answer-passes"): Trial => ({
    name,
    layer: mergeLayers(hidden, layer),
    answer: "file",
    files: [path],
    expect: { kind },
  });
  return [
    trial("before", before, "answer-fails"),
    trial("after", {}, "answer-passes"),
    trial("before-rewritten", mergeLayers(before, other.before), "answer-fails"),
    trial("after-rewritten", other.after, "answer-passes"),
    ...(Object.keys(copies).length === 0 ? [] : [trial("after-defective-copy", copies, "answer-passes")]),
  ];
}

/** So many other defects are put beside the one in question. */
const mostBeside = 2;

const placesOf = ({ edits }: Candidate): string[] => edits.map(({ file, symbol }) => `${file} ${symbol}`);

const meet = (mutant: Mutant, other: Mutant): boolean =>
  mutant.sites.some((one) => other.sites.some((two) => one.file === two.file && one.start <= two.end && two.start <= one.end));

/** The mutant's tree with another defect in its files too. */
function bothOf(mutant: Mutant, other: Mutant, context: PoseContext): Layer {
  const sites = [...mutant.sites, ...other.sites];
  const files = Object.keys(mutant.before);
  const of = (file: string) => sites.filter((site) => site.file === file);
  return Object.fromEntries(files.map((file) => [file, replaced(context.text(file) ?? "", of(file))]));
}

/**
 * Does it fail because of this defect? A test that only says that the code does other things than the defective source, which a solver can read,
 * is right in every other tree, and passes where another defect stands beside this one. Those that most tests notice are taken, of other
 * functions of the same files; where there is none, one of the same function, in which it is likelier that both together do what is right.
 */
function besideTrials({ candidate }: Observed, hidden: Layer, path: string, context: PoseContext): Trial[] {
  if (candidate.kind !== "mutant") return [];
  const own = new Set(placesOf(candidate));
  const others = context.all.flatMap(({ candidate: other, observation }) => {
    const isNear = Object.keys(other.before).every((file) => Object.hasOwn(candidate.before, file));
    if (other.kind !== "mutant" || !isNear || meet(candidate, other)) return [];
    const places = placesOf(other);
    return [{ other, same: places.some((place) => own.has(place)), place: places.join(), noticed: observation.failToPass.length }];
  });
  const ordered = others.sort((a, b) => b.noticed - a.noticed || (a.other.id < b.other.id ? -1 : 1));
  const elsewhere = ordered.filter(({ same }) => !same);
  const oneEach = [...Map.groupBy(elsewhere, ({ place }) => place).values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  const taken = oneEach.length > 0 ? oneEach.slice(0, mostBeside) : ordered.slice(0, 1);
  return taken.map(({ other }, at) => ({
    name: `beside-${at + 1}`,
    layer: mergeLayers(hidden, bothOf(candidate, other, context)),
    answer: "file",
    files: [path],
    expect: { kind: "answer-fails" },
    tentative: true,
  }));
}

/** Fails by assertion exactly where the source text is the defective one: right by the two plain trees, and no reproduction. */
function sourceSniffer(observed: Observed, esm: boolean, context: PoseContext): string {
  const { before } = observed.candidate;
  const [file, text] = Object.entries(before).find(([, content]) => content !== null) ?? ["package.json", ""];
  const sample = samplesOf(context).pass(esm ? "esm" : "cjs");
  return conditionalTest(sample, readSource(file, context.environment.revision.packageDir), `source !== ${JSON.stringify(text)}`);
}

function decoys(observed: Observed, gold: Gold, context: PoseContext): KnownAnswer[] {
  const esm = isModule(gold.home, gold.text);
  const style = esm ? "esm" : "cjs";
  const samples = samplesOf(context);
  const unrelated = unrelatedTest(observed, gold, context);
  const decoy = (name: string, text: string): KnownAnswer => ({ role: "decoy", name, text });
  return [
    decoy("always-fail", samples.fail(style)),
    decoy("always-pass", samples.pass(style)),
    decoy("syntax-error", `${samples.fail(style)}\nfunction ( {\n`),
    decoy("source-sniffer", sourceSniffer(observed, esm, context)),
    ...(unrelated === null ? [] : [decoy("unrelated-test", unrelated)]),
  ];
}

/** A cut of the same file that shows another defect: none of its calls may stand for a test that fails on this one. */
function unrelatedTest(observed: Observed, gold: Gold, context: PoseContext): string | null {
  const mine = observed.observation.failToPass;
  const others = context.all
    .filter(({ observation }) => observation.failToPass.every((id) => !mine.includes(id)))
    .flatMap((other) => testsByHome(other, context).filter(({ place }) => place.home === gold.home && place.file === gold.file));
  for (const { ids } of context.rng(observed.candidate.id, "reproduction/unrelated").shuffle(others).slice(0, 5)) {
    const text = onlyTests(gold, ids, context);
    if (text !== null && text !== context.text(gold.home) && !holdsTests(text, gold, mine, context)) return text;
  }
  return null;
}

const prompt = (symptoms: readonly Symptom[], path: string, context: PoseContext): string =>
  [
    "A defect was reported in this repository:",
    "",
    ...symptoms.map((symptom) => `- ${tell(symptom)}`),
    "",
    ...(symptoms.some(({ of }) => of !== null) ? ["What is called goes by the name under which a module of the tree exports it.", ""] : []),
    `Write a test file for the repository's own runner (${context.runner.name}) that shows this defect. It will be written to \`${path}\`.`,
    `As long as the defect is there, the file must load and at least one of its tests must fail, by an assertion${symptoms.some(({ error }) => error !== null) ? " or by the error above" : ""}. Once the defect is repaired, all of its tests must pass.`,
    "It is run alone, and also on trees whose source text differs while the behaviour is the same, so test what the code does, not how it is written.",
    "Answer with the text of the file only.",
  ].join("\n");

function pose(observed: Observed, context: PoseContext): Outcome<Draft> {
  const { candidate, observation } = observed;
  const telling = symptomsOf(observed, context, 12).filter(isReproducible);
  if (telling.length === 0) return drop("reproduction/thin-evidence", "no failure says enough to write it anew");
  const secrets = secretsOf("reproduction", candidate, observation.failToPass);
  const leakOf = (symptom: Symptom): string | null => findLeak(tell(symptom), secrets);
  const clean = telling.filter((symptom) => leakOf(symptom) === null).slice(0, 3);
  const [first] = telling;
  if (clean.length === 0) return drop("reproduction/leak", (first && leakOf(first)) ?? "");
  const gold = goldOf(observed, clean, context);
  if (gold === null)
    return drop("reproduction/no-test-to-cut", "no failing test stands in a file of the tree and needs no stored snapshot");
  const path = besides(gold, "repro", context);
  const [before, after] = [rewritten(candidate.before, observed, context), rewritten({}, observed, context)];
  if (!before || !after) return drop("reproduction/no-rewrite", "no other text of the same behaviour could be made");
  const copies = defectInCopies(candidate, context);
  if (copies === null) return drop("reproduction/own-copy", "the runner needs a published copy of the package, which tells what is right");
  const words = prompt(clean, path, context);
  const leak = findLeak(words, { ...secrets, paths: [] });
  if (leak) return drop("reproduction/leak", leak);
  const hidden = hideFailing(observed, context);
  return keep({
    id: shortId(["reproduction", candidate.id]),
    skill: "reproduction",
    changeId: candidate.id,
    pairId: null,
    environmentId: context.environment.id,
    prompt: words,
    visible: defectiveTree(observed, context),
    answerForm: "test-file",
    answerPath: path,
    interface: [],
    facts: { runner: context.runner.name, "failing-tests": observation.failToPass.length },
    judgement: { kind: "trials" },
    premises: [brokenPremise(observed)],
    trials: [...trialsOf(candidate.before, hidden, { before, after }, copies, path), ...besideTrials(observed, hidden, path, context)],
    answers: [
      { role: "gold", name: "gold", text: gold.text },
      { role: "blank", name: "blank", text: "" },
      ...decoys(observed, gold, context),
      ...testFileProbes(isModule(gold.home, gold.text), context),
      ...Object.entries(candidate.before)
        .slice(0, 1)
        .map(([file, defective]) => skeletonProbe(file, defective ?? "", true, isModule(gold.home, gold.text), context)),
    ],
    failToPass: observation.failToPass,
    passToPass: observation.passToPass,
  });
}

export const reproduction = Object.freeze({
  name: "reproduction",
  version: 16,
  reasons,
  *pose(context: PoseContext) {
    for (const observed of context.all) yield { subject: observed.candidate.id, outcome: pose(observed, context) };
  },
}) satisfies Skill;
