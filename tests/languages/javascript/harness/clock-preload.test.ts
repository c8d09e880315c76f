import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const preload = fileURLToPath(new URL("../../../../languages/javascript/harness/clock-preload.cjs", import.meta.url));
const day = 86_400_000;
/** What a program prints, as JSON, whose `Date`s are two days ahead. */
function ahead(program: string, flags: readonly string[] = []): unknown {
  const env = { PATH: process.env["PATH"] ?? "", KIHON_CLOCK_MS: String(2 * day), NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, "-e", program], { env, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
/** Days, rounded, that a time in milliseconds is ahead of now. */
const days = (ms: unknown): number => Math.round((Number(ms) - Date.now()) / day);

describe("a clock that is ahead", () => {
  it("is told by whatever asks Date", () => {
    const told = ahead(`console.log(JSON.stringify([Date.now(), +new Date(), +new (class extends Date {})(), Date.parse(Date()),
      performance.timeOrigin + performance.now()]))`);
    expect((told as unknown[]).map(days)).toEqual([2, 2, 2, 2, 2]);
  });
  it("is the same in contexts, threads and children", () => {
    const told = ahead(
      `import vm, { createContext } from "node:vm"; import { execFileSync } from "node:child_process"; import { Worker } from "node:worker_threads";
       const inner = vm.runInContext("[Date.now(), +new Date(), new Date() instanceof Date]", createContext({}));
       const child = Number(execFileSync(process.execPath, ["-p", "Date.now()"]));
       new Worker("import('worker_threads').then((it) => it.parentPort.postMessage(Date.now()))", { eval: true })
         .on("message", (thread) => console.log(JSON.stringify([...inner, child, thread])));`,
      ["--input-type=module"],
    ) as unknown[];
    expect([...told.slice(0, 2), ...told.slice(3)].map(days)).toEqual([2, 2, 2, 2]);
    expect(told[2]).toBe(true);
  });
  it("leaves dates that are given, and what a Date is", () => {
    const told = ahead(`const { Date: D } = globalThis; const d = new D(5); const { statSync } = require("fs");
      console.log(JSON.stringify([+d, +new D(2020, 1, 2, 3), D.UTC(2020, 1), d instanceof D, d.constructor === D, D.name, D.length,
        statSync(".").mtime instanceof D, Object.keys(D), require("util").types.isDate(new D()), typeof D()]))`);
    const here = +new Date(2020, 1, 2, 3);
    expect(told).toEqual([5, here, Date.UTC(2020, 1), true, true, "Date", 7, true, [], true, "string"]);
  });
  it("goes on as fast as time", () => {
    const told = ahead("const a = Date.now(); setTimeout(() => console.log(JSON.stringify(Date.now() - a)), 300)");
    expect(Number(told)).toBeGreaterThan(250);
    expect(Number(told)).toBeLessThan(10_000);
  });
});
