/** `manifest.json`: what files a dataset has, and a hash over what its rows say. Equal datasets have equal manifests. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { StopRun } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { configNames, rowSchemaVersion } from "../schemas/row.ts";
import { tablesOf } from "../schemas/row-versions.ts";
import { runFactsSchema } from "../schemas/run-summary.ts";
import type { WrittenFile } from "./contract.ts";
import { refuseAddress, textIn } from "./dataset-files.ts";
import { writeWhole } from "./pending-file.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const relative = z
  .string()
  .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), "a file of the dataset lies below its folder");

export const manifestSchema = z
  .object({
    schema_version: z.string(),
    tool: z.string(),
    tool_version: z.string(),
    config_hash: z.string(),
    seed: z.string(),
    configs: z.array(
      z.object({
        name: z.enum(configNames as [string, ...string[]]).transform((name) => name as WrittenFile["config"]),
        split: z.string(),
        format: z.string(),
        file: relative,
        rows: z.int().positive(),
        bytes: z.int().positive(),
        raw_bytes: z.int().positive().optional(),
        sha256: hash,
      }),
    ),
    /** sha256 over the sorted content hashes of all rows that were not withdrawn, one a line: equal for equal rows, whatever the compression and the editions. */
    row_hashes: hash,
    /** 1 for a dataset made in one go; each refresh that changes something adds one. */
    edition: z.int().positive().default(1),
    /** What left, and why; null where nothing did. */
    withdrawn: z.object({ file: relative, records: z.int().positive(), sha256: hash }).nullable().default(null),
    /** What the card is written from, so that it can be written again where the run's own books are gone. */
    about: z
      .object({ title: z.string(), contact: z.string(), compression: z.enum(["snappy", "zstd"]), facts: runFactsSchema })
      .nullable()
      .default(null),
  })
  .readonly();
export type Manifest = z.infer<typeof manifestSchema>;

export interface ManifestInput {
  readonly about: NonNullable<Manifest["about"]>;
  readonly files: readonly WrittenFile[];
  /** Of all rows that were not withdrawn. */
  readonly rowHashes: readonly string[];
  readonly edition: number;
  readonly withdrawn: Manifest["withdrawn"];
}

export function toManifest({ about, files, rowHashes, edition, withdrawn }: ManifestInput): Manifest {
  const { facts } = about;
  return {
    schema_version: rowSchemaVersion,
    tool: facts.tool,
    tool_version: facts.toolVersion,
    config_hash: facts.configHash,
    seed: facts.seed,
    edition,
    configs: files.map(({ config: name, split, format, file, rows, bytes, rawBytes, sha256: digest }) => ({
      name,
      split,
      format,
      file,
      rows,
      bytes,
      ...(rawBytes === undefined ? {} : { raw_bytes: rawBytes }),
      sha256: digest,
    })),
    row_hashes: rowHashesOf(rowHashes),
    withdrawn,
    about,
  };
}

/** The files of a manifest as their exporters gave them. */
export const writtenFiles = ({ configs }: Manifest): WrittenFile[] =>
  configs.map(({ name, raw_bytes, ...rest }) => ({ config: name, ...rest, ...(raw_bytes === undefined ? {} : { rawBytes: raw_bytes }) }));

const rowHashesOf = (hashes: readonly string[]): string => sha256([...hashes].sort().join("\n"));

export const manifestName = "manifest.json";

export function writeManifest(folder: string, manifest: Manifest): void {
  writeWhole(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Throws `StopRun` where there is no manifest, or one that this version cannot read, and for an address. */
export function readManifest(folder: string): Manifest {
  refuseAddress(folder);
  return parseManifest(textIn(folder, manifestName), folder);
}

/** `where` is the dataset's name, `asStored` lets rows of earlier schemas pass. Throws as `readManifest` does. */
export function parseManifest(text: string | null, where: string, { asStored = false }: { readonly asStored?: boolean } = {}): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(present(text, where), where));
  if (!parsed.success) {
    throw new StopRun(`${where}/${manifestName} is not a dataset's manifest: ${z.prettifyError(parsed.error)}`, {
      next: "Give the folder of a dataset as it was exported, or export it again.",
      exitCode: 1,
    });
  }
  const { schema_version: version } = parsed.data;
  if (version === rowSchemaVersion || (asStored && tablesOf(version) !== null)) return parsed.data;
  throw new StopRun(`${where} has row schema ${version}, this version reads ${rowSchemaVersion}`, {
    next:
      tablesOf(version) === null
        ? "Read it with the version of the tool that the manifest names."
        : "Bring it up to date: kihon migrate DATASET --out NEW_FOLDER",
  });
}

const listingSchema = z.object({
  config_hash: z.string().nullable().default(null),
  configs: z.array(z.object({ file: relative })),
  edition: z.int().default(1),
  withdrawn: z.object({ file: relative }).nullable().default(null),
});

export interface Earlier {
  /** Data files, and the list of what was withdrawn. */
  readonly files: readonly string[];
  readonly edition: number;
  readonly configHash: string | null;
}

/** What an earlier export into this folder listed, of whatever version; null where there was no export. */
export function earlierIn(folder: string): Earlier | null {
  if (!existsSync(join(folder, manifestName))) return null;
  const parsed = listingSchema.safeParse(parseJson(present(textIn(folder, manifestName), folder), folder));
  if (parsed.success) {
    const { configs, withdrawn, edition, config_hash: configHash } = parsed.data;
    return { files: [...configs, ...(withdrawn === null ? [] : [withdrawn])].map(({ file }) => file), edition, configHash };
  }
  throw new StopRun(`${join(folder, manifestName)} is not a dataset's manifest`, { next: "Give an empty folder, or remove that file." });
}

function present(text: string | null, where: string): string {
  if (text !== null) return text;
  throw new StopRun(`${where} holds no ${manifestName}`, { next: "Give the folder of an exported dataset." });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new StopRun(`${where}/${manifestName} is not JSON`, {
      next: "Remove that file, and export the dataset again.",
      exitCode: 1,
      cause: error,
    });
  }
}
