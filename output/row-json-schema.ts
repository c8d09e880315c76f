/** The row tables as JSON Schema (2020-12), one document a schema version: what `docs/schema/` publishes. */
import { z } from "zod";
import { StopRun } from "../lib/errors.ts";
import { candidateSchema } from "../schemas/candidate.ts";
import { recipeSchema, testFileSchema } from "../schemas/environment.ts";
import { humanFindingSchema, judgementSchema, leakScanSchema, specificationSchema, trialSchema } from "../schemas/instance.ts";
import { layerSchema } from "../schemas/layer.ts";
import { oddTestsSchema } from "../schemas/observation.ts";
import { type ColumnTable, rowSchemaOfTable, rowSchemaVersion } from "../schemas/row.ts";
import { rowTables } from "../schemas/row-versions.ts";

/** What the text of a JSON column holds. Of the current version alone: earlier ones were written by earlier code. */
const texts: Readonly<Record<string, z.ZodType>> = {
  visible_layer_json: layerSchema,
  candidate_json: candidateSchema,
  judgement_json: judgementSchema,
  human_findings_json: z.array(humanFindingSchema),
  odd_tests_json: oddTestsSchema.nullable(),
  leak_scan_json: leakScanSchema.nullable(),
  specification_json: z.array(specificationSchema).nullable(),
  premises_json: z.array(trialSchema),
  trials_json: z.array(trialSchema),
  extra_json: z.looseObject({ numericFacts: z.array(z.string()) }),
  recipe_json: recipeSchema,
  test_files_json: z.array(testFileSchema),
};

type Node = Record<string, unknown>;

/** Binary cells are base64 there, as in the JSON-lines form of a dataset. Fields with a default may be absent. */
function nodeOf(schema: z.ZodType): Node {
  const { $schema: _, ...node } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === "custom") Object.assign(jsonSchema, { type: "string", contentEncoding: "base64" });
    },
  }) as Node;
  return node;
}

function rowNode(table: ColumnTable, current: boolean): Node {
  const node = nodeOf(rowSchemaOfTable(table));
  const cells = Object.entries(node["properties"] as Record<string, Node>).map(([name, cell]) => {
    const text = current ? texts[name] : undefined;
    const json = text === undefined ? {} : { contentMediaType: "application/json", contentSchema: nodeOf(text) };
    return [name, { description: table[name]?.about, ...cell, ...json }];
  });
  return { ...node, properties: Object.fromEntries(cells) };
}

/** `version → document`; the document's own form is a row of any of its three tables. */
export function rowJsonSchemas(): ReadonlyMap<string, Node> {
  return new Map(
    Object.entries(rowTables).map(([version, tables]) => {
      const current = version === rowSchemaVersion;
      const defs = Object.fromEntries(
        Object.entries(tables).map(([name, table]: [string, ColumnTable]) => [name, rowNode(table, current)]),
      );
      const document = {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        title: `Kihon rows, schema version ${version}`,
        description:
          "`public` is a row of a skill's config, `private` one of its `-private` config, `environment` one of the config `environments`.",
        anyOf: Object.keys(defs).map((name) => ({ $ref: `#/$defs/${name}` })),
        $defs: defs,
      };
      return [version, document];
    }),
  );
}

export const rowSchemaFile = (version: string): string => `rows-v${version}.json`;

/** Throws `StopRun` for a version that this Kihon never heard of. */
export function rowSchemaText(version: string = rowSchemaVersion): string {
  const document = rowJsonSchemas().get(version);
  if (document !== undefined) return `${JSON.stringify(document, null, 2)}\n`;
  throw new StopRun(`there is no row schema ${version}`, { next: `choose among ${[...rowJsonSchemas().keys()].join(", ")}` });
}
