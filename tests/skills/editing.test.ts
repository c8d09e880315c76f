import { describe, expect, it } from "vitest";
import { applyPatch } from "../../lib/diff.ts";
import { editing } from "../../skills/editing.ts";
import { contextOf, draftFor, failure, joins, noLower, observedOf, texts, twoChanges, upper } from "./stand.ts";

const elsewhere = observedOf([{ file: "src/count.js", original: ".length", replacement: ".length + 1" }], { [joins]: failure() });
const unrelated = observedOf([{ file: "src/count.js", original: ".length", replacement: ".length + 2" }], {
  "test/count.test.js > counts words": failure(),
});
const biting = (others: Parameters<typeof draftFor>[2]) =>
  draftFor(editing, noLower, others).trials.find((trial) => trial.name === "still-bites");

describe("whether the tests still bite", () => {
  it("is asked by another defect, in another file, that one of the same tests shows", () => {
    expect(biting([noLower, upper, elsewhere])).toMatchObject({
      answer: "patch",
      files: ["test/slug.test.js"],
      expect: { kind: "some-fail", among: [joins] },
    });
    expect(biting([noLower, upper, elsewhere])?.layer["src/count.js"]).toBe(elsewhere.candidate.before["src/count.js"]);
  });
  it("is not asked where no such defect was seen", () => {
    expect(biting([noLower, upper])).toBeUndefined();
    expect(biting([noLower, upper, unrelated])).toBeUndefined();
  });
});

describe("a repair that breaks other code", () => {
  const madeOf = (others: Parameters<typeof draftFor>[2]) => {
    const draft = draftFor(editing, noLower, others);
    const decoy = draft.answers.find(({ name }) => name === "breaks-elsewhere");
    return decoy && applyPatch(decoy.text, (path) => draft.visible[path] ?? texts[path] ?? null);
  };

  it("is a wrong answer where a defect is known that none of the judging tests notices", () => {
    const layer = { "src/slug.js": texts["src/slug.js"], "src/count.js": unrelated.candidate.before["src/count.js"] };
    expect(madeOf([noLower, upper, unrelated])).toEqual({ layer });
  });
  it("is not made where the judging tests notice every other defect", () => {
    expect(madeOf([noLower, upper, elsewhere])).toBeUndefined();
  });
});

it("where no hidden test can be turned and no second defect was seen, checks beside the hidden test must fail", () => {
  const lost = observedOf([{ original: ".toLowerCase()", replacement: "" }], { [joins]: failure({ frames: [] }) });
  const names = draftFor(editing, lost, [lost, upper]).trials.map(({ name }) => name);
  expect(names).toContain("checks-bite");
  expect(draftFor(editing, noLower, [noLower, upper]).trials.map(({ name }) => name)).not.toContain("checks-bite");
});

describe("a probe that tames expectations", () => {
  it.each(["vitest", "jest"])("applies to the defective tree, for %s", async (name) => {
    const context = contextOf([noLower, upper]);
    const { runnerNamed } = await import("../../languages/index.ts");
    const runner = runnerNamed(name) ?? context.runner;
    const [posed] = [...editing.pose(contextOf([noLower, upper], { runner }))].filter(({ subject }) => subject === noLower.candidate.id);
    const draft = posed?.outcome.kept ? posed.outcome.value : null;
    const probe = draft?.answers.find((answer) => answer.name === "tame-expect");
    const applied = applyPatch(probe?.text ?? "", (path) => noLower.candidate.before[path] ?? texts[path] ?? null);
    expect("layer" in applied && applied.layer["src/slug.js"]).toMatch(name === "vitest" ? /Assertion\.prototype/ : /globalThis\.expect/);
  });
});

describe("the instruction of a fix", () => {
  const promptOf = (before: Readonly<Record<string, string | null>>) =>
    draftFor(editing, { ...twoChanges, candidate: { ...twoChanges.candidate, before } }, []).prompt;
  const slug = texts["src/slug.js"] ?? "";

  it("has every change of it, numbered, with the lines as they are and as they must be", () => {
    const spread = slug.replace("/** Lower", "/** Small").replace(".toLowerCase()", "");
    const text = promptOf({ "src/slug.js": spread, "src/count.js": (texts["src/count.js"] ?? "").replace(".trim()", "") });
    expect(text).toMatch(/^Change 1 of 3\. In `src\/count\.js`, in `countWords`, at line 2, replace\n\n```\n {2}return text\.split/);
    expect(text).toContain("Change 2 of 3. In `src/slug.js`, outside of any function, at line 1, replace");
    expect(text).toContain(
      'Change 3 of 3. In `src/slug.js`, in `slugify`, at line 5, replace\n\n```\n  return kept.join("-");\n```\n\nwith\n\n```\n  return kept.join("-").toLowerCase();\n```',
    );
    expect(text).toContain("All line numbers are those of the tree as it is");
  });
  it("says where lines are put in, taken out, or stand in a file of their own", () => {
    const line = "  const kept = words.slice(0, limit);\n";
    expect(promptOf({ "src/slug.js": slug.replace(line, "") })).toMatch(
      /^In `src\/slug\.js`, in `slugify`, after line 3, insert\n\n```\n {2}const kept/,
    );
    expect(promptOf({ "src/slug.js": slug.replace(line, `${line}  text = null;\n`) })).toMatch(
      /^In `src\/slug\.js`, in `slugify`, at line 5, remove\n\n```\n {2}text = null;\n```/,
    );
    expect(promptOf({ "src/slug.js": slug.replace(line, ""), "src/count.js": null })).toContain(
      "Change 1 of 2. Add the file `src/count.js` with\n\n```\nexport function countWords",
    );
    expect(promptOf({ "src/slug.js": slug.replace(line, ""), "src/old.js": "gone\n" })).toContain(
      "Change 1 of 2. Remove the file `src/old.js`.",
    );
  });
  it("puts lines before the first where there is none above", () => {
    expect(promptOf({ "src/slug.js": slug.slice(slug.indexOf("\n") + 1) })).toMatch(/outside of any function, before line 1, insert/);
  });
});

describe("the wrong answers to a fix", () => {
  const draft = draftFor(editing, twoChanges);
  const made = (name: string) => {
    const text = draft.answers.find((answer) => answer.name === name)?.text ?? "";
    const applied = applyPatch(text, (path) => draft.visible[path] ?? texts[path] ?? null);
    return "layer" in applied ? applied.layer["src/slug.js"] : null;
  };
  it("leave one of its changes out, for each that a judging test is known to miss", () => {
    expect(made("hunk-left-1")).toBe(texts["src/slug.js"]?.replace("words.slice(0, limit)", "words"));
    expect(made("hunk-left-2")).toBe(texts["src/slug.js"]?.replace(".toLowerCase()", ""));
  });
  it("are it with a slip, and its function without a body", () => {
    expect(made("slip")).toBe(texts["src/slug.js"]?.replace("slice(0", "slice(1"));
    expect(made("empty-body")).toContain("slugify(text, limit = 5) {}");
  });
  it("are none that no test is known to tell from it", () => {
    const { observation } = twoChanges;
    const blind = (observation.variants ?? []).map((one) => ({
      ...one,
      observation: { ...one.observation, failToPass: ["test/x.js > x"] },
    }));
    const unseen = { ...twoChanges, observation: { ...observation, variants: blind } };
    const decoys = draftFor(editing, unseen, []).answers.filter(({ role }) => role === "decoy");
    expect(decoys.map(({ name }) => name)).toEqual(["empty-body"]);
  });
});

it("a fix is asked whether the tests still bite by a test that asks for another thing", () => {
  const trial = draftFor(editing, twoChanges, []).trials.find(({ name }) => name === "asks-the-opposite");
  expect(trial).toMatchObject({ answer: "patch", files: ["test/slug.test.js"], expect: { kind: "some-fail", among: [joins] } });
  expect(trial?.layer["test/slug.test.js"]).toContain('"hello-worlds"');
  expect(trial?.layer["src/slug.js"]).toBe(twoChanges.candidate.before["src/slug.js"]);
});
