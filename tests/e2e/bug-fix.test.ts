/** From pull requests of a served repository to rows of the composite task, in the real sandbox, and what an independent reader finds in them. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLeaks } from "../../bench/leaks.ts";
import { recheck } from "../../bench/recheck.ts";
import { createLog, defaultPlace, verify } from "../../index.ts";
import { unpackTree } from "../../lib/archive.ts";
import { applyPatch } from "../../lib/diff.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Instance } from "../../schemas/instance.ts";
import { findHint } from "../../skills/scrub/check.ts";
import { fixOf } from "../../skills/scrub/fix.ts";
import { ScriptedGithub, type ScriptedIssue } from "../miners/github/scripted-github.ts";
import { ScriptedRemote } from "../miners/github/scripted-remote.ts";
import { cache, kihon, manifest, scratch } from "./stand.ts";

const start: Readonly<Record<string, string>> = {
  "package.json": manifest({ license: "MIT" }),
  "CHANGELOG.md": "# Changes\n",
  "src/slug.js": `export function slugify(text, limit = 5) {
  const words = text.trim().split(" ");
  return words.slice(0, limit).join("-").toLowerCase();
}
`,
  "src/count.js": `export function countWords(text) {
  return text.split(" ").length;
}

export function longest(text) {
  return text.split(" ").reduce((best, word) => (word.length > best.length ? word : best));
}
`,
  "src/index.js": 'export * from "./count.js";\nexport * from "./slug.js";\n',
  "test/slug.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../src/index.js";
test("joins words", () => assert.equal(slugify("Hello World"), "hello-world"));
test("keeps as many as asked for", () => assert.equal(slugify("a b c", 2), "a-b"));
`,
  "test/count.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import * as text from "../src/index.js";
test("counts words", () => assert.equal(text.countWords("a b"), 2));
test("finds the longest", () => assert.equal(text.longest("a bcd"), "bcd"));
`,
};
const with_ = (path: string, from: string, to: string): string => {
  const text = start[path] ?? "";
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  return text.replace(from, () => to);
};

const blanks: ScriptedIssue = {
  number: 31,
  title: "[Bug]: slugify leaves empty words between dashes (see #12)",
  createdAt: "2023-12-20T00:00:00Z",
  author: ["User", "rhea"],
  body: [
    "<!-- Please search before you report -->",
    "### Describe the bug",
    "A clear and concise description of what the bug is.",
    "",
    'With two blanks in a row, `slugify("a  b")` gives `a--b` where I expect `a-b`. The same happens with a tab.',
    "Seen since 1f2e3d4c, and discussed in https://github.com/owner/name/issues/12. cc @maintainer or mail rhea@corp.io",
    "",
    "```js",
    'import { slugify } from "owner-name";',
    'slugify("https://corp.io/a  b");',
    "```",
    "",
    "- [x] I have read the guide",
    "",
    "### Possible fix",
    "Split by /\\s+/ in src/slug.js.",
  ].join("\n"),
  comments: [
    { author: ["User", "rhea"], createdAt: "2023-12-21T00:00:00Z", body: "Leading tabs give a dash at the start as well. Thanks!" },
    { author: ["User", "max"], createdAt: "2023-12-22T00:00:00Z", body: "Split by white space and it works." },
  ],
};
const thin: ScriptedIssue = {
  number: 32,
  title: "Broken",
  createdAt: "2023-12-20T00:00:00Z",
  author: ["User", "rhea"],
  body: "_No response_",
};

async function publish(github: ScriptedGithub, remote: ScriptedRemote): Promise<void> {
  await remote.propose(1, {
    "src/slug.js": with_("src/slug.js", 'text.trim().split(" ")', "text.trim().split(/\\s+/)"),
    "test/slug.test.js": with_("test/slug.test.js", 'slugify("Hello World")', 'slugify("Hello  World")'),
    "CHANGELOG.md": "# Changes\n- slugify splits by every white space (#1)\n",
    "docs/blanks.md": "How runs of blanks are split.\n",
  });
  const first = await remote.merge(1, "squash", { issues: [blanks], title: "fix(slug): split by white space" });
  await remote.propose(2, {
    "src/count.js": `${with_("src/count.js", 'return text.split(" ").length;', 'const trimmed = text.trim();\n  return trimmed === "" ? 0 : trimmed.split(" ").length;')}
export function shortest(text, fallback = "") {
  const words = text.split(" ").filter((word) => word !== "");
  return words.length === 0 ? fallback : words.reduce((best, word) => (word.length < best.length ? word : best));
}
`,
    "test/count.test.js": `${start["test/count.test.js"]}
test("counts nothing in an empty text", () => assert.equal(text.countWords(" "), 0));
test("finds the shortest", () => assert.equal(text.shortest("abc d"), "d"));
for (const name of Object.keys(text)) test("is a function: " + name, () => assert.equal(typeof text[name], "function"));
test("has a fallback", { skip: !("shortest" in text) }, () => assert.equal(text.shortest(" ", "-"), "-"));
test("exports three functions", () => assert.equal(Object.keys(text).length, 3));
test("sums words", () => assert.equal(typeof text.sum, "function"));
`,
  });
  const second = await remote.merge(2, "merge", {
    title: "Empty texts have no words",
    body: "Counting the words of an empty text, or of one that is only blanks, should give zero. Today it gives one or more, so that statistics of empty pages are wrong. There should also be a way to ask for the shortest word.\n\n## Changes\n- trims first\n\nFixes #40\n\nSigned-off-by: Ann <ann@corp.io>",
  });
  await remote.propose(3, {
    "src/slug.js": `${with_("src/slug.js", 'text.trim().split(" ")', "text.trim().split(/\\s+/)").replace("toLowerCase()", 'toLowerCase().replace(/-$/, "")')}`,
    "test/slug.test.js": `${start["test/slug.test.js"]}test("takes runs of blanks for one", () => assert.equal(slugify("a  b"), "a-b"));\ntest("ends without a dash", () => assert.equal(slugify("a -"), "a-"));\n`,
  });
  const third = await remote.merge(3, "rebase", { issues: [thin], title: "No dash at the end" });
  github.pulls = [third, second, first];
  await remote.publish(github);
}

const { path: folder, remove } = scratch();
const out = join(folder, "out");
const instances: Instance[] = [];
let said = "";

beforeAll(async () => {
  const github = await ScriptedGithub.listen();
  const remote = await ScriptedRemote.make(start);
  try {
    await publish(github, remote);
    const words = ["run", "--github", "owner/name", "--github-api", github.api, "--mutants", "0", "--skills", "bug-fix"];
    const {
      code,
      out: text,
      err,
    } = await kihon([...words, "--out", out, "--cache", cache], {
      env: { KIHON_GITHUB_TOKEN: "ghp_x", GITHUB_TOKEN: "" },
    });
    said = text + err;
    if (code !== 0) throw new Error(err);
  } finally {
    remote[Symbol.dispose]();
    await github.close();
  }
  for await (const instance of (await openDataset(out)).instances()) instances.push(instance);
});
afterAll(remove);

const sourceOf = (source: string): Instance => {
  const found = instances.find(({ draft }) => draft.facts["source"] === source);
  if (found === undefined) throw new Error(`no row from ${source}\n${said}`);
  return found;
};

describe("rows of bug-fix", () => {
  it("come of an issue and of a pull request's own words; a form left empty gives none, by name", () => {
    expect(instances.map(({ draft }) => [draft.skill, draft.facts["source"]]).sort()).toEqual([
      ["bug-fix", "issue"],
      ["bug-fix", "pull-request"],
    ]);
    expect(said).toContain("bug-fix/thin-report");
  });

  it("are proven: gold 3 of 3; blank, each decoy and each probe 0", async () => {
    for (const { proof, draft } of instances) {
      expect([proof.gold, proof.blank]).toEqual([[1, 1, 1], 0]);
      expect([...proof.decoys, ...proof.probes].map(({ reward }) => reward).filter((reward) => reward !== 0)).toEqual([]);
      expect(proof.decoys.map(({ name }) => name)).toContain("remark-only");
      expect(proof.probes.map(({ name }) => name)).toContain("tame-assert");
      expect(draft.trials.map(({ name }) => name)).toContain("checks-bite");
    }
    const checks = await recheck(out);
    expect(checks).toEqual([expect.objectContaining({ skill: "bug-fix", rows: 2, publicRows: 2, broken: {} })]);
  });

  it("tell what was reported, and nothing of how it was repaired", () => {
    const { prompt, facts } = sourceOf("issue").draft;
    expect(prompt).toContain('`slugify("a  b")` gives `a--b` where I expect `a-b`');
    expect(prompt).toContain("Leading tabs give a dash at the start as well.");
    for (const secret of [
      "github.com",
      "1f2e3d4c",
      "#12",
      "@maintainer",
      "corp.io",
      "slug.js",
      "\\s+",
      "Possible fix",
      "white space",
      "[x]",
    ])
      expect(prompt).not.toContain(secret);
    expect(facts).toMatchObject({ "reporter-comments": 1, "removed-section": 1, "removed-checklist": 1, "removed-html-comment": 1 });
  });

  it("name what hidden tests need and nobody told", () => {
    const { draft } = sourceOf("pull-request");
    expect(draft.interface).toEqual(['shortest(text, fallback = "")']);
    expect(draft.prompt).toContain('- `shortest(text, fallback = "")`');
    expect(sourceOf("issue").draft.interface).toEqual([]);
  });

  it("are labelled where hidden tests need such a name, and were searched for the answer", () => {
    expect(sourceOf("pull-request").draft.specification).toEqual([
      { label: "hidden-name", evidence: 'shortest(text, fallback = ""): stated in the question\'s list of names' },
    ]);
    expect(sourceOf("issue").draft.specification).toEqual([]);
    expect(instances.map(({ leakScan }) => leakScan)).toEqual(
      instances.map(() => ({ verdict: "clean", scanned: ["prompt", "files", "environment", "caches"], noted: [] })),
    );
  });

  it("tell what else the tests did, and what they did before the change", () => {
    const id = (name: string): string => `test/count.test.js > ${name}`;
    expect(sourceOf("pull-request").draft).toMatchObject({
      failToPass: [id("counts nothing in an empty text"), id("finds the shortest")],
      oddTests: {
        absentToPass: [id("is a function: shortest")],
        skippedToPass: [id("has a fallback")],
        passToFail: [id("exports three functions")],
        failToFail: [id("sums words")],
        flaky: [],
        atBase: { [id("counts nothing in an empty text")]: "absent", [id("finds the shortest")]: "absent" },
      },
    });
    // Before the change, this test asked for less.
    expect(sourceOf("issue").draft.oddTests?.atBase).toEqual({ "test/slug.test.js > joins words": "passed" });
  });

  it("have a tree without history and without what came with the change", async () => {
    const data = await openDataset(out);
    for (const { draft } of instances) {
      const tree = join(folder, draft.id);
      await unpackTree(await data.archive(draft.environmentId), tree);
      const paths = readdirSync(tree, { recursive: true }).map(String);
      expect(paths.filter((path) => /(?:^|\/)(?:\.git|\.hg)(?:\/|$)|\.(?:patch|diff|orig|rej)$/.test(path))).toEqual([]);
      const hidden = Object.keys(draft.visible).filter((path) => draft.visible[path] === null);
      expect(hidden).toContain(draft.failToPass[0]?.split(" > ")[0]);
    }
    const { visible } = sourceOf("issue").draft;
    expect([visible["CHANGELOG.md"], visible["docs/blanks.md"]]).toEqual(["# Changes\n", null]);
    expect(existsSync(join(out, "bug-fix", "test-00000-of-00001.parquet"))).toBe(true);
  });

  it("pass the scrub's own check and an audit that shares nothing with it", async () => {
    for (const { draft, candidate } of instances) {
      if (candidate.kind !== "commit") throw new Error("a row of no commit");
      const report = /<report>\n([\s\S]*)\n<\/report>/.exec(draft.prompt)?.[1] ?? "";
      expect(report.length).toBeGreaterThan(40);
      const gold = draft.answers.find(({ role }) => role === "gold")?.text ?? "";
      const repaired = applyPatch(gold, (path) => candidate.before[path] ?? null);
      if ("error" in repaired) throw new Error(repaired.error);
      const fix = fixOf(candidate, draft.failToPass, candidate.testFiles, { text: (path) => repaired.layer[path] ?? null });
      expect(fix.added.length).toBeGreaterThan(0);
      expect(findHint(report, fix)).toBeNull();
      expect(findHint(`${report}\n${fix.added[0]}`, fix)).toBe("a line of the fix");
    }
    expect(await auditLeaks(out)).toEqual({ rows: 2, findings: [] });
  });

  it("are verified, graded, shown and counted as any other", async () => {
    const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
    const result = await verify(out, defaultPlace({ out, cache }), { log, skill: "bug-fix" });
    expect(result).toEqual({ rows: 2, proven: 2, failures: [], infrastructure: 0 });
    const answers = instances.map(({ draft }) =>
      JSON.stringify({ instance_id: draft.id, answer: draft.answers.find(({ role }) => role === "gold")?.text }),
    );
    const graded = await kihon(["grade", out, "--answers", "-", "--cache", cache], { input: `${answers.join("\n")}\n` });
    expect([graded.code, graded.out.match(/"reward":1/g)?.length]).toEqual([0, 2]);
    const shown = await kihon(["inspect", out, "--skill", "bug-fix", "--private"]);
    expect([shown.code, shown.out]).toEqual([0, expect.stringContaining("<report>")]);
    const counted = await kihon(["stats", out, "--json"]);
    expect(JSON.parse(counted.out)).toMatchObject({ rows: 2, skills: { "bug-fix": { rows: 2 } } });
  });
});
