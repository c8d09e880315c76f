import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packTree } from "../../../lib/archive.ts";
import { type Dependencies, dependencies, type InstallSite } from "../../../pipeline/environment/install.ts";
import { createLog } from "../../../pipeline/log.ts";
import type { SandboxProvider } from "../../../sandbox/contract.ts";
import { chooseProvider } from "../../../sandbox/index.ts";
import { managerTool } from "../../../sandbox/toolchains.ts";
import type { Recipe } from "../../../schemas/environment.ts";
import type { Outcome } from "../../../schemas/outcome.ts";
import { datedRegistry, type FakeRegistry, readTree, recipeOf, scratch, treeFor } from "../../sandbox/stand.ts";

const place = scratch();
let registry: FakeRegistry;
let provider: SandboxProvider;
let site: InstallSite;
beforeAll(async () => {
  registry = await datedRegistry(place.path, {
    one: { "1.0.0": "2020-03-01T10:00:00.000Z", "1.1.0": "2021-05-31T23:00:00.000Z", "2.0.0": "2022-01-01T00:00:00.000Z" },
  });
  provider = await chooseProvider({ trusted: true, registry: registry.url });
  site = {
    cache: join(place.path, "cache"),
    provider,
    jobs: provider,
    registry: registry.url,
    harness: await treeFor(provider, place.path, readTree(resolve(import.meta.dirname, "../../../languages/javascript/harness"))),
    timeoutMs: 200_000,
    log: createLog({ json: false, terminal: false, write: () => undefined, now: () => performance.now() }),
  };
}, 60_000);
// Thousands of files of two npms go.
afterAll(() => {
  registry.close();
  place.remove();
}, 60_000);

const archiveOf = (range: string): Uint8Array =>
  packTree([
    {
      path: "package.json",
      kind: "file",
      executable: false,
      bytes: Buffer.from(JSON.stringify({ name: "x", version: "1.0.0", dependencies: { one: range } })),
    },
  ]);

async function install(
  range: string,
  npm: string,
  over: Partial<Recipe>,
  frozen: Dependencies["frozenLock"] = null,
): Promise<Outcome<Dependencies>> {
  const { version } = await managerTool(site.cache, "npm", npm);
  const words = ["npm", "install", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"];
  return dependencies(
    site,
    recipeOf({ packageManager: "npm", packageManagerVersion: version, install: [words], ...over }),
    archiveOf(range),
    frozen,
  );
}

/** The version that was installed, or why none was. */
const installed = (outcome: Outcome<Dependencies>): string =>
  outcome.kept
    ? JSON.parse(readFileSync(join(outcome.value.folder, "node_modules", "one", "package.json"), "utf8")).version
    : `${outcome.reason}: ${outcome.detail}`;

describe.each(["8", "10"])("an install by npm %s without a lock file", (npm) => {
  test("takes the newest of the range, and what was there by the limit where there is one", async () => {
    expect(installed(await install("^1.0.0", npm, {}))).toBe("1.1.0");
    expect(installed(await install("^1.0.0", npm, { registryAsOf: "2021-05-01T00:00:00.000Z" }))).toBe("1.0.0");
    expect(installed(await install("^1.0.0", npm, { registryAsOf: "2021-06-01T00:00:00.000Z" }))).toBe("1.1.0");
    expect(installed(await install("latest", npm, { registryAsOf: "2021-06-01T00:00:00.000Z" }))).toBe("1.1.0");
  });
  test("says so where nothing in the range was there by the limit", async () => {
    const outcome = await install("^1.0.0", npm, { registryAsOf: "2020-01-01T00:00:00.000Z" });
    expect(installed(outcome)).toMatch(/^prepare\/install-failed: no version fits that was published by then: /);
  });
  test("keeps a lock with integrity, which is obeyed whatever the limit", async () => {
    const later = await install("^1.0.0", npm, {});
    const frozen = later.kept ? later.value.frozenLock : null;
    expect(JSON.parse(frozen?.text ?? "{}").packages["node_modules/one"]).toMatchObject({
      version: "1.1.0",
      integrity: expect.stringMatching(/^sha512-/),
    });
    expect(installed(await install("^1.0.0", npm, { registryAsOf: "2021-05-01T00:00:00.000Z" }, frozen))).toBe("1.1.0");
  });
});

test("direct dependencies are installed at the lowest minor of their range where the recipe says so", async () => {
  expect(installed(await install("^1.0.0", "10", { directVersions: "lowest" }))).toBe("1.0.0");
  expect(installed(await install("*", "10", { directVersions: "lowest" }))).toBe("2.0.0");
});
