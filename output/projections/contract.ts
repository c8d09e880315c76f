/**
 * The axis "projections": a dataset in the formats that trainers and harnesses load, made by reading the dataset and nothing else.
 *
 * A projection promises:
 * - what a solver reads (prompts, instructions, trees, images) holds nothing that only the grader may see; where a format has one row for both,
 *   the row holds no gold answer, no hidden test and no trial, but the instance's id, under which the grader finds them. Two formats are made of
 *   answers and say so (`holdsAnswers`): the rows of sft hold the gold answer, those of swe-bench it and the hidden tests;
 * - every row names its instance and that instance's content hash, so that it leads back to the dataset;
 * - a row that has no place in the format is refused by a code, never bent into it;
 * - the bytes depend on the dataset and the version of this tool: no time of day, no host, no order of visiting.
 *
 * `source` says which document, in which version, the format was taken from.
 */
import type { Environment } from "../../schemas/environment.ts";
import type { RowPair } from "../../schemas/row.ts";

/** The dataset as a projection sees it: the rows that were asked for and not refused. */
export interface ProjectionInput {
  readonly title: string;
  readonly toolVersion: string;
  /** By skill and id. Called more than once and gives the same rows each time. */
  readonly pairs: () => AsyncIterable<RowPair>;
  readonly environment: (id: string) => Promise<Environment>;
  /** tar.gz of the healthy tree. */
  readonly archive: (id: string) => Promise<Uint8Array>;
  /** Path → text of what an install of a tree reads. */
  readonly installInputs: (archive: Uint8Array) => Readonly<Record<string, string>>;
  /** The program that grades inside a container: tar.gz of its source, and its entry there. */
  readonly grader: () => { readonly archive: Uint8Array; readonly entry: string };
  /** Told after each row. */
  readonly tell: (id: string) => void;
}

export interface Projection {
  readonly name: string;
  /** Raised when the output changes. */
  readonly version: number;
  readonly about: string;
  /** Document and version that the format was read in. */
  readonly source: string;
  /** Whether the solver's tree comes with the rows. */
  readonly holdsTree: boolean;
  /** Whether a row shows what only the grader may see to whoever reads all of it. */
  readonly holdsAnswers: boolean;
  /** Why a row has no place in this format: a code and a sentence; null where it has one. */
  readonly refuses: (pair: RowPair) => Refusal | null;
  /** Writes below `folder`, which is there and empty. */
  readonly write: (input: ProjectionInput, folder: string) => Promise<void>;
}

export interface Refusal {
  readonly code: string;
  readonly why: string;
}
