import { describe, expect, it } from "vitest";
import type { Commit } from "../../schemas/candidate.ts";
import type { Observed } from "../../skills/contract.ts";
import { localization } from "../../skills/localization.ts";
import { commit, contextOf, draftFor, failure, joins, observe, observedOf, reasonFor, texts } from "./stand.ts";

const slug = texts["src/slug.js"] ?? "";
const count = texts["src/count.js"] ?? "";
const fix = (over: Partial<Commit>): Observed => observe({ ...(commit.candidate as Commit), ...over }, { [joins]: failure() });
const goldOf = (observed: Observed) => {
  const { judgement } = draftFor(localization, observed, []);
  return judgement.kind === "locations" ? judgement.gold : [];
};
const inSlug = { file: "src/slug.js", symbol: "slugify", startLine: 5, endLine: 5 };
const inCount = { file: "src/count.js", symbol: "countWords", startLine: 2, endLine: 2 };
const lower = slug.replace(".toLowerCase()", "");

describe("the places that a fix repaired", () => {
  it("are those of its files that do something else since", () => {
    const documented = { "src/slug.js": lower, "src/count.js": `// How many?\n${count}` };
    expect(goldOf(fix({ before: documented, edits: [inSlug, inCount] }))).toEqual([{ file: "src/slug.js", symbol: "slugify" }]);
  });
  it("are none of the files that came with it, which stay where the places are restored", () => {
    const observed = fix({ before: { "src/slug.js": lower, "src/count.js": null }, edits: [inSlug, inCount] });
    expect(goldOf(observed)).toEqual([{ file: "src/slug.js", symbol: "slugify" }]);
    expect(draftFor(localization, observed, []).premises.find(({ name }) => name === "restored")?.layer).toEqual({});
  });
  it("are named by what they were called before it", () => {
    const renamed = { "src/count.js": count.replaceAll("countWords", "toCount") };
    expect(goldOf(fix({ before: renamed, edits: [inCount] }))).toEqual([{ file: "src/count.js", symbol: null }]);
  });
  it("leave what the fix changed beside them as it was", () => {
    const observed = fix({ before: { "src/slug.js": lower, "src/count.js": `// How many?\n${count}` }, edits: [inSlug, inCount] });
    const restored = draftFor(localization, observed, []).premises.find(({ name }) => name === "restored");
    expect(Object.keys(restored?.layer ?? {})).toEqual(["src/count.js"]);
  });
});

describe("the tests that a solver sees", () => {
  const shown = (observed: Observed) => {
    const { visible } = draftFor(localization, observed);
    return Object.keys(texts).filter((path) => path.startsWith("test/") && visible[path] !== null);
  };
  it("are none where the name of the missing one says where the defect is", () => {
    expect(shown(observedOf([{ original: ".toLowerCase()", replacement: "" }]))).toEqual([]);
  });
  it("are all others where it says nothing", () => {
    const elsewhere = observedOf([{ file: "src/count.js", original: ".length", replacement: ".length + 1" }], { [joins]: failure() });
    expect(shown(elsewhere)).toEqual(["test/count.test.js"]);
  });
});

it("the word for withheld names is explained where it stands, and only there", () => {
  const explained = "stands for any name that is withheld";
  const withheld = draftFor(localization, observe(commit.candidate, { [joins]: failure() }), []).prompt;
  expect(withheld).toMatch(/^- `FN\(/m);
  expect(withheld).toContain(explained);
  const told = failure({ kind: "error", name: "TypeError", message: "words are missing", expected: null, actual: null, frames: [] });
  const open = draftFor(localization, observe(commit.candidate, { [joins]: told }), []).prompt;
  expect(open).not.toMatch(/\bFN\b/);
});

describe("a file that can be guessed", () => {
  const { language } = contextOf([]);
  const draft = draftFor(localization, observedOf([{ original: ".toLowerCase()", replacement: "" }]));
  it("is asked for with the place in it, and the file alone is a wrong answer", () => {
    // `src/slug.js` is the largest source of the tree.
    expect(draft.judgement).toMatchObject({ kind: "locations", symbols: true });
    expect(draft.prompt).toContain("It must be there and be right");
    expect(draft.answers.map(({ name }) => name)).toContain("file-alone");
  });
  it("is dropped where the place has no name", () => {
    const renamed = { "src/slug.js": lower.replaceAll("slugify", "toSlug") };
    expect(language.units({ path: "src/slug.js", text: renamed["src/slug.js"] }).map(({ name }) => name)).not.toContain("slugify");
    expect(reasonFor(localization, fix({ before: renamed, edits: [inSlug] }))).toBe("localization/obvious");
  });
  it("is not asked for where the question's words find the place in it", () => {
    const { text, language } = contextOf([]);
    const source = text("src/slug.js") ?? "";
    const bait = language.units({ path: "src/slug.js", text: source }).find(({ name }) => name === "greeting");
    const without = source.slice(0, bait?.start).replace(/export\s*$/, "");
    const told = observedOf([{ original: ".toLowerCase()", replacement: "" }]);
    const found = { ...told, candidate: { ...told.candidate, before: { "src/slug.js": without.replace(".toLowerCase()", "") } } };
    expect(reasonFor(localization, told)).toBeNull();
    expect(reasonFor(localization, found)).toBe("localization/obvious");
  });
  it("is not asked for so where neither its size nor the words point at it", () => {
    const elsewhere = observedOf([{ file: "src/count.js", original: ".length", replacement: ".length + 1" }], { [joins]: failure() });
    expect(draftFor(localization, elsewhere).judgement).not.toHaveProperty("symbols");
  });
});

describe("a package of one file", () => {
  const several = (count: number): string =>
    `${lower}${Array.from({ length: count }, (_, at) => `export function other${at}(text) {\n  return text.length + ${at};\n}\n`).join("")}`;
  const only = { environment: { ...contextOf([]).environment, sourceFiles: ["src/slug.js"] } };
  const ofSize = (count: number): Observed => fix({ before: { "src/slug.js": several(count) }, edits: [inSlug] });
  const whole = (path: string): string | null => (path === "src/slug.js" ? several(4).replace(lower, slug) : (texts[path] ?? null));
  it("is asked for the place, where there are enough of them to choose from", () => {
    const { judgement, answers, prompt } = draftFor(localization, ofSize(4), [], { ...only, text: whole });
    expect(judgement).toEqual({ kind: "locations", gold: [{ file: "src/slug.js", symbol: "slugify" }], symbols: true });
    expect(prompt).toContain("It must be there and be right");
    const wrong = answers.filter(({ role }) => role === "decoy").map(({ name }) => name);
    expect(wrong).toEqual(["every-file", "failing-test-file", "file-alone", "other-symbol"]);
    expect(answers.find(({ name }) => name === "every-file")?.text).toBe('{"locations":[{"file":"src/slug.js"}]}');
  });
  it("is asked nothing, where they are fewer", () => {
    expect(reasonFor(localization, ofSize(3), { ...only, text: whole })).toBe("localization/one-file");
  });
});
