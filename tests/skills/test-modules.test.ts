import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Environment } from "../../schemas/environment.ts";
import type { Draft } from "../../schemas/instance.ts";
import type { PoseContext } from "../../skills/contract.ts";
import { localization } from "../../skills/localization.ts";
import { onlyTests } from "../../skills/reduce.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { homeOf, standsFor, testModules, withModules } from "../../skills/test-modules.ts";
import { unitTests } from "../../skills/unit-tests.ts";
import { ask, contextOf, environment, failure, noLower, observedOf, texts } from "./stand.ts";

const file = "test/all.test.js";
const id = (title: string): string => `${file} > All > ${title}`;
const joins = id("joins the words of a title");
const keeps = id("keeps at most the words asked for");

const readsFolder = `const fs = require("fs");
const path = require("path");
describe("All", () => {
  fs.readdirSync(path.join(__dirname, "cases")).forEach((name) => require(path.join(__dirname, "cases", name)));
});
`;
const namesThem = 'describe("All", () => {\n  require("./cases/slug");\n  require("./cases/count.js");\n});\n';

const modules = {
  "test/cases/slug.js": `const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { slugify } = require("../../src");
const { same } = require("../support/same");

it("joins the words of a title", () => {
  assert.equal(slugify(fs.readFileSync(path.join(__dirname, "title.txt"), "utf8")), "hello-world-again");
});

it("keeps at most the words asked for", () => {
  same(slugify("a b c d", 2), "a-b");
});
`,
  "test/cases/count.js": 'it("counts words", () => { require("../support/same").same(countWords("a b"), 2); });\n',
  "test/cases/title.txt": "Hello World Again",
  "test/cases/table.js": 'module.exports = [["a b", "a-b"]];\n',
  "test/support/same.js": 'exports.same = (a, b) => require("assert").equal(a, b);\n',
  "test/support/shared.js": 'module.exports = (make) => { it("joins the words of a title", () => make()); };\n',
  "test/fixtures/other.js": 'it("is run by nobody", () => {});\n',
};

function worldOf(loader: string, more: Readonly<Record<string, string>> = {}): Partial<PoseContext> {
  const { "src/slug.js": slug, "src/count.js": count, "src/index.js": index, "package.json": manifest } = texts;
  const tree: Record<string, string | undefined> = {
    "src/slug.js": slug,
    "src/count.js": count,
    "src/index.js": index,
    "package.json": manifest,
    [file]: loader,
    ...modules,
    ...more,
  };
  const paths = Object.keys(tree).sort();
  const tests = [joins, keeps, id("counts words")].map((test) => ({ id: test, file, standing: "stable" as const }));
  const covers = { "src/slug.js": [2, 3, 4, 5], "src/count.js": [2] };
  const own: Environment = { ...environment, tests, testFiles: [{ file, standalone: true, covers }] };
  return { environment: own, text: (path) => tree[path] ?? null, paths: () => paths };
}
const world = (loader: string, more = {}): PoseContext => contextOf([], worldOf(loader, more));

const shown = (line: number, over = {}) => failure({ frames: [{ file: "test/cases/slug.js", line }], ...over });
const lower = observedOf([{ original: ".toLowerCase()", replacement: "" }], {
  [joins]: shown(8, { expected: "hello-world-again", actual: "Hello-World-again" }),
});
const longer = observedOf([{ original: "limit)", replacement: "limit + 1)" }], {
  [keeps]: shown(12, { expected: "a-b", actual: "a-b-c" }),
});
const draftsIn = (skill: typeof reproduction | typeof unitTests | typeof localization, loader: string): Draft[] =>
  ask(skill, contextOf([lower, longer], worldOf(loader))).drafts;
const goldOf = (draft: Draft | undefined): string => draft?.answers.find(({ role }) => role === "gold")?.text ?? "";

describe.each([
  ["finds by reading a folder", readsFolder],
  ["names one by one", namesThem],
  ["finds with require handed on", 'describe("All", () => { require("glob").sync(__dirname + "/cases/*.js").forEach(require); });\n'],
])("modules that a runner's file %s", (_, loader) => {
  it("are those that hold its tests: no helper, no waiting suite, no fixture, no data", () => {
    expect(testModules(file, world(loader))).toEqual(["test/cases/count.js", "test/cases/slug.js"]);
  });

  it("are where a test stands, with a frame of its failure and without", () => {
    expect(homeOf(joins, file, shown(8), world(loader))).toBe("test/cases/slug.js");
    expect(homeOf(joins, file, undefined, world(loader))).toBe("test/cases/slug.js");
  });

  it.each([localization, reproduction, unitTests])("are hidden with it from whoever is asked for $name", (skill) => {
    const [draft] = draftsIn(skill, loader);
    expect(draft?.visible).toMatchObject({ [file]: null, "test/cases/slug.js": null, "test/cases/count.js": null });
    for (const path of ["test/cases/title.txt", "test/cases/table.js", "test/support/same.js", "test/support/shared.js"])
      expect(draft?.visible).not.toHaveProperty([path]);
  });

  it("are cut for a reproduction, to the wanted test alone and beside it", () => {
    const draft = draftsIn(reproduction, loader).find(({ changeId }) => changeId === lower.candidate.id);
    expect(draft?.answerPath).toBe("test/cases/slug-repro.test.js");
    expect(goldOf(draft)).toContain("joins the words of a title");
    expect(goldOf(draft)).not.toContain("keeps at most");
    // Beside its module, what it reads and loads by relative paths is where it was.
    expect(goldOf(draft)).toContain('path.join(__dirname, "title.txt")');
    expect(goldOf(draft)).toContain('require("../support/same")');
    for (const { layer } of draft?.trials ?? []) expect(layer).toMatchObject({ [file]: null, "test/cases/slug.js": null });
  });

  it("are cut for unit tests", () => {
    const [draft] = draftsIn(unitTests, loader);
    expect(draft?.answerPath).toBe("test/cases/slug-unit.test.js");
    expect(goldOf(draft)).toContain("keeps at most");
    expect(draft?.failToPass).toEqual([joins, keeps]);
    expect(draft?.answers.find(({ name }) => name === "hidden-suite")?.text).toContain("./slug.js");
  });

  it("are in the runs that stand on the environment's tests", () => {
    const [draft] = draftsIn(localization, loader);
    for (const { layer } of draft?.premises ?? []) expect(layer).not.toHaveProperty(["test/cases/slug.js"]);
  });

  it("leave nothing to cut in the file itself", () => {
    expect(onlyTests({ home: file, file }, [joins], world(loader))).toBeNull();
  });
});

describe("a test file that loads no modules with tests", () => {
  it("is hidden alone", () => expect(withModules(["test/slug.test.js"], contextOf([]))).toEqual(["test/slug.test.js"]));
  it("is where its tests stand, whatever helper a failure went through", () => {
    const own = `const same = require("./support/same");\n${modules["test/cases/slug.js"]}`;
    const context = contextOf([], worldOf(`describe("All", () => {\n${own}});\n`));
    const frames = [{ file: "test/support/same.js", line: 1 }, ...shown(8, { frames: [{ file, line: 12 }] }).frames];
    expect(homeOf(keeps, file, failure({ frames }), context)).toBe(file);
  });
  it("is where the tests of a shared suite stand", () => {
    const context = world('const shared = require("./support/shared");\ndescribe("All", () => shared(() => {}));\n');
    expect(testModules(file, context)).toEqual([]);
    expect(homeOf(joins, file, failure({ frames: [{ file: "test/support/shared.js", line: 1 }] }), context)).toBe(file);
  });
});

it("the cut is of the module whose failure is told, though more tests fail in another", () => {
  const counted = id("counts words");
  const both = observedOf([{ original: "toLowerCase", replacement: "toUpperCase" }], {
    [counted]: failure({ expected: "a".repeat(20), actual: "b".repeat(20), frames: [{ file: "test/cases/count.js", line: 1 }] }),
    [joins]: shown(8, { expected: "x", actual: "y" }),
    [keeps]: shown(12, { expected: "x", actual: "z" }),
  });
  const [draft] = ask(reproduction, contextOf([both], worldOf(readsFolder))).drafts;
  expect(draft?.prompt).toContain("bbbb");
  expect(draft?.answerPath).toBe("test/cases/count-repro.test.js");
});

it("a frame finds the module where the loader cannot be read", () => {
  const context = world('require("require-all")({ dirname: process.env.CASES });\n');
  expect(testModules(file, context)).toEqual([]);
  expect(homeOf(joins, file, shown(8), context)).toBe("test/cases/slug.js");
});

it("a title that is made up counts only for tests that the runner's file does not make", () => {
  const loop = 'for (const name of names) it(name, () => require("./cases/" + name));\n';
  expect(testModules(file, world(`describe("All", () => { ${loop} });\n`, { "test/cases/made.js": "it(`made`.big(), f);\n" }))).toEqual([
    "test/cases/count.js",
    "test/cases/slug.js",
  ]);
  expect(testModules(file, world(readsFolder, { "test/cases/made.js": "it(`made`.big(), f);\n" }))).toContain("test/cases/made.js");
});

it("another file of the runner that names a hidden module is hidden with it", () => {
  const other = "test/some.test.js";
  const base = worldOf(namesThem, { [other]: 'require("./cases/slug");\nit("other", () => {});\n' });
  const own = base.environment as Environment;
  const context = contextOf([], {
    ...base,
    environment: {
      ...own,
      tests: [...own.tests, { id: `${other} > other`, file: other, standing: "stable" }],
      testFiles: [...own.testFiles, { file: other, standalone: true, covers: {} }],
    },
  });
  expect(withModules([file], context)).toContain(other);
});

it("changes of ordinary test files are asked about as before", () => {
  expect(ask(reproduction, contextOf([noLower])).drafts[0]?.answerPath).toBe("test/slug-repro.test.js");
});

describe("standsFor", () => {
  it.each<[(string | null)[], string, boolean, boolean]>([
    [["a", "b"], "a > b", true, true],
    [["a", "b"], "x > a > b #2", false, true],
    [["a", null, "b"], "a > any > thing > b", true, true],
    [["a", null, "b"], "a > b", false, false],
    [[null], "anything", true, true],
    [[null], "", false, false],
    [["a", null], "x > a > b", false, true],
    [[null, "b", null], "a > b > c", true, true],
    [["aa", null], "aa", false, false],
  ])("%j of %j: %s, within a suite %s", (path, title, whole, within) => {
    expect(standsFor(path, "t.js", `t.js > ${title}`)).toBe(whole);
    expect(standsFor(path, "t.js", `t.js > ${title}`, "within")).toBe(within);
  });

  it("says what a pattern would, and of titles that such a pattern would not come to an end with", () => {
    const parts = fc.array(fc.constantFrom(null, "a", "b", "ab", "> a"), { minLength: 1, maxLength: 4 });
    const titles = fc.array(fc.constantFrom("a", "b", "ab", "> a"), { maxLength: 6 }).map((all) => all.join(" > "));
    const pattern = (path: readonly (string | null)[], lead: string) =>
      new RegExp(`^${lead}${path.map((part) => part ?? ".+").join(" > ")}$`, "s");
    fc.assert(
      fc.property(parts, titles, (path, title) => {
        const named = path.includes(null);
        expect(standsFor(path, "t.js", `t.js > ${title}`)).toBe(named ? pattern(path, "").test(title) : path.join(" > ") === title);
        if (named) expect(standsFor(path, "t.js", `t.js > ${title}`, "within")).toBe(pattern(path, "(?:.+ > )?").test(title));
      }),
      { numRuns: 2000 },
    );
    expect(standsFor([...Array(12).fill(null), "b"], "t.js", `t.js > ${"a > ".repeat(20_000)}`)).toBe(false);
  });
});
