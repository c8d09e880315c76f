/** What questions leave open, through whole runs: each label where it holds, and where it just does not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Instance } from "../../schemas/instance.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { ScriptedGithub } from "../miners/github/scripted-github.ts";
import { ScriptedRemote } from "../miners/github/scripted-remote.ts";
import { cache, kihon, manifest, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);

async function rowsOf(out: string): Promise<Instance[]> {
  const rows: Instance[] = [];
  for await (const row of (await openDataset(out)).instances()) rows.push(row);
  return rows;
}

describe("of reports", () => {
  const start: Readonly<Record<string, string>> = {
    "package.json": manifest({ license: "MIT" }),
    "src/slug.js": `export function slugify(text, limit = 5) {
  const words = text.trim().split(" ");
  return words.slice(0, limit).join("-").toLowerCase();
}
`,
    "src/count.js": `export function longest(text) {
  return text.split(" ").reduce((best, word) => (word.length > best.length ? word : best));
}
`,
    "test/slug.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../src/slug.js";
test("joins words", () => assert.equal(slugify("Hello World"), "hello-world"));
`,
    "test/count.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { longest } from "../src/count.js";
test("finds the longest", () => assert.equal(longest("a bcd"), "bcd"));
`,
  };
  const extended = (path: string, mark: string, more: string): string => (start[path] ?? "").replace(mark, () => `${mark}${more}`);

  it("an exact text is needed where a test was seen to fail without it, and not where it only stands in one", async () => {
    const github = await ScriptedGithub.listen();
    const remote = await ScriptedRemote.make(start);
    const out = join(folder, "reports");
    try {
      await remote.propose(1, {
        "src/slug.js": extended(
          "src/slug.js",
          "limit = 5) {\n",
          '  if (limit < 0) throw new RangeError("the limit cannot be below nothing");\n',
        ),
        "test/slug.test.js": `${start["test/slug.test.js"]}test("refuses", () => assert.throws(() => slugify("a", -1), { message: "the limit cannot be below nothing" }));\n`,
      });
      const first = await remote.merge(1, "squash", {
        title: "Refuse odd numbers of words",
        body: "Asking slugify for fewer than zero words gives a slug that lacks words at its end, which nobody expects. Such a number should be refused with an error that says what was wrong with it.",
      });
      await remote.propose(2, {
        "src/count.js": extended(
          "src/count.js",
          "longest(text) {\n",
          '  if (text === "") throw new RangeError("an empty text has no words");\n',
        ),
        "test/count.test.js": `${start["test/count.test.js"]}test("refuses", () => assert.throws(() => longest(""), RangeError, "an empty text has no words"));\n`,
      });
      const second = await remote.merge(2, "squash", {
        title: "Empty texts have no longest word",
        body: "The longest word of a text that is empty is told to be an empty word today, so pages without text are counted as if they had one. It should be refused with an error of the kind that is thrown for ranges.",
      });
      github.pulls = [second, first];
      await remote.publish(github);
      const words = ["run", "--github", "owner/name", "--github-api", github.api, "--mutants", "0", "--skills", "bug-fix"];
      const said = await kihon([...words, "--out", out, "--cache", cache], { env: { KIHON_GITHUB_TOKEN: "ghp_x", GITHUB_TOKEN: "" } });
      expect([said.code, said.code === 0 ? "" : said.err]).toEqual([0, ""]);
    } finally {
      remote[Symbol.dispose]();
      await github.close();
    }
    const labels = (await rowsOf(out)).map(({ draft, leakScan }) => [draft.failToPass[0], draft.specification, leakScan?.verdict]);
    expect(labels.sort()).toEqual([
      ["test/count.test.js > refuses", [], "clean"],
      [
        "test/slug.test.js > refuses",
        [
          {
            label: "exact-message",
            evidence: '"the limit cannot be below nothing": worded otherwise, 1 of 1 hidden tests fail, first test/slug.test.js > refuses',
          },
        ],
        "clean",
      ],
    ]);
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("| `bug-fix` | 2 | 0 | 0 | 0 (0.0 %) | 1 (50.0 %) | 0 (0.0 %) |");
  });
});

describe("of mutants", () => {
  const total = `export function total(prices, discount, tax) {
  const sum = prices.reduce((all, price) => all + price, 0);
  const reduced = sum - sum * discount;
  return Math.round((reduced + reduced * tax) * 100) / 100;
}
`;
  const files = {
    "package.json": manifest({ license: "MIT" }),
    "src/valid.js": `import { inRange } from "./range.js";
export function isValid(value) {
  return inRange(value, 1, 5);
}
`,
    "src/range.js": `export function inRange(value, low, high) {
  return value >= low && value <= high;
}
`,
    "src/area.js": `export function area(width, height) {
  return width * height + 1;
}
`,
    "src/total.js": total,
    "notes/total.js.orig": total,
    "test/total.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { total } from "../src/total.js";
test("takes off and puts on", () => assert.equal(total([10, 20], 0.5, 0.2), 18));
`,
    "test/valid.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { isValid } from "../src/valid.js";
test("takes what lies inside", () => assert.equal(isValid(3), true));
`,
    "test/area.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { area } from "../src/area.js";
test("multiplies sides", () => assert.equal(area(3, 5), 16));
`,
  };

  it("a place is ambiguous where another defect does the very same; of a source whose copy lies about nothing is asked", async () => {
    const repository = await ScratchRepository.make();
    const out = join(folder, "mutants");
    try {
      await repository.commit("start", files);
      const words = ["run", "--repo", repository.work, "--mutants", "60", "--per-skill", "30", "--repeats", "1"];
      const said = await kihon([...words, "--skills", "localization", "--out", out, "--cache", cache]);
      expect([said.code, said.code === 0 ? "" : said.err]).toEqual([0, ""]);
      expect(said.out + said.err).toContain("leak-scan/gold");
    } finally {
      repository[Symbol.dispose]();
    }
    const rows = await rowsOf(out);
    expect(new Set(rows.map(({ leakScan }) => leakScan?.verdict))).toEqual(new Set(["clean"]));
    const found = (file: string) =>
      rows.filter(({ candidate }) => candidate.edits[0]?.file === file).map(({ draft }) => draft.specification ?? []);
    const ambiguous = [...found("src/valid.js"), ...found("src/range.js")].flat();
    expect(ambiguous.length).toBeGreaterThan(0);
    for (const { label, evidence } of ambiguous) {
      expect(label).toBe("ambiguous-location");
      expect(evidence).toMatch(/^a defect in src\/(?:valid|range)\.js(?:#\w+)? fails the same tests in the same way$/);
    }
    expect(found("src/area.js").length).toBeGreaterThan(0);
    expect(found("src/area.js").flat()).toEqual([]);
    expect(found("src/total.js")).toEqual([]);
  });
});
