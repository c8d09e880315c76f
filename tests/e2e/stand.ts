/** What whole runs stand on: the command as a user starts it, and a small repository whose tests need no package. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultPlace } from "../../pipeline/place.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";

const cli = join(import.meta.dirname, "../../cli.ts");
export const demo = join(import.meta.dirname, "../../examples/demo-repository.bundle");
/** The shared cache: installs and toolchains are no subject of these tests. */
export const { cache } = defaultPlace({ out: "." });
export const small = ["--mutants", "8", "--per-skill", "1", "--repeats", "1"];

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the command to its end; `wrap` is put before it, `onError` hears standard error as it comes.
 * `interruptAt`: one SIGINT when standard error first says that (a second would end it at once).
 */
export function kihon(
  words: readonly string[],
  more: {
    wrap?: readonly string[];
    cwd?: string;
    input?: string;
    env?: Readonly<Record<string, string>>;
    onError?: (text: string) => void;
    onStart?: (pid: number) => void;
    interruptAt?: string;
  } = {},
): Promise<Said> {
  const [program = "", ...rest] = [...(more.wrap ?? []), process.execPath, cli, ...words];
  const child = spawn(program, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", ...more.env },
    ...(more.cwd === undefined ? {} : { cwd: more.cwd }),
  });
  if (child.pid !== undefined) more.onStart?.(child.pid);
  let [out, err] = ["", ""];
  let interruptAt = more.interruptAt;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    if (interruptAt !== undefined && err.includes(interruptAt)) {
      child.kill("SIGINT");
      interruptAt = undefined;
    }
    more.onError?.(text);
  });
  child.stdin.end(more.input ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "kihon-e2e-"));
  chmodSync(path, 0o755); // jobs pass it on their way to a cache inside
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A repository of three of the demonstration's seven modules with their tests, for what runs the whole of it again and again. */
export async function threeModules(): Promise<ScratchRepository> {
  const kept = ["collection", "money", "text"];
  const made = await ScratchRepository.make();
  const bare = join(made.folder, "demo.git");
  execFileSync("git", ["clone", "--quiet", "--bare", demo, bare]);
  const paths = ["package.json", "package-lock.json", "LICENSE", ...kept.flatMap((name) => [`src/${name}.js`, `test/${name}.test.js`])];
  const files = paths.map((path) => [path, execFileSync("git", ["--git-dir", bare, "show", `HEAD:${path}`], { encoding: "utf8" })]);
  const index = kept.map((name) => `export * from "./${name}.js";\n`).join("");
  await made.commit("first", { ...Object.fromEntries(files), "src/index.js": index });
  return made;
}

export const manifest = (more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ name: "small", version: "1.0.0", type: "module", scripts: { test: "node --test" }, ...more });

/** A healthy package with a source and a test. */
export const healthy: Readonly<Record<string, string>> = {
  "package.json": manifest(),
  "index.js":
    "export function clamp(value, low, high) {\n  if (value < low) return low;\n  if (value > high) return high;\n  return value;\n}\n",
  "index.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { clamp } from "./index.js";\ntest("keeps what is inside", () => assert.equal(clamp(2, 1, 3), 2));\ntest("cuts below", () => assert.equal(clamp(0, 1, 3), 1));\ntest("cuts above", () => assert.equal(clamp(9, 1, 3), 3));\n',
};
