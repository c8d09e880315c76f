import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { openRunFolder, ownerIsAlive } from "../../sandbox/run-folder.ts";
import { scratch } from "./stand.ts";

const place = scratch();
afterAll(place.remove);
const uid = process.getuid?.() ?? 0;
const base = join(place.path, `kihon-${uid}`);

/** A pid that was just in use and is free again. */
const deadPid = (): number => spawnSync("true").pid;

test("a folder of its own, that others may pass but not list", async () => {
  const folder = await openRunFolder(place.path);
  expect(folder.path).toMatch(new RegExp(`^${base}/${process.pid}-`));
  expect([statSync(base).mode & 0o777, statSync(folder.path).mode & 0o777]).toEqual([0o711, 0o711]);
  expect(existsSync(await folder.fresh("job"))).toBe(true);
  folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});
test("what a dead owner left is removed, what a living one has is kept", async () => {
  const dead = join(base, `${deadPid()}-abc`);
  const alive = join(base, `${process.ppid}-abc`);
  for (const path of [dead, alive]) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "file"), "");
  }
  const folder = await openRunFolder(place.path);
  expect(readdirSync(base)).not.toContain(dead.split("/").at(-1));
  expect(existsSync(join(alive, "file"))).toBe(true);
  folder.remove();
});
test("a folder goes with its process", () => {
  const script = `import { openRunFolder } from ${JSON.stringify(new URL("../../sandbox/run-folder.ts", import.meta.url).href)};
    console.log((await openRunFolder(${JSON.stringify(place.path)})).path);`;
  const path = spawnSync(process.execPath, ["--input-type=module", "-e", script]).stdout.toString().trim();
  expect(path).toContain(base);
  expect(existsSync(path)).toBe(false);
});
test("a base that is no folder of ours stops the run", async () => {
  const other = join(place.path, "other");
  mkdirSync(other);
  mkdirSync(join(place.path, "real"));
  symlinkSync(join(place.path, "real"), join(other, `kihon-${uid}`));
  await expect(openRunFolder(other)).rejects.toThrow(StopRun);
});
test("an owner is judged by the number before the dash", () => {
  expect(ownerIsAlive(`${process.pid}-x`)).toBe(true);
  expect(ownerIsAlive(`${deadPid()}-x`)).toBe(false);
  expect(ownerIsAlive("x-1")).toBe(false);
});
test("a job that still writes while its process ends does not change the exit code, and the next to start removes what is left", async () => {
  // As fast as a shell can, until it is ended below.
  const writer = "end=$((SECONDS + 300)); while [ $SECONDS -lt $end ]; do n=$((n + 1)); : > $0/$n || mkdir -p $0; done";
  const script = `import { spawn } from "node:child_process";
    import { existsSync } from "node:fs";
    import { openRunFolder } from ${JSON.stringify(new URL("../../sandbox/run-folder.ts", import.meta.url).href)};
    const { path } = await openRunFolder(${JSON.stringify(place.path)});
    const { pid } = spawn("bash", ["-c", ${JSON.stringify(writer)}, path + "/job"], { detached: true, stdio: "ignore" });
    while (!existsSync(path + "/job/2000")) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(path + " " + pid);
    process.exit(130);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect([status, stderr]).toEqual([130, ""]);
  const [path = "", pid = ""] = stdout.trim().split(" ");
  // What it writes next makes the folder again, should it be gone.
  await expect.poll(() => existsSync(path)).toBe(true);
  process.kill(Number(pid));
  await expect.poll(() => ownerIsAlive(`${pid}-`), { timeout: 60_000 }).toBe(false);
  expect(existsSync(path)).toBe(true);
  (await openRunFolder(place.path)).remove();
  expect(existsSync(path)).toBe(false);
});
