/** Rows of earlier schema versions, brought to the current one: a step for each change of the tables, from what the rows themselves say. */
import type { z } from "zod";
import { BrokenRecord } from "../lib/errors.ts";
import { privateRowSchema, publicRowSchema, type Row, type RowPair, rowSchemaVersion } from "../schemas/row.ts";
import { contentHashOf, fromRows } from "./rows.ts";

interface Step {
  readonly to: string;
  readonly public: (row: Row) => Row;
  readonly private: (row: Row) => Row;
}

const same = (row: Row): Row => row;

/** By the version that a step leaves. Environments have had one table so far. */
const steps: Readonly<Record<string, Step>> = {
  // Version 1 kept nothing that reviewers said, so there is nothing to tell.
  "1": { to: "2", public: same, private: (row) => ({ ...row, human_findings_json: "[]" }) },
};

/** A pair of rows of an earlier version, with a content hash of its own. Throws `BrokenRecord` where it does not hold what its columns promise. */
export function migratePair(pair: RowPair, version: string): RowPair {
  let [open, hidden]: Row[] = [pair.public, pair.private];
  for (let at = version; at !== rowSchemaVersion; ) {
    const step = steps[at];
    if (step === undefined || open === undefined || hidden === undefined) throw new TypeError(`no way leads from row schema ${at}`);
    [open, hidden] = [step.public(open), step.private(hidden)];
    at = step.to;
  }
  const where = pair.public.instance_id;
  const moved = {
    public: parsed(publicRowSchema, { ...open, schema_version: rowSchemaVersion }, where),
    private: parsed(privateRowSchema, { ...hidden, schema_version: rowSchemaVersion }, where),
  };
  const hash = contentHashOf(moved);
  const whole = { public: moved.public, private: { ...moved.private, provenance: { ...moved.private.provenance, content_hash: hash } } };
  try {
    fromRows(whole.public, whole.private);
  } catch (error) {
    throw broken(where, error);
  }
  return whole;
}

function parsed<T>(schema: z.ZodType<T>, row: Row, where: string): T {
  const result = schema.safeParse(row);
  if (result.success) return result.data;
  throw broken(where, result.error);
}

const broken = (id: string, cause: unknown): BrokenRecord =>
  new BrokenRecord(
    `the rows of ${id} cannot be brought to row schema ${rowSchemaVersion}: ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );
