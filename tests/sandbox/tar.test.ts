import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readTar } from "../../sandbox/tar.ts";
import { scratch, texts, writeTree } from "./stand.ts";

const place = scratch();
afterAll(place.remove);

const pack = (...words: string[]): Buffer =>
  execFileSync("tar", ["--format=gnu", "--hard-dereference", "-cf", "-", "-C", place.path, ...words]);

test("regular files are read with their content, links and folders passed over", () => {
  const long = `${"d/".repeat(60)}${"n".repeat(150)}`;
  const files = { "t/a.txt": "1", "t/ü ö.txt": "ä".repeat(600), "t/empty": "", [`t/${long}`]: "long" };
  writeTree(place.path, files);
  mkdirSync(join(place.path, "t/folder"));
  symlinkSync("/etc/passwd", join(place.path, "t/link"));
  linkSync(join(place.path, "t/a.txt"), join(place.path, "t/hard"));
  expect(texts(readTar(pack("t")) ?? {})).toEqual({ ...files, "t/hard": "1" });
});
test("bytes that are no text come through as they are", () => {
  const bytes = Buffer.of(0, 0xff, 0xfe, 0x80, 0x0a);
  writeFileSync(join(place.path, "bytes"), bytes);
  expect(readTar(pack("bytes"))).toEqual({ bytes });
});
test("an archive that was cut off is not taken for a whole one", () => {
  writeTree(place.path, { big: "x".repeat(5_000) });
  expect(readTar(pack("big").subarray(0, 2_000))).toBeNull();
  expect(readTar(Buffer.from("not a tar at all".repeat(100)))).toBeNull();
});
test("no archive is no files", () => {
  expect(readTar(Buffer.alloc(0))).toEqual({});
});
