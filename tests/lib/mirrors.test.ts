import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openRepository } from "../../lib/git.ts";
import { holdMirror, trimMirrors } from "../../lib/mirrors.ts";
import { ScratchRepository } from "./scratch-repository.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-mirrors-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Of so many bytes, used last by a process that has ended. */
function mirror(name: string, bytes: number, usedAt: number, pid: number): void {
  mkdirSync(join(folder, name, "objects"), { recursive: true });
  writeFileSync(join(folder, name, "objects", "pack"), Buffer.alloc(bytes));
  mkdirSync(join(folder, `${name}.used`));
  writeFileSync(join(folder, `${name}.used`, String(pid)), "");
  utimesSync(join(folder, `${name}.used`), usedAt, usedAt);
}
const left = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".git"));

/** The id of a process that lived. */
async function ended(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

it("those used longest ago go until the rest is small enough, with their marks", async () => {
  const pid = await ended();
  mirror("a.git", 1000, 300, pid);
  mirror("b.git", 1000, 100, pid);
  mirror("c.git", 1000, 200, pid);
  expect(await trimMirrors(folder, 3000)).toEqual([]);
  expect(await trimMirrors(folder, 2999)).toEqual(["b.git"]);
  expect(await trimMirrors(folder, 500)).toEqual(["c.git", "a.git"]);
  expect(readdirSync(folder)).toEqual([]);
});

it("one in use stays, though it is the oldest", async () => {
  const pid = await ended();
  mirror("a.git", 1000, 100, process.pid);
  mirror("b.git", 1000, 200, pid);
  expect(await trimMirrors(folder, 0)).toEqual(["b.git"]);
  expect(left()).toEqual(["a.git"]);
});

it("what a killed process began to fetch goes after a day", async () => {
  const names = ["a.git.new-11111111-2222-3333-4444-555555555555", "b.git.new-11111111-2222-3333-4444-555555555555"];
  for (const name of names) mkdirSync(join(folder, name));
  utimesSync(join(folder, names[0] ?? ""), 1, 1);
  await trimMirrors(folder, 0);
  expect(readdirSync(folder)).toEqual([names[1]]);
});

it("what is no repository is not touched, and a folder that is not there is none", async () => {
  writeFileSync(join(folder, "notes.txt"), "x".repeat(5000));
  expect(await trimMirrors(folder, 0)).toEqual([]);
  expect(existsSync(join(folder, "notes.txt"))).toBe(true);
  expect(await trimMirrors(join(folder, "absent"), 0)).toEqual([]);
});

it("a repository that is opened is in use, and used now", async () => {
  using scratch = await ScratchRepository.make();
  await scratch.commit("one", { "a.txt": "1\n" });
  mirror("old.git", 10, 1, await ended());
  await openRepository(`file://${scratch.work}`, folder);
  expect(await trimMirrors(folder, 0)).toEqual(["old.git"]);
  expect(left().length).toBe(1);
});

it("a second mark of the same process changes nothing but the moment", async () => {
  mirror("a.git", 10, 1, process.pid);
  await holdMirror(join(folder, "a.git"));
  expect(readdirSync(join(folder, "a.git.used"))).toEqual([String(process.pid)]);
});
