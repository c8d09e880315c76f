import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openRepository } from "../../lib/git.ts";
import { dependencyFolders, holdFolder, repositoryFolders, trimFolders } from "../../lib/held-folders.ts";
import { ScratchRepository } from "./scratch-repository.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-mirrors-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Of so many kilobytes, used last by a process that has ended. */
function mirror(name: string, bytes: number, usedAt: number, pid: number): void {
  mkdirSync(join(folder, name, "objects"), { recursive: true });
  writeFileSync(join(folder, name, "objects", "pack"), Buffer.alloc(bytes * 1000));
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
  expect(await trimFolders(folder, repositoryFolders, 3_200_000)).toEqual([]);
  expect(await trimFolders(folder, repositoryFolders, 2_900_000)).toEqual(["b.git"]);
  expect(await trimFolders(folder, repositoryFolders, 500_000)).toEqual(["c.git", "a.git"]);
  expect(readdirSync(folder)).toEqual([]);
});

it("one in use stays, though it is the oldest", async () => {
  const pid = await ended();
  mirror("a.git", 1000, 100, process.pid);
  mirror("b.git", 1000, 200, pid);
  expect(await trimFolders(folder, repositoryFolders, 0)).toEqual(["b.git"]);
  expect(left()).toEqual(["a.git"]);
});

it("what a killed process began to fetch goes after a day", async () => {
  const names = ["a.git.new-11111111-2222-3333-4444-555555555555", "b.git.new-11111111-2222-3333-4444-555555555555"];
  for (const name of names) mkdirSync(join(folder, name));
  utimesSync(join(folder, names[0] ?? ""), 1, 1);
  await trimFolders(folder, repositoryFolders, 0);
  expect(readdirSync(folder)).toEqual([names[1]]);
});

it("what is no repository is not touched, and a folder that is not there is none", async () => {
  writeFileSync(join(folder, "notes.txt"), "x".repeat(5000));
  expect(await trimFolders(folder, repositoryFolders, 0)).toEqual([]);
  expect(existsSync(join(folder, "notes.txt"))).toBe(true);
  expect(await trimFolders(join(folder, "absent"), repositoryFolders, 0)).toEqual([]);
});

it("a repository that is opened is in use, and used now", async () => {
  using scratch = await ScratchRepository.make();
  await scratch.commit("one", { "a.txt": "1\n" });
  mirror("old.git", 10, 1, await ended());
  await openRepository(`file://${scratch.work}`, folder);
  expect(await trimFolders(folder, repositoryFolders, 0)).toEqual(["old.git"]);
  expect(left().length).toBe(1);
});

it("a second mark of the same process changes nothing but the moment", async () => {
  mirror("a.git", 10, 1, process.pid);
  await holdFolder(join(folder, "a.git"));
  expect(readdirSync(join(folder, "a.git.used"))).toEqual([String(process.pid)]);
});

it("marks of what was never made go, unless it is being made", async () => {
  mkdirSync(join(folder, "0123456789abcdef.used"));
  writeFileSync(join(folder, "0123456789abcdef.used", String(await ended())), "");
  await holdFolder(join(folder, "fedcba9876543210"));
  await trimFolders(folder, dependencyFolders, 1_100_000);
  expect(readdirSync(folder)).toEqual(["fedcba9876543210.used"]);
});

it("of a folder that never changes the size is looked up once", async () => {
  const [one, two] = ["0123456789abcdef", "fedcba9876543210"] as const;
  mirror(one, 1000, 100, await ended());
  mirror(two, 1000, 200, await ended());
  mirror("a.git", 1000, 50, await ended());
  expect(await trimFolders(folder, dependencyFolders, 2_200_000)).toEqual([]);
  writeFileSync(join(folder, two, "objects", "more"), Buffer.alloc(5_000_000));
  expect(await trimFolders(folder, dependencyFolders, 2_200_000)).toEqual([]);
  expect(await trimFolders(folder, dependencyFolders, 1_100_000)).toEqual([one]);
  expect(readdirSync(folder).sort()).toEqual(["a.git", "a.git.used", two, `${two}.bytes`, `${two}.used`]);
});
