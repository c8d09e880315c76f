/** Where is it? The symptom is told, the names of the place are withheld, and the files to name are causal by execution. */
import { shortId } from "../lib/hash.ts";
import { type Bag, bagOf, bestFunction, rankBags } from "../lib/text-search.ts";
import type { Draft, KnownAnswer, Location, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Observed, PoseContext, Skill } from "./contract.ts";
import { findLeak, maskNames, secretsOf } from "./leak.ts";
import { isTelling, type Symptom, symptomsOf, tell } from "./symptoms.ts";
import { brokenPremise, defectiveTree, fileOfTest, filesOf, hideFailing, hideTests, otherSources } from "./visible.ts";

const reasons = ["no-gold", "thin-evidence", "leak", "one-file", "obvious"] as const;

const asAnswer = (locations: readonly Location[]): string =>
  JSON.stringify({ locations: locations.map(({ file, symbol }) => (symbol === null ? { file } : { file, symbol })) });

/** Files that were there before the fix and do something else since: what is new cannot be found, and a changed comment repairs nothing. */
const mayBeGold = ({ candidate }: Observed, file: string, context: PoseContext): boolean => {
  const [before, after] = [candidate.before[file], context.text(file)];
  return typeof before === "string" && after !== null && context.language.emitsDifferently(file, after, before);
};

/** Edited source files with their enclosing symbols; a file edited outside any symbol that was there before stands alone. */
function goldOf(observed: Observed, context: PoseContext): Location[] {
  const { candidate } = observed;
  const seen = new Map<string, Location>();
  for (const file of new Set(candidate.edits.map((edit) => edit.file))) {
    if (!mayBeGold(observed, file, context)) continue;
    const known = new Set(context.language.units({ path: file, text: candidate.before[file] ?? "" }).map(({ name }) => name));
    for (const edit of candidate.edits.filter((one) => one.file === file)) {
      const symbol = edit.symbol !== null && known.has(edit.symbol) ? edit.symbol : null;
      seen.set(`${file}\0${symbol ?? ""}`, { file, symbol });
    }
  }
  return [...seen.values()];
}

/** Restoring the labelled files, beside what is new, makes the tests pass; leaving any one of them broken leaves one failing. */
function causalPremises(observed: Observed, gold: readonly Location[]): Trial[] {
  const { candidate, observation } = observed;
  const files = filesOf(observation.failToPass);
  const labelled = [...new Set(gold.map(({ file }) => file))];
  const leaveOut = labelled.length < 2 ? [] : labelled;
  const rest = Object.fromEntries(Object.entries(candidate.before).filter(([file, text]) => text !== null && !labelled.includes(file)));
  return [
    { name: "restored", layer: rest, answer: "none", files, expect: { kind: "tests", pass: observation.failToPass, fail: [] } },
    ...leaveOut.map(
      (file, at): Trial => ({
        name: `left-out-${at + 1}`,
        layer: { ...rest, [file]: candidate.before[file] ?? null },
        answer: "none",
        files,
        expect: { kind: "some-fail", among: observation.failToPass },
      }),
    ),
  ];
}

const isWithin = ({ of }: Symptom, files: readonly string[]): boolean => of !== null && files.includes(of.file);

/** What a call into a gold file goes by leads to the file. */
const namesWithin = (symptoms: readonly Symptom[], files: readonly string[]): string[] =>
  symptoms.flatMap((symptom) => (symptom.of !== null && isWithin(symptom, files) ? [symptom.of.symbol] : []));

/** Calls into a gold file lose their name, and with it a part of what they say: calls into others come before them, and failures after both. */
function fartherFirst(symptoms: readonly Symptom[], files: readonly string[]): readonly Symptom[] {
  const rank = (symptom: Symptom): number => (symptom.of === null ? 2 : Number(isWithin(symptom, files)));
  return [...symptoms].sort((a, b) => rank(a) - rank(b));
}

/** Of a source file what guessing goes by. */
interface Guessed {
  readonly size: number;
  readonly bag: Bag;
}

const guessed = (name: string, text: string): Guessed => ({ size: text.length, bag: bagOf({ name, text: `${name}\n${text}` }) });

/** What is asked about one change after another. */
interface Posing {
  readonly context: PoseContext;
  readonly healthy: (name: string) => Guessed;
}

/** The healthy files, each looked at once for all changes. */
function healthyFiles(context: PoseContext): (name: string) => Guessed {
  const known = new Map<string, Guessed>();
  return (name) => {
    const found = known.get(name) ?? guessed(name, context.text(name) ?? "");
    known.set(name, found);
    return found;
  };
}

/**
 * Can the file be named without a thought, as the largest of the tree or as the one that the question's words match best? Then the places in
 * it are what is asked for.
 */
function isObvious(
  { candidate: { before } }: Observed,
  files: readonly string[],
  questions: readonly string[],
  { context, healthy }: Posing,
): boolean {
  const [file] = files;
  if (file === undefined || files.some((other) => other !== file)) return false;
  const all = context.environment.sourceFiles.map((name) =>
    Object.hasOwn(before, name) ? guessed(name, before[name] ?? "") : healthy(name),
  );
  const largest = all.reduce((best, one) => (one.size > best.size ? one : best));
  const bags = all.map(({ bag }) => bag);
  return file === largest.bag.name || questions.some((words) => rankBags(words, bags)[0] === file);
}

/** Is the place the function of its file that the question's words match best? Whoever only searches names it. */
function isNamedByWords({ candidate }: Observed, gold: readonly Location[], words: string, { language }: PoseContext): boolean {
  const [place, more] = gold;
  if (place === undefined || more !== undefined) return false;
  const text = candidate.before[place.file] ?? "";
  return bestFunction(words, text, language.units({ path: place.file, text })) === place.symbol;
}

/** Named places of the file that is to be named, beside those that are to be named in it. */
function otherPlaces(observed: Observed, gold: readonly Location[], { language }: PoseContext): readonly string[] {
  const [{ file }] = gold as [Location];
  const places = gold.map(({ symbol }) => symbol);
  const names = new Set(language.units({ path: file, text: observed.candidate.before[file] ?? "" }).map(({ name }) => name));
  return [...names].filter((name) => !places.some((place) => place === name || place?.endsWith(`.${name}`)));
}

/** Where there is no other file, so many places make a question: who guesses is right once in six times. */
const fewestPlaces = 5;

/** Is there nothing to choose from? Of several files that are to be named, a part could be. */
function isChoiceless(observed: Observed, gold: readonly Location[], context: PoseContext): boolean {
  if (otherSources(observed, context).length > 0) return false;
  return gold.some(({ file }) => file !== gold[0]?.file) || otherPlaces(observed, gold, context).length < fewestPlaces;
}

/** Another place of the file that is to be named, and the file without any. */
function obviousDecoys(observed: Observed, gold: readonly Location[], context: PoseContext): KnownAnswer[] {
  const [{ file }] = gold as [Location];
  const [other] = context.rng(observed.candidate.id, "localization/other-symbol").shuffle(otherPlaces(observed, gold, context));
  const decoy = (name: string, answer: readonly Location[]): KnownAnswer => ({ role: "decoy", name, text: asAnswer(answer) });
  return [decoy("file-alone", [{ file, symbol: null }]), ...(other ? [decoy("other-symbol", [{ file, symbol: other }])] : [])];
}

function decoys(observed: Observed, gold: readonly Location[], context: PoseContext): KnownAnswer[] {
  const others = otherSources(observed, context);
  const failing = fileOfTest(observed.observation.failToPass[0] ?? "");
  const neighbour = context.rng(observed.candidate.id, "localization/neighbour").shuffle(others)[0];
  const decoy = (name: string, files: readonly string[]): KnownAnswer => ({
    role: "decoy",
    name,
    text: asAnswer(files.map((file) => ({ file, symbol: null }))),
  });
  const goldFiles = [...new Set(gold.map((item) => item.file))];
  return [
    decoy("every-file", context.environment.sourceFiles),
    decoy("failing-test-file", [failing]),
    ...(goldFiles.length < 2 ? [] : [decoy("gold-in-part", goldFiles.slice(1))]),
    ...(neighbour === undefined ? [] : [decoy("gold-and-neighbour", [...goldFiles, neighbour]), decoy("neighbour", [neighbour])]),
  ];
}

const probes: readonly KnownAnswer[] = [
  { role: "probe", name: "everything-glob", text: asAnswer([{ file: "**/*", symbol: null }]) },
  { role: "probe", name: "no-json", text: "The defect is in the file that you are looking for." },
  { role: "probe", name: "empty-list", text: asAnswer([]) },
  { role: "probe", name: "own-reward", text: JSON.stringify({ locations: [], reward: 1 }) },
];

const symbolTold = {
  free: "`symbol` is the enclosing function, method or class, with dots between nested names; it may be left out.",
  asked:
    "`symbol` is the innermost named function, method or class around what has to change, with dots between nested names. It must be there and be right; one entry for each such place.",
} as const;

function prompt(seen: readonly string[], symbol: keyof typeof symbolTold): string {
  const withheld = seen.some((text) => /\bFN\b/.test(text)) ? "`FN` stands for any name that is withheld here. " : "";
  return [
    "Something in this repository does not behave as it should. What was seen:",
    "",
    ...seen.map((text) => `- ${text}`),
    "",
    `${withheld}The tests that show the defect are not part of the tree.`,
    "",
    "Find the source code that has to change to repair this. Answer with JSON only:",
    '{"locations":[{"file":"path/from/the/root","symbol":"Enclosing.name"}]}',
    `Name every file that has to change and no other. ${symbolTold[symbol]}`,
  ].join("\n");
}

/** Words of a file's name, in small letters: `test/api.isMatch.js` has `api`, `ismatch` and `js`. */
const wordsOfName = (path: string): string[] =>
  path
    .slice(path.lastIndexOf("/") + 1)
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
/** Of every name, and of no place. */
const commonWords: ReadonlySet<string> = new Set([
  "",
  "js",
  "cjs",
  "mjs",
  "jsx",
  "ts",
  "cts",
  "mts",
  "tsx",
  "test",
  "tests",
  "spec",
  "index",
]);

/**
 * The solver's tree. Where each function has a test file of its name, the one that is missing would name the place: then no test file is
 * shown at all.
 */
function visibleTree(observed: Observed, gold: readonly Location[], context: PoseContext): Layer {
  const tree = defectiveTree(observed, context);
  const last = (symbol: string): string => symbol.slice(symbol.lastIndexOf(".") + 1).replace("#", "");
  const places = gold.flatMap(({ file, symbol }) => [...wordsOfName(file), ...(symbol === null ? [] : [last(symbol).toLowerCase()])]);
  const telling = new Set(places.filter((word) => !commonWords.has(word)));
  const missing = Object.keys(hideFailing(observed, context)).flatMap(wordsOfName);
  return missing.some((word) => telling.has(word)) ? mergeLayers(tree, hideTests(context)) : tree;
}

function pose(observed: Observed, posing: Posing): Outcome<Draft> {
  const { context } = posing;
  const { candidate, observation } = observed;
  const gold = goldOf(observed, context);
  if (gold.length === 0) return drop("localization/no-gold", "the fix edits no existing source file");
  if (isChoiceless(observed, gold, context))
    return drop("localization/one-file", "there is no other source file to name, and too few places in this one");
  const symbols = candidate.edits.flatMap(({ symbol }) => (symbol === null ? [] : [symbol]));
  const files = gold.map((item) => item.file);
  const secrets = secretsOf("localization", candidate, observation.failToPass);
  const telling = fartherFirst(symptomsOf(observed, context, 12).filter(isTelling), files);
  const mask = (text: string): string => maskNames(text, [...symbols, ...namesWithin(telling, files)]);
  if (telling.length === 0) return drop("localization/thin-evidence", "no failure says what went wrong");
  const clean = telling
    .map((symptom) => mask(tell(symptom)))
    .filter((text) => findLeak(text, secrets) === null)
    .slice(0, 3);
  const first = telling[0];
  if (clean.length === 0) return drop("localization/leak", first ? (findLeak(mask(tell(first)), secrets) ?? "") : "");
  const obvious = isObvious(observed, files, [clean.join("\n"), prompt(clean, "free")], posing);
  if (obvious && gold.some(({ symbol }) => symbol === null))
    return drop("localization/obvious", "the file can be guessed, and the place in it has no name");
  const words = prompt(clean, obvious ? "asked" : "free");
  if (obvious && isNamedByWords(observed, gold, words, context))
    return drop("localization/obvious", "the file can be guessed, and the question's words name the place in it");
  const leak = findLeak(words, { ...secrets, symbols: [] });
  if (leak) return drop("localization/leak", leak);
  return keep({
    id: shortId(["localization", candidate.id]),
    skill: "localization",
    changeId: candidate.id,
    pairId: null,
    environmentId: context.environment.id,
    prompt: words,
    visible: visibleTree(observed, gold, context),
    answerForm: "locations",
    answerPath: null,
    interface: [],
    facts: {
      "gold-files": new Set(files).size,
      "candidate-files": context.environment.sourceFiles.length,
      "failing-tests": observation.failToPass.length,
    },
    judgement: obvious ? { kind: "locations", gold, symbols: true } : { kind: "locations", gold },
    premises: [brokenPremise(observed), ...causalPremises(observed, gold)],
    trials: [],
    answers: [
      { role: "gold", name: "gold", text: asAnswer(gold) },
      { role: "blank", name: "blank", text: "" },
      ...decoys(observed, gold, context),
      ...(obvious ? obviousDecoys(observed, gold, context) : []),
      ...probes,
    ],
    failToPass: observation.failToPass,
    passToPass: observation.passToPass,
  });
}

export const localization = Object.freeze({
  name: "localization",
  version: 12,
  reasons,
  *pose(context: PoseContext) {
    const healthy = healthyFiles(context);
    for (const observed of context.all) yield { subject: observed.candidate.id, outcome: pose(observed, { context, healthy }) };
  },
}) satisfies Skill;
