import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { exec } from "../../lib/exec.ts";
import { outerCommand, outerScript } from "../../sandbox/bubblewrap-command.ts";
import { cgroupMounts, findCgroups, removeEngineGroup, removeStaleEngineGroups } from "../../sandbox/cgroups.ts";
import { guestScript, readGuestStatus } from "../../sandbox/guest.ts";
import { slotUser, TOOL_PATH } from "../../sandbox/machine.ts";
import { jobOn, scratch } from "./stand.ts";

const place = scratch();
afterAll(() => place.remove());

/** A process that is dead. */
async function deadPid(): Promise<number> {
  const child = spawn("true");
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid as number;
}

const channels = [
  { kind: "read", maxBytes: 0 },
  { kind: "write", bytes: "" },
  { kind: "read", maxBytes: 10_000 },
] as const;

describe("the probe of the network", () => {
  const listening = createServer((socket) => socket.destroy());
  afterAll(() => void listening.close());

  test("says of the machine's own network that it is open, and then runs no command", async () => {
    // Some machines have nothing but loopback: there the knock tells.
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const address = listening.address();
    const canaryPort = address !== null && typeof address === "object" ? address.port : 0;
    const options = { workspace: place.path, layerGuest: null, removalsGuest: null, relay: false, cage: { env: {}, canaryPort } };
    const script = guestScript(jobOn(["/"], { commands: [["touch", "ran"]] }), options);
    const result = await exec({ argv: ["sh", "-c", script], env: { PATH: TOOL_PATH }, timeoutMs: 10_000, outputBytes: 10_000, channels });
    const status = (result.channels[2] as Buffer).toString();
    expect(readGuestStatus(status).network).toBe("open");
    expect(readdirSync(place.path)).not.toContain("ran");
  });
});

test("a chain whose Kihon is dead before it could be followed into death ends before it prepares anything", async () => {
  const folder = join(place.path, "job");
  mkdirSync(join(folder, "space"), { recursive: true });
  const prepared = { folder, hasLayer: false, hasRemovals: false, writableTree: folder, temporary: null, mounts: [], gate: null };
  const job = { ...jobOn([], { commands: [["true"]] }), writableTree: folder };
  const status = async (kihon: number): Promise<string> => {
    const script = outerScript(job, prepared, { files: 4096, processes: 4096 }, true, kihon);
    const argv = outerCommand(script, [], slotUser(), []);
    const result = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 10_000, outputBytes: 10_000, channels });
    return (result.channels[2] as Buffer).toString();
  };
  expect(await status(process.pid)).toContain("ready");
  expect(await status(await deadPid())).toMatch(/^pid \d+\n$/);
});

test("what lives in a control group of a dead Kihon is ended by the next start, and the group goes", async ({ skip }) => {
  const cgroups = await findCgroups();
  if (cgroups === null) skip("no control group can be made here");
  const group = await (cgroups as NonNullable<typeof cgroups>).open({ memoryBytes: 2 ** 28, processes: 10 });
  const own = `kihon-${process.pid}-`;
  const folders = group.joins.map((file) => join(file, ".."));
  const left = folders.map((folder) => join(folder, "..", folder.split("/").at(-1)?.replace(own, `kihon-${dead}-`) as string));
  for (const folder of left) mkdirSync(folder);
  const survivor = spawn("sleep", ["60"]);
  for (const folder of left) writeFileSync(join(folder, "cgroup.procs"), String(survivor.pid));
  await findCgroups();
  await vi.waitUntil(() => survivor.signalCode === "SIGKILL", { timeout: 5_000 });
  for (const folder of left) expect(readdirSync(join(folder, ".."))).not.toContain(folder.split("/").at(-1));
  await group.remove();
});

test("what an engine of a dead Kihon made goes from every hierarchy, and a living one's stays", async ({ skip }) => {
  const tops = cgroupMounts(readFileSync("/proc/self/mountinfo", "utf8")).map(({ point }) => point);
  if (process.getuid?.() !== 0 || tops.length === 0 || (await findCgroups()) === null) skip("no control group can be made here");
  const [left, mine] = [`kihon-${dead}-0-engine`, `kihon-${process.pid}-900-engine`];
  for (const top of tops) for (const name of [join(left, "libpod-1"), mine]) mkdirSync(join(top, name), { recursive: true });
  await removeStaleEngineGroups();
  for (const top of tops) expect([existsSync(join(top, left)), existsSync(join(top, mine))], top).toEqual([false, true]);
  await removeEngineGroup(mine);
  for (const top of tops) expect(existsSync(join(top, mine)), top).toBe(false);
});
const dead = await deadPid();
