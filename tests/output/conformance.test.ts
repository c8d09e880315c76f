/** What `output/contract.ts` promises, asked of every listed exporter. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../lib/hash.ts";
import type { RowSet } from "../../output/contract.ts";
import { exporters } from "../../output/index.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { skills } from "../../schemas/instance.ts";
import { archive, context, environment, sampleInstance } from "./samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-exporter-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sets: readonly RowSet[] = [
  ...skills.map(
    (skill): RowSet => ({ config: skill, split: "train", rows: () => [toRows(sampleInstance(skill), environment, context).public] }),
  ),
  { config: "environments", split: "train", rows: () => [toEnvironmentRow(environment, archive)] },
];
const broken: RowSet = {
  config: "review",
  split: "test",
  rows: () => [{ ...toRows(sampleInstance("review"), environment, context).public, repo: "\ud800" }],
};

it("every exporter has its own name", () => {
  expect(new Set(exporters.map(({ name }) => name)).size).toBe(exporters.length);
});

describe.each(exporters)("the exporter $name", (exporter) => {
  const options = exporter.options.parse({});

  it("tells the true size and hash of every file, all below the folder", async () => {
    for (const { file, bytes, sha256: digest } of await exporter.write(folder, sets, options)) {
      const content = readFileSync(join(folder, file));
      expect([content.length, sha256(content)]).toEqual([bytes, digest]);
    }
  });

  it("gives the same bytes for the same rows", async () => {
    expect(await exporter.write(join(folder, "b"), sets, options)).toEqual(await exporter.write(join(folder, "a"), sets, options));
  });

  it("gives no file for a set without rows", async () => {
    expect(await exporter.write(folder, [{ config: "editing", split: "train", rows: () => [] }], options)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("writes nothing when a later set holds a broken row", async () => {
    await expect(exporter.write(folder, [...sets, broken], options)).rejects.toMatchObject({ name: "BrokenRecord" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing of any set when the rows of one fail half way", async () => {
    const failing: RowSet = {
      config: "review",
      split: "half",
      *rows() {
        yield toRows(sampleInstance("review"), environment, context).public;
        throw new Error("the store is gone");
      },
    };
    await expect(exporter.write(folder, [...sets, failing], options)).rejects.toThrow("the store is gone");
    expect(readdirSync(folder)).toEqual([]);
  });
});
