import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeJsonl } from "../../output/jsonl.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { columnsOf } from "../../schemas/row.ts";
import { archive, context, environment, sampleInstance } from "./samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-jsonl-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the jsonl exporter", () => {
  it("writes a row a line with the columns in table order", async () => {
    const rows = ["00000000000000b1", "00000000000000b2"].map(
      (id) => toRows(sampleInstance("review", { id }), environment, context).private,
    );
    const [written] = await writeJsonl(folder, [{ config: "review-private", split: "test", rows: () => rows }]);
    expect(written?.file).toBe("jsonl/review-private/test.jsonl");
    const lines = readFileSync(join(folder, "jsonl/review-private/test.jsonl"), "utf8").trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed).toEqual(rows);
    expect(Object.keys(parsed[0] ?? {})).toEqual(Object.keys(columnsOf("review-private")));
  });

  it("writes bytes as base64", async () => {
    await writeJsonl(folder, [{ config: "environments", split: "train", rows: () => [toEnvironmentRow(environment, archive)] }]);
    const row = JSON.parse(readFileSync(join(folder, "jsonl/environments/train.jsonl"), "utf8")) as { archive: string };
    expect(new Uint8Array(Buffer.from(row.archive, "base64"))).toEqual(archive);
  });
});
