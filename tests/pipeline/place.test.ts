import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { defaultPlace, ensureFolder } from "../../pipeline/place.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-place-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("places", () => {
  it("are whole paths, with a cache and as many jobs as processors where nothing is said", () => {
    const place = defaultPlace({ out: "here" });
    expect([isAbsolute(place.out), isAbsolute(place.cache), place.concurrency > 0, place.trusted, place.sandbox]).toEqual([
      true,
      true,
      true,
      false,
      null,
    ]);
  });

  it("allow more jobs where processors are idle, unless a number was named", () => {
    const [free, named] = [defaultPlace({ out: folder }), defaultPlace({ out: folder, concurrency: 3 })];
    expect(free.idleConcurrency).toBe(4 * free.concurrency);
    expect(named.idleConcurrency).toBe(3);
    expect(defaultPlace({ out: folder, concurrency: 3, idleConcurrency: 5 }).idleConcurrency).toBe(5);
  });

  it("keep what was said", () => {
    expect(
      defaultPlace({ out: folder, cache: `${folder}/c`, concurrency: 7, sandbox: "podman", image: "a@sha256:0", trusted: true }),
    ).toEqual({
      out: folder,
      cache: `${folder}/c`,
      concurrency: 7,
      idleConcurrency: 7,
      sandbox: "podman",
      image: "a@sha256:0",
      trusted: true,
      plain: false,
      repositoriesGb: 20,
      dependenciesGb: 40,
    });
  });

  it("are made where they are missing, and may be there already", () => {
    ensureFolder(join(folder, "a/b"), "--out");
    expect(() => ensureFolder(join(folder, "a/b"), "--out")).not.toThrow();
  });

  it.each(["--out", "--cache"] as const)("that cannot be folders stop with the option %s to change", (option) => {
    writeFileSync(join(folder, "file"), "");
    for (const path of [join(folder, "file"), join(folder, "file/below"), "/proc/kihon"]) {
      expect(() => ensureFolder(path, option)).toThrow(StopRun);
      expect(() => ensureFolder(path, option)).toThrow(expect.objectContaining({ next: expect.stringContaining(option), exitCode: 2 }));
    }
  });
});
