/** Rows of earlier schema versions, brought to the current one: a step for each change of the tables, from what the rows themselves say. */
import { z } from "zod";
import { BrokenRecord } from "../lib/errors.ts";
import { canonical } from "../lib/hash.ts";
import { PatchError } from "../lib/patch.ts";
import { privateRowSchema, publicRowSchema, type Row, type RowPair, rowSchemaVersion } from "../schemas/row.ts";
import { difficultyFigures, difficultyOf } from "./difficulty.ts";
import { editedLanguage } from "./edited-language.ts";
import { naturalLanguage } from "./natural-language.ts";
import { contentHashOf, fromRows } from "./rows.ts";

interface Pair {
  readonly public: Row;
  readonly private: Row;
}

interface Step {
  readonly to: string;
  /** May throw where a cell does not hold what its column promises. */
  readonly take: (pair: Pair) => Pair;
}

const unknownFigures = { failing_tests: 0, changed_lines: 0, changed_files: 0, source_files: null, frame_distance: null };

/** Columns that came after version 3, of rows that could not tell: nobody had looked. */
const sinceThree = { odd_tests_json: "null", leak_scan_json: "null", specification_json: "null" };

/** By the version that a step leaves. What environments of earlier versions lack is read as nothing (`fromEnvironmentRow`). */
const steps: Readonly<Record<string, Step>> = {
  // Version 1 kept nothing that reviewers said, so there is nothing to tell.
  "1": { to: "2", take: ({ public: open, private: hidden }) => ({ public: open, private: { ...hidden, human_findings_json: "[]" } }) },
  "2": { to: "3", take: withWhatRowsTell },
  "3": { to: "4", take: withWhatFollowed },
};

/** What rows held of reviewers in versions 2 and 3: remarks on lines of the merged diff too, which were taken up by nobody. */
const formerFindings = z.array(z.looseObject({ diff: z.enum(["merged", "earlier"]) }).transform(({ diff, ...said }) => ({ diff, said })));

/** What else the tests did was told in no row, and the forge alone was asked whether a line had changed. */
function withWhatFollowed({ public: open, private: hidden }: Pair): Pair {
  const former = formerFindings.parse(JSON.parse(String(hidden["human_findings_json"])));
  const found = former.flatMap(({ diff, said }) => (diff === "earlier" ? [{ ...said, changeToldBy: "forge" }] : []));
  return { public: open, private: { ...hidden, ...sinceThree, human_findings_json: canonical(found) } };
}

/** How many source files the tree has was told by localization alone, and the frames of failures by nothing: what is not known is null. */
function withWhatRowsTell(pair: Pair): Pair {
  const blank = { committed_at: "", difficulty: null, natural_language: null };
  const open = publicRowSchema.parse({ ...pair.public, ...blank });
  const hidden = privateRowSchema.parse({ ...pair.private, difficulty_figures: unknownFigures, ...sinceThree });
  // What reviewers said has another form since, and nothing here is told by it.
  const { draft, candidate } = fromRows(open, { ...hidden, human_findings_json: "[]" });
  const sourceFiles = draft.facts["candidate-files"];
  const counted = { draft, candidate, patch: hidden.patch, sourceFiles: typeof sourceFiles === "number" ? sourceFiles : null };
  return {
    public: {
      ...pair.public,
      language: editedLanguage(candidate),
      committed_at: candidate.revision.committedAt,
      difficulty: difficultyOf(draft),
      natural_language: naturalLanguage(draft.prompt),
    },
    private: { ...pair.private, difficulty_figures: difficultyFigures(counted) },
  };
}

/** A pair of rows of an earlier version, with a content hash of its own. Throws `BrokenRecord` where it does not hold what its columns promise. */
export function migratePair(pair: RowPair, version: string): RowPair {
  try {
    const moved = currentPair(pair, version);
    const hash = contentHashOf(moved);
    const whole = { public: moved.public, private: { ...moved.private, provenance: { ...moved.private.provenance, content_hash: hash } } };
    fromRows(whole.public, whole.private);
    return whole;
  } catch (error) {
    if (!(error instanceof z.ZodError || error instanceof SyntaxError || error instanceof PatchError)) throw error;
    throw new BrokenRecord(`the rows of ${pair.public.instance_id} cannot be brought to row schema ${rowSchemaVersion}: ${error.message}`, {
      cause: error,
    });
  }
}

function currentPair(pair: RowPair, version: string): RowPair {
  let moved: Pair = pair;
  for (let at = version; at !== rowSchemaVersion; ) {
    const step = steps[at];
    if (step === undefined) throw new TypeError(`no way leads from row schema ${at}`);
    moved = step.take(moved);
    at = step.to;
  }
  return {
    public: publicRowSchema.parse({ ...moved.public, schema_version: rowSchemaVersion }),
    private: privateRowSchema.parse({ ...moved.private, schema_version: rowSchemaVersion }),
  };
}
