import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const harness = fileURLToPath(new URL("../../../../languages/javascript/harness/pressed.cjs", import.meta.url));
const pressed = (...words: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [harness, ...words], { stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"], encoding: "utf8" });
const node = (program: string): string[] => ["2", process.execPath, "-e", program];

describe("a command under pressure", () => {
  it("has two busy processes for each processor beside it, which go when it goes", () => {
    // Of the processes of the machine, those that its own parent started, by their numbers.
    const program = `
      const { readdirSync, readFileSync } = require("fs");
      const statOf = (id) => { try { return readFileSync("/proc/" + id + "/stat", "utf8"); } catch { return ""; } };
      const children = readdirSync("/proc").filter((id) => /^\\d+$/.test(id) && statOf(id).split(") ").pop().split(" ")[1] === String(process.ppid));
      console.log(children.filter((id) => Number(id) !== process.pid).join(" "));`;
    const { stdout } = pressed(...node(program));
    const busy = stdout.trim().split(" ").map(Number);
    expect(busy).toHaveLength(2 * availableParallelism());
    for (const id of busy) expect(() => process.kill(id, 0)).toThrow("ESRCH");
  });
  it("is frozen again and again, with what it started: what it waits for comes late", () => {
    // How late each of many short sleeps ends, of a child and a grandchild.
    const sleeps = `
      const late = [];
      let last = performance.now();
      const timer = setInterval(() => {
        const now = performance.now();
        late.push(now - last - 10);
        last = now;
        if (late.length < 150) return;
        clearInterval(timer);
        console.log(JSON.stringify(late.filter((ms) => ms > 60).length));
      }, 10);`;
    const both = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(sleeps)}], { stdio: "inherit" });${sleeps}`;
    const counts = pressed(...node(both))
      .stdout.trim()
      .split("\n")
      .map(Number);
    expect(counts).toHaveLength(2);
    for (const count of counts) expect(count).toBeGreaterThan(3);
  });
  it("ends as it ends: with its exit code, or by its signal", () => {
    expect(pressed(...node("process.exit(7)")).status).toBe(7);
    expect(pressed(...node("process.kill(process.pid, 'SIGTERM')")).signal).toBe("SIGTERM");
  });
  it("runs on a Node that does not count the processors of a process", () => {
    const older = `data:text/javascript,${encodeURIComponent('import os from "node:os"; import { syncBuiltinESMExports } from "node:module"; delete os.availableParallelism; syncBuiltinESMExports();')}`;
    const words = ["--import", older, harness, ...node("process.exit(7)")];
    const { status, stderr } = spawnSync(process.execPath, words, { stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"], encoding: "utf8" });
    expect([status, stderr]).toEqual([7, ""]);
  });
  it("writes to the report channel itself", () => {
    expect(pressed(...node("require('fs').writeSync(3, 'a line')")).output[3]).toBe("a line");
  });
  it("that is not there is an error", () => {
    const { status, stderr } = pressed("1", "/no/such/command");
    expect([status, stderr.includes("ENOENT")]).toEqual([1, true]);
  });
});
