/** Hostile suites on the road that every run of tests takes: the harness, the report and the limits that stages and graders use. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { nodeTest } from "../../../languages/javascript/runners/node-test.ts";
import type { SandboxProvider } from "../../../sandbox/contract.ts";
import { listProviders, type SandboxSettings } from "../../../sandbox/index.ts";
import { SandboxPool } from "../../../sandbox/pool.ts";
import { Width } from "../../../sandbox/width.ts";
import { runTests, type TestRun } from "../../../sandbox/workspace.ts";
import { limits, nodeFolder, readTree, recipeOf, scratch, treeFor } from "../stand.ts";
import { type Canaries, MARK, setCanaries } from "./canaries.ts";
import type { HostileSuite } from "./suites.ts";

const harnessFolder = resolve(import.meta.dirname, "../../../languages/javascript/harness");

const HEAD = `const { test } = require("node:test"); const fs = require("fs"); const cp = require("child_process"); const net = require("net");
const print = (text) => { for (let left = Buffer.from(text + "\\n"); left.length > 0; ) try { left = left.subarray(fs.writeSync(1, left)); } catch (e) { if (e.code !== "EAGAIN") throw e; } };
`;

export type Attack = Pick<HostileSuite, "script" | "limits" | "env" | "layer">;

export interface HostileStand {
  readonly path: string;
  readonly provider: SandboxProvider;
  readonly canaries: Canaries;
  attack(suite: Attack): Promise<TestRun>;
  /** What of the canaries an attack reached, or left behind; waits a moment for what the kernel is still taking away. */
  breachesOf(run: TestRun): Promise<readonly string[]>;
  close(): void;
}

/** `brought` gives what the repository has beside its manifest, by where the canaries lie. */
export async function hostileStand(
  name = "bubblewrap",
  settings: SandboxSettings = {},
  brought: (canaries: Canaries, path: string) => Readonly<Record<string, string | Uint8Array>> = () => ({}),
): Promise<HostileStand> {
  const place = scratch();
  const tmp = join(place.path, "tmp");
  mkdirSync(tmp);
  const provider = listProviders({ ...settings, tmp }).find((listed) => listed.name === name) as SandboxProvider;
  const pool = new SandboxPool(provider, { width: new Width([1, 1]), backoffMs: 10 });
  const canaries = await setCanaries(place.path, tmp);
  const manifest = JSON.stringify({ name: "hostile", version: "1.0.0" });
  const tree = await treeFor(provider, place.path, { "package.json": manifest, ...brought(canaries, place.path) });
  const harness = await treeFor(provider, place.path, readTree(harnessFolder));
  const installed = { folders: [tree], node: nodeFolder, harness, builds: null };
  const filled = (script: string): string =>
    script
      .replaceAll("SECRET_FILE", canaries.file)
      .replaceAll("OPEN_FOLDER", join(place.path, "open-to-all"))
      .replaceAll("ADDRESSES", JSON.stringify(canaries.addresses))
      .replaceAll("ABSTRACT", JSON.stringify(canaries.abstract))
      .replaceAll("PORT", String(canaries.port));
  return {
    path: place.path,
    provider,
    canaries,
    attack: (suite) =>
      runTests(pool, recipeOf({ env: { [MARK]: canaries.mark, ...suite.env } }), ".", installed, nodeTest, {
        layer: { "attack.test.cjs": HEAD + filled(suite.script), ...suite.layer },
        files: ["attack.test.cjs"],
        seed: null,
        limits: { ...limits, memoryBytes: 2 ** 30, ...suite.limits },
        collect: ["out"],
      }),
    breachesOf: async ({ result, report }) => {
      const collected = Object.values(result.collected).map((bytes) => bytes.toString("latin1"));
      const said = [result.stdout, result.stderr, JSON.stringify(report), ...collected].join("\n");
      for (let wait = 0; wait < 50 && canaries.breaches(said).length > 0; wait++) await new Promise((done) => setTimeout(done, 100));
      return canaries.breaches(said);
    },
    close: () => {
      canaries.close();
      place.remove();
    },
  };
}
