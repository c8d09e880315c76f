/**
 * Would you merge it? A matched pair per change: one diff that repairs the defect and one of the same size, at the same lines, that
 * puts another defect in its place. Labels come from execution alone.
 */
import { changedLines, layerChanges, unifiedDiff } from "../lib/diff.ts";
import { shortId } from "../lib/hash.ts";
import type { Mutant } from "../schemas/candidate.ts";
import type { Draft, Finding, KnownAnswer, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Observed, PoseContext, Posed, Skill } from "./contract.ts";
import { findLeak, secretsOf } from "./leak.ts";
import { isTelling, symptomsOf, tell } from "./symptoms.ts";
import { brokenPremise, defectiveTree, fileOfTest, hideFailing } from "./visible.ts";

const reasons = ["no-rival", "not-a-mutant", "thin-evidence", "leak"] as const;

interface Pair {
  readonly observed: Observed;
  readonly mutant: Mutant;
  readonly rival: Observed & { candidate: Mutant };
}

const isMutant = (observed: Observed): observed is Observed & { candidate: Mutant } => observed.candidate.kind === "mutant";

/** Another killed mutant of exactly the same lines of the same file, with other text there and as many lines as the clean file has. */
function rivalOf(observed: Observed, mutant: Mutant, context: PoseContext): Pair["rival"] | null {
  const site = mutant.sites[0];
  if (!site || mutant.sites.length !== 1) return null;
  const rivals = context.all.filter(isMutant).filter(({ candidate }) => {
    const [place] = candidate.sites;
    return (
      candidate.id !== mutant.id &&
      candidate.sites.length === 1 &&
      place?.file === site.file &&
      place.startLine === site.startLine &&
      place.endLine === site.endLine &&
      candidate.before[site.file] !== mutant.before[site.file] &&
      lineCount(candidate.before[site.file]) === lineCount(context.text(site.file))
    );
  });
  return context.rng(observed.candidate.id, "review/rival").shuffle(rivals)[0] ?? null;
}

/** Lines in which a mutant differs from the clean tree, counted in the mutant's files: where the wrong diff leaves its defect. */
function defectOf(rival: Mutant, context: PoseContext): Finding[] {
  const { after } = changedLines(unifiedDiff(layerChanges({}, rival.before, context.text)));
  return after.map(({ file, start, end }) => ({ file, startLine: start, endLine: end, category: "defect" }));
}

const lineCount = (text: string | null | undefined): number => (text ?? "").split("\n").length;

function premisesOf({ observed, rival }: Pair, context: PoseContext, hidden: readonly string[]): Trial[] {
  const { failToPass, passToPass, files } = rival.observation;
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
      layer: rival.candidate.before,
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

function answersOf(arm: "right" | "wrong", mutant: Mutant, defects: readonly Finding[]): KnownAnswer[] {
  const far = defects.map((defect) => ({ ...defect, startLine: defect.endLine + 40, endLine: defect.endLine + 40 }));
  const everywhere = [{ file: mutant.sites[0]?.file ?? "", startLine: 1, endLine: 100_000, category: "defect" }];
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
    diff.trimEnd(),
    "```",
    "",
    "Would you merge it? It must repair what is described and break nothing else. Answer with JSON only:",
    '{"verdict":"approve"|"request_changes","findings":[{"file":"path","startLine":1,"endLine":1,"category":"defect"}]}',
    "With `approve`, leave `findings` empty. With `request_changes`, name the wrong lines, as they are numbered once the diff is applied, in at most 3 findings.",
  ].join("\n");

function arm(kind: "right" | "wrong", pair: Pair, symptoms: readonly string[], context: PoseContext): Draft {
  const { observed, mutant, rival } = pair;
  const clean: Layer = Object.fromEntries(Object.keys(mutant.before).map((file) => [file, context.text(file)]));
  const defects = defectOf(rival.candidate, context);
  const target = kind === "right" ? clean : mergeLayers(clean, rival.candidate.before);
  const hidden = mergeLayers(hideFailing(observed, context), hideFailing(rival, context));
  return {
    id: shortId(["review", mutant.id, kind]),
    skill: "review",
    changeId: mutant.id,
    pairId: shortId(["review-pair", mutant.id]),
    environmentId: context.environment.id,
    prompt: prompt(symptoms, unifiedDiff(layerChanges(mutant.before, target, context.text))),
    visible: mergeLayers(defectiveTree(observed, context), hidden),
    answerForm: "review",
    answerPath: null,
    interface: [],
    facts: { "changed-lines": mutant.sites.reduce((sum, site) => sum + site.endLine - site.startLine + 1, 0) },
    judgement:
      kind === "right" ? { kind: "review", verdict: "approve", defects: [] } : { kind: "review", verdict: "request_changes", defects },
    premises: premisesOf(pair, context, Object.keys(hidden)),
    trials: [],
    answers: answersOf(kind, mutant, defects),
    failToPass: observed.observation.failToPass,
    passToPass: observed.observation.passToPass,
  };
}

function* pose(observed: Observed, context: PoseContext): Generator<Posed> {
  const { candidate, observation } = observed;
  const no = (outcome: Outcome<Draft>): Posed => ({ subject: candidate.id, outcome });
  if (!isMutant(observed)) return yield no(drop("review/not-a-mutant", "wrong arms of commits come from mutants of their added lines"));
  const rival = rivalOf(observed, observed.candidate, context);
  if (!rival) return yield no(drop("review/no-rival", "no other killed mutant on the same lines"));
  const telling = symptomsOf(observed, context, 12).filter(isTelling).map(tell);
  if (telling.length === 0) return yield no(drop("review/thin-evidence", "no failure says what was to be repaired"));
  const secrets = secretsOf("review", candidate, [...observation.failToPass, ...rival.observation.failToPass]);
  const symptoms = telling.filter((text) => findLeak(text, secrets) === null).slice(0, 3);
  if (symptoms.length === 0) return yield no(drop("review/leak", findLeak(telling[0] ?? "", secrets) ?? ""));
  const pair: Pair = { observed, mutant: observed.candidate, rival };
  const arms = (["right", "wrong"] as const).map((kind) => ({ kind, draft: arm(kind, pair, symptoms, context) }));
  const leak = arms.map(({ draft }) => findLeak(draft.prompt, secrets)).find((found) => found !== null);
  if (leak) return yield no(drop("review/leak", leak));
  for (const { kind, draft } of arms) yield { subject: `${candidate.id}/${kind}`, outcome: keep(draft) };
}

export const review = Object.freeze({
  name: "review",
  version: 4,
  reasons,
  *pose(context: PoseContext) {
    for (const observed of context.all) yield* pose(observed, context);
  },
}) satisfies Skill;
