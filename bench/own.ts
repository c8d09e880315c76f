/**
 * A part of this project as a repository that mutants can be judged in: `node bench/own.ts FOLDER [PART]` makes one in which the tests of `PART`
 * (`grading`) alone are left, for
 *
 *     node bench/judge.ts --stryker STRYKER --out OUT --only grading/ --runs 1 --naive 0 FOLDER
 *
 * The other tests start sandboxes of their own and install from the registry, which a sandboxed run has not.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { exec } from "../lib/exec.ts";

async function git(cwd: string, ...words: readonly string[]): Promise<void> {
  const env = { PATH: process.env["PATH"] ?? "" };
  const { ended, stderr } = await exec({ argv: ["git", ...words], cwd, env, timeoutMs: 60_000, outputBytes: 100_000 });
  if (ended.kind !== "exited" || ended.code !== 0) throw new Error(`git ${words[0]}: ${stderr.trim()}`);
}

async function makeOwn(folder: string, part: string): Promise<void> {
  const root = join(import.meta.dirname, "..");
  await git(root, "clone", "--quiet", root, folder);
  const tests = join(folder, "tests");
  for (const name of readdirSync(tests)) if (name !== part) rmSync(join(tests, name), { recursive: true });
  const settings = `import { defineConfig } from "vitest/config";\nexport default defineConfig({ test: { include: ["tests/${part}/**/*.test.ts"] } });\n`;
  writeFileSync(join(folder, "vitest.config.ts"), settings);
  await git(folder, "add", "--all");
  await git(folder, "-c", "user.name=Kihon", "-c", "user.email=kihon@localhost", "commit", "--quiet", "-m", `Only the tests of ${part}`);
}

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, part = "grading"] = positionals;
if (folder === undefined || existsSync(folder)) {
  process.stderr.write("usage: node bench/own.ts FOLDER [PART], where FOLDER is none yet\n");
  process.exitCode = 2;
} else {
  await makeOwn(resolve(folder), part);
}
