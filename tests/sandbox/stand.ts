/** What sandbox tests stand on: trees on disk, a small job to vary, and a registry of one package. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Job, Limits, SandboxProvider } from "../../sandbox/contract.ts";
import type { Recipe } from "../../schemas/environment.ts";

export const MEBIBYTE = 2 ** 20;

export const limits: Limits = {
  wallMs: 20_000,
  memoryBytes: 512 * MEBIBYTE,
  processes: 128,
  outputBytes: MEBIBYTE,
  diskBytes: 32 * MEBIBYTE,
  inodes: 5_000,
  reportBytes: MEBIBYTE,
};

/** The folder above the `bin` of the node that runs the tests. */
export const nodeFolder = resolve(dirname(process.execPath), "..");
export const nodeMount = { host: nodeFolder, guest: "/kihon/node" };

/** A recipe with nothing to install, on the node that runs the tests. */
export const recipeOf = (over: Partial<Recipe> = {}): Recipe => ({
  nodeVersion: process.versions.node,
  nodeReason: "default",
  packageManager: "none",
  packageManagerVersion: "",
  lockFile: null,
  registryAsOf: null,
  directVersions: "newest",
  registryReason: "",
  install: [],
  installEnv: {},
  scriptsAllowed: [],
  build: [],
  runner: "node-test",
  runnerVersion: process.versions.node,
  runnerArgs: [],
  env: {},
  ...over,
});

/** A folder for one test file; removed by the returned function. */
export function scratch(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "kihon-test-"));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function writeTree(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Path → content of every file under a folder. */
export function readTree(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}

/** What a job handed out, as text. */
export const texts = (files: Readonly<Record<string, Buffer>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, bytes.toString("utf8")]));

let trees = 0;
/** A fresh tree that the provider has adopted. */
export async function treeFor(
  provider: SandboxProvider,
  within: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const folder = join(within, `tree-${trees++}`);
  writeTree(folder, files);
  await provider.adopt(folder, true);
  return folder;
}

/** A job that varies from the plainest one. */
export const jobOn = (tree: readonly string[], change: Partial<Job> & Pick<Job, "commands">): Job => ({
  tree,
  layer: {},
  mounts: [nodeMount],
  cwd: "",
  env: {},
  network: "none",
  limits,
  ...change,
});

/** A command that runs a script in the mounted node. */
export const node = (script: string, ...args: string[]): readonly string[] => ["/kihon/node/bin/node", "-e", script, ...args];
export const sh = (script: string): readonly string[] => ["sh", "-c", script];

export interface FakeRegistry {
  readonly url: string;
  readonly asked: string[];
  close(): void;
}

/** A registry that has `one@1.0.0` and `@scope/two@2.0.0`, tells its tarballs under another host's name, and counts what it is asked. */
export async function fakeRegistry(within: string): Promise<FakeRegistry> {
  const asked: string[] = [];
  const tarballs = new Map([
    ["/npm/one/-/one-1.0.0.tgz", packed(within, "one", "1.0.0")],
    ["/npm/@scope/two/-/two-2.0.0.tgz", packed(within, "@scope/two", "2.0.0")],
  ]);
  const metadata = (name: string, version: string): string =>
    JSON.stringify({
      name,
      "dist-tags": { latest: version },
      versions: {
        [version]: { name, version, dist: { tarball: `https://registry.npmjs.org/${name}/-/${name.split("/").at(-1)}-${version}.tgz` } },
      },
    });
  const server: Server = createServer((request, response) => {
    const url = decodeURIComponent(request.url ?? "");
    asked.push(url);
    const bytes = tarballs.get(url);
    if (bytes !== undefined) response.end(bytes);
    else if (url === "/npm/one") response.end(metadata("one", "1.0.0"));
    else if (url === "/npm/@scope/two") response.end(metadata("@scope/two", "2.0.0"));
    else response.writeHead(404).end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/npm/`, asked, close: () => server.close() };
}

/** A tarball of a package that holds nothing but its manifest and its name. */
function packed(within: string, name: string, version: string): Buffer {
  const folder = mkdtempSync(join(within, "package-"));
  writeTree(join(folder, "package"), {
    "package.json": JSON.stringify({ name, version }),
    "index.js": `module.exports = ${JSON.stringify(name)};\n`,
  });
  return execFileSync("tar", ["-czf", "-", "-C", folder, "package"]);
}

/** Name → version → when it was published. As npm's own registry does, it tells the moments only in the whole metadata, not in the short form for installs. */
export async function datedRegistry(
  within: string,
  packages: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<FakeRegistry> {
  const asked: string[] = [];
  const tarballs = new Map<string, Buffer>();
  const metadata = new Map<string, object>();
  const registry = { url: "", asked, close: () => server.close() };
  const server: Server = createServer((request, response) => {
    const url = decodeURIComponent(request.url ?? "").slice(1);
    asked.push(url);
    const bytes = tarballs.get(url);
    const found = metadata.get(url);
    const whole = !(request.headers.accept ?? "").includes("application/vnd.npm.install-v1+json");
    if (bytes !== undefined) response.end(bytes);
    else if (found !== undefined) response.end(JSON.stringify(whole ? { ...found, time: packages[url] } : found));
    else response.writeHead(404).end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  registry.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (const [name, versions] of Object.entries(packages)) {
    const manifests = Object.keys(versions).map((version) => {
      const bytes = packed(within, name, version);
      const path = `${name}/-/${name}-${version}.tgz`;
      tarballs.set(path, bytes);
      const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
      return [version, { name, version, dist: { tarball: `${registry.url}${path}`, integrity } }] as const;
    });
    metadata.set(name, { name, "dist-tags": { latest: manifests.at(-1)?.[0] }, versions: Object.fromEntries(manifests) });
  }
  return registry;
}

/** The npm that belongs to a node of this machine, or null. */
export function npmFolder(): string | null {
  const candidates = [
    join(process.execPath, "../../lib/node_modules/npm"),
    "/usr/lib/node_modules/npm",
    "/usr/local/lib/node_modules/npm",
    "/usr/share/nodejs/npm",
  ];
  return candidates.find((path) => existsSync(join(path, "bin/npm-cli.js"))) ?? null;
}
