import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../../../languages/javascript/harness/jest-main.cjs", import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What a jest that only says so is given as NODE_ENV. */
function nodeEnvOf(env: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "kihon-jest-"));
  folders.push(folder);
  for (const name of ["jest", "jest-cli"]) {
    mkdirSync(join(folder, "node_modules", name), { recursive: true });
    writeFileSync(join(folder, "node_modules", name, "package.json"), JSON.stringify({ name, version: "27.0.1" }));
  }
  writeFileSync(join(folder, "node_modules", "jest-cli", "index.js"), "exports.run = async () => console.log(process.env.NODE_ENV);\n");
  writeFileSync(join(folder, "nonce"), "abc\n");
  const request = JSON.stringify({ up: ".", seed: null, timeoutMs: 1000, args: [] });
  // Descriptors 3 and 4: the report channel and its nonce.
  const script = `exec "$0" "$1" "$2" 3>report 4<nonce`;
  const { stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, main, request], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
  return stdout.trim() || stderr;
}

it("runs jest as its own command does where configurations ask for NODE_ENV", () => {
  expect(nodeEnvOf({})).toBe("test");
  expect(nodeEnvOf({ NODE_ENV: "production" })).toBe("production");
});
