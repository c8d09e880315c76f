/** A dataset of two repositories that go over to other licences: one that the run allows, and one that it does not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { RefreshResult } from "../../pipeline/refresh.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, healthy, kihon, manifest, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
const out = join(folder, "out");
const filesUnder = (name: string, license: string) => ({
  ...healthy,
  "package.json": manifest({ license, repository: `github:acme/${name}` }),
  // Another question than that of the other repository.
  ...(name === "closed" ? { "index.js": `${healthy["index.js"]}`.replaceAll("value", "number") } : {}),
});

const repositories = new Map<string, ScratchRepository>();
beforeAll(async () => {
  for (const name of ["open", "closed"]) {
    const made = await ScratchRepository.make();
    await made.git("remote", "add", "origin", `https://example.invalid/acme/${name}.git`);
    await made.commit("first", filesUnder(name, "MIT"));
    repositories.set(name, made);
  }
});
afterAll(() => {
  for (const one of repositories.values()) one[Symbol.dispose]();
  remove();
});

const now = async (name: string, license: string): Promise<unknown> =>
  repositories.get(name)?.commit(`chore: ${license}`, filesUnder(name, license));
async function refreshed(): Promise<RefreshResult & { readonly err: string }> {
  const { code, out: text, err } = await kihon(["refresh", out, "--cache", cache, "--json"]);
  if (code !== 0) throw new Error(err);
  return { ...JSON.parse(text), err };
}
/** By repository: how many rows there are, and under which licences they say that they are. */
async function rows(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const all: { readonly repo: string; readonly license: string | null }[] = [];
  for await (const { public: open } of (await openDataset(out)).pairs()) all.push({ repo: open.repo, license: open.license_spdx });
  const by = Map.groupBy(all, ({ repo }) => repo);
  return Object.fromEntries([...by].map(([repo, own]) => [repo, [own.length, ...new Set(own.map(({ license }) => license))]]));
}
/** Of rows: an environment without any leaves too. */
const tombstones = (): { readonly kind: string; readonly reason: string; readonly detail: string }[] => {
  const [list] = readdirSync(out).filter((name) => name.startsWith("withdrawn"));
  const lines = list === undefined ? [] : readFileSync(join(out, list), "utf8").trim().split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === "row");
};

it("loses the rows of the second by tombstone until its licence is there again, and keeps those of the first under their own", async () => {
  const sources = [...repositories.values()].flatMap(({ work }) => ["--repo", work]);
  const small = ["--mutants", "6", "--per-skill", "3", "--repeats", "1", "--skills", "editing", "--cache", cache];
  const made = await kihon(["run", ...sources, ...small, "--out", out]);
  expect([made.code, made.err]).toEqual([0, expect.stringContaining("export:")]);
  const before = await rows();
  expect(before).toEqual({ "acme/open": [expect.any(Number), "MIT"], "acme/closed": [expect.any(Number), "MIT"] });
  const count = Number(before["acme/closed"]?.[0]);

  await now("open", "Apache-2.0");
  await now("closed", "GPL-3.0-only");
  const left = await refreshed();
  expect(left).toMatchObject({ changed: true, added: {}, withdrawn: { "license/not-allowed": count }, returned: 0 });
  expect(left.err).toContain("acme/open: the licence changed: MIT, now Apache-2.0; its rows stay");
  expect(await rows()).toEqual({ "acme/open": before["acme/open"] });
  expect(tombstones().map(({ kind, reason, detail }) => [kind, reason, detail])).toEqual(
    Array.from({ length: count }, () => ["row", "license/not-allowed", "MIT, now GPL-3.0-only"]),
  );
  expect(await refreshed()).toMatchObject({ changed: false, withdrawn: {} });

  await now("closed", "MIT");
  expect(await refreshed()).toMatchObject({ changed: true, added: {}, withdrawn: {}, returned: count });
  expect(await rows()).toEqual(before);
  expect(tombstones()).toEqual([]);
});
