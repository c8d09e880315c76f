import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { managerTool, nodeTool } from "../../sandbox/toolchains.ts";

/** A registry that knows two versions and gives neither; what it was asked for. */
const asked: string[] = [];
let answers = true;
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  const { port } = server.address() as AddressInfo;
  const version = (number: string) => [
    number,
    { name: "npm", version: number, dist: { tarball: `http://127.0.0.1:${port}/npm-${number}.tgz`, shasum: "0".repeat(40) } },
  ];
  const versions = Object.fromEntries(["7.0.0", "7.5.1", "7.20.2", "8.0.0"].map(version));
  const isKnown = request.url === "/npm" && answers;
  response.writeHead(isKnown ? 200 : answers ? 404 : 401, { "content-type": "application/json" });
  response.end(JSON.stringify(isKnown ? { name: "npm", "dist-tags": { latest: "8.0.0" }, versions } : {}));
});

let cache = "";
const shelf = (): string => join(cache, "toolchains", "npm");
const have = (version: string): void => void mkdirSync(join(shelf(), version), { recursive: true });
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  vi.stubEnv("npm_config_registry", `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  vi.stubEnv("npm_config_fetch_retries", "0");
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "kihon-test-"));
  vi.stubEnv("npm_config_cache", join(cache, "npm"));
  answers = true;
  asked.length = 0;
});
afterEach(() => rmSync(cache, { recursive: true }));

describe("a tool of a range", () => {
  it("is the newest of the registry, whatever else lies in the cache", async () => {
    have("7.5.1");
    await expect(managerTool(cache, "npm", "7")).rejects.toThrow("npm could not fetch npm@7.20.2");
  });

  it("is asked for once in a process, and once a week of a cache", async () => {
    have("7.20.2");
    expect((await managerTool(cache, "npm", "7")).version).toBe("7.20.2");
    const first = asked.length;
    expect(first).toBeGreaterThan(0);
    expect((await managerTool(cache, "npm", "7")).version).toBe("7.20.2");
    expect(asked).toHaveLength(first);
    const [note = ""] = readdirSync(shelf()).filter((name) => name.startsWith(".newest-"));
    vi.resetModules();
    const other = await import("../../sandbox/toolchains.ts");
    expect((await other.managerTool(cache, "npm", "7")).version).toBe("7.20.2");
    expect(asked).toHaveLength(first);
    const before = Date.now() / 1000 - 8 * 24 * 60 * 60;
    utimesSync(join(shelf(), note), before, before);
    vi.resetModules();
    const later = await import("../../sandbox/toolchains.ts");
    expect((await later.managerTool(cache, "npm", "7")).version).toBe("7.20.2");
    expect(asked.length).toBeGreaterThan(first);
  });

  it("is the best of the cache where the registry does not answer, and nothing where there is none", async () => {
    answers = false;
    await expect(managerTool(cache, "npm", "7")).rejects.toThrow("the registry did not say");
    have("7.0.0");
    have("7.5.1");
    have("8.0.0");
    expect((await managerTool(cache, "npm", "7")).version).toBe("7.5.1");
  });

  it("is asked for by the user's settings, not by those of the folder that Kihon stands in", async () => {
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(cache, "package.json"), "{}");
    writeFileSync(join(cache, ".npmrc"), `@yarnpkg:registry=http://127.0.0.1:${port}/\${KIHON_CANARY_SECRET}/\n`);
    vi.stubEnv("KIHON_CANARY_SECRET", "canary-secret");
    const before = process.cwd();
    process.chdir(cache);
    try {
      await expect(managerTool(cache, "yarn-berry", "^4.0.0")).rejects.toThrow("the registry has no @yarnpkg/cli-dist");
    } finally {
      process.chdir(before);
    }
    expect(asked).toEqual(["/@yarnpkg%2fcli-dist"]);
  });

  it("is fetched by nobody where it is exact and there", async () => {
    have("7.0.0");
    expect(await managerTool(cache, "npm", "7.0.0")).toEqual({ version: "7.0.0", folder: join(shelf(), "7.0.0"), entry: "bin/npm-cli.js" });
    expect(asked).toEqual([]);
  });

  it("is the Node that runs Kihon where that is in it", async () => {
    const { version } = await nodeTool(cache, process.versions.node.split(".")[0] ?? "");
    expect(version).toBe(process.versions.node);
    expect(asked).toEqual([]);
  });
});
