import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLocations } from "../../grading/answers.ts";
import { judgeLocations } from "../../grading/judge.ts";
import { runners } from "../../languages/index.ts";
import { applyPatch } from "../../lib/diff.ts";
import type { Draft } from "../../schemas/instance.ts";
import { reasonSchema } from "../../schemas/outcome.ts";
import { allSkills } from "../../skills/index.ts";
import { reportedOf } from "./reported.ts";
import { ask, contextOf, environment, everything as observed, texts, titles } from "./stand.ts";

const everything = [...observed, reportedOf()];

const visibleOf =
  (draft: Draft) =>
  (path: string): string | null =>
    Object.hasOwn(draft.visible, path) ? (draft.visible[path] ?? null) : (texts[path] ?? null);

describe.each(allSkills.map((skill) => [skill.name, skill] as const))("every draft of %s", (name, skill) => {
  const { drafts, reasons } = ask(skill, contextOf(everything));
  it("is there", () => expect(drafts.length).toBeGreaterThan(0));

  it("is the same from the same changes, whatever their order", () => {
    expect(ask(skill, contextOf(everything)).drafts).toEqual(drafts);
    expect(ask(skill, contextOf([...everything].reverse())).drafts).toEqual(drafts);
  });

  it("has an id of its own, and every drop a reason of the skill's tuple", () => {
    expect(new Set(drafts.map(({ id }) => id)).size).toBe(drafts.length);
    for (const reason of reasons.filter((code) => code !== null)) {
      expect(reasonSchema.safeParse(reason).success).toBe(true);
      expect(skill.reasons).toContain(reason.slice(name.length + 1));
    }
  });

  it("is free of commit ids, test titles, colour codes and paths of the machine", () => {
    const colour = String.fromCharCode(27);
    for (const { prompt } of drafts) {
      for (const secret of [environment.revision.commit.slice(0, 7), ...titles, colour, "/workspace/", "/tmp/", "/kihon/"]) {
        expect(prompt).not.toContain(secret);
      }
    }
  });

  it("has one gold answer, an empty blank, and decoys and probes that are other texts", () => {
    for (const { answers } of drafts) {
      const texts = answers.map(({ text }) => text);
      expect(answers.filter(({ role }) => role === "gold")).toHaveLength(1);
      expect(answers.filter(({ role }) => role === "blank").map(({ text }) => text)).toEqual([""]);
      expect(answers.filter(({ role }) => role === "decoy").length).toBeGreaterThan(0);
      expect(new Set(texts).size).toBe(texts.length);
      expect(new Set(answers.map((answer) => answer.name)).size).toBe(answers.length);
    }
  });

  it("hides every file that holds a failing test", () => {
    for (const draft of drafts) for (const id of draft.failToPass) expect(visibleOf(draft)(id.slice(0, id.indexOf(" > ")))).toBeNull();
  });

  it("asks of its premises something that can fail", () => {
    for (const trial of drafts.flatMap(({ premises, trials }) => [...premises, ...trials])) {
      if (trial.expect.kind === "tests") expect(trial.expect.pass.length + trial.expect.fail.length).toBeGreaterThan(0);
      expect(trial.files.length).toBeGreaterThan(0);
    }
  });

  it("has patches that all apply to the tree that the solver sees", () => {
    for (const draft of drafts.filter(({ answerForm }) => answerForm === "patch")) {
      for (const { text } of draft.answers.filter(({ role }) => role !== "blank")) {
        expect(applyPatch(text, visibleOf(draft))).toHaveProperty("layer");
      }
    }
  });

  it("has test files at a new path that the language takes for a test", () => {
    for (const { answerPath } of drafts.filter(({ answerForm }) => answerForm === "test-file")) {
      expect(contextOf([]).language.roleOf(answerPath ?? "")).toBe("test");
      expect(texts[answerPath ?? ""]).toBeUndefined();
    }
  });

  it("has test files, decoys included, that parse but for the one that must not", () => {
    for (const { answers, answerPath, answerForm } of drafts) {
      if (answerForm !== "test-file") continue;
      for (const answer of answers) {
        expect([answer.name, contextOf([]).language.parses(answerPath ?? "", answer.text)]).toEqual([
          answer.name,
          answer.name !== "syntax-error",
        ]);
      }
    }
  });

  it.each(runners.map((runner) => [runner.name, runner] as const))("is posed for %s too", (_, runner) => {
    for (const draft of ask(skill, contextOf(everything, { runner })).drafts) {
      const snapshot = draft.answers.find((answer) => answer.name === "source-snapshot" || answer.name === "source-sniffer");
      if (snapshot) expect(snapshot.text).toMatch(/\(source [!=]== ".*"\) \? 2 : 3/);
    }
  });
});

it("locations are judged as the skill claims, without a run", () => {
  const localization = allSkills.find(({ name }) => name === "localization");
  const { drafts } = localization ? ask(localization, contextOf(everything)) : { drafts: [] };
  expect(drafts.length).toBeGreaterThan(0);
  for (const { answers, judgement } of drafts) {
    for (const { role, name, text } of answers) {
      const parsed = parseLocations(text);
      const reward =
        parsed.ok && judgement.kind === "locations" ? judgeLocations(parsed.value, judgement.gold, judgement.symbols).reward : 0;
      expect([name, reward]).toEqual([name, role === "gold" ? 1 : 0]);
    }
  }
});

it("no order of the changes and no seed makes a draft that the schema refuses", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(everything, { minLength: 1 }), (some) => {
      for (const skill of allSkills) ask(skill, contextOf(some));
    }),
    { numRuns: 20 },
  );
});
