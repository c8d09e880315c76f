import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { rowJsonSchemas, rowSchemaFile, rowSchemaText } from "../../output/row-json-schema.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { skills } from "../../schemas/instance.ts";
import { rowSchemaVersion } from "../../schemas/row.ts";
import { archive, context, environment, sampleInstance } from "./samples.ts";

const folder = fileURLToPath(new URL("../../docs/schema", import.meta.url));
const documents = rowJsonSchemas();
const ajv = new Ajv2020({ strict: false });
const validator = (version: string, table: string) => ajv.compile({ ...documents.get(version), anyOf: [{ $ref: `#/$defs/${table}` }] });
const asJson = (row: object): unknown =>
  JSON.parse(JSON.stringify(row, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value)));

describe("the published schemas", () => {
  it.each([...documents.keys()])("of version %s are those of the row tables (write them with .ci/schemas)", (version) => {
    expect(readFileSync(join(folder, rowSchemaFile(version)), "utf8")).toBe(rowSchemaText(version));
    expect(() => rowSchemaText("99")).toThrow("there is no row schema 99");
  });

  it("are there for every version up to the current one, and no others", () => {
    const versions = Array.from({ length: Number(rowSchemaVersion) }, (_, index) => String(index + 1));
    expect([...documents.keys()]).toEqual(versions);
    expect(readdirSync(folder).sort()).toEqual(versions.map(rowSchemaFile));
  });

  it("let every row pass, and the texts in its JSON columns", () => {
    const [open, hidden, tree] = ["public", "private", "environment"].map((table) => validator(rowSchemaVersion, table));
    for (const skill of skills) {
      const pair = toRows(sampleInstance(skill), environment, context);
      expect(open?.(asJson(pair.public)), JSON.stringify(open?.errors)).toBe(true);
      expect(hidden?.(asJson(pair.private)), JSON.stringify(hidden?.errors)).toBe(true);
      for (const [table, row] of Object.entries(pair)) texts(table, row);
    }
    const row = toEnvironmentRow(environment, archive);
    expect(tree?.(asJson(row)), JSON.stringify(tree?.errors)).toBe(true);
    texts("environment", row);
  });

  /** `contentSchema` is a note to readers, which validators leave alone: it is held against the text here. */
  function texts(table: string, row: object): void {
    const defs = documents.get(rowSchemaVersion)?.["$defs"] as Record<string, { properties: Record<string, { contentSchema?: object }> }>;
    const told = Object.entries(defs[table]?.properties ?? {}).filter(([, cell]) => cell.contentSchema !== undefined);
    expect(told.map(([name]) => name)).toEqual(Object.keys(row).filter((name) => name.endsWith("_json")));
    for (const [name, { contentSchema = {} }] of told) {
      const valid = ajv.compile(contentSchema);
      expect(valid(JSON.parse(String((row as Record<string, unknown>)[name]))), `${name}: ${JSON.stringify(valid.errors)}`).toBe(true);
    }
  }

  it("refuse a cell of another type, a column too many and one too few", () => {
    const { public: row, private: hidden } = toRows(sampleInstance("editing"), environment, context);
    const valid = validator(rowSchemaVersion, "public");
    const { split: _, ...short } = row;
    expect([{ ...row, interface: "add" }, { ...row, gold: "x" }, short].map((broken) => valid(asJson(broken)))).toEqual([
      false,
      false,
      false,
    ]);
    const without = (row: object, ...names: readonly string[]): object =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
    const third = without(hidden, "odd_tests_json", "leak_scan_json", "specification_json");
    const second = without(third, "difficulty_figures");
    const first = without(second, "human_findings_json");
    for (const [version, own] of [
      ["1", first],
      ["2", second],
      ["3", third],
    ] as const)
      expect([first, second, third, hidden].map((one) => validator(version, "private")(asJson(one)))).toEqual(
        [first, second, third, hidden].map((one) => one === own),
      );
  });
});
