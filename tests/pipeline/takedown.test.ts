import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTakedowns, type TakedownSubject, takedownsOf } from "../../pipeline/takedown.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-takedown-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const list = (text: string): readonly string[] => {
  writeFileSync(join(folder, "list"), text);
  return readTakedowns(join(folder, "list"));
};
const subject: Required<TakedownSubject> = {
  id: "00000000000000a1",
  repository: { name: "acme/calc", origin: "https://github.com/Acme/Calc.git" },
  pullRequest: 12,
};

describe("a takedown list", () => {
  it("has one target a line, once each, and remarks", () => {
    expect(list("# asked by mail\n\n00000000000000a1\nacme/calc/\r\nacme/calc\n")).toEqual(["00000000000000a1", "acme/calc"]);
  });

  it("is refused where a line is none of the three, by its number", () => {
    expect(() => list("acme/calc\nplease remove everything\n")).toThrow(/line 2 of the takedown list .*please remove everything/);
  });

  it("is refused where it is not there", () => {
    expect(() => readTakedowns(join(folder, "nowhere"))).toThrow(/cannot be read \(ENOENT\)/);
  });
});

describe("a target", () => {
  it.each([
    "00000000000000a1",
    "acme/calc",
    "https://github.com/acme/calc",
    "git@github.com:Acme/Calc.git",
    "https://github.com/acme/calc/pull/12",
  ])("%s means the row", (target) => {
    expect(takedownsOf([target]).match(subject)).toBe(target);
  });

  it.each([
    "00000000000000a2",
    "acme/other",
    "acme",
    "other/calc",
    "https://github.com/acme/calc/pull/1",
    "https://github.com/acme/other/pull/12",
  ])("%s does not", (target) => {
    expect(takedownsOf([target]).match(subject)).toBeNull();
  });

  it("may be the bare name of a local repository", () => {
    expect(takedownsOf(["calc"]).match({ ...subject, repository: { name: "Calc", origin: "local" } })).toBe("calc");
  });

  it("that is a pull request leaves the rest of its repository", () => {
    expect(takedownsOf(["https://github.com/acme/calc/pull/12"]).match({ ...subject, pullRequest: null })).toBeNull();
  });
});
