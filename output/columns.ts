/** The column tables of `schemas/row.ts` in other tongues: Parquet, the Hub's YAML, Markdown. */
import type { SchemaElement } from "hyparquet-writer";
import type { CellType, ColumnTable } from "../schemas/row.ts";

const leaf = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  int32: { type: "INT32" },
  double: { type: "DOUBLE" },
  binary: { type: "BYTE_ARRAY" },
} as const satisfies Record<string, Partial<SchemaElement>>;

/** Every node is OPTIONAL, as Arrow writes it: readers that cast to the declared features then see the schema they expect. The zod schema holds nulls out. */
function parquetElements(name: string, type: CellType): SchemaElement[] {
  switch (type.kind) {
    case "list":
      return [
        { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...parquetElements("element", type.of),
      ];
    case "struct": {
      const fields = Object.entries(type.fields);
      return [
        { name, repetition_type: "OPTIONAL", num_children: fields.length },
        ...fields.flatMap(([field, inner]) => parquetElements(field, inner)),
      ];
    }
    case "string":
      return [{ name, repetition_type: "OPTIONAL", ...leaf.string, logical_type: { type: "STRING" } }];
    default:
      return [{ name, repetition_type: "OPTIONAL", ...leaf[type.kind] }];
  }
}

export function parquetSchemaOf(table: ColumnTable): SchemaElement[] {
  const columns = Object.entries(table);
  return [{ name: "schema", num_children: columns.length }, ...columns.flatMap(([name, { type }]) => parquetElements(name, type))];
}

/** A feature as the Hub's dataset card spells it. */
export type HubFeature = { readonly name?: string } & (
  | { readonly dtype: string }
  | { readonly list: string | readonly HubFeature[] }
  | { readonly struct: readonly HubFeature[] }
);

const hubNames = { string: "string", int32: "int32", double: "float64", binary: "binary" } as const;

function hubFeature(name: string, type: CellType): HubFeature {
  if (type.kind === "struct") return { name, struct: Object.entries(type.fields).map(([field, inner]) => hubFeature(field, inner)) };
  if (type.kind !== "list") return { name, dtype: hubNames[type.kind] };
  if (type.of.kind === "struct") return { name, list: Object.entries(type.of.fields).map(([field, inner]) => hubFeature(field, inner)) };
  if (type.of.kind === "list") throw new TypeError(`column ${name}: a list of lists has no spelling in the dataset card`);
  return { name, list: hubNames[type.of.kind] };
}

export const hubFeaturesOf = (table: ColumnTable): HubFeature[] => Object.entries(table).map(([name, { type }]) => hubFeature(name, type));

/** `list<struct<name: string, reward: double>>`, for the documentation. */
export function typeText(type: CellType): string {
  if (type.kind === "list") return `list<${typeText(type.of)}>`;
  if (type.kind !== "struct") return type.nullable ? `${type.kind}?` : type.kind;
  return `struct<${Object.entries(type.fields)
    .map(([name, field]) => `${name}: ${typeText(field)}`)
    .join(", ")}>`;
}

export const columnsMarkdown = (table: ColumnTable): string =>
  [
    "| column | type | what it is |",
    "|---|---|---|",
    ...Object.entries(table).map(([name, { type, about }]) => `| \`${name}\` | \`${typeText(type)}\` | ${about.replaceAll("|", "\\|")} |`),
  ].join("\n");
