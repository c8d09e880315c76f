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

/** What a jest of a version is given as words and as NODE_ENV, by one that only says so. */
function givenTo(version: string, files: readonly string[], env: Readonly<Record<string, string>> = {}): { words: string[]; env: string } {
  const folder = mkdtempSync(join(tmpdir(), "kihon-jest-"));
  folders.push(folder);
  for (const name of ["jest", "jest-cli"]) {
    mkdirSync(join(folder, "node_modules", name), { recursive: true });
    writeFileSync(join(folder, "node_modules", name, "package.json"), JSON.stringify({ name, version }));
  }
  const cli = "exports.run = async (words) => console.log(JSON.stringify({ words, env: process.env.NODE_ENV }));\n";
  writeFileSync(join(folder, "node_modules", "jest-cli", "index.js"), cli);
  writeFileSync(join(folder, "nonce"), "abc\n");
  const request = JSON.stringify({ up: ".", seed: null, timeoutMs: 1000, args: [] });
  // Descriptors 3 and 4: the report channel and its nonce.
  const script = `exec "$@" 3>report 4<nonce`;
  const { stdout, stderr } = spawnSync("sh", ["-c", script, "sh", process.execPath, main, request, ...files], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout.replaceAll(folder, "/folder")) as { words: string[]; env: string };
}

it("runs jest as its own command does where configurations ask for NODE_ENV", () => {
  expect(givenTo("27.0.1", []).env).toBe("test");
  expect(givenTo("27.0.1", [], { NODE_ENV: "production" }).env).toBe("production");
});

it("gives no version of jest an option that it does not know", () => {
  const options = ["--passWithNoTests", "--testTimeout=1000", "--runTestsByPath"];
  const known = (version: string) => options.filter((option) => givenTo(version, ["a.js"]).words.includes(option));
  expect(known("20.0.4")).toEqual([]);
  expect(known("21.2.1")).toEqual(["--runTestsByPath"]);
  expect(known("22.0.0")).toEqual(["--passWithNoTests", "--runTestsByPath"]);
  expect(known("29.0.0")).toEqual(options);
  expect(givenTo("20.0.4", ["x (1)/a.js"]).words.at(-1)).toMatch(/x \\\(1\\\)\/a\\\.js\$$/);
  expect(givenTo("21.2.1", ["x (1)/a.js"]).words.at(-1)).toBe("x (1)/a.js");
});
