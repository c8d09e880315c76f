import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";

const preload = fileURLToPath(new URL("../../../../languages/javascript/harness/coverage-preload.cjs", import.meta.url));
const hit = (id: number, line: number): string => `(globalThis.process.__kihonLine||Boolean)(${id},${line});`;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Runs a program under the preload and gives the lines of the coverage file, sorted. */
function covered(program: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "kihon-coverage-"));
  folders.push(folder);
  const file = join(folder, "program.cjs");
  const target = join(folder, "lines");
  writeFileSync(file, program);
  const env = { PATH: process.env["PATH"] ?? "", NODE_OPTIONS: `--require="${preload}"`, KIHON_COVERAGE_FILE: target };
  execFileSync(process.execPath, [file], { env, stdio: "ignore" });
  return readFileSync(target, "utf8").trim().split("\n").sort();
}

it("writes each line of a file once, however often it runs", () => {
  expect(covered(`for (let i = 0; i < 1000; i++) { ${hit(1, 7)} ${hit(2, 7)} }`)).toEqual(["1:7", "2:7"]);
});

it("keeps what ran before the process was killed", () => {
  expect(
    covered(
      `${hit(1, 1)} require("child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(`${hit(1, 2)} process.kill(process.pid, "SIGKILL")`)}]);`,
    ),
  ).toEqual(["1:1", "1:2"]);
});

it("works in worker threads and forked children", () => {
  const program = `
const { isMainThread, Worker } = require("worker_threads");
if (!isMainThread) { ${hit(1, 2)} }
else if (process.argv[2] === "child") { ${hit(1, 3)} }
else { ${hit(1, 1)} new Worker(__filename); require("child_process").fork(__filename, ["child"]); }`;
  expect(covered(program)).toEqual(["1:1", "1:2", "1:3"]);
});

it("works in a context whose process is a copy", () => {
  const program = `
const copy = Object.create(Object.getPrototypeOf(process), Object.getOwnPropertyDescriptors(process));
require("vm").runInNewContext(${JSON.stringify(hit(4, 5))}, { process: copy, Boolean });`;
  expect(covered(program)).toEqual(["4:5"]);
});

it("leaves instrumented code working where it was not loaded", () => {
  expect(() => execFileSync(process.execPath, ["-e", hit(1, 1)], { env: { PATH: process.env["PATH"] ?? "" } })).not.toThrow();
});
