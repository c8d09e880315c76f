/** The list of what left a dataset: written beside the shards, vouched for by the manifest, obeyed by whoever reads the dataset here. */
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { readJson } from "../lib/json.ts";
import { type Withdrawal, withdrawalSchema } from "../schemas/withdrawal.ts";
import { writeWhole } from "./pending-file.ts";

/** As the manifest names it. */
export interface WithdrawnFile {
  readonly file: string;
  readonly records: number;
  readonly sha256: string;
}

/** Rows and environments that are not there for a reader, though a shard may still hold them. */
export interface Hidden {
  row(id: string, contentHash: string): boolean;
  environment(id: string): boolean;
}

export function hiddenBy(withdrawn: readonly Withdrawal[]): Hidden {
  const rows = new Set(withdrawn.flatMap((one) => (one.kind === "row" ? [`${one.instance_id} ${one.content_hash}`] : [])));
  const environments = new Set(withdrawn.flatMap((one) => (one.kind === "environment" ? [one.environment_id] : [])));
  return { row: (id, hash) => rows.has(`${id} ${hash}`), environment: (id) => environments.has(id) };
}

const keyOf = (one: Withdrawal): string => {
  if (one.kind === "row") return `${one.kind} ${one.instance_id} ${one.content_hash}`;
  return one.kind === "environment" ? `${one.kind} ${one.environment_id}` : `${one.kind} ${one.target}`;
};

/** Sorted, so that equal lists are equal bytes. Null where nothing left. */
export function writeWithdrawn(folder: string, edition: number, withdrawn: readonly Withdrawal[]): WithdrawnFile | null {
  if (withdrawn.length === 0) return null;
  const file = `withdrawn-e${String(edition).padStart(4, "0")}.jsonl`;
  const sorted = [...withdrawn].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const digest = writeWhole(join(folder, file), sorted.map((one) => `${JSON.stringify(one)}\n`).join(""));
  return { file, records: withdrawn.length, sha256: digest };
}

/** `text` is the file's, null where there is none. Throws `StopRun` where it is missing, altered or of another form: read without it, a dataset would show what was taken down. */
export function readWithdrawn(text: string | null, named: WithdrawnFile): readonly Withdrawal[] {
  const broken = (what: string): StopRun =>
    new StopRun(`${named.file} ${what}`, {
      next: `Fetch ${named.file} anew: without it nobody knows which rows were withdrawn.`,
      exitCode: 1,
    });
  if (text === null) throw broken("is missing");
  if (sha256(text) !== named.sha256) throw broken("was altered: its sha256 is not the manifest's");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line, at) => {
    const record = readJson(line, withdrawalSchema);
    if (record === null) throw broken(`has another form in line ${at + 1}: a newer Kihon may have written it`);
    return record;
  });
}
