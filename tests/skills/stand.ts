/** An environment over a small real package, with observed changes that are made as the injector makes them. */
import { initLanguages, languages, runnerNamed } from "../../languages/index.ts";
import { shortId } from "../../lib/hash.ts";
import { rngFor } from "../../lib/rng.ts";
import type { Candidate, Commit, Mutant, Site } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Draft, draftSchema } from "../../schemas/instance.ts";
import type { Variant } from "../../schemas/observation.ts";
import type { Failure } from "../../schemas/report.ts";
import type { Observed, PoseContext, Skill } from "../../skills/contract.ts";
import { environmentOf } from "../grading/stand.ts";

await initLanguages();

export const texts: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "text", "type": "module", "scripts": { "test": "node --test" } }\n',
  "src/slug.js": `/** Lower case, words joined by a dash, at most \`limit\` words. */
export function slugify(text, limit = 5) {
  const words = text.trim().split(" ");
  const kept = words.slice(0, limit);
  return kept.join("-").toLowerCase();
}

export function greeting() {
  return "hello world, as it should be: whoever goes by what was seen and expected in this repository comes here";
}
`,
  "src/count.js": `export function countWords(text) {
  return text.trim().split(" ").length;
}
`,
  "src/index.js": 'export { slugify } from "./slug.js";\nexport { countWords } from "./count.js";\n',
  "test/slug.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../src/index.js";

test("joins the words of a title", () => {
  assert.equal(slugify("Hello World"), "hello-world");
});

test("keeps at most the words asked for", () => {
  assert.equal(slugify("a b c d", 2), "a-b");
});
`,
  "test/count.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { countWords } from "../src/index.js";

test("counts words", () => {
  assert.equal(countWords("a b"), 2);
});
`,
};

const paths = Object.keys(texts).sort();

export const joins = "test/slug.test.js > joins the words of a title";
const keeps = "test/slug.test.js > keeps at most the words asked for";
export const counts = "test/count.test.js > counts words";
export const titles = ["joins the words of a title", "keeps at most the words asked for"];

export const environment: Environment = environmentOf({
  sourceFiles: ["src/count.js", "src/index.js", "src/slug.js"],
  tests: [counts, joins, keeps].map((id) => ({ id, file: id.slice(0, id.indexOf(" > ")), standing: "stable" as const })),
  testFiles: [
    { file: "test/count.test.js", standalone: true, covers: { "src/count.js": [1, 2], "src/index.js": [1, 2] } },
    { file: "test/slug.test.js", standalone: true, covers: { "src/slug.js": [2, 3, 4, 5], "src/index.js": [1, 2] } },
  ],
});

export const contextOf = (all: readonly Observed[], over: Partial<PoseContext> = {}): PoseContext => {
  const [language] = languages;
  const runner = runnerNamed("node-test");
  if (!language || !runner) throw new Error("the language or the runner is not listed");
  return {
    environment,
    all: [...all].sort((a, b) => (a.candidate.id < b.candidate.id ? -1 : 1)),
    language,
    runner,
    text: (path) => (Object.hasOwn(texts, path) ? (texts[path] ?? null) : null),
    paths: () => paths,
    copies: () => [],
    rng: (item, use) => rngFor("1", item, use),
    ...over,
  };
};

export const failure = (over: Partial<Failure> = {}): Failure => ({
  kind: "assertion",
  name: "AssertionError",
  message: "they differ",
  expected: "hello-world",
  actual: "Hello-World",
  frames: [{ file: "test/slug.test.js", line: 6 }],
  ...over,
});

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

export interface Mistake {
  readonly file?: string;
  readonly original: string;
  readonly replacement: string;
  readonly operator?: string;
}

function siteOf({ file = "src/slug.js", original, replacement, operator = "method-swap" }: Mistake): Site {
  const text = texts[file] ?? "";
  const start = text.indexOf(original);
  if (start < 0) throw new Error(`${file} has no ${original}`);
  const end = start + original.length;
  const symbol = file === "src/slug.js" ? "slugify" : file === "src/count.js" ? "countWords" : null;
  return { file, symbol, start, end, startLine: lineAt(text, start), endLine: lineAt(text, end - 1), original, replacement, operator };
}

/** A mutant of one or more mistakes, and what the tests did with it. */
export function observedOf(mistakes: readonly Mistake[], failures: Readonly<Record<string, Failure>> = { [joins]: failure() }): Observed {
  const sites = mistakes.map(siteOf);
  const before: Record<string, string> = {};
  for (const site of [...sites].sort((a, b) => b.start - a.start)) {
    const text = before[site.file] ?? texts[site.file] ?? "";
    before[site.file] = text.slice(0, site.start) + site.replacement + text.slice(site.end);
  }
  const id = shortId(sites);
  const edits = sites.map(({ file, symbol, startLine, endLine }) => ({ file, symbol, startLine, endLine }));
  const candidate: Mutant = { kind: "mutant", id, revision: environment.revision, before, edits, sites };
  return observe(candidate, failures);
}

export function observe(candidate: Candidate, failures: Readonly<Record<string, Failure>>): Observed {
  const failToPass = Object.keys(failures).sort();
  const files = candidate.edits.some(({ file }) => file === "src/count.js")
    ? ["test/count.test.js", "test/slug.test.js"]
    : ["test/slug.test.js"];
  const known = [counts, joins, keeps].filter((test) => files.some((file) => test.startsWith(file)));
  return {
    candidate,
    observation: {
      candidateId: candidate.id,
      environmentId: environment.id,
      files,
      failToPass,
      passToPass: known.filter((test) => !failToPass.includes(test)),
      absentToPass: [],
      skippedToPass: [],
      passToFail: [],
      failToFail: [],
      flaky: [],
      failures,
      manner: "apart",
      calls: [],
      ended: "finished",
    },
  };
}

export const keepsFailure = failure({ expected: "a-b", actual: "a-b-c", frames: [{ file: "test/slug.test.js", line: 10 }] });
export const noLower = observedOf([{ original: ".toLowerCase()", replacement: "" }]);
export const upper = observedOf([{ original: "toLowerCase", replacement: "toUpperCase", operator: "letter-case" }], {
  [joins]: failure({ actual: "HELLO-WORLD" }),
  [keeps]: failure({ expected: "a-b", actual: "A-B", frames: [{ file: "test/slug.test.js", line: 10 }] }),
});
export const longer = observedOf([{ original: "limit)", replacement: "limit + 1)", operator: "boundary" }], { [keeps]: keepsFailure });
export const twoFiles = observedOf(
  [
    { original: '"-"', replacement: '"_"', operator: "string" },
    { file: "src/count.js", original: ".length", replacement: ".length + 1", operator: "boundary" },
  ],
  {
    [joins]: failure({ actual: "hello_world" }),
    [counts]: failure({ expected: "2", actual: "3", frames: [{ file: "test/count.test.js", line: 6 }] }),
  },
);
export const commit: Observed = observe(
  {
    kind: "commit",
    id: "00000000000000cc",
    revision: environment.revision,
    before: { "src/slug.js": (texts["src/slug.js"] ?? "").replace(".toLowerCase()", "") },
    edits: [{ file: "src/slug.js", symbol: "slugify", startLine: 5, endLine: 5 }],
    subject: "Slugs are lower case",
    body: "",
    testFiles: ["test/slug.test.js"],
  } satisfies Commit,
  { [joins]: failure() },
);
const slug = texts["src/slug.js"] ?? "";
export const variant = (role: Variant["role"], { candidate, observation }: Observed): Variant => {
  if (candidate.kind !== "mutant") throw new Error("a variant is a mutant of the fixed tree");
  return { role, mutant: candidate, observation };
};
/** A fix of two changes, each with a test of its own, and what is wrong without them, or with a slip in one. */
export const twoChanges: Observed = (() => {
  const { candidate, observation } = observe(
    {
      ...(commit.candidate as Commit),
      id: "00000000000000cd",
      before: { "src/slug.js": slug.replace("words.slice(0, limit)", "words").replace(".toLowerCase()", "") },
      edits: [4, 5].map((line) => ({ file: "src/slug.js", symbol: "slugify", startLine: line, endLine: line })),
    },
    { [joins]: failure(), [keeps]: keepsFailure },
  );
  const hunk = { operator: "hunk-left" };
  const expected = { file: "test/slug.test.js", original: '"hello-world"', replacement: '"hello-worlds"', operator: "string-literal" };
  const variants = [
    variant("hunk", observedOf([{ ...hunk, original: "words.slice(0, limit)", replacement: "words" }], { [keeps]: keepsFailure })),
    variant("hunk", observedOf([{ ...hunk, original: ".toLowerCase()", replacement: "" }])),
    variant(
      "slip",
      observedOf([{ original: "slice(0", replacement: "slice(1", operator: "number-literal" }], { [joins]: failure({ actual: "world" }) }),
    ),
    variant("test", observedOf([expected], { [joins]: failure({ expected: "hello-worlds", actual: "hello-world" }) })),
  ];
  return { candidate, observation: { ...observation, variants } };
})();
export const everything = [noLower, upper, longer, twoFiles, commit, twoChanges];

export interface Asked {
  readonly drafts: Draft[];
  readonly reasons: (string | null)[];
}
export function ask(skill: Skill, context: PoseContext): Asked {
  const posed = [...skill.pose(context)];
  return {
    drafts: posed.flatMap(({ outcome }) => (outcome.kept ? [draftSchema.parse(outcome.value)] : [])),
    reasons: posed.map(({ outcome }) => (outcome.kept ? null : outcome.reason)),
  };
}
/** The one draft of a change. */
export function draftFor(
  skill: Skill,
  observed: Observed,
  others: readonly Observed[] = everything,
  over: Partial<PoseContext> = {},
): Draft {
  const found = ask(skill, contextOf([...new Set([...others, observed])], over)).drafts.filter(
    ({ changeId }) => changeId === observed.candidate.id,
  );
  if (!found[0]) throw new Error(`${skill.name} poses nothing on ${observed.candidate.id}`);
  return found[0];
}
export const reasonFor = (skill: Skill, observed: Observed, over: Partial<PoseContext> = {}): string | null =>
  ask(skill, contextOf([observed], over)).reasons[0] ?? null;
