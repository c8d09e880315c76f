/**
 * Write tests for this: they pass on the clean code and on a rewritten form of it, and fail on every retained wrong form of one symbol.
 *
 * Two wrong forms that fail differently are asked for, wherever they come from: mutants, the code before a fix, a fix without one of its
 * changes, a fix with a slip. One alone is caught by the one assertion that shows it, so it says little of tests; and a historic defect
 * is no more than one, unless parts of the fix each have a test of their own.
 */
import { leastWrong } from "../grading/quarantine.ts";
import type { Unit } from "../languages/contract.ts";
import { shortId } from "../lib/hash.ts";
import { oneByOne } from "../lib/replacements.ts";
import type { Candidate } from "../schemas/candidate.ts";
import type { Draft, KnownAnswer, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Observed, PoseContext, Skill } from "./contract.ts";
import { findLeak, secretsOf } from "./leak.ts";
import { defectInCopies } from "./own-copies.ts";
import { skeletonProbe, testFileProbes } from "./probes.ts";
import { onlyTests } from "./reduce.ts";
import { conditionalTest, isModule, readSource, relativeImport, samplesOf } from "./style.ts";
import { quoted, symptomsOf } from "./symptoms.ts";
import type { Place } from "./test-modules.ts";
import { variantsOf } from "./variants.ts";
import { besides, hide, testsByHome } from "./visible.ts";

const reasons = ["few-mutants", "no-unit", "no-test-to-cut", "no-rewrite", "leak", "own-copy"] as const;
/** The paper's figure: up to 16 variants a target. */
const maxMutants = 16;

/** A wrong form of the target, and the change behind it: a form that was made of a fix has the fix's commit. */
interface Wrong {
  readonly observed: Observed;
  readonly changeId: string;
  /** It stood in the repository: the code before a fix, or a fix without a part of it. */
  readonly real: boolean;
}

interface Kill extends Wrong {
  /** Tests of the chosen file that fail on it. */
  readonly killers: readonly string[];
}

interface Target {
  readonly file: string;
  readonly symbol: string;
  readonly wrong: readonly Wrong[];
}

/** The one symbol that a change edits, and its file; null where it edits several. */
function placeOf({ edits }: Candidate): { file: string; symbol: string } | null {
  const [place] = edits;
  if (!place || place.symbol === null) return null;
  return edits.every(({ file, symbol }) => file === place.file && symbol === place.symbol) ? { ...place, symbol: place.symbol } : null;
}

/**
 * What is wrong in one way or another with a symbol: a mutant that was put into it; what a commit repaired in it, whole and change by change;
 * slips in what the commit wrote there. A symbol that came with the commit has no form before it that could be called.
 */
function* wrongOf(observed: Observed, context: PoseContext): Generator<Wrong> {
  const { candidate } = observed;
  const changeId = candidate.id;
  if (candidate.kind === "mutant") return yield { observed, changeId, real: false };
  const stood = ({ candidate: { edits } }: Observed): boolean =>
    edits.every(({ file, symbol }) => {
      const text = candidate.before[file];
      return typeof text === "string" && context.language.units({ path: file, text }).some(({ name }) => name === symbol);
    });
  for (const one of [observed, ...variantsOf(observed, "hunk")]) if (stood(one)) yield { observed: one, changeId, real: true };
  for (const slip of variantsOf(observed, "slip")) yield { observed: slip, changeId, real: false };
}

/** Symbols with what is known to be wrong with them, real defects first. */
function targetsOf(context: PoseContext): Target[] {
  const targets = new Map<string, { file: string; symbol: string; wrong: Wrong[] }>();
  for (const wrong of context.all.flatMap((observed) => [...wrongOf(observed, context)])) {
    const place = placeOf(wrong.observed.candidate);
    if (place === null) continue;
    const key = `${place.file}#${place.symbol}`;
    const target = targets.get(key) ?? { ...place, wrong: [] };
    target.wrong.push(wrong);
    targets.set(key, target);
  }
  const sorted = [...targets.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, { file, symbol, wrong }]) => ({ file, symbol, wrong: wrong.sort((a, b) => Number(b.real) - Number(a.real)) }));
}

/** The wrong forms that the tests of one place kill, no two with the same killers and the same failure. */
function killsIn({ home, file }: Place, target: Target, context: PoseContext): Kill[] {
  const distinct = new Map<string, Kill>();
  for (const wrong of target.wrong) {
    const { observed } = wrong;
    const here = testsByHome(observed, context).find(({ place }) => place.home === home && place.file === file);
    if (here === undefined) continue;
    const killers = here.ids;
    const outcome = killers.map((id) => [
      id,
      observed.observation.failures[id]?.actual ?? observed.observation.failures[id]?.message ?? "",
    ]);
    const key = JSON.stringify(outcome);
    if (!distinct.has(key)) distinct.set(key, { ...wrong, killers });
  }
  return [...distinct.values()].slice(0, maxMutants);
}

interface Killing {
  readonly place: Place;
  readonly kills: readonly Kill[];
}

/** Files in which tests stand that kill something, those that kill most first. */
function ranked(target: Target, context: PoseContext): Killing[] {
  const places = target.wrong.flatMap(({ observed }) => testsByHome(observed, context).map(({ place }) => place));
  const distinct = new Map(places.map((place) => [`${place.home}\0${place.file}`, place]));
  return [...distinct.entries()]
    .map(([key, place]) => ({ key, place, kills: killsIn(place, target, context) }))
    .sort((a, b) => b.kills.length - a.kills.length || (a.key < b.key ? -1 : 1));
}

/** The first of these whose tests can be cut out, and the cut. */
function goldOf(killing: readonly Killing[], context: PoseContext): (Killing & { readonly gold: string }) | null {
  for (const { place, kills } of killing) {
    const gold = onlyTests(place, killersOf(kills), context);
    if (gold !== null) return { place, kills, gold };
  }
  return null;
}

const killersOf = (kills: readonly Kill[]): string[] => [...new Set(kills.flatMap((kill) => kill.killers))].sort();

/** Test files that reach a line of the unit. */
const coveringFiles = (target: Target, unit: Unit, context: PoseContext): string[] =>
  context.environment.testFiles
    .filter(({ covers }) => (covers[target.file] ?? []).some((line) => line >= unit.startLine && line <= unit.endLine))
    .map((test) => test.file);

/** Wrong forms that are shown in disguise, at most: one suffices to kill a test that reads the text, and where sources are built each costs a build. */
const maxDisguised = 4;

/**
 * The target, right and wrong, in texts that do not show which is which: `null` asks for the right one. Where it cannot be disguised the right
 * one comes in another text of the same behaviour, and the wrong one as it is.
 */
function disguisedForms(
  target: Target,
  text: string,
  kills: readonly Kill[],
  context: PoseContext,
): (wrong: number | null) => string | null {
  const { file, symbol } = target;
  const others = kills.slice(0, maxDisguised).map(({ observed: { candidate } }) => {
    const own = Object.keys(candidate.before).length === 1 ? candidate.before[file] : null;
    return typeof own === "string" ? own : text;
  });
  return (wrong) => {
    if (wrong !== null && (wrong >= others.length || others[wrong] === text)) return null;
    const make = (forms: readonly string[]): string | null =>
      context.language.disguise({ path: file, text }, forms, wrong, context.rng(`${file}#${symbol}`, "unit-tests/disguise"));
    // Forms that differ all over stand beside the right one in pieces.
    const made = make(others) ?? (wrong === null ? make(others.flatMap((other) => oneByOne(text, other))) : null);
    return made === null ? null : context.language.rewrite({ path: file, text: made }, [symbol]);
  };
}

/** One of the wrong forms in the copies of the package, as `defectInCopies` has it: what is the same there as in a copy fails on each of them. */
function anyInCopies(kills: readonly Kill[], context: PoseContext): Layer | null {
  for (const { observed } of kills) {
    const layer = defectInCopies(observed.candidate, context);
    if (layer !== null) return layer;
  }
  return null;
}

function trialsOf(
  target: Target,
  kills: readonly Kill[],
  hidden: Layer,
  rewrite: string,
  copies: Layer,
  path: string,
  form: (wrong: number) => string | null,
): Trial[] {
  const trial = (name: string, layer: Layer, kind: "answer-passes" | "answer-fails"): Trial => ({
    name,
    layer: mergeLayers(hidden, layer),
    answer: "file",
    files: [path],
    expect: { kind },
  });
  return [
    trial("clean", {}, "answer-passes"),
    trial("rewritten", { [target.file]: rewrite }, "answer-passes"),
    ...(Object.keys(copies).length === 0 ? [] : [trial("clean-defective-copy", copies, "answer-passes")]),
    ...kills.map(({ observed, real }, at): Trial => {
      const disguised = form(at);
      const shown = trial(
        `mutant-${at + 1}`,
        disguised === null ? observed.candidate.before : { [target.file]: disguised },
        "answer-fails",
      );
      // A mutant was seen to be killed once, perhaps by a test that fails now and then.
      return real ? shown : { ...shown, tentative: true };
    }),
  ];
}

function decoys(target: Target, goldFile: string, path: string, esm: boolean, context: PoseContext): KnownAnswer[] {
  const style = esm ? "esm" : "cjs";
  const samples = samplesOf(context);
  const suite = JSON.stringify(relativeImport(path, goldFile));
  const read = readSource(target.file, context.environment.revision.packageDir);
  const decoy = (name: string, text: string): KnownAnswer => ({ role: "decoy", name, text });
  return [
    decoy("no-test", "// nothing is tested here\n"),
    decoy("assert-true", samples.pass(style)),
    decoy("always-fail", samples.fail(style)),
    // Fails on every mutant, by assertion, and passes on the clean code: only the rewritten form tells it from a test.
    decoy("source-snapshot", conditionalTest(samples.pass(style), read, `source === ${JSON.stringify(context.text(target.file) ?? "")}`)),
    decoy("hidden-suite", esm ? `import ${suite};\n` : `require(${suite});\n`),
  ];
}

/** What the unit gives, as the hidden tests saw it on the clean code. */
function examplesOf(kills: readonly Kill[], context: PoseContext): string[] {
  const told = kills.flatMap(({ observed }) =>
    symptomsOf(observed, context, 6).flatMap(({ call, expected, selfContained, silent }) => {
      if (call === null || !selfContained) return [];
      if (silent) return [`${quoted(call)} throws ${expected === null ? "an error" : `an error: ${quoted(expected)}`}`];
      return expected === null ? [] : [`${quoted(call)} → ${quoted(expected)}`];
    }),
  );
  const secrets = { paths: [], symbols: [], tests: kills.flatMap(({ observed }) => observed.observation.failToPass), commits: [] };
  return [...new Set(told)].filter((example) => findLeak(example, secrets) === null).slice(0, 5);
}

const prompt = (target: Target, unit: Unit, examples: readonly string[], path: string, context: PoseContext): string =>
  [
    `Write unit tests for \`${target.symbol}\` in \`${target.file}\`.`,
    "",
    `Signature: ${quoted(unit.signature.trim())}`,
    ...(unit.doc === "" ? [] : ["", "Its documentation:", "", ...unit.doc.split("\n").map((line) => `> ${line}`)]),
    ...(examples.length === 0
      ? []
      : ["", "Seen at work (from calls of it, or of what uses it):", "", ...examples.map((example) => `- ${example}`)]),
    "",
    `The repository's runner is ${context.runner.name}. The file will be written to \`${path}\` and run alone.`,
    "All of its tests must pass on the code as it is, also when the code is only reformatted or its local variables are renamed.",
    "On each of several wrong variants of the code, which you do not see, at least one of them must fail, by an assertion or an error.",
    "The file may not hold a copy of the code that it tests. Answer with the text of the file only.",
  ].join("\n");

function pose(target: Target, context: PoseContext): Outcome<Draft> {
  const killing = ranked(target, context);
  const enough = killing.filter(({ kills }) => kills.length >= leastWrong);
  if (!enough[0]) return drop("unit-tests/few-mutants", `${killing[0]?.kills.length ?? 0} distinct killed mutants`);
  const text = context.text(target.file) ?? "";
  const unit = context.language.units({ path: target.file, text }).find((candidate) => candidate.name === target.symbol);
  if (!unit) return drop("unit-tests/no-unit", `${target.symbol} is not found in ${target.file}`);
  const best = goldOf(enough, context);
  if (!best) return drop("unit-tests/no-test-to-cut", `no test of ${enough[0].place.home} stands in it`);
  const { place, kills, gold } = best;
  const killers = killersOf(kills);
  const form = disguisedForms(target, text, kills, context);
  const other = form(null) ?? context.language.rewrite({ path: target.file, text }, [target.symbol]);
  if (other === text) return drop("unit-tests/no-rewrite", "no other text of the same behaviour could be made");
  const copies = anyInCopies(kills, context);
  if (copies === null) return drop("unit-tests/own-copy", "the runner needs a published copy of the package, which tells what is right");
  const path = besides(place, "unit", context);
  const hiddenFiles = [...new Set([...coveringFiles(target, unit, context), place.file, place.home])].sort();
  const hidden = hide(hiddenFiles, context);
  const words = prompt(target, unit, examplesOf(kills, context), path, context);
  const [first] = kills as [Kill, ...Kill[]];
  const leak = findLeak(words, secretsOf("unit-tests", first.observed.candidate, killers));
  if (leak) return drop("unit-tests/leak", leak);
  const subject = shortId(["unit-tests", context.environment.id, target.file, target.symbol]);
  const esm = isModule(place.home, gold);
  return keep({
    id: subject,
    skill: "unit-tests",
    changeId: first.changeId,
    pairId: null,
    environmentId: context.environment.id,
    prompt: words,
    visible: hidden,
    answerForm: "test-file",
    answerPath: path,
    interface: [target.symbol],
    facts: {
      mutants: kills.filter(({ real }) => !real).length,
      "real-defects": kills.filter(({ real }) => real).length,
      runner: context.runner.name,
      "unit-lines": unit.endLine - unit.startLine + 1,
    },
    judgement: { kind: "trials" },
    premises: [],
    trials: trialsOf(target, kills, hidden, other, copies, path, form),
    answers: [
      { role: "gold", name: "gold", text: gold },
      { role: "blank", name: "blank", text: "" },
      ...decoys(target, place.home, path, esm, context),
      ...testFileProbes(esm, context),
      skeletonProbe(target.file, text, false, esm, context),
    ],
    failToPass: killers,
    passToPass: [],
  });
}

export const unitTests = Object.freeze({
  name: "unit-tests",
  version: 15,
  reasons,
  *pose(context: PoseContext) {
    for (const target of targetsOf(context)) {
      yield { subject: shortId(["unit-tests", context.environment.id, target.file, target.symbol]), outcome: pose(target, context) };
    }
  },
}) satisfies Skill;
