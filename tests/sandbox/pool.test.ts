import { expect, test } from "vitest";
import { RetryLater } from "../../lib/errors.ts";
import { type RunResult, type SandboxProvider, SandboxTrouble } from "../../sandbox/contract.ts";
import { SandboxPool } from "../../sandbox/pool.ts";
import { Width } from "../../sandbox/width.ts";
import { jobOn } from "./stand.ts";

const good: RunResult = {
  ended: { kind: "finished", exitCode: 1, failedCommand: null },
  stdout: "",
  stderr: "",
  report: "",
  collected: {},
  usage: { wallMs: 5, cpuMs: 3, peakMemoryBytes: null, silentMs: null },
};
const job = jobOn(["/tree"], { commands: [["true"]] });

/** A provider whose runs are a script: what each one gives or throws. */
function scripted(runs: (() => Promise<RunResult>)[]): SandboxProvider & { readonly left: () => number } {
  return {
    name: "scripted",
    version: "1",
    isolates: true,
    available: async () => ({ ok: true, reason: "" }),
    examine: async () => [],
    adopt: async () => undefined,
    left: () => runs.length,
    run: () => {
      const next = runs.shift();
      if (next === undefined) throw new Error("an unscripted run");
      return next();
    },
  };
}
const fails = (error: Error) => async (): Promise<RunResult> => {
  throw error;
};

test("trouble of the sandbox's own is tried again, and counted", async () => {
  const pool = new SandboxPool(scripted([fails(new SandboxTrouble("a")), fails(new SandboxTrouble("b")), async () => good]), {
    width: new Width([1, 1]),
    backoffMs: 1,
  });
  expect(await pool.run(job)).toBe(good);
  expect(pool.usage()).toMatchObject({ runs: 1, wallMs: 5, cpuMs: 3, retries: 2 });
});
test("trouble three times in a row is for later, with its cause", async () => {
  const last = new SandboxTrouble("still down");
  const provider = scripted([fails(new SandboxTrouble("a")), fails(new SandboxTrouble("b")), fails(last)]);
  const pool = new SandboxPool(provider, { width: new Width([1, 1]), backoffMs: 1 });
  await expect(pool.run(job)).rejects.toThrow(RetryLater);
  expect(provider.left()).toBe(0);
  expect(pool.usage().runs).toBe(0);
});
test("a job that fails is a result and never tried again", async () => {
  const provider = scripted([async () => good, async () => good]);
  await new SandboxPool(provider, { width: new Width([1, 1]) }).run(job);
  expect(provider.left()).toBe(1);
});
test("any other error goes through as it is", async () => {
  const bug = new TypeError("a bug");
  await expect(new SandboxPool(scripted([fails(bug)]), { width: new Width([1, 1]) }).run(job)).rejects.toBe(bug);
});
test("no more jobs run at once than allowed", async () => {
  let running = 0;
  let most = 0;
  const slow = async (): Promise<RunResult> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 10));
    running--;
    return good;
  };
  const pool = new SandboxPool(scripted(Array.from({ length: 9 }, () => slow)), { width: new Width([3, 3]) });
  await Promise.all(Array.from({ length: 9 }, () => pool.run(job)));
  expect(most).toBe(3);
  expect(pool.usage()).toMatchObject({ runs: 9, cpuMs: 27 });
});
