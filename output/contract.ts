/**
 * The axis "output": what comes out of a run.
 *
 * An exporter turns sets of rows into files below one folder, and promises:
 * - a file is written under another name, and no file has its final one before every row of every set was checked (it obeys its column table, its
 *   text is well-formed Unicode, keys are unique and rise) and is on the disk: where one row is broken, or the disk is full, nothing was exported;
 * - the bytes depend on the rows and the options alone: no time of day, no host, no visiting order;
 * - a set without rows gives no file (readers of the Hub refuse empty data files; the manifest then has no entry for it);
 * - a full disk or a folder that cannot be written is a `StopRun` that says what to do.
 */
import type { z } from "zod";
import type { SkillName } from "../schemas/instance.ts";
import type { ConfigName, Row } from "../schemas/row.ts";

/** All rows of one config and split, sorted by the config's key. `rows` may be called more than once and gives the same rows each time. */
export interface RowSet {
  readonly config: ConfigName;
  readonly split: string;
  /** From 2 on where rows are added to a dataset that has files already; the files then have names of their own. */
  readonly edition?: number;
  readonly rows: () => Iterable<Row> | AsyncIterable<Row>;
}

/** Rows that a reader sees: those that were withdrawn are not among them. */
export interface RowCount {
  readonly skill: SkillName;
  readonly split: string;
  readonly rows: number;
}

/** What the names of a set's files begin with. */
export const stemOf = ({ split, edition = 1 }: RowSet): string => (edition === 1 ? split : `${split}-e${String(edition).padStart(4, "0")}`);

export interface WrittenFile {
  readonly config: ConfigName;
  readonly split: string;
  readonly format: string;
  /** Relative to the dataset's folder, POSIX. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of the values, before they are encoded; absent where the format does not ask for it, and in files of before it was counted. */
  readonly rawBytes?: number;
  readonly sha256: string;
}

export interface Exporter {
  readonly name: string;
  readonly version: number;
  readonly about: string;
  readonly options: z.ZodType;
  /** `options` as this exporter's schema parses them. Files are named in the order of the sets, shards in their own order. */
  write(folder: string, sets: readonly RowSet[], options: unknown): Promise<readonly WrittenFile[]>;
}
