/** A dataset of a served repository and of a local one, brought up to date: what is new on GitHub comes, and what is gone there stops nothing. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { RefreshResult } from "../../pipeline/refresh.ts";
import type { Instance } from "../../schemas/instance.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { ScriptedGithub } from "../miners/github/scripted-github.ts";
import { ScriptedRemote } from "../miners/github/scripted-remote.ts";
import { cache, healthy, kihon, manifest, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
const out = join(folder, "out");
const files = { ...healthy, "package.json": manifest({ license: "MIT" }) };
const [source, test] = [healthy["index.js"] ?? "", healthy["index.test.js"] ?? ""];
/** What a pull request fixes, with the test that tells. */
const fixes = [
  {
    "index.js": source.replace("value < low", "value < low || Number.isNaN(value)"),
    "index.test.js": `${test}test("has no NaN", () => assert.equal(clamp(NaN, 1, 3), 1));\n`,
  },
  {
    "index.js": source.replace("value < low", "value === undefined || value < low || Number.isNaN(value)"),
    "index.test.js": `${test}test("has no NaN", () => assert.equal(clamp(NaN, 1, 3), 1));\ntest("has nothing undefined", () => assert.equal(clamp(undefined, 1, 3), 1));\n`,
  },
];

let github: ScriptedGithub;
let remote: ScriptedRemote;
let local: ScratchRepository;
beforeAll(async () => {
  github = await ScriptedGithub.listen();
  remote = await ScriptedRemote.make(files);
  local = await ScratchRepository.make();
  await local.commit("first", files);
});
afterAll(async () => {
  local[Symbol.dispose]();
  remote[Symbol.dispose]();
  await github.close();
  remove();
});

async function merged(number: number): Promise<void> {
  await remote.propose(number, fixes[number - 1] ?? {});
  github.pulls = [await remote.merge(number, "squash", { title: `Clamp more (${number})` }), ...github.pulls];
  await remote.publish(github);
}

const env = { KIHON_GITHUB_TOKEN: "ghp_x", GITHUB_TOKEN: "" };
async function refreshed(): Promise<RefreshResult & { readonly err: string }> {
  const { code, out: text, err } = await kihon(["refresh", out, "--cache", cache, "--json"], { env });
  if (code !== 0) throw new Error(err);
  return { ...JSON.parse(text), err };
}

const pullsOf = (instances: readonly Instance[]): number[] =>
  [...new Set(instances.flatMap(({ candidate }) => (candidate.kind === "commit" ? (candidate.pullRequest?.number ?? []) : [])))].sort();
async function rows(): Promise<readonly Instance[]> {
  const found: Instance[] = [];
  for await (const instance of (await openDataset(out)).instances()) found.push(instance);
  return found;
}
const toldOf = async () => {
  const { about } = (await openDataset(out)).manifest;
  return [about?.title, about?.facts.repositories.map(({ name }) => name)];
};

it("brings new pull requests and no other, and goes on without a repository that GitHub has no longer", async () => {
  await merged(1);
  const small = ["--mutants", "4", "--history", "5", "--per-skill", "2", "--repeats", "1", "--skills", "editing", "--cache", cache];
  const repositories = ["--repo", local.work, "--github", "owner/name", "--github-api", github.api];
  const made = await kihon(["run", ...repositories, ...small, "--out", out], { env });
  expect([made.code, made.err]).toEqual([0, expect.stringContaining("export:")]);
  const before = await rows();
  expect(pullsOf(before)).toEqual([1]);
  const names = [...new Set(before.map(({ candidate }) => candidate.revision.repository.name))].sort();
  expect(names).toHaveLength(2);

  const asked = github.asked.length;
  expect(await refreshed()).toMatchObject({ changed: false, added: {} });
  expect(github.asked.slice(asked).filter(({ query }) => query !== "")).toEqual([]);

  await merged(2);
  expect(await refreshed()).toMatchObject({ changed: true, added: { editing: expect.any(Number) }, withdrawn: {} });
  const after = await rows();
  expect(pullsOf(after)).toEqual([1, 2]);
  expect(after.filter(({ draft }) => before.some((one) => one.draft.id === draft.id))).toEqual(before);

  github.hide();
  const mended = source.replace("value > high", "value > high || value === Infinity");
  await local.commit("fix: infinity is cut too", {
    "index.js": mended,
    "index.test.js": `${test}test("cuts the infinite", () => assert.equal(clamp(Infinity, 1, Number.NaN), Number.NaN));\n`,
  });
  const told = await toldOf();
  const without = await refreshed();
  expect(without.err).toMatch(/owner\/name is private.*passed over/);
  expect(without.err).toContain("owner/name: its rows stay as they are");
  expect(without).toMatchObject({ changed: true, added: { editing: 1 }, withdrawn: {} });
  expect((await rows()).filter(({ draft }) => after.some((one) => one.draft.id === draft.id))).toEqual(after);
  expect(await toldOf()).toEqual(told);
});
