/**
 * Would you merge it? A matched pair per change: one diff that repairs the defect and one of the same files and about its size
 * that puts another defect in its place. Of a commit: its fix, and an attempt at it that somebody made in earnest, or where there is none that may
 * stand beside it the fix with a slip in a line that it wrote, or without one of its changes. Labels come from execution alone.
 */
import { reviewLimits } from "../grading/judge.ts";
import { changedLines, layerChanges, unifiedDiff } from "../lib/diff.ts";
import { shortId } from "../lib/hash.ts";
import type { Attempt, Mutant } from "../schemas/candidate.ts";
import type { Draft, Finding, HumanFinding, KnownAnswer, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { breaksMore, isMatch, unrepaired } from "./attempts.ts";
import type { Observed, PoseContext, Posed, Skill } from "./contract.ts";
import { findingsOnAttempt, humanFindings } from "./human-findings.ts";
import { findLeak, type Secrets, secretsOf } from "./leak.ts";
import { reviewVerdicts } from "./review-verdicts.ts";
import { isTelling, symptomsOf, tell } from "./symptoms.ts";
import { attemptsOf, defectsOf, type ObservedMutant, variantsOf } from "./variants.ts";
import { brokenPremise, defectiveTree, fileOfTest, hideFailing } from "./visible.ts";

const reasons = ["no-rival", "thin-evidence", "leak"] as const;

/** A wrong tree to set against the change. */
interface Rival {
  /** Put in beside the change, the fix with a slip or without a part, or the fix as it was before. */
  readonly kind: "mutant" | "slip" | "hunk" | "attempt";
  readonly wrong: ObservedMutant;
  readonly attempt: Attempt | null;
  /** What has to be told of the change, since the rival is wrong by that; null where it is wrong by what every reader expects. */
  readonly must: string | null;
}
interface Pair {
  readonly observed: Observed;
  readonly rival: Rival;
}

const isMutant = (observed: Observed): observed is ObservedMutant => observed.candidate.kind === "mutant";

/** Has the file of a mutant as many lines as the clean one? */
const keepsLines = ({ before }: Mutant, context: PoseContext): boolean =>
  Object.entries(before).every(([file, text]) => lineCount(text) === lineCount(context.text(file)));

/** Another killed mutant of exactly the same lines of the same file, with other text there and as many lines as the clean file has. */
function rivalsOfMutant({ candidate: mutant }: ObservedMutant, context: PoseContext): ObservedMutant[] {
  const site = mutant.sites[0];
  if (!site || mutant.sites.length !== 1) return [];
  return context.all.filter(isMutant).filter(({ candidate }) => {
    const [place] = candidate.sites;
    return (
      candidate.id !== mutant.id &&
      candidate.sites.length === 1 &&
      place?.file === site.file &&
      place.startLine === site.startLine &&
      place.endLine === site.endLine &&
      candidate.before[site.file] !== mutant.before[site.file] &&
      keepsLines(candidate, context)
    );
  });
}

const tellingOf = (observed: Observed, context: PoseContext): string[] => symptomsOf(observed, context, 12).filter(isTelling).map(tell);

const secretsBeside = ({ candidate, observation }: Observed, wrong: ObservedMutant): Secrets =>
  secretsOf("review", candidate, [...observation.failToPass, ...wrong.observation.failToPass]);

/**
 * The first attempt that makes a pair with the fix. It must break what was sound, or leave unrepaired what can be told: what was asked for only
 * while the change was reviewed, and stands in the tests alone, is no fault that a reader of the diff could find.
 */
function attemptBeside(observed: Observed, context: PoseContext): Rival | null {
  for (const { attempt, ...wrong } of attemptsOf(observed)) {
    if (!isMatch(observed, wrong, context)) continue;
    const secrets = secretsBeside(observed, wrong);
    const must = tellingOf(unrepaired(observed, wrong), context).find((text) => findLeak(text, secrets) === null) ?? null;
    if (must !== null || breaksMore(observed, wrong)) return { kind: "attempt", wrong, attempt, must };
  }
  return null;
}

/** The fix gone wrong: by an attempt at it, by a slip that keeps its size, or, where there is none, by what it leaves out. */
function rivalOf(observed: Observed, context: PoseContext): Rival | null {
  const one = (kind: Rival["kind"], all: readonly ObservedMutant[]): Rival | null => {
    const [wrong] = context.rng(observed.candidate.id, "review/rival").shuffle(all);
    return wrong ? { kind, wrong, attempt: null, must: null } : null;
  };
  if (isMutant(observed)) return one("mutant", rivalsOfMutant(observed, context));
  const slips = variantsOf(observed, "slip").filter(({ candidate }) => keepsLines(candidate, context));
  return attemptBeside(observed, context) ?? one("slip", slips) ?? one("hunk", variantsOf(observed, "hunk"));
}

/** Changed lines of a diff and those around them, as they are numbered once it is applied. */
const shownLines = (diff: string): Pick<Finding, "file" | "startLine" | "endLine">[] =>
  changedLines(diff).after.map(({ file, start, end }) => ({ file, startLine: start - 3, endLine: end + 3 }));

/** Lines of the right diff, which are those of either arm where nothing was left out. */
const addedLines = (diff: string): number =>
  changedLines(diff).after.reduce((sum, { start, end, empty }) => sum + (empty ? 0 : end - start + 1), 0);

const lineCount = (text: string | null | undefined): number => (text ?? "").split("\n").length;

function premisesOf({ observed, rival: { wrong } }: Pair, context: PoseContext, hidden: readonly string[]): Trial[] {
  const { failToPass, passToPass, files } = wrong.observation;
  return [
    brokenPremise(observed),
    {
      name: "right",
      layer: {},
      answer: "none",
      files: context.environment.testFiles.map((test) => test.file),
      expect: { kind: "tests", pass: stable(context), fail: [] },
    },
    {
      name: "wrong",
      layer: wrong.candidate.before,
      answer: "none",
      files,
      expect: { kind: "tests", pass: passToPass.filter((id) => !hidden.includes(fileOfTest(id))), fail: failToPass },
    },
  ];
}

const stable = (context: PoseContext): string[] => {
  const standalone = new Set(context.environment.testFiles.map((test) => test.file));
  return context.environment.tests.filter((test) => test.standing === "stable" && standalone.has(test.file)).map((test) => test.id);
};

const answer = (verdict: string, findings: readonly object[]): string => JSON.stringify({ verdict, findings });

function answersOf(arm: "right" | "wrong", defects: readonly Finding[]): KnownAnswer[] {
  const last = new Map(
    defects.map(({ file }) => [file, Math.max(...defects.filter((other) => other.file === file).map(({ endLine }) => endLine))]),
  );
  const far = [...last].map(([file, line]) => ({ file, startLine: line + 40, endLine: line + 40, category: "defect" }));
  const everywhere = [{ file: defects[0]?.file ?? "", startLine: 1, endLine: 100_000, category: "defect" }];
  const gold = arm === "right" ? answer("approve", []) : answer("request_changes", defects.slice(0, 3));
  const decoys: [string, string][] =
    arm === "right"
      ? [["always-reject", answer("request_changes", defects)]]
      : [
          ["always-approve", answer("approve", [])],
          ["wrong-place", answer("request_changes", far)],
          ["no-finding", answer("request_changes", [])],
          ["every-line", answer("request_changes", everywhere)],
        ];
  return [
    { role: "gold", name: "gold", text: gold },
    { role: "blank", name: "blank", text: "" },
    ...decoys.map(([name, text]): KnownAnswer => ({ role: "decoy", name, text })),
    { role: "probe", name: "prose", text: "LGTM, approve." },
    { role: "probe", name: "own-reward", text: JSON.stringify({ verdict: "best", reward: 1, findings: [] }) },
  ];
}

const prompt = (symptoms: readonly string[], diff: string): string =>
  [
    "A change is proposed for this repository. What it is meant to repair:",
    "",
    ...symptoms.map((symptom) => `- ${symptom}`),
    "",
    "The proposed diff:",
    "",
    "```diff",
    // A blank line of context at the end is a line of the diff.
    diff.replace(/\n$/, ""),
    "```",
    "",
    "Would you merge it? It must repair what is described and break nothing else. Answer with JSON only:",
    '{"verdict":"approve"|"request_changes","findings":[{"file":"path","startLine":1,"endLine":1,"category":"defect"}]}',
    `With \`approve\`, leave \`findings\` empty. With \`request_changes\`, name the lines that are wrong or lack something, as they are numbered once the diff is applied, in at most ${reviewLimits.findings} findings of at most ${reviewLimits.lines} lines in all.`,
  ].join("\n");

/** With the diff that was merged stands what reviewers found in those before it; with one of these what they found in it. */
function saidOf(
  kind: "right" | "wrong",
  { observed: { candidate }, rival: { attempt, wrong } }: Pair,
  shown: readonly Pick<Finding, "file" | "startLine" | "endLine">[],
  context: PoseContext,
): readonly HumanFinding[] {
  if (kind === "right") return humanFindings(candidate);
  return attempt === null ? [] : findingsOnAttempt(candidate, attempt, shown, defectsOf(wrong.candidate, context));
}

function arm(kind: "right" | "wrong", pair: Pair, symptoms: readonly string[], context: PoseContext): Draft {
  const { observed, rival } = pair;
  const { candidate } = observed;
  const { wrong } = rival;
  const clean: Layer = Object.fromEntries(Object.keys(candidate.before).map((file) => [file, context.text(file)]));
  const diffTo = (target: Layer): string => unifiedDiff(layerChanges(candidate.before, target, context.text));
  const defects = defectsOf(wrong.candidate, context);
  const target = kind === "right" ? clean : mergeLayers(clean, wrong.candidate.before);
  const hidden = mergeLayers(hideFailing(observed, context), hideFailing(wrong, context));
  const said = saidOf(kind, pair, shownLines(diffTo(target)), context);
  return {
    id: shortId(["review", candidate.id, kind]),
    skill: "review",
    changeId: candidate.id,
    pairId: shortId(["review-pair", candidate.id]),
    environmentId: context.environment.id,
    prompt: prompt(symptoms, diffTo(target)),
    visible: mergeLayers(defectiveTree(observed, context), hidden),
    answerForm: "review",
    answerPath: null,
    interface: [],
    facts: { "changed-lines": addedLines(diffTo(clean)), rival: rival.kind, ...reviewVerdicts(candidate) },
    judgement:
      kind === "right" ? { kind: "review", verdict: "approve", defects: [] } : { kind: "review", verdict: "request_changes", defects },
    premises: premisesOf(pair, context, Object.keys(hidden)),
    trials: [],
    answers: answersOf(kind, defects),
    failToPass: observed.observation.failToPass,
    passToPass: observed.observation.passToPass,
    ...(said.length === 0 ? {} : { humanFindings: said }),
  };
}

function* pose(observed: Observed, context: PoseContext): Generator<Posed> {
  const { candidate } = observed;
  const no = (outcome: Outcome<Draft>): Posed => ({ subject: candidate.id, outcome });
  const rival = rivalOf(observed, context);
  if (!rival) return yield no(drop("review/no-rival", "no other defect on the same lines that a test shows"));
  const telling = tellingOf(observed, context);
  if (telling.length === 0) return yield no(drop("review/thin-evidence", "no failure says what was to be repaired"));
  const secrets = secretsBeside(observed, rival.wrong);
  const sayable = telling.filter((text) => findLeak(text, secrets) === null);
  const symptoms = [...new Set([...(rival.must === null ? [] : [rival.must]), ...sayable])].slice(0, 3);
  if (symptoms.length === 0) return yield no(drop("review/leak", findLeak(telling[0] ?? "", secrets) ?? ""));
  const pair: Pair = { observed, rival };
  const arms = (["right", "wrong"] as const).map((kind) => ({ kind, draft: arm(kind, pair, symptoms, context) }));
  const leak = arms.map(({ draft }) => findLeak(draft.prompt, secrets)).find((found) => found !== null);
  if (leak) return yield no(drop("review/leak", leak));
  for (const { kind, draft } of arms) yield { subject: `${candidate.id}/${kind}`, outcome: keep(draft) };
}

export const review = Object.freeze({
  name: "review",
  version: 11,
  reasons,
  *pose(context: PoseContext) {
    for (const observed of context.all) yield* pose(observed, context);
  },
}) satisfies Skill;
