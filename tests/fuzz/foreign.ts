/** What repositories, the registry, GitHub and other people's datasets bring: archives, manifests, locks, answers of the API, rows. */
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { z } from "zod";
import type { ManifestFacts } from "../../languages/contract.ts";
import {
  detectBuild,
  detectEnv,
  detectNodeVersion,
  detectPackageManager,
  detectRunner,
  nativePackages,
  testFilesOf,
} from "../../languages/javascript/manifest.ts";
import { ArchiveError, packTree, readTree } from "../../lib/archive.ts";
import { pathTrouble } from "../../lib/paths.ts";
import { pullRequestNodeSchema } from "../../miners/github/queries.ts";
import { begunAt, issueOf, recordOf, reviewOf, threadOf } from "../../miners/github/record.ts";
import { fromRows, toRows } from "../../output/rows.ts";
import { withoutOutside } from "../../pipeline/environment/outside.ts";
import { restoreLockHosts, rewriteLockHosts } from "../../sandbox/lock-hosts.ts";
import { readTar } from "../../sandbox/tar.ts";
import { pullRequestSchema } from "../../schemas/pull-request.ts";
import { pullRequestNode } from "../miners/github/node.ts";
import { context, environment, sampleInstance } from "../output/samples.ts";
import { asserting, hold, jsonOr, only, type Property, woundedOf } from "./wounds.ts";

const archive = gunzipSync(
  packTree([
    { path: "package.json", kind: "file", executable: false, bytes: Buffer.from("{}\n") },
    { path: "bin/run.sh", kind: "file", executable: true, bytes: Buffer.from("#!/bin/sh\n") },
    { path: `src/${"deep/".repeat(30)}a.js`, kind: "file", executable: false, bytes: Buffer.alloc(1500, "x") },
    { path: "link", kind: "link", target: "package.json" },
  ]),
);

const block = 512;
/** As a header says of itself; without it no wound of a header gets past the first look. */
function mendChecksum(tar: Buffer, at: number): void {
  tar.write("        ", at + 148, "latin1");
  const sum = tar.subarray(at, at + block).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
}

const woundedTar = fc
  .record({
    wounds: fc.array(fc.record({ at: fc.integer({ min: 0, max: archive.length - 1 }), byte: fc.integer({ min: 0, max: 255 }) }), {
      maxLength: 8,
    }),
    length: fc.oneof(fc.constant(archive.length), fc.integer({ min: 0, max: archive.length })),
    mended: fc.boolean(),
  })
  .map(({ wounds, length, mended }) => {
    const tar = Buffer.from(archive);
    for (const { at, byte } of wounds) tar[at] = byte;
    if (mended) for (const { at } of wounds) mendChecksum(tar, at - (at % block));
    return tar.subarray(0, length);
  });

const manifest = JSON.stringify({
  name: "a",
  type: "module",
  engines: { node: ">=14 <21" },
  packageManager: "pnpm@8.6.0",
  volta: { node: "18.1.0" },
  scripts: { test: "npm run build && TZ=UTC mocha --require ts-node/register 'test/**/*.ts'", build: "tsc -p .", pretest: "eslint ." },
  dependencies: { left: "git+https://host/x.git", right: "^1.0.0" },
  devDependencies: { mocha: "*", typescript: "~5.0.0", vitest: "1.x" },
});
const workflow =
  "on: push\njobs:\n  test:\n    strategy:\n      matrix:\n        node: [14, 16, '18.x']\n    env:\n      TZ: UTC\n    steps:\n      - uses: actions/setup-node@v3\n        with:\n          node-version: \u0024{{ matrix.node }}\n      - run: npm ci && npm test\n";
const lock = JSON.stringify({
  lockfileVersion: 2,
  packages: {
    "": { dependencies: { left: "git+https://host/x.git" } },
    "node_modules/left": { version: "1.0.0", resolved: "git+ssh://git@host/x.git#abc" },
    "node_modules/right": { version: "1.0.0", resolved: "https://registry.npmjs.org/right/-/right-1.0.0.tgz", integrity: "sha512-x" },
  },
});
const oldLock = JSON.stringify({
  lockfileVersion: 1,
  dependencies: { left: { version: "git+https://host/x.git#a", requires: { right: "^1" }, dependencies: { right: { version: "1.0.0" } } } },
});
const yarnLock =
  '# yarn lockfile v1\n\nright@^1.0.0:\n  version "1.0.0"\n  resolved "https://registry.yarnpkg.com/right/-/right-1.0.0.tgz#aa"\n';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function factsOf(own: Record<string, unknown>, files: Readonly<Record<string, string>>): ManifestFacts {
  const paths = ["package.json", "src/a.ts", "test/a.test.ts", "test/b.spec.js", ...Object.keys(files)];
  return {
    manifest: own,
    rootManifest: own,
    paths,
    packageDir: ".",
    read: (path) => (Object.hasOwn(files, path) ? (files[path] ?? null) : null),
  };
}

const node = JSON.stringify(
  pullRequestNode({
    reviewThreads: {
      pageInfo: { hasNextPage: false, endCursor: null },
      nodes: [
        {
          path: "src/a.js",
          line: 3,
          originalLine: 2,
          originalStartLine: null,
          diffSide: "RIGHT",
          isResolved: true,
          isOutdated: false,
          comments: {
            nodes: [
              {
                body: "Why?",
                createdAt: "2024-01-02T10:00:00Z",
                author: { __typename: "User", login: "rex" },
                originalCommit: { oid: "d".repeat(40) },
              },
            ],
          },
        },
      ],
    },
    reviews: {
      pageInfo: { hasNextPage: false, endCursor: null },
      nodes: [{ state: "APPROVED", submittedAt: "2024-01-02T11:00:00Z", body: "", author: null, commit: null }],
    },
  }),
);

const whole = <T>(connection: { readonly nodes?: readonly (T | null)[] | null } | null): readonly T[] =>
  (connection?.nodes ?? []).filter((one): one is T => one !== null);

const pair = toRows(sampleInstance("editing"), environment, context);
const cells = JSON.stringify(pair);

export const repositoryProperties: readonly Property[] = [
  {
    name: "a spoilt archive gives paths of the tree and no more bytes than it has, or is refused in words",
    weight: 1,
    of: asserting(
      fc.property(woundedTar, (tar) =>
        only(ArchiveError, () => {
          const entries = readTree(gzipSync(tar, { level: 1 }));
          const bytes = entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.bytes.length : 0), 0);
          hold(bytes <= tar.length, "it holds what it has");
          for (const { path } of entries) hold(pathTrouble(path) === null, `the path ${JSON.stringify(path)} is a path of the tree`);
        }),
      ),
    ),
  },
  {
    name: "a spoilt tar of a job gives no more bytes than it has, or none",
    weight: 1,
    of: asserting(
      fc.property(woundedTar, (tar) => {
        const files = readTar(tar);
        const bytes = Object.values(files ?? {}).reduce((sum, { length }) => sum + length, 0);
        hold(bytes <= tar.length, "it holds what it has");
      }),
    ),
  },
  {
    name: "a spoilt manifest and a spoilt workflow say how tests are run, or that they do not say it",
    weight: 2,
    of: asserting(
      fc.property(woundedOf(manifest), woundedOf(workflow), woundedOf(yarnLock, lock, "18\n"), (words, job, other) => {
        const own = jsonOr(words);
        if (!isObject(own)) return;
        const facts = factsOf(own, { ".github/workflows/test.yml": job, "yarn.lock": other, ".nvmrc": other.slice(0, 20) });
        const { runner, reason } = detectRunner(facts);
        hold((runner === null) === (reason !== null && reason !== ""), "there is a runner or a reason");
        hold(
          Object.values(detectEnv(facts)).every((value) => typeof value === "string" && !value.includes("$")),
          "settings are plain texts",
        );
        hold(detectNodeVersion(facts, "2024-03-01T00:00:00.000Z").range !== "", "there is a Node");
        hold(
          ["npm", "pnpm", "yarn", "yarn-berry", "none"].includes(detectPackageManager(facts, 18).manager),
          "the manager is one of these",
        );
        nativePackages(facts);
        if (runner === null) return;
        detectBuild(facts, runner);
        for (const path of testFilesOf(facts, runner, [])) hold(facts.paths.includes(path), "a test file is a file of the tree");
      }),
    ),
  },
  {
    name: "spoilt locks lose what is outside and nothing is added, or stay as they are",
    weight: 1,
    of: asserting(
      fc.property(woundedOf(manifest), woundedOf(lock, oldLock), (words, locked) => {
        const { texts, names } = withoutOutside({ "package.json": words, "package-lock.json": locked });
        for (const [path, text] of Object.entries(texts)) {
          const before = path === "package.json" ? words : locked;
          hold(JSON.stringify(JSON.parse(text)).length <= JSON.stringify(JSON.parse(before)).length, "it has become shorter");
        }
        hold(Object.keys(texts).length === 0 || names.length > 0, "what was left out has a name");
      }),
    ),
  },
  {
    name: "addresses of a lock that are turned to the gate are turned back",
    weight: 1,
    of: asserting(
      fc.property(woundedOf(lock, yarnLock), (text) => hold(restoreLockHosts(rewriteLockHosts(text)) === text, "it is as it was")),
    ),
  },
  {
    name: "a spoilt pull request of the API is one, or is refused",
    weight: 2,
    of: asserting(
      fc.property(woundedOf(node), (words) => {
        const parsed = pullRequestNodeSchema.safeParse(jsonOr(words));
        if (!parsed.success) return;
        const { closingIssuesReferences, reviewThreads, reviews } = parsed.data;
        const record = recordOf(parsed.data, {
          issues: whole(closingIssuesReferences).map((issue) => issueOf(issue, whole(issue.comments), begunAt(parsed.data))),
          threads: whole(reviewThreads).flatMap((thread) => threadOf(thread) ?? []),
          reviews: whole(reviews).flatMap((review) => reviewOf(review) ?? []),
        });
        hold(pullRequestSchema.safeParse(record).success, "what is kept of it can be read again");
      }),
    ),
  },
  {
    name: "spoilt rows are an instance, or are refused",
    weight: 1,
    of: asserting(
      fc.property(woundedOf(cells), (words) => {
        const spoilt = jsonOr(words);
        if (!isObject(spoilt) || !isObject(spoilt["public"]) || !isObject(spoilt["private"])) return;
        try {
          const instance = fromRows(spoilt["public"] as never, spoilt["private"] as never);
          hold(instance.draft.id === spoilt["public"]["instance_id"], "it is the instance of its row");
        } catch (error) {
          if (!(error instanceof z.ZodError || error instanceof SyntaxError || error instanceof TypeError)) throw error;
        }
      }),
    ),
  },
];
