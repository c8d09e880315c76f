import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { baselinesFile, baselinesOf, checkRecordable, readBaselines, recordBaselines } from "../../output/baselines.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { readManifest } from "../../output/manifest.ts";
import { escapeHtml } from "../../output/report.ts";
import type { Baseline } from "../../schemas/baselines.ts";
import { type SkillName, skills } from "../../schemas/instance.ts";
import { datasetInput, summary } from "./samples.ts";

let folder = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-baselines-"));
  await writeDataset(datasetInput(folder));
});
afterEach(() => rmSync(folder, { recursive: true }));

const search: Baseline = {
  baseline: "text-search",
  about: "names the best match",
  skill: "localization",
  rows: 1,
  answered: 1,
  reward: 1,
  pairs: null,
};
const approve: Baseline = { ...search, baseline: "always-approve", about: "merges every diff", skill: "review", reward: 0.5, pairs: 0 };

const text = (file: string): string => readFileSync(join(folder, file), "utf8");
const pages = (): readonly string[] => ["README.md", "report.html"].map(text);
const recorded = (): readonly Baseline[] => baselinesOf(readManifest(folder), readBaselines(folder));
const fewer = () => datasetInput(folder, { sets: datasetInput(folder).sets.slice(1) });

describe("figures that are recorded", () => {
  it("stand in the card and in the report, with the skill that pays for nothing", () => {
    expect(text("README.md")).toContain("This was not measured on these rows");
    expect(text("report.html")).not.toContain("rules without a model");
    recordBaselines(folder, [approve, search]);
    expect(text("README.md")).toContain("| localization | text-search | names the best match | 1 | 1.000 |  |");
    expect(text("README.md")).toContain("| review | always-approve | merges every diff | 1 | 0.500 | 0.000 |");
    expect(text("README.md")).not.toContain("This was not measured");
    expect(text("report.html")).toContain("<td>always-approve</td>");
    for (const page of pages()) expect(page).toContain("more than 0.05 of localization (text-search 1.000): so much");
  });

  it("change nothing else: the dataset opens as it did, and its manifest is the same", async () => {
    const others = () => readdirSync(folder).filter((name) => ![baselinesFile, "README.md", "report.html"].includes(name));
    const before = [others(), text("manifest.json")];
    recordBaselines(folder, [search]);
    expect([others(), text("manifest.json")]).toEqual(before);
    const asked: SkillName[] = [];
    for await (const { draft } of (await openDataset(folder)).instances()) asked.push(draft.skill);
    expect(asked).toEqual(skills);
  });

  it("stand beside those of before, and replace those of the same rule and skill", () => {
    recordBaselines(folder, [search]);
    recordBaselines(folder, [approve]);
    recordBaselines(folder, [{ ...search, reward: 0 }]);
    expect(recorded()).toEqual([{ ...search, reward: 0 }, approve]);
    for (const page of pages()) {
      expect(page.split("What rules without a model earn")).toHaveLength(2);
      expect(page).toContain("No rule in the table earns more than 0.05.");
    }
  });

  it("stay where the same rows are written again, in the same pages", async () => {
    recordBaselines(folder, [search, approve]);
    const before = pages();
    await writeDataset(datasetInput(folder, { compression: "zstd" }));
    expect(recorded()).toEqual([search, approve]);
    const section = (page: string): string =>
      /What rules without a model earn[\s\S]*?(?=## Contamination|<section><h2>Sample)/.exec(page)?.[0] ?? "";
    expect(pages().map(section)).toEqual(before.map(section));
    await writeDataset(datasetInput(folder));
    expect(pages()).toEqual(before);
  });

  it("go where the rows are others, and the pages tell none", async () => {
    recordBaselines(folder, [search]);
    await writeDataset(fewer());
    expect(existsSync(join(folder, baselinesFile))).toBe(false);
    expect(text("README.md")).toContain("This was not measured on these rows");
    expect(text("report.html")).not.toContain("text-search");
  });

  it("of other rows are not taken over", async () => {
    recordBaselines(folder, [search]);
    const stale = text(baselinesFile);
    await writeDataset(fewer());
    writeFileSync(join(folder, baselinesFile), stale);
    recordBaselines(folder, [approve]);
    expect(recorded()).toEqual([approve]);
  });

  it("need no report where the dataset has none", async () => {
    const { startedAt: _, ...facts } = summary;
    await writeDataset(datasetInput(folder, { summary: facts }));
    recordBaselines(folder, [search]);
    expect([existsSync(join(folder, "report.html")), text("README.md").includes("text-search")]).toEqual([false, true]);
  });

  it("are told in a card and a report of before there was a place for them", () => {
    const bare = text("README.md").replace(/^## What rules without a model earn\n[\s\S]*?(?=^## )/m, "");
    expect(bare).not.toContain("rules without a model");
    recordBaselines(folder, [search]);
    const wanted = pages();
    writeFileSync(join(folder, "README.md"), bare);
    recordBaselines(folder, [search]);
    expect(pages()).toEqual(wanted);
  });

  it("are text, whatever they say", () => {
    const hostile = "<script>alert(1)</script> $& | # x";
    recordBaselines(folder, [{ ...search, baseline: hostile, about: hostile }]);
    for (const page of pages()) expect(page).not.toContain("<script>alert");
    expect(text("report.html")).toContain(escapeHtml(hostile));
    expect(text("README.md")).toContain("$\\& \\| \\# x");
  });
});

describe("before anything is measured", () => {
  it.each([
    ["README.md", "is not there", null],
    ["README.md", "is another text", "# Mine\n"],
    ["report.html", "is another text", "<p>Mine</p>"],
  ])("it is said that %s %s, and what to do", (file, _, other) => {
    if (other === null) rmSync(join(folder, file));
    else writeFileSync(join(folder, file), other);
    expect(() => checkRecordable(folder)).toThrow(`${join(folder, file)} is not as Kihon wrote it`);
    expect(existsSync(join(folder, baselinesFile))).toBe(false);
  });

  it("it is said that the figures of before cannot be read", () => {
    writeFileSync(join(folder, baselinesFile), "{}");
    expect(() => checkRecordable(folder)).toThrow("has another form than this version reads");
  });
});

describe("an export over figures that cannot be read", () => {
  it("changes nothing", async () => {
    writeFileSync(join(folder, baselinesFile), "{}");
    const before = readdirSync(folder, { recursive: true });
    await expect(writeDataset(fewer())).rejects.toThrow("has another form than this version reads");
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });
});
