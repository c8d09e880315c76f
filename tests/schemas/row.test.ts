import { describe, expect, it } from "vitest";
import { columnsMarkdown, hubFeaturesOf, parquetSchemaOf, typeText } from "../../output/columns.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import {
  columnsOf,
  configNames,
  environmentRowSchema,
  keyOf,
  privateColumns,
  privateRowSchema,
  publicColumns,
  publicRowSchema,
} from "../../schemas/row.ts";
import { archive, context, environment, sampleInstance } from "../output/samples.ts";

const rows = toRows(sampleInstance("editing"), environment, context);

describe("a row's schema", () => {
  it("refuses a column that the table does not have, and one that is missing", () => {
    expect(publicRowSchema.safeParse({ ...rows.public, gold: "x" }).success).toBe(false);
    const { prompt: _, ...rest } = rows.public;
    expect(publicRowSchema.safeParse(rest).success).toBe(false);
  });

  it("takes null only where the column allows it", () => {
    expect(publicRowSchema.safeParse({ ...rows.public, pair_id: null }).success).toBe(true);
    expect(publicRowSchema.safeParse({ ...rows.public, repo: null }).success).toBe(false);
  });

  it("looks into lists and structs", () => {
    const decoys = [{ name: "d", reward: 0, reason: 5 }];
    expect(privateRowSchema.safeParse({ ...rows.private, validation: { ...rows.private.validation, decoys } }).success).toBe(false);
    expect(privateRowSchema.safeParse({ ...rows.private, validation: { ...rows.private.validation, repeats: 1.5 } }).success).toBe(false);
    expect(privateRowSchema.safeParse({ ...rows.private, validation: { ...rows.private.validation, repeats: 2 ** 31 } }).success).toBe(
      false,
    );
  });

  it("wants bytes where bytes are due", () => {
    const row = toEnvironmentRow(environment, archive);
    expect(environmentRowSchema.safeParse(row).success).toBe(true);
    expect(environmentRowSchema.safeParse({ ...row, archive: "text" }).success).toBe(false);
  });
});

describe("the column tables", () => {
  it("show a solver none of the grader's columns but the ids", () => {
    const shared = Object.keys(privateColumns).filter((name) => name in publicColumns);
    expect(shared).toEqual(["instance_id", "skill", "schema_version", "change_id", "environment_id"]);
  });

  it("name no duration and no time of day", () => {
    for (const config of configNames)
      expect(Object.keys(columnsOf(config)).join(" ")).not.toMatch(/_ms\b|wall|duration|created_at|validated_at/);
  });

  it.each(configNames)("of %s say the same in Parquet, YAML and Markdown", (config) => {
    const table = columnsOf(config);
    const [root, ...elements] = parquetSchemaOf(table);
    expect(root?.num_children).toBe(Object.keys(table).length);
    expect(elements.length).toBeGreaterThanOrEqual(Object.keys(table).length);
    expect(hubFeaturesOf(table).map(({ name }) => name)).toEqual(Object.keys(table));
    expect(columnsMarkdown(table).split("\n")).toHaveLength(Object.keys(table).length + 2);
    expect(Object.keys(table)[0]).toBe(keyOf(config));
  });

  it("make three-level lists with plain logical types", () => {
    const elements = parquetSchemaOf({ facts: publicColumns.facts });
    expect(elements.map(({ name, repetition_type, converted_type }) => [name, repetition_type, converted_type])).toEqual([
      ["schema", undefined, undefined],
      ["facts", "OPTIONAL", "LIST"],
      ["list", "REPEATED", undefined],
      ["element", "OPTIONAL", undefined],
      ["name", "OPTIONAL", "UTF8"],
      ["value", "OPTIONAL", "UTF8"],
    ]);
    expect(typeText(publicColumns.facts.type)).toBe("list<struct<name: string, value: string>>");
  });
});
