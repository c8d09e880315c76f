/** The files, read by two readers that share no code with the writer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ParquetReader } from "@dsnp/parquetjs";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeDataset } from "../../output/dataset-writer.ts";
import { writeParquet } from "../../output/parquet.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { skills } from "../../schemas/instance.ts";
import { type ConfigName, columnsOf, configNames, type Row } from "../../schemas/row.ts";
import { duckType, fromDuckdb, fromParquetjs, unquoted } from "./readers.ts";
import { archive, context, datasetInput, environment, sampleInstance } from "./samples.ts";

let folder = "";
let database: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-readers-"));
  await writeDataset(datasetInput(join(folder, "snappy")));
  await writeDataset(datasetInput(join(folder, "zstd"), { compression: "zstd" }));
  database = await (await DuckDBInstance.create(":memory:")).connect();
});
afterAll(() => {
  database.closeSync();
  rmSync(folder, { recursive: true });
});

const pathOf = (codec: string, config: ConfigName): string => join(folder, codec, config, "train-00000-of-00001.parquet");

/** What was written. */
function expectedRow(config: ConfigName): Row {
  if (config === "environments") return toEnvironmentRow(environment, archive);
  const skill = skills.find((name) => config === name || config === `${name}-private`);
  if (skill === undefined) throw new Error(`no skill behind ${config}`);
  const pair = toRows(sampleInstance(skill), environment, context);
  return config === skill ? pair.public : pair.private;
}

describe.each(["snappy", "zstd"])("DuckDB on %s files", (codec) => {
  it.each(configNames)("sees the documented types of %s", async (config) => {
    const described = await database.runAndReadAll(`describe select * from read_parquet('${pathOf(codec, config)}')`);
    const seen = described.getRowObjects().map((row) => [row["column_name"], unquoted(String(row["column_type"]))]);
    const documented = Object.entries(columnsOf(config)).map(([name, { type }]) => [name, duckType(type)]);
    expect(seen).toEqual(documented);
  });

  it.each(configNames)("reads every cell of %s", async (config) => {
    const result = await database.runAndReadAll(`select * from read_parquet('${pathOf(codec, config)}')`);
    const rows = result.getRowObjectsJS();
    expect(rows).toHaveLength(1);
    const expected = expectedRow(config);
    for (const name of Object.keys(columnsOf(config))) {
      expect(fromDuckdb(rows[0]?.[name]), name).toEqual(expected[name]);
    }
  });
});

describe("parquetjs on snappy files", () => {
  it.each(configNames)("reads every cell of %s", async (config) => {
    const reader = await ParquetReader.openFile(pathOf("snappy", config));
    try {
      expect(Number(reader.getRowCount())).toBe(1);
      const row = (await reader.getCursor().next()) as Readonly<Record<string, unknown>>;
      const expected = expectedRow(config);
      for (const [name, { type }] of Object.entries(columnsOf(config))) {
        expect(fromParquetjs(row[name], type), name).toEqual(expected[name]);
      }
    } finally {
      await reader.close();
    }
  });
});

describe("a cell of 70 MB", () => {
  it("comes back whole", async () => {
    const text = "0123456789abcdef".repeat((70 * 2 ** 20) / 16);
    const row = { ...toRows(sampleInstance("editing"), environment, context).public, visible_layer_json: text };
    const large = join(folder, "large");
    await writeParquet(large, [{ config: "editing", split: "train", rows: () => [row] }], {});
    const result = await database.runAndReadAll(
      `select length(visible_layer_json) as length, md5(visible_layer_json) = md5(repeat('0123456789abcdef', ${(70 * 2 ** 20) / 16})) as same from read_parquet('${large}/editing/*.parquet')`,
    );
    expect(result.getRowObjects()).toEqual([{ length: BigInt(text.length), same: true }]);
  });
});
