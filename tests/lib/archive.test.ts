import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ArchiveEntry, ArchiveError, packTree, readTree, unpackTree, writeTree } from "../../lib/archive.ts";
import { exec } from "../../lib/exec.ts";
import { sha256 } from "../../lib/hash.ts";

const file = (path: string, text: string, executable = false): ArchiveEntry => ({
  path,
  kind: "file",
  executable,
  bytes: Buffer.from(text),
});
const link = (path: string, target: string): ArchiveEntry => ({ path, kind: "link", target });
const plain = (entries: readonly ArchiveEntry[]) =>
  entries.map((entry) => (entry.kind === "file" ? { ...entry, bytes: Buffer.from(entry.bytes).toString("latin1") } : entry));

const long = `${"deep/".repeat(60)}${"n".repeat(40)}.js`;
const tree = [
  file("b/run.sh", "#!/bin/sh\n", true),
  file("a.txt", "hello\n"),
  file("é/漢😀 file.js", "x"),
  file(long, "long"),
  file("empty", ""),
  link("b/link", "../a.txt"),
];

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kihon-archive-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A tar archive of one entry, written by hand so that it may break the rules. */
function hostile(change: (header: Buffer) => void, body = ""): Buffer {
  const tar = gunzipSync(packTree([file("victim", body)]));
  const header = tar.subarray(0, 512);
  change(header);
  header.write("        ", 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return gzipSync(tar);
}
const named = (name: string) => hostile((header) => header.fill(0, 0, 100).write(name, 0));

const linkTo = (target: string) =>
  hostile((header) => {
    header.fill("2", 156, 157);
    header.write(target, 157);
  });

describe("packTree and unpackTree", () => {
  it("bring a tree back: long and Unicode paths, modes, links, empty files", async () => {
    await unpackTree(packTree(tree), join(folder, "out"));
    const out = join(folder, "out");
    expect(await readFile(join(out, long), "utf8")).toBe("long");
    expect(await readFile(join(out, "é/漢😀 file.js"), "utf8")).toBe("x");
    expect(await readFile(join(out, "empty"), "utf8")).toBe("");
    expect(await readlink(join(out, "b/link"))).toBe("../a.txt");
    expect((await lstat(join(out, "b/run.sh"))).mode & 0o777).toBe(0o755);
    expect((await lstat(join(out, "a.txt"))).mode & 0o777).toBe(0o644);
  });

  it("keep any bytes under any good name", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 80 })
      .filter(
        (text) =>
          /^[^/\\\p{Cc}\p{Cs}]+$/u.test(text) &&
          !/^(\.{1,2}|\.git|__proto__|git~\d+)$/i.test(text) &&
          !/^[a-z]:/i.test(text) &&
          Buffer.byteLength(text) <= 255,
      );
    fc.assert(
      fc.property(fc.dictionary(name, fc.uint8Array({ maxLength: 1_500 })), (files) => {
        const entries = Object.entries(files).map(
          ([path, bytes]): ArchiveEntry => ({ path: `top/${path}`, kind: "file", executable: false, bytes }),
        );
        const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
        expect(plain(readTree(packTree(entries)))).toEqual(plain(sorted));
      }),
      { numRuns: 200 },
    );
  });

  it("give the same bytes for the same tree in any order", () => {
    expect(sha256(packTree([...tree].reverse()))).toBe(sha256(packTree(tree)));
  });

  it("write what the system's own tar reads", async () => {
    await writeFile(join(folder, "tree.tar.gz"), packTree(tree));
    const listed = await exec({
      argv: ["tar", "-tzf", "tree.tar.gz"],
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8" },
      timeoutMs: 10_000,
      outputBytes: 100_000,
    });
    expect(listed.stdout.trim().split("\n").sort()).toEqual(
      tree
        .map((entry) => entry.path)
        .sort()
        .map((path) => (path.includes("漢") ? expect.stringContaining(" file.js") : path)),
    );
  });

  it("read what the system's own tar writes", async () => {
    await mkdir(join(folder, "in/sub"), { recursive: true });
    await writeFile(join(folder, "in/sub/x.txt"), "x\n");
    const packed = await exec({
      argv: ["tar", "--format=pax", "-C", "in", "-czf", "tree.tar.gz", "sub"],
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "" },
      timeoutMs: 10_000,
      outputBytes: 100_000,
    });
    expect(packed.ended).toEqual({ kind: "exited", code: 0 });
    expect(plain(readTree(await readFile(join(folder, "tree.tar.gz"))))).toEqual([
      { path: "sub/x.txt", kind: "file", executable: false, bytes: "x\n" },
    ]);
  });
});

describe("readTree refuses", () => {
  it.each([
    ["a path that climbs out", named("../evil")],
    ["an absolute path", named("/etc/evil")],
    ["git's own folder", named("sub/.git/config")],
    ["a control character", named("a\u0007b")],
    ["a link that leads out", linkTo("../../etc/passwd")],
    ["an absolute link", linkTo("/etc/passwd")],
    ["a hard link", hostile((header) => void header.fill("1", 156, 157))],
    ["a device", hostile((header) => void header.fill("3", 156, 157))],
    ["a size beyond the archive", hostile((header) => void header.write("00000077777\0", 124))],
  ])("%s", (_, bytes) => {
    expect(() => readTree(bytes)).toThrow(ArchiveError);
  });

  it("a header whose checksum does not hold, a cut archive and bytes that are no gzip", () => {
    const tar = gunzipSync(packTree(tree));
    const broken = Buffer.from(tar);
    broken[3] = 1;
    expect(() => readTree(gzipSync(broken))).toThrow(/checksum/);
    expect(() => readTree(gzipSync(tar.subarray(0, tar.length - 1_024)))).toThrow(/end mark/);
    expect(() => readTree(packTree(tree).subarray(0, 60))).toThrow(/damaged/);
    expect(() => readTree(Buffer.from("no archive"))).toThrow(/damaged/);
  });

  it("more bytes than the cap, but not exactly as many", () => {
    const archive = packTree([file("x", "y".repeat(10_000))]);
    const size = gunzipSync(archive).length;
    expect(() => readTree(archive, { bytes: size - 1, entries: 10 })).toThrow(/larger than the cap/);
    expect(readTree(archive, { bytes: size, entries: 10 })).toHaveLength(1);
  });

  it("more entries than the cap, but not exactly as many", () => {
    expect(() => readTree(packTree(tree), { bytes: 1_000_000, entries: tree.length - 1 })).toThrow(/more than/);
    expect(readTree(packTree(tree), { bytes: 1_000_000, entries: tree.length })).toHaveLength(tree.length);
  });
});

describe("a tree is refused as a whole", () => {
  it.each([
    ["a name given twice", [file("a", "1"), file("a", "2")]],
    ["a file under a file", [file("a", "1"), file("a/b", "2")]],
    ["a file under a link", [link("a", "b"), file("a/x", "2")]],
    ["a link that climbs through another link", [link("p/q/a", "../../t"), link("p/q/l", "a/../../../x")]],
  ])("%s", (_, entries) => {
    expect(() => packTree(entries)).toThrow(ArchiveError);
  });

  it("before anything is written", async () => {
    await expect(writeTree([file("good", "1"), file("../evil", "2")], join(folder, "out"))).rejects.toThrow(ArchiveError);
    expect(await readdir(folder)).toEqual([]);
  });

  it("where the folder already holds something", async () => {
    await writeFile(join(folder, "old"), "");
    await expect(writeTree([file("new", "1")], folder)).rejects.toThrow(/not empty/);
  });
});
