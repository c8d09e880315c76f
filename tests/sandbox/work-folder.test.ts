import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { linkTree, openWorkFolder, publish, removeLeftWork } from "../../sandbox/work-folder.ts";
import { onSmallDisk } from "../small-disk.ts";

let shelf = "";
beforeEach(() => {
  shelf = mkdtempSync(join(tmpdir(), "kihon-test-"));
});
afterEach(() => rmSync(shelf, { recursive: true }));

/** The number of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;
const left = (name: string): string => {
  mkdirSync(join(shelf, name, "inner"), { recursive: true });
  return name;
};

describe("work folders", () => {
  it("publishes a finished folder under its name", async () => {
    const work = await openWorkFolder(shelf);
    writeFileSync(join(work, "file"), "1");
    await publish(work, join(shelf, "final"));
    expect(readdirSync(shelf)).toEqual(["final"]);
    expect(existsSync(join(shelf, "final", "file"))).toBe(true);
  });

  it("leaves the first of two equal folders in place and removes the second", async () => {
    for (const text of ["first", "second"]) {
      const work = await openWorkFolder(shelf);
      writeFileSync(join(work, text), "");
      await publish(work, join(shelf, "final"));
    }
    expect(readdirSync(shelf)).toEqual(["final"]);
    expect(readdirSync(join(shelf, "final"))).toEqual(["first"]);
  });

  it("removes what a dead process left, and neither a living one's work nor final names", async () => {
    const own = basename(await openWorkFolder(shelf));
    const gone = own.replace(String(process.pid), String(deadPid()));
    left(gone);
    left(`repository-00.git.new-${deadPid()}`);
    left(`repository-11.git.new-${process.pid}`);
    left("22.23.3");
    writeFileSync(join(shelf, `.abc.${deadPid()}.part`), "");
    await removeLeftWork(shelf);
    expect(readdirSync(shelf).sort()).toEqual([own, "22.23.3", `repository-11.git.new-${process.pid}`].sort());
  });

  it("leaves another machine's work alone until it is a day old", async () => {
    const fresh = left(`.work-${deadPid()}-00000000-a`);
    const old = left(`.work-${deadPid()}-00000000-b`);
    const before = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(join(shelf, old), before, before);
    await removeLeftWork(shelf);
    expect(readdirSync(shelf)).toEqual([fresh]);
  });

  it("finds nothing on a shelf that is not there", async () => {
    await expect(removeLeftWork(join(shelf, "none"))).resolves.toBeUndefined();
  });

  it("shares the files of a folder, and says where the disk has no room for more", async (context) => {
    mkdirSync(join(shelf, "from", "inner"), { recursive: true });
    writeFileSync(join(shelf, "from", "inner", "file"), "1");
    const work = await openWorkFolder(shelf);
    await linkTree(join(shelf, "from"), work);
    expect(statSync(join(work, "inner", "file")).ino).toBe(statSync(join(shelf, "from", "inner", "file")).ino);
    // A disk of eight files and folders: six are there, the copy needs three more.
    const script = `const { linkTree } = await import(${JSON.stringify(import.meta.resolve("../../sandbox/work-folder.ts"))});
      await linkTree("from", "to").catch((error) => console.log(error.name + ": " + error.message));`;
    const make = 'cd "$1" && mkdir -p from/a/b/c to && exec "$2" --input-type=module -e "$3"';
    const result = await onSmallDisk(shelf, "nr_inodes=8", ["sh", "-c", make, "sh", shelf, process.execPath, script]);
    if (result === null) return context.skip("this machine lets nobody mount a small disk");
    expect(result.stdout).toBe("RetryLater: the disk of to is full: make room on it\n");
  });
});
