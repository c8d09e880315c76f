import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { cgroupMounts } from "../../sandbox/cgroups.ts";
import type { SandboxProvider } from "../../sandbox/contract.ts";
import { chooseProvider, listProviders } from "../../sandbox/index.ts";
import { TOOL_PATH } from "../../sandbox/machine.ts";
import { imageForTests, noEngine } from "./engine.ts";
import { jobOn, node, scratch, sh, treeFor } from "./stand.ts";

const why = noEngine();
const { image = "" } = imageForTests();
const place = scratch();
afterAll(() => place.remove());

const engine = (...words: string[]): string => execFileSync("podman", words, { env: { PATH: TOOL_PATH, HOME: "/root" }, encoding: "utf8" });
const podmanOf = (settings: { readonly image?: string; readonly tmp?: string }): SandboxProvider =>
  listProviders(settings).find(({ name }) => name === "podman") as SandboxProvider;
const reasonOf = async (name: string | undefined): Promise<string> =>
  (await podmanOf(name === undefined ? {} : { image: name }).available()).reason;

describe.skipIf(why !== null)(`podman${why === null ? "" : `: ${why}`}`, () => {
  const [name, digest] = image.split("@") as [string, string];

  test("says which image it wants where none is named", async () => {
    expect(await reasonOf(undefined)).toContain("--image NAME@sha256:");
  });
  test("refuses a tag, and says which digest it has now", async () => {
    for (const tag of [name, `${name}:latest`]) expect(await reasonOf(tag)).toContain(`--image ${name}@${digest}`);
    await expect(chooseProvider({ name: "podman", image: name, trusted: false })).rejects.toThrow(`${name}@${digest}`);
  });
  test("fetches nothing: an image that is not here is named with what fetches it", async () => {
    const absent = `localhost/none@sha256:${"0".repeat(64)}`;
    expect(await reasonOf(absent)).toContain(`podman pull ${absent}`);
    expect(await reasonOf("--all")).toContain("is no name of an image");
  });

  describe("a job", () => {
    const tmp = join(place.path, "tmp");
    mkdirSync(tmp);
    const provider = podmanOf({ image, tmp });
    let tree = "";
    beforeAll(async () => {
      tree = await treeFor(provider, place.path, { "a.txt": "a\n" });
    });

    test("has the image's programs, and not the machine's", async () => {
      const { stdout } = await provider.run(jobOn([tree], { commands: [sh("ls /usr/bin | wc -l; test -e /usr/bin/podman; echo $?")] }));
      const [count, found] = stdout.trim().split("\n").map(Number);
      expect(count).toBeLessThan(100);
      expect(found).toBe(1);
    });

    test("can write in no folder but its own", async () => {
      const find = "find / -type d -writable -not -path '/proc/*' 2>/dev/null | sort | tr '\\n' ' '";
      expect((await provider.run(jobOn([tree], { commands: [sh(find)] }))).stdout).toBe("/dev/shm /home /tmp /workspace ");
    });

    /** What of this process's jobs, or of process `pid`'s, is to be seen on the machine. */
    const leftOf = (pid: number | undefined): readonly string[] => {
      const tops = cgroupMounts(readFileSync("/proc/self/mountinfo", "utf8")).map(({ point }) => point);
      const groups = tops.flatMap((top) => readdirSync(top).filter((entry) => entry.startsWith(`kihon-${pid}-`)));
      const folders = readdirSync(join(tmp, "kihon-0")).filter((entry) => entry.startsWith(`${pid}-`));
      const mounts = readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .filter((line) => line.includes("kihon"));
      return [...groups, ...folders, ...mounts];
    };

    test("is never seen by the machine's own engine", async () => {
      const before = engine("ps", "--all", "--quiet");
      const job = provider.run(jobOn([tree], { commands: [sh("sleep 2")] }));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(engine("ps", "--all", "--quiet")).toBe(before);
      expect((await job).ended).toMatchObject({ kind: "finished", exitCode: 0 });
    });

    test("of a Kihon that is killed leaves nothing behind the next start", async () => {
      const mark = `left-by-${process.pid}`;
      const job = jobOn([tree], { commands: [node(`setInterval(() => {}, 1000) // ${mark}`)] });
      const script = `import { listProviders } from ${JSON.stringify(new URL("../../sandbox/index.ts", import.meta.url).href)};
        await listProviders(${JSON.stringify({ image, tmp })}).find(({ name }) => name === "podman").run(${JSON.stringify(job)});`;
      const kihon = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
      // A process of that Kihon's that is about to become another program has its command line, and is root.
      const inside = (): readonly string[] =>
        readdirSync("/proc").filter((pid) => {
          if (!/^\d+$/.test(pid)) return false;
          try {
            const isMarked = readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(mark);
            return isMarked && !/^Uid:\s+0\b/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
          } catch {
            // Ended between the listing and the look.
            return false;
          }
        });
      await vi.waitUntil(() => inside().length > 0, { timeout: 20_000 });
      expect(leftOf(kihon.pid).filter((entry) => entry.endsWith("-engine")).length).toBeGreaterThan(0);
      kihon.kill("SIGKILL");
      await vi.waitUntil(() => inside().length === 0, { timeout: 5_000 });
      expect(await podmanOf({ image, tmp }).available()).toEqual({ ok: true, reason: "" });
      await vi.waitUntil(() => leftOf(kihon.pid).length === 0, { timeout: 10_000 });
    });
  });
});
