import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTakedowns } from "../../pipeline/takedown.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-takedown-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const list = (text: string): readonly string[] => {
  writeFileSync(join(folder, "list"), text);
  return readTakedowns(join(folder, "list"));
};
describe("a takedown list", () => {
  it("has one target a line, once each, and remarks", () => {
    expect(list("# asked by mail\n\n00000000000000a1\nacme/calc/\r\nacme/calc\n")).toEqual(["00000000000000a1", "acme/calc"]);
    expect(list("acme/calc # asked by mail\n  # no more\nhttps://example.org/acme/parser/#readme\n")).toEqual([
      "acme/calc",
      "https://example.org/acme/parser/#readme",
    ]);
  });

  it("is refused where a line is none of the four, by its number", () => {
    expect(() => list("acme/calc\nplease remove everything\n")).toThrow(/line 2 of the takedown list .*please remove everything/);
  });

  it.each([
    ["an abbreviated commit", "abcdef1"],
    ["an instance with a digit too few", "00000000000000a"],
    ["a commit with a digit too many", `${"a".repeat(40)}0`],
  ])("is refused where hex digits are no whole id: %s", (_, line) => {
    expect(() => list(`acme/calc\n${line}\n`)).toThrow(`line 2 of the takedown list is neither`);
  });

  it("takes ids however they are written, and short names that are hex digits by chance", () => {
    const ids = ["00000000000000A1", "A".repeat(40), "b".repeat(64)];
    expect(list(`${ids.join("\n")}\ncafe\n`)).toEqual([...ids.map((id) => id.toLowerCase()), "cafe"]);
  });

  it("is refused where it is not there", () => {
    expect(() => readTakedowns(join(folder, "nowhere"))).toThrow(/cannot be read \(ENOENT\)/);
  });
});
