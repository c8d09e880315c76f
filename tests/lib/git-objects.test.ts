/** Asked of real git folders. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokenRecord } from "../../lib/errors.ts";
import { exec } from "../../lib/exec.ts";
import { openRepository } from "../../lib/git.ts";
import { GitObjects } from "../../lib/git-objects.ts";
import { ScratchRepository } from "./scratch-repository.ts";

let scratch: ScratchRepository;
let objects: GitObjects;
const big = "0123456789abcdef\n".repeat(300_000);
beforeAll(async () => {
  scratch = await ScratchRepository.make();
  await scratch.commit("First", {
    "a.txt": "one\n",
    "empty.txt": "",
    "big.txt": big,
    "packages/x/package.json": "{}",
    "packages/x/deep/y.js": "",
  });
  const env = { PATH: process.env["PATH"] ?? "", GIT_NO_LAZY_FETCH: "1" };
  objects = new GitObjects((...words) => ({ argv: ["git", `--git-dir=${scratch.work}/.git`, ...words], env }));
});
afterAll(() => scratch[Symbol.dispose]());

describe("git's objects", () => {
  it("come in the order in which they were asked for, with null for what is not here", async () => {
    const names = ["HEAD:a.txt", "HEAD:none.txt", "HEAD:empty.txt", "HEAD:big.txt", "f".repeat(40), "HEAD^{commit}"];
    const read = await objects.read(names);
    expect(read.map((object) => object?.type ?? null)).toEqual(["blob", null, "blob", "blob", null, "commit"]);
    expect(read.map((object) => object?.bytes.length ?? null).slice(0, 5)).toEqual([4, null, 0, big.length, null]);
    expect(read[3]?.bytes.toString()).toBe(big);
  });

  it("are not mixed up where many are asked for side by side, nor after a while of silence", async () => {
    const round = async () => {
      const all = await Promise.all(Array.from({ length: 20 }, (_, at) => objects.read([at % 2 === 0 ? "HEAD:a.txt" : "HEAD:big.txt"])));
      return all.map(([object]) => object?.bytes.length);
    };
    const lengths = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? 4 : big.length));
    expect(await round()).toEqual(lengths);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await round()).toEqual(lengths);
  });

  it("are checked without being read", async () => {
    const [there, gone] = await objects.checks(["HEAD:big.txt", "HEAD:none.txt"]);
    expect([there, gone]).toEqual([expect.stringMatching(new RegExp(`^[0-9a-f]{40} blob ${big.length}$`)), "HEAD:none.txt missing"]);
  });

  it("that came after the first question are found", async () => {
    await objects.read(["HEAD:a.txt"]);
    await scratch.commit("Later", { "later.txt": "late" });
    expect((await objects.read(["HEAD:later.txt"]))[0]?.bytes.toString()).toBe("late");
  });

  it("are refused a name of two lines", async () => {
    await expect(objects.read(["HEAD\nHEAD"])).rejects.toThrow("in one line");
  });

  it("of a folder that is none end as trouble that the caller can name", async () => {
    const nowhere = new GitObjects((...words) => ({
      argv: ["git", "--git-dir=/nonexistent", ...words],
      env: { PATH: process.env["PATH"] ?? "" },
    }));
    for (const _ of [1, 2]) {
      await expect(nowhere.read(["HEAD"])).rejects.toMatchObject({
        asked: { ended: { kind: "exited", code: 128 }, stderr: expect.stringContaining("not a git repository") },
      });
    }
    const without = new GitObjects((...words) => ({ argv: ["/nonexistent/git", ...words], env: {} }));
    await expect(without.checks(["HEAD"])).rejects.toMatchObject({ asked: { ended: { kind: "not-started", code: "ENOENT" } } });
  });

  it("keep no process alive that has nothing left to do", async () => {
    const program = `
      import { GitObjects } from ${JSON.stringify(new URL("../../lib/git-objects.ts", import.meta.url).href)};
      const objects = new GitObjects((...words) => ({ argv: ["git", "--git-dir=${scratch.work}/.git", ...words], env: { PATH: process.env.PATH } }));
      console.log((await objects.read(["HEAD:a.txt"]))[0].bytes.toString());`;
    const argv = [process.execPath, "--input-type=module", "-e", program];
    const { stdout, wallMs, ended } = await exec({
      argv,
      env: { PATH: process.env["PATH"] ?? "" },
      timeoutMs: 60_000,
      outputBytes: 10_000,
    });
    expect([ended, stdout]).toEqual([{ kind: "exited", code: 0 }, "one\n\n"]);
    expect(wallMs).toBeLessThan(60_000);
  });
});

describe("two commits are compared", () => {
  it("side by side, with paths that look like the end of an answer", async () => {
    using other = await ScratchRepository.make();
    const one = await other.commit("One", { "a.txt": "1" });
    const odd = [".\nb", `.${"0".repeat(32)}\n`, 'ü "q"\tc'];
    const two = await other.commit("Two", Object.fromEntries(odd.map((name) => [name, name])));
    const three = await other.commit("Three", { "a.txt": "2" });
    const env = { PATH: process.env["PATH"] ?? "" };
    const own = new GitObjects((...words) => ({ argv: ["git", `--git-dir=${other.work}/.git`, ...words], env }));
    const paths = (told: string | null) => told?.split("\0").filter((_, at) => at % 2 === 1) ?? null;
    const pairs = [
      [one, two, odd.toSorted()],
      [two, one, odd.toSorted()],
      [one, one, []],
      [one, three, ["a.txt", ...odd].toSorted()],
      [three, three, []],
    ] as const;
    const told = await Promise.all(pairs.map(([before, after]) => own.compare(before, after)));
    expect(told.map((listing) => paths(listing)?.toSorted())).toEqual(pairs.map(([, , changed]) => changed));
  });

  it("and one that is not here is no comparison without a difference", async () => {
    const [head] = await objects.checks(["HEAD"]);
    const here = head?.split(" ")[0] ?? "";
    expect(await objects.compare(here, "f".repeat(40))).toBeNull();
    await expect(objects.compare("f".repeat(40), here)).rejects.toMatchObject({ asked: { ended: { kind: "exited", code: 128 } } });
    expect(await objects.compare(here, here)).toBe("");
  });
});

describe("the files of a folder", () => {
  it("are told with their paths, without what lies deeper", async () => {
    const repository = await openRepository(scratch.work, scratch.cache);
    const { commit } = await repository.resolve();
    const paths = async (folder?: string) => (await repository.filesIn(commit, folder)).map(({ path }) => path);
    expect(await paths()).toEqual(["a.txt", "big.txt", "empty.txt", "later.txt"]);
    expect(await paths("packages/x")).toEqual(["packages/x/package.json"]);
    expect([await paths("packages"), await paths("nowhere"), await paths("a.txt")]).toEqual([[], [], []]);
    await expect(repository.filesIn("f".repeat(40))).rejects.toThrow(BrokenRecord);
  });

  it("and their commit are told the same by id and by name", async () => {
    const repository = await openRepository(scratch.work, scratch.cache);
    const named = await repository.resolve("HEAD");
    expect(await repository.resolve(named.commit)).toEqual(named);
    await expect(repository.resolve("f".repeat(40))).rejects.toThrow("has no commit");
  });
});
