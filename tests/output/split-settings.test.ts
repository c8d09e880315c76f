import { describe, expect, it } from "vitest";
import { sameRows, settingsKept, settingsText } from "../../output/split-settings.ts";
import { selectionSchema } from "../../schemas/selection.ts";

const ratio = { train: 8, validation: 1, test: 1 };
const kept = (given: Record<string, unknown> = {}, more: { of?: string; like?: string } = {}) =>
  settingsKept({ toolVersion: "0.1.0", ratio, selection: selectionSchema.parse(given), ...more });

describe("the settings that rows were dealt by", () => {
  it("are the ratio alone where nothing else was asked for", () => {
    expect(settingsText(kept())).toMatch(
      /^Asked for: train, validation and test by the ratio 8:1:1\. Groups are dealt by their names and rows, and nothing is drawn: the seed has no part in it\. These settings are `[0-9a-f]{16}`\.$/,
    );
  });

  it.each([
    [{ cutoff: "2025-06-30T00:00:00Z" }, "what was committed before 2025-06-30T00:00:00Z in train alone"],
    [{ pins: { "acme/calc": "test" } }, "`acme/calc` in test"],
    [{ sameGroup: [["acme/a", "acme/b"]] }, "`acme/a` and `acme/b` together"],
    [{ perRepository: 3 }, "at most 3 rows of one skill and one repository group"],
    [{ perOperator: 3 }, "at most 3 rows of one skill and one mutation operator"],
    [{ perFile: 3 }, "at most 3 rows of one skill and one file"],
    [{ perDifficulty: 3 }, "at most 3 rows of one skill and one level of difficulty"],
    [{ nearDuplicates: false }, "rows kept that ask what others ask"],
  ])("tell of %j, and are others by it", (given, words) => {
    expect(settingsText(kept(given))).toContain(words);
    expect(settingsText(kept(given)).slice(-20)).not.toBe(settingsText(kept()).slice(-20));
  });

  it("tell of an earlier split, and let no name end its place", () => {
    expect(settingsText(kept({}, { of: "a", like: "b".repeat(64) }))).toContain(`(row hash \`${"b".repeat(64)}\`)`);
    expect(settingsText(kept({ pins: { "a`\n# b": "test" } }))).toContain("`a # b` in test");
  });

  it("keep the path of an address alone", () => {
    const { selection } = kept({
      pins: { "https://me:secret@github.com/Acme/Calc.git": "test" },
      sameGroup: [["git@github.com:acme/a.git", "acme/B"]],
    });
    expect(selection).toMatchObject({ pins: { "acme/calc": "test" }, sameGroup: [["acme/a", "acme/b"]] });
  });
});

describe("what gives the same rows again", () => {
  it("is version, seed and configuration of a run, which hold how it dealt them", () => {
    expect(sameRows({ splitSettings: kept() })).toBe("The same version, seed and configuration over the same commits give the same rows.");
    expect(sameRows({})).toBe(sameRows({ splitSettings: kept() }));
  });

  it("is also the split's settings where a dataset was dealt anew", () => {
    const text = sameRows({ splitSettings: kept({ perFile: 2 }, { of: "a".repeat(64) }) });
    expect(text).toContain(`the row hash \`${"a".repeat(64)}\``);
    expect(text).not.toBe(sameRows({ splitSettings: kept({ perFile: 3 }, { of: "a".repeat(64) }) }));
  });
});
