import { readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GATE_BASE, type GateDoor, RegistryGate, readPath, rewriteTarballs } from "../../sandbox/registry-gate.ts";
import { type FakeRegistry, fakeRegistry, scratch } from "./stand.ts";

describe("a path at the gate", () => {
  test.each([
    ["lodash", "lodash"],
    ["@types/node", "@types/node"],
    ["@types%2fnode", "@types/node"],
    ["@types%2Fnode", "@types/node"],
    ["lodash/latest", "lodash"],
    ["-/at/yarnpkg/lodash", "lodash"],
    ["JSONStream", "JSONStream"],
  ])("%s asks for the metadata of %s", (path, name) => {
    expect(readPath(path)).toMatchObject({ kind: "metadata", name });
  });
  test.each([
    ["lodash/-/lodash-4.17.21.tgz", "lodash@4.17.21"],
    ["@types/node/-/node-22.0.0-beta.1.tgz", "@types/node@22.0.0-beta.1"],
    ["@types%2fnode/-/node-22.0.0.tgz", "@types/node@22.0.0"],
    ["-/at/yarnpkg/is-odd/-/is-odd-3.0.1.tgz", "is-odd@3.0.1"],
  ])("%s asks for the tarball %s", (path, label) => {
    expect(readPath(path)).toMatchObject({ kind: "tarball", label });
  });
  test.each([
    "",
    "..",
    "../etc/passwd",
    "lodash/../../x",
    "unjs/ufo/tar.gz/main",
    "-/user/token",
    "-/all",
    "a/b/c",
    "//host/x",
    "lodash/-/x.zip",
    "lodash/-/..\\..\\..\\other\\x.tgz",
    "lodash/-/..%2f..%2fother%2fx.tgz",
    "-/package/x/dist-tags",
  ])("%j is refused", (path) => {
    expect(readPath(path)).toEqual({ kind: "refused" });
  });
});

describe("tarball addresses in metadata", () => {
  const rewrite = (url: string): string => rewriteTarballs(JSON.stringify({ dist: { tarball: url } }), "/npm/", GATE_BASE);
  test("turn to the gate, whatever the host", () => {
    for (const url of ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", "http://10.0.0.1:4873/npm/a/-/a-1.0.0.tgz"]) {
      expect(rewrite(url)).toBe(`{"dist":{"tarball":"${GATE_BASE}a/-/a-1.0.0.tgz"}}`);
    }
  });
  test("that are no tarballs of a registry stay, to be refused", () => {
    expect(rewrite("https://example.org/some/where.zip")).toBe('{"dist":{"tarball":"https://example.org/some/where.zip"}}');
  });
  test("quoted in a readme stay", () => {
    const text = JSON.stringify({ readme: '"tarball": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"' });
    expect(rewriteTarballs(text, "/", GATE_BASE)).toBe(text);
  });
});

describe("a door of the gate", () => {
  const place = scratch();
  let registry: FakeRegistry;
  let door: GateDoor;
  let gate: RegistryGate;
  const socket = join(place.path, "socket");

  const ask = (path: string, method = "GET", headers: Record<string, string> = {}): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const call = request({ socketPath: socket, path, method, headers }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("latin1") });
      });
      call.on("error", reject);
      call.end(method === "POST" || method === "PUT" ? "{}" : undefined);
    });

  beforeAll(async () => {
    registry = await fakeRegistry(place.path);
    gate = new RegistryGate({ registry: registry.url, cache: join(place.path, "cache") });
    door = await gate.openSocket(socket);
  });
  afterAll(async () => {
    await door.close();
    registry.close();
    place.remove();
  });

  test("hands out metadata with tarballs at the gate", async () => {
    const { status, text } = await ask("/one");
    expect(status).toBe(200);
    expect(JSON.parse(text).versions["1.0.0"].dist.tarball).toBe(`${GATE_BASE}one/-/one-1.0.0.tgz`);
  });
  test("hands out a tarball, and asks the registry for it once", async () => {
    const first = await ask("/one/-/one-1.0.0.tgz");
    const again = await ask("/-/at/yarnpkg/one/-/one-1.0.0.tgz");
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.text).toBe(first.text);
    expect(registry.asked.filter((path) => path.endsWith(".tgz"))).toEqual(["/npm/one/-/one-1.0.0.tgz"]);
    expect(readdirSync(join(place.path, "cache"), { recursive: true }).filter((name) => String(name).endsWith(".tgz"))).toHaveLength(1);
  });
  test("asks for metadata once", async () => {
    await Promise.all([ask("/@scope%2ftwo"), ask("/@scope%2ftwo")]);
    await ask("/@scope%2ftwo");
    expect(registry.asked.filter((path) => path === "/npm/@scope/two")).toHaveLength(1);
  });
  test("passes on what the registry does not have", async () => {
    expect((await ask("/none")).status).toBe(404);
    expect((await ask("/none/-/none-1.0.0.tgz")).status).toBe(404);
  });
  test("refuses other methods, other paths and other hosts, and says what", async () => {
    expect(await ask("/one", "PUT")).toMatchObject({ status: 403, text: expect.stringContaining("gate: refused PUT /one") });
    expect(await ask("/-/v1/search?text=x")).toMatchObject({ status: 403 });
    expect(await ask("http://example.org/one")).toMatchObject({
      status: 403,
      text: expect.stringContaining("gate: refused http://example.org/one"),
    });
  });
  test("takes a client that speaks to it as to a proxy", async () => {
    expect((await ask(`${GATE_BASE}one`)).status).toBe(200);
  });
  test("refuses a tunnel to another host in words", async () => {
    const status = await new Promise<string>((resolve, reject) => {
      const call = request({ socketPath: socket, method: "CONNECT", path: "github.com:443" });
      call.on("connect", (response, tunnel) => {
        tunnel.destroy();
        resolve(`${response.statusCode} ${response.statusMessage}`);
      });
      call.on("error", reject);
      call.end();
    });
    expect(status).toBe("403 gate: refused github.com:443");
  });
  test("answers an audit with nothing known", async () => {
    expect(await ask("/-/npm/v1/security/advisories/bulk", "POST")).toEqual({ status: 200, text: "{}" });
  });
  test("remembers what was asked", () => {
    expect(door.stats()).toEqual({
      names: ["@scope/two", "none", "one"],
      tarballs: ["one@1.0.0"],
      refused: ["/-/v1/search?text=x", "PUT /one", "http://example.org/one", "https://github.com:443"],
    });
  });
  test("says so when the registry cannot be reached", async () => {
    const lost = new RegistryGate({ registry: "http://127.0.0.1:1/", cache: join(place.path, "cache2") });
    const other = await lost.openSocket(join(place.path, "socket2"));
    const status = await new Promise<number>((resolve) => {
      request({ socketPath: join(place.path, "socket2"), path: "/one" }, (response) => resolve(response.statusCode ?? 0)).end();
    });
    await other.close();
    expect(status).toBe(502);
  });
});

describe("a job that asks without end", () => {
  const place = scratch();
  let registry: FakeRegistry;
  beforeAll(async () => {
    registry = await fakeRegistry(place.path);
  });
  afterAll(() => {
    registry.close();
    place.remove();
  });
  const opened = async (tarballBytes?: number) => {
    const socketPath = join(place.path, `door-${tarballBytes ?? "all"}`);
    const limit = tarballBytes === undefined ? {} : { tarballBytes };
    const door = await new RegistryGate({ registry: registry.url, cache: join(place.path, `cache-${tarballBytes}`), ...limit }).openSocket(
      socketPath,
    );
    const ask = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        request({ socketPath, path: `/${path}` }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode ?? 0));
        })
          .on("error", reject)
          .end();
      });
    return { door, ask };
  };
  test("is answered, and what it asked for is noted no further than a person reads", async () => {
    const { door, ask } = await opened();
    for (let n = 0; n < 300; n++) expect(await ask(`-/${n}/${"x".repeat(4000)}`)).toBe(403);
    const { refused } = door.stats();
    expect(refused.length).toBe(200);
    expect(Math.max(...refused.map((text) => text.length))).toBe(300);
    await door.close();
  });
  test("gets tarballs up to its share", async () => {
    const { door, ask } = await opened(10);
    expect(await ask("one/-/one-1.0.0.tgz")).toBe(200);
    expect(await ask("@scope/two/-/two-2.0.0.tgz")).toBe(403);
    expect(door.stats().tarballs).toEqual(["one@1.0.0"]);
    await door.close();
  });
});
