import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ExecRequest, exec } from "../../lib/exec.ts";

const node = (script: string, change: Partial<ExecRequest> = {}) =>
  exec({ argv: [process.execPath, "-e", script], env: {}, timeoutMs: 20_000, outputBytes: 100_000, ...change });

/** A process that is dead but not yet reaped by its new parent counts as dead. */
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "latin1") !== "";

describe("exec", () => {
  test("gives exit code, output and errors as a value", async () => {
    const result = await node('console.log("out"); console.error("err"); process.exit(3)');
    expect(result).toMatchObject({ ended: { kind: "exited", code: 3 }, stdout: "out\n", stderr: "err\n" });
    expect(result.wallMs).toBeGreaterThan(0);
  });
  test("keeps binary output as it came", async () => {
    const result = await node("process.stdout.write(Buffer.from([0, 255, 10]))");
    expect([...result.stdoutBytes]).toEqual([0, 255, 10]);
  });
  test("uses no shell", async () => {
    const result = await exec({ argv: ["echo", "$HOME;", "`id`"], env: { PATH: "/usr/bin:/bin" }, timeoutMs: 5_000, outputBytes: 1_000 });
    expect(result.stdout).toBe("$HOME; `id`\n");
  });
  test("passes on no environment but the given one", async () => {
    const result = await node("console.log(JSON.stringify(process.env))", { env: { ONLY: "this" } });
    expect(JSON.parse(result.stdout)).toEqual({ ONLY: "this" });
  });
  test("gives the input and then its end", async () => {
    expect((await node("process.stdin.pipe(process.stdout)", { input: "hello" })).stdout).toBe("hello");
  });
  test("tells a program that is not there from one that fails", async () => {
    const result = await exec({ argv: ["/no/such/program"], env: {}, timeoutMs: 1_000, outputBytes: 1_000 });
    expect(result.ended).toMatchObject({ kind: "not-started", code: "ENOENT" });
  });
  test("tells arguments that are too long for the system", async () => {
    const result = await exec({
      argv: ["true", "x".repeat(4_000_000)],
      env: { PATH: "/usr/bin:/bin" },
      timeoutMs: 1_000,
      outputBytes: 1_000,
    });
    expect(result.ended).toMatchObject({ kind: "not-started", code: "E2BIG" });
  });
  test("names the signal that ended a process", async () => {
    expect((await node('process.kill(process.pid, "SIGTERM")')).ended).toEqual({ kind: "signalled", signal: "SIGTERM" });
  });
  test("kills the whole group when the time is up", async () => {
    const script =
      'const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }); console.log(c.pid); setInterval(() => {}, 1000)';
    const result = await node(script, { timeoutMs: 700 });
    expect(result.ended).toEqual({ kind: "timed-out" });
    expect(Number(result.stdout)).toBeGreaterThan(0);
    expect(isAlive(Number(result.stdout))).toBe(false);
  });
  const channels = [{ kind: "read", maxBytes: 1_000 }] as const;
  const silentFor = (first: number, rest: number): string =>
    `const fs = require("fs"); setTimeout(() => fs.writeSync(3, "a"), ${first}); setTimeout(() => {}, ${first + rest});`;
  test("ends what is silent for too long on the channel that is listened to", async () => {
    const result = await node(silentFor(100, 60_000), { channels, listen: { channel: 0, silentMs: 1_000 } });
    expect([result.ended, result.channels[0]?.toString()]).toEqual([{ kind: "timed-out" }, "a"]);
    expect(result.silentMs).toBeGreaterThan(1_000);
  });
  test("lets a process talk as long as it likes, and tells its longest silence", async () => {
    const talk =
      'const fs = require("fs"); let n = 0; const t = setInterval(() => { fs.writeSync(3, "a"); if (++n === 12) clearInterval(t); }, 250);';
    const result = await node(talk, { channels, listen: { channel: 0, silentMs: 2_500 } });
    expect(result.ended).toEqual({ kind: "exited", code: 0 });
    expect(result.wallMs).toBeGreaterThan(2_500);
    expect(result.silentMs).toBeLessThan(2_500);
  });
  test("does not wait for a process that left the group and holds the output open", async () => {
    const script =
      'const c = require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 30000)"], { stdio: "inherit", detached: true }); console.log(c.pid); c.unref()';
    const result = await node(script);
    expect(result.ended).toEqual({ kind: "exited", code: 0 });
    expect(result.wallMs).toBeLessThan(10_000);
    process.kill(Number(result.stdout), "SIGKILL");
  });
  test("cuts output at the cap of both streams together", async () => {
    const result = await node('for (;;) { require("fs").writeSync(1, "x".repeat(1000)); require("fs").writeSync(2, "y".repeat(1000)); }', {
      outputBytes: 10_000,
    });
    expect(result.ended).toEqual({ kind: "output-too-large", channel: null });
    expect(result.stdout.length + result.stderr.length).toBe(10_000);
  });
  test("ends on abort, before and after the start", async () => {
    expect((await node("", { signal: AbortSignal.abort() })).ended).toEqual({ kind: "aborted" });
    const result = await node("setInterval(() => {}, 1000)", { signal: AbortSignal.timeout(200) });
    expect(result.ended).toEqual({ kind: "aborted" });
    expect(result.wallMs).toBeLessThan(5_000);
  });
  test("reads and writes extra descriptors", async () => {
    const script = 'const fs = require("fs"); fs.writeSync(4, "got " + fs.readFileSync(3, "utf8")); fs.writeSync(5, "more")';
    const channels = [
      { kind: "write", bytes: "nonce\n" } as const,
      { kind: "read", maxBytes: 100 } as const,
      { kind: "read", maxBytes: 100 } as const,
    ];
    const result = await node(script, { channels });
    expect(result.channels.map(String)).toEqual(["", "got nonce\n", "more"]);
  });
  test("ends a process whose channel overflows, and says which", async () => {
    const channels = [{ kind: "write", bytes: "" } as const, { kind: "read", maxBytes: 1_000 } as const];
    const result = await node('for (;;) require("fs").writeSync(4, "x".repeat(600))', { channels });
    expect(result.ended).toEqual({ kind: "output-too-large", channel: 1 });
    expect(result.channels[1]?.length).toBe(1_000);
  });
  test("lets a process close a channel unread", async () => {
    const result = await node('require("fs").closeSync(3)', { channels: [{ kind: "write", bytes: "x".repeat(5_000_000) }] });
    expect(result.ended).toEqual({ kind: "exited", code: 0 });
  });
  test("leaks no descriptor of this process, inherited ones included", async () => {
    // Started through a shell, so that the middle process has a descriptor 9 that is not closed on exec.
    const inner = `import { exec } from ${JSON.stringify(new URL("../../lib/exec.ts", import.meta.url).href)};
      const r = await exec({ argv: ["ls", "-l", "/proc/self/fd"], env: { PATH: "/usr/bin:/bin" }, timeoutMs: 5000, outputBytes: 10000 }); console.log(r.stdout);`;
    const file = openSync(import.meta.filename, "r");
    const script = `exec 9<${JSON.stringify(import.meta.filename)}; exec ${JSON.stringify(process.execPath)} --input-type=module -e "$0"`;
    const result = await exec({
      argv: ["sh", "-c", script, inner],
      env: { PATH: "/usr/bin:/bin" },
      timeoutMs: 20_000,
      outputBytes: 100_000,
    });
    closeSync(file);
    expect(result.stdout).toContain("0 -> /dev/null");
    expect(result.stdout).not.toContain("exec.test.ts");
  });
  test("refuses an empty command", () => {
    expect(() => exec({ argv: [], env: {}, timeoutMs: 1, outputBytes: 1 })).toThrow("argv is empty");
  });
});
