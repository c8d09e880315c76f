import { describe, expect, it } from "vitest";
import { prove } from "../../grading/prove.ts";
import type { Draft, KnownAnswer, Trial } from "../../schemas/instance.ts";
import type { Layer } from "../../schemas/layer.ts";
import { type Asked, defective, draftOf, environmentOf, type Script, standOf, tree } from "./stand.ts";

const path = "test/add-repro.test.js";
const trial = (name: string, layer: Layer, kind: "answer-passes" | "answer-fails"): Trial => ({
  name,
  layer,
  answer: "file",
  files: [path],
  expect: { kind },
});
const premise: Trial = {
  name: "before",
  layer: { "src/add.js": defective },
  answer: "none",
  files: ["test/add.test.js"],
  expect: { kind: "tests", pass: ["test/add.test.js > keeps zero"], fail: ["test/add.test.js > adds"] },
};
const answer = (role: KnownAnswer["role"], text: string): KnownAnswer => ({ role, name: text, text: role === "blank" ? "" : text });
const draft = (over: Partial<Draft> = {}): Draft =>
  draftOf({
    skill: "reproduction",
    answerForm: "test-file",
    answerPath: path,
    premises: [premise],
    trials: [trial("before", { "src/add.js": defective }, "answer-fails"), trial("after", {}, "answer-passes")],
    answers: [
      answer("gold", "right"),
      answer("blank", "blank"),
      answer("decoy", "always"),
      answer("decoy", "never"),
      answer("probe", "exits"),
    ],
    ...over,
  });

/** What the answer's words make its test do on a tree. */
const behaves = (text: (path: string) => string | null, files: readonly string[]): Script => {
  const broken = text("src/add.js") !== tree["src/add.js"];
  if (!files.includes(path)) return { files: { "test/add.test.js": [broken ? "-adds" : "+adds", "+keeps zero"] } };
  const said = text(path) ?? "";
  if (said.startsWith("exits")) return { files: {}, complete: false, exitCode: 0 };
  const red = said.startsWith("always") || (said.startsWith("right") && broken);
  return { files: { [path]: [red ? "-it" : "+it"] } };
};

const story = (asked: readonly Asked[]): string[] =>
  asked.map(
    ({ layer, files }) =>
      `${files.includes(path) ? layer[path] : "premise"} on ${(layer["src/add.js"] ?? tree["src/add.js"]) === tree["src/add.js"] ? "after" : "before"}`,
  );
const reasonOf = (outcome: Awaited<ReturnType<typeof prove>>): string | null => (outcome.kept ? null : outcome.reason);

describe("the prover", () => {
  it("runs premises, gold and then every wrong answer once, and keeps what all of them scored", async () => {
    const { workspace, asked } = standOf(behaves);
    const outcome = await prove(draft(), workspace, { repeats: 2, quarantine: true });
    expect(outcome).toEqual({
      kept: true,
      value: {
        draft: draft(),
        proof: {
          repeats: 2,
          premisesHeld: 2,
          gold: [1, 1],
          blank: 0,
          decoys: [
            { name: "always", reward: 0, reason: "fails-where-it-must-pass" },
            { name: "never", reward: 0, reason: "passes-where-it-must-fail" },
          ],
          probes: [{ name: "exits", reward: 0, reason: "ended-early" }],
          goldComponents: { before: 1, after: 1 },
          quarantined: [],
        },
      },
    });
    expect(story(asked)).toEqual([
      ...["premise on before", "premise on before"],
      ...["right on before", "right on after", "right on before", "right on after"],
      // A wrong answer stops at its first trial that does not hold.
      ...["always on before", "always on after", "never on before", "exits on before"],
    ]);
  });

  it("names the quarantined tests of the environment", async () => {
    const environment = environmentOf({ tests: [{ id: "test/sub.test.js > odd", file: "test/sub.test.js", standing: "quarantined" }] });
    const outcome = await prove(draft(), standOf(behaves, { environment }).workspace, { repeats: 1, quarantine: true });
    expect(outcome.kept && outcome.value.proof.quarantined).toEqual(["test/sub.test.js > odd"]);
  });

  it("shuffles from the second repeat on where the runner can", async () => {
    const { workspace, asked } = standOf(behaves, { environment: environmentOf({}, "mocha") });
    await prove(draft(), workspace, { repeats: 3, quarantine: true });
    const seeds = asked.slice(0, 3).map(({ job }) => /\\"seed\\":(\w+)/.exec(JSON.stringify(job.commands))?.[1]);
    expect(seeds).toEqual(["null", "1", "2"]);
  });

  it.each([
    ["the premise does not hold", {}, () => ({ files: { "test/add.test.js": ["+adds", "+keeps zero"] } }), "prove/premise-fails"],
    ["there is no gold answer", { answers: [answer("decoy", "never")] }, behaves, "prove/gold-fails"],
    ["gold does not hold", { answers: [answer("gold", "never"), answer("decoy", "always")] }, behaves, "prove/gold-fails"],
    ["there is no decoy", { answers: [answer("gold", "right"), answer("blank", "")] }, behaves, "prove/no-decoy"],
    ["a decoy is right", { answers: [answer("gold", "right"), answer("decoy", "right too")] }, behaves, "prove/decoy-rewarded"],
    [
      "a probe is paid",
      { answers: [answer("gold", "right"), answer("decoy", "never"), answer("probe", "right!")] },
      behaves,
      "prove/probe-rewarded",
    ],
  ] as const)("drops a draft where %s", async (_, over, script, reason) => {
    expect(reasonOf(await prove(draft(over as Partial<Draft>), standOf(script).workspace, { repeats: 2, quarantine: true }))).toBe(reason);
  });

  it("leaves a tentative decoy that turns out right out of the draft, and forgets of the others that they were", async () => {
    const maybe = (text: string): KnownAnswer => ({ ...answer("decoy", text), tentative: true });
    const answers = [answer("gold", "right"), answer("blank", "blank"), maybe("right too"), maybe("never")];
    const named = answers.map((each, at) => ({ ...each, name: `${each.role}-${at}` }));
    const outcome = await prove(draft({ answers: named }), standOf(behaves).workspace, { repeats: 1, quarantine: true });
    expect(outcome.kept && outcome.value.draft.answers).toEqual([
      { role: "gold", name: "gold-0", text: "right" },
      { role: "blank", name: "blank-1", text: "" },
      { role: "decoy", name: "decoy-3", text: "never" },
    ]);
    expect(outcome.kept && outcome.value.proof.decoys.map(({ name }) => name)).toEqual(["decoy-3"]);
    const none = draft({ answers: named.filter(({ name }) => name !== "decoy-3") });
    expect(reasonOf(await prove(none, standOf(behaves).workspace, { repeats: 1, quarantine: true }))).toBe("prove/no-decoy");
  });

  describe("where a mutant is not killed after all", () => {
    const chance = { "src/add.js": `${tree["src/add.js"]}// harmless\n` };
    const mutant = (at: number, layer: Layer): Trial => ({ ...trial(`mutant-${at}`, layer, "answer-fails"), tentative: true });
    const killed = [mutant(1, { "src/add.js": defective }), mutant(3, { "src/add.js": `${defective}\n` })];
    const clean = trial("clean", {}, "answer-passes");
    const harmless = (text: (path: string) => string | null, files: readonly string[]): Script =>
      behaves((at) => (text(at) === chance["src/add.js"] ? (tree["src/add.js"] ?? null) : text(at)), files);
    const proven = (trials: readonly Trial[], quarantine = true) =>
      prove(draft({ trials: [...trials], facts: { mutants: 3 } }), standOf(harmless).workspace, { repeats: 2, quarantine });

    it("leaves the mutant out where two others remain, and proves the rest in every repeat", async () => {
      const outcome = await proven([clean, killed[0] as Trial, mutant(2, chance), killed[1] as Trial]);
      expect(outcome.kept && outcome.value.draft.trials.map(({ name }) => name)).toEqual(["clean", "mutant-1", "mutant-3"]);
      expect(outcome.kept && outcome.value.draft.trials.some((one) => "tentative" in one)).toBe(false);
      expect(outcome.kept && outcome.value.draft.facts).toEqual({ mutants: 2 });
      expect(outcome.kept && outcome.value.proof).toMatchObject({ gold: [1, 1], goldComponents: { clean: 1 } });
    });

    it("drops the draft where too few remain, where it is no mutant, and where rows are proven again", async () => {
      const firm = { ...trial("mutant-2", chance, "answer-fails") };
      const gone = { kept: false, reason: "prove/gold-fails", detail: "run 1: passes-where-it-must-fail: mutant-2: 1 tests passed" };
      expect(await proven([clean, killed[0] as Trial, mutant(2, chance)])).toEqual(gone);
      expect(await proven([clean, ...killed, firm])).toEqual(gone);
      expect(await proven([clean, ...killed, mutant(2, chance)], false)).toEqual(gone);
    });
  });

  it("drops a draft whose untouched tree is already right", async () => {
    const judged = draft({
      premises: [],
      answerForm: "review",
      judgement: { kind: "review", verdict: "approve", defects: [] },
      answers: [
        { role: "gold", name: "gold", text: '{"verdict":"approve"}' },
        { role: "blank", name: "blank", text: '{"verdict":"approve","findings":[]}' },
        { role: "decoy", name: "decoy", text: "{}" },
      ],
    });
    expect(reasonOf(await prove(judged, standOf(behaves).workspace, { repeats: 1, quarantine: true }))).toBe("prove/blank-rewarded");
  });

  it("drops a draft whose gold holds only at first", async () => {
    const flaky = (text: (path: string) => string | null, files: readonly string[], asked: readonly Asked[]): Script =>
      asked.filter((one) => one.files.includes(path)).length > 2 ? { files: { [path]: ["+it"] } } : behaves(text, files);
    const outcome = await prove(draft(), standOf(flaky).workspace, { repeats: 3, quarantine: true });
    expect(outcome).toMatchObject({ kept: false, reason: "prove/gold-fails" });
    expect(!outcome.kept && outcome.detail).toContain("run 2");
  });

  /** In the second run of the defective tree, this line instead of what it said in the first. */
  const wavering =
    (lines: readonly string[]) =>
    (text: (path: string) => string | null, files: readonly string[], asked: readonly Asked[]): Script =>
      files.includes(path) || asked.length !== 2 ? behaves(text, files) : { files: { "test/add.test.js": lines } };

  it("takes a passing test with mixed outcomes out of the draft, and names it", async () => {
    const outcome = await prove(draft(), standOf(wavering(["-adds", "-keeps zero"])).workspace, { repeats: 3, quarantine: true });
    expect(outcome.kept && outcome.value.proof.quarantined).toEqual(["test/add.test.js > keeps zero"]);
    expect(outcome.kept && outcome.value.draft.premises[0]?.expect).toMatchObject({ pass: [], fail: ["test/add.test.js > adds"] });
    expect(outcome.kept && outcome.value.draft.passToPass).not.toContain("test/add.test.js > keeps zero");
  });

  it("drops a draft whose only failing test is flaky", async () => {
    const outcome = await prove(draft(), standOf(wavering(["+adds", "+keeps zero"])).workspace, { repeats: 3, quarantine: true });
    expect(reasonOf(outcome)).toBe("prove/flaky");
  });

  it("drops a draft of which a run would ask for no test any more", async () => {
    const other: Trial = { ...premise, name: "wrong", expect: { kind: "tests", pass: ["test/add.test.js > keeps zero"], fail: [] } };
    const script = wavering(["-adds", "-keeps zero"]);
    const outcome = await prove(draft({ trials: [...draft().trials, other] }), standOf(script).workspace, { repeats: 3, quarantine: true });
    expect(reasonOf(outcome)).toBe("prove/flaky");
  });

  it("does not quarantine when it verifies: a row that wavers fails", async () => {
    const outcome = await prove(draft(), standOf(wavering(["-adds", "-keeps zero"])).workspace, { repeats: 3, quarantine: false });
    expect(reasonOf(outcome)).toBe("prove/premise-fails");
  });
});
