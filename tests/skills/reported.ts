/** A pull request over the package of `stand.ts`, with what was reported, as the miner gives it. */
import type { Commit } from "../../schemas/candidate.ts";
import type { Issue, PullRequest } from "../../schemas/pull-request.ts";
import type { Observed } from "../../skills/contract.ts";
import { environment, failure, joins, observe, texts } from "./stand.ts";

export const issueOf = (over: Partial<Issue> = {}): Issue => ({
  repository: "acme/text",
  number: 12,
  title: "slugify keeps capitals",
  body: 'I call `slugify("Big Town")` and get `Big-Town`, though the documentation promises lower case for every word of the title.',
  author: { login: "rhea", kind: "user" },
  createdAt: "2024-01-01T00:00:00.000Z",
  comments: [],
  ...over,
});

export const pullRequestOf = (over: Partial<PullRequest> = {}): PullRequest => ({
  number: 14,
  title: "fix(slug): lower case",
  body: "Fixes #12",
  author: { login: "ann", kind: "user" },
  createdAt: "2024-02-01T00:00:00.000Z",
  mergedAt: "2024-02-03T00:00:00.000Z",
  base: { ref: "main", oid: "b".repeat(40) },
  head: { ref: "lower", oid: "1a2b3c4d5e".repeat(4), fork: "ann/text" },
  mergeCommit: environment.revision.commit,
  method: "squash",
  kind: "change",
  commits: {
    count: 1,
    list: [{ oid: "1a2b3c4d5e".repeat(4), message: "lower case", authoredAt: "2024-01-20T00:00:00.000Z" }],
    cut: false,
  },
  forcePushes: [],
  labels: [],
  issues: [issueOf()],
  threads: [],
  ...over,
});

const clean = texts["src/slug.js"] ?? "";

export const commitOf = (over: Partial<Commit> = {}): Commit => ({
  kind: "commit",
  id: "00000000000000dd",
  revision: environment.revision,
  before: { "src/slug.js": clean.replace(".toLowerCase()", "") },
  edits: [{ file: "src/slug.js", symbol: "slugify", startLine: 5, endLine: 5 }],
  subject: "fix(slug): lower case",
  body: "",
  testFiles: ["test/slug.test.js"],
  earlier: { "test/slug.test.js": "// older\n", "CHANGELOG.md": "# Changes\n" },
  pullRequest: pullRequestOf(),
  ...over,
});

/** Seen by the tests as any other change. */
export const reportedOf = (over: Partial<Commit> = {}): Observed =>
  observe(commitOf(over), { [joins]: failure({ actual: "Hello-World" }) });
