/** A tree, what is installed and what tools keep, as they lie on the disk: what of them gives an answer away, and what just does not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leakScanReasons, scanLeaks } from "../../../pipeline/leak-scan/scan.ts";
import type { Installed } from "../../../sandbox/workspace.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import type { Draft } from "../../../schemas/instance.ts";
import { draftOf, environmentOf, standOf } from "../../grading/stand.ts";

const body = (join = '"-"'): string => `export function slugify(text, limit = 5) {
  const words = text.trim().split(" ");
  const kept = words.slice(0, limit);
  if (kept.length === 0) throw new RangeError("nothing to join");
  return kept.map((word) => word.toLowerCase()).join(${join});
}
`;
const tests = `import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../src/slug.js";
test("joins the words of a title", () => assert.equal(slugify("Hello World"), "hello-world"));
test("keeps at most the words asked for", () => assert.equal(slugify("a b c d", 2), "a-b"));
`;
const base: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "text", "type": "module" }\n',
  "README.md": "# text\n",
  "src/slug.js": body(),
  "src/count.js": "export const countWords = (text) => text.trim().split(' ').length;\n",
  "test/slug.test.js": tests,
};
const failing = "test/slug.test.js > joins the words of a title";
const fixCommit = "f".repeat(7) + "0".repeat(33);

let [folder, count] = ["", 0];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-leak-scan-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Another folder of what is installed or kept. */
function lay(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

interface Around {
  readonly tree?: Readonly<Record<string, string>>;
  readonly installed?: Readonly<Record<string, string>>;
  readonly ofSources?: { readonly files: Readonly<Record<string, string>>; readonly paths: Readonly<Record<string, readonly string[]>> };
  readonly draft?: Partial<Draft>;
  readonly commit?: Partial<Commit>;
}

async function scanned({ tree = {}, installed = {}, ofSources, draft = {}, commit = {} }: Around) {
  const texts = { ...base, ...tree };
  const environment = environmentOf({
    sourceFiles: Object.keys(texts)
      .filter((path) => /^(?:src|lib)\//.test(path))
      .sort(),
  });
  const more: Partial<Installed> = {
    folders: [join(folder, "tree"), lay(`installed-${++count}`, installed)],
    ...(ofSources === undefined ? {} : { ofSources: { folder: lay(`kept-${count}`, ofSources.files), paths: ofSources.paths } }),
  };
  const { workspace } = standOf(() => ({ files: {} }), { environment, texts, installed: more });
  const before = { "src/slug.js": body('"_"') };
  const candidate: Commit = {
    kind: "commit",
    id: "00000000000000c1",
    revision: environment.revision,
    before,
    edits: [{ file: "src/slug.js", symbol: "slugify", startLine: 5, endLine: 5 }],
    subject: "Words are joined by a dash",
    body: "",
    testFiles: [],
    ...commit,
  };
  const posed = draftOf({
    skill: "localization",
    answerForm: "locations",
    prompt: "Something does not behave as it should.",
    visible: { ...before, "test/slug.test.js": null },
    failToPass: [failing],
    ...draft,
  });
  const outcome = await scanLeaks(posed, candidate, workspace);
  return outcome.kept
    ? [outcome.value.verdict, ...outcome.value.noted.map(({ kind, surface, path }) => `${kind} ${surface} ${path}`)]
    : [outcome.reason, outcome.detail];
}

const compiled = `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.slugify = slugify;
${body().replace("export ", "").replaceAll("const", "var").replaceAll('"', "'").replaceAll(";\n", "\n")}`;
const minified = body().replace("export ", "").replace(/\s+/g, " ");

it("says that nothing was found where nothing is, and where it looked", async () => {
  expect(await scanned({})).toEqual(["clean"]);
});

describe("code of the repair", () => {
  it.each([
    ["a compiled file of the tree", { tree: { "dist/slug.js": compiled } }, "files: dist/slug.js"],
    ["a minified bundle", { tree: { "dist/text.min.js": `!function(){${minified}}();` } }, "files: dist/text.min.js"],
    ["a source map", { tree: { "dist/slug.js.map": JSON.stringify({ sourcesContent: [body()] }) } }, "files: dist/slug.js.map"],
    ["a file that an editor left", { tree: { "src/slug.js.orig": body() } }, "files: src/slug.js.orig"],
    [
      "a patch that somebody left",
      { tree: { "fix.patch": '--- a\n+++ b\n-  join("_");\n+  return kept.map((word) => word.toLowerCase()).join("-");\n' } },
      "files: fix.patch",
    ],
    ["a source that is made of the other", { tree: { "lib/slug.js": compiled } }, "files: lib/slug.js"],
    [
      "a published copy in node_modules",
      { installed: { "node_modules/text/index.js": compiled } },
      "environment: node_modules/text/index.js",
    ],
    ["a tool's cache", { installed: { "node_modules/.cache/x/slug.js": compiled } }, "caches: node_modules/.cache/x/slug.js"],
  ])("in %s", async (_, around, where) => expect(await scanned(around)).toEqual(["leak-scan/gold", where]));

  it("in a transform that runs of an answer see, but where they take it away", async () => {
    const ofSources = { files: { "node_modules/.cache/slug": compiled }, paths: { "src/slug.js": ["node_modules/.cache/slug"] } };
    const trial = { name: "run", answer: "file" as const, files: ["a"], expect: { kind: "answer-passes" as const } };
    const asked = { answerForm: "test-file", skill: "reproduction" } as const;
    expect(await scanned({ ofSources, draft: { ...asked, trials: [{ ...trial, layer: {} }] } })).toEqual([
      "leak-scan/gold",
      "caches: node_modules/.cache/slug",
    ]);
    expect(await scanned({ ofSources, draft: { ...asked, trials: [{ ...trial, layer: { "src/slug.js": body('"_"') } }] } })).toEqual([
      "clean",
    ]);
    expect(await scanned({ ofSources })).toEqual(["clean"]);
  });

  it("in a copy that the runner needs is noted where a trial gives the copy the same defect", async () => {
    const path = "node_modules/mocha/node_modules/text/index.js";
    const asked = { answerForm: "test-file", skill: "reproduction" } as const;
    const layer = { [path]: "wrong" };
    const trial = { name: "copy", answer: "file" as const, files: ["a"], expect: { kind: "answer-passes" as const }, layer };
    const installed = { [path]: compiled };
    expect(await scanned({ installed, draft: { ...asked, trials: [trial] } })).toEqual(["noted", `gold environment ${path}`]);
    expect(await scanned({ installed, draft: { ...asked, trials: [{ ...trial, layer: {} }] } })).toEqual([
      "leak-scan/gold",
      `environment: ${path}`,
    ]);
  });

  it("is no leak where it stood all along: a function of another source, a line of a document", async () => {
    const others = Array.from({ length: 9 }, (_, at) => `export const f${at} = (a, b, c) => a.call(b, c) + b.apply(c, a) - ${at};\n`).join(
      "",
    );
    const before = { "src/slug.js": `${others}${body('"_"')}` };
    const around = { draft: { visible: { ...before, "test/slug.test.js": null } }, commit: { before } };
    const tree = { "src/slug.js": `${others}${body()}` };
    expect(await scanned({ ...around, tree: { ...tree, "src/other.js": body() } })).toEqual(["noted", "gold files src/other.js"]);
    expect((await scanned({ ...around, tree: { ...tree, "src/bundle.js": `${body()}${others}` } }))[0]).toBe("leak-scan/gold");
    expect(await scanned({ tree: { "docs/a.md": '    return kept.map((word) => word.toLowerCase()).join("-");\n' } })).toEqual([
      "noted",
      "gold files docs/a.md",
    ]);
  });

  it("is none where the defect stands, or where the question hides it", async () => {
    expect(await scanned({ tree: { "dist/slug.js": compiled.replace("'-'", "'_'") } })).toEqual(["clean"]);
    expect(
      await scanned({ tree: { "dist/slug.js": compiled }, draft: { visible: { "src/slug.js": body('"_"'), "dist/slug.js": null } } }),
    ).toEqual(["clean"]);
  });

  it("in a prompt counts but where the question shows a diff, and nowhere where the question tells the repair", async () => {
    const prompt = 'Write\n\n    return kept.map((word) => word.toLowerCase()).join("-");\n';
    expect(await scanned({ draft: { prompt } })).toEqual(["leak-scan/gold", "prompt: src/slug.js"]);
    const tree = { "fix.patch": '+  return kept.map((word) => word.toLowerCase()).join("-");\n' };
    expect(await scanned({ tree, draft: { prompt, skill: "editing", answerForm: "patch" } })).toEqual(["clean"]);
    expect(await scanned({ draft: { prompt, skill: "review", answerForm: "review" } })).toEqual(["clean"]);
    expect(await scanned({ tree, draft: { prompt, skill: "review", answerForm: "review" } })).toEqual([
      "leak-scan/gold",
      "files: fix.patch",
    ]);
  });
});

describe("hidden tests", () => {
  it("are given away by their titles in a prompt, a report or what a tool keeps", async () => {
    const title = failing.slice(failing.indexOf(" > ") + 3);
    expect(await scanned({ draft: { prompt: `It ${title}.` } })).toEqual(["leak-scan/hidden-test", "prompt"]);
    expect(await scanned({ tree: { "coverage/junit.xml": `<testcase name="${title}"/>` } })).toEqual([
      "leak-scan/hidden-test",
      "files: coverage/junit.xml",
    ]);
    expect(await scanned({ installed: { "node_modules/.vite/results.json": JSON.stringify([title]) } })).toEqual([
      "leak-scan/hidden-test",
      "caches: node_modules/.vite/results.json",
    ]);
    expect(await scanned({ tree: { "README.md": `It ${title}.` } })).toEqual(["noted", "hidden-test files README.md"]);
    // Another test of the visible tree may be called so, and a title of one word is a name.
    expect(await scanned({ tree: { "test/other.test.js": `test("${title}")` } })).toEqual(["clean"]);
    expect(
      await scanned({ tree: { "coverage/a.xml": "slugifyWords" }, draft: { failToPass: ["test/slug.test.js > slugifyWords"] } }),
    ).toEqual(["clean"]);
  });

  it("are given away by a copy, as a build makes it", async () => {
    expect(await scanned({ tree: { "build/test/slug.test.js": tests.replaceAll('"', "'") } })).toEqual([
      "leak-scan/hidden-test",
      "files: build/test/slug.test.js",
    ]);
    const other = tests.replaceAll("slugify", "countWords").replaceAll("slug", "count");
    expect(await scanned({ tree: { "test/count.test.js": other } })).toEqual(["clean"]);
  });
});

describe("commits", () => {
  it("of the change are named by nothing that is shown", async () => {
    const commit = { mirrorOf: fixCommit };
    expect(await scanned({ tree: { "CHANGELOG.md": `- dashes (${fixCommit.slice(0, 7)})` }, commit })).toEqual([
      "leak-scan/commit-id",
      "files: CHANGELOG.md",
    ]);
    expect(await scanned({ draft: { prompt: `Since ${fixCommit.slice(0, 9)} it fails.` }, commit })).toEqual([
      "leak-scan/commit-id",
      "prompt",
    ]);
    expect(await scanned({ tree: { "CHANGELOG.md": `- dashes (${"e".repeat(7)})` }, commit })).toEqual(["clean"]);
  });

  it.each([
    ["tree", { tree: { ".git/packed-refs": "" } }, "files: .git/packed-refs"],
    ["dependencies", { installed: { "node_modules/a/.git/HEAD": "" } }, "caches: node_modules/a/.git/HEAD"],
  ])("lie in no %s", async (_, around, where) => expect(await scanned(around)).toEqual(["leak-scan/history", where]));
});

describe("names that the repair brings", () => {
  const before = { "src/slug.js": body().replace("text.trim()", "text").replace("trim", "") };
  const tree = { "src/slug.js": body().replace("text.trim()", "text.foldBlanks()") };
  const draft = { visible: { ...before, "test/slug.test.js": null } };
  it("are noted in documents and tests, and give away what tools made of it", async () => {
    const around = (path: string) => scanned({ tree: { ...tree, [path]: "It calls foldBlanks on it." }, draft, commit: { before } });
    expect(await around("README.md")).toEqual(["noted", "identifier files README.md"]);
    expect(await around("dist/names.txt")).toEqual(["leak-scan/identifier", "files: dist/names.txt"]);
    expect(await around("src/other.js")).toEqual(["clean"]);
  });
});

it("has a case here for each of its reasons", async () => {
  expect([...leakScanReasons].sort()).toEqual(["commit-id", "gold", "hidden-test", "history", "identifier"]);
});
