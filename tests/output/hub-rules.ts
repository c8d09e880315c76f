/**
 * What the Hugging Face Hub asks of a dataset repository, as far as its documents and sources say it. Each rule names where it stands:
 * hub-docs (`datasetcard.md`, `docs/hub/*.md`, 22 Aug 2026), datasets (`src/datasets`, 31 Jul 2026), dataset-viewer (`libs`, `services`, 20 Aug 2026).
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  asyncBufferFromFile,
  type ColumnChunk,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
  readOffsetIndex,
  type SchemaTree,
} from "hyparquet";
import { parse } from "yaml";
import { z } from "zod";

// hub-docs, repositories-licenses.md: all identifiers of its table.
const licenses = new Set(
  "apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0 openmdw-1.1 openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 grok2-community gemma unknown other".split(
    " ",
  ),
);
// huggingface.js, packages/tasks/src/pipelines.ts, of which a dataset of text can be.
const tasks = new Set(["text-generation", "text-classification", "text-ranking", "question-answering", "summarization", "other"]);
const sizes: readonly (readonly [string, number])[] = [
  ["n<1K", 1e3],
  ["1K<n<10K", 1e4],
  ["10K<n<100K", 1e5],
  ["100K<n<1M", 1e6],
  ["1M<n<10M", 1e7],
];

// datasets, naming.py: `_split_re` and `INVALID_WINDOWS_CHARACTERS_IN_PATH`.
const splitName = z.string().regex(/^\w+(?:\.\w+)*$/);
const configName = z.string().regex(/^[^<>:/\\|?*]+$/);
const dtype = z.enum(["string", "int32", "int64", "float32", "float64", "binary", "bool"]);

type Feature = {
  name?: string | undefined;
  dtype?: string | undefined;
  list?: string | Feature[] | undefined;
  struct?: Feature[] | undefined;
};
// datasets, features.py: `Features._from_yaml_list`. One kind a feature, and its first key decides, after the name is taken out.
const feature: z.ZodType<Feature> = z.lazy(() =>
  z.union([
    z.strictObject({ name: z.string().max(500), dtype }),
    z.strictObject({ name: z.string().max(500), list: z.union([dtype, z.array(feature).min(1)]) }),
    z.strictObject({ name: z.string().max(500), struct: z.array(feature).min(1) }),
  ]),
);

// hub-docs, datasetcard.md and docs/hub/datasets-manual-configuration.md; datasets, utils/metadata.py and splits.py.
const cardSchema = z.strictObject({
  pretty_name: z.string().min(1),
  license: z.array(z.string().refine((name) => licenses.has(name), "no licence identifier of the Hub")).min(1),
  license_name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/)
    .optional(),
  license_link: z.union([z.literal("LICENSE"), z.literal("LICENSE.md"), z.url()]).optional(),
  // ISO 639-1.
  language: z.array(z.string().regex(/^[a-z]{2}$/)).min(1),
  task_categories: z.array(z.string().refine((name) => tasks.has(name), "no task of the Hub")).min(1),
  tags: z.array(z.string().regex(/^[a-z0-9][a-z0-9-]*$/)).min(1),
  size_categories: z.array(z.string()).length(1),
  configs: z.array(
    z.strictObject({
      config_name: configName,
      default: z.literal(true).optional(),
      data_files: z.array(z.strictObject({ split: splitName, path: z.string().min(1) })).min(1),
    }),
  ),
  dataset_info: z.array(
    z.strictObject({
      config_name: configName,
      features: z.array(feature).min(1),
      splits: z
        .array(z.strictObject({ name: splitName, num_bytes: z.int().positive().optional(), num_examples: z.int().positive() }))
        .min(1),
      download_size: z.int().positive(),
      dataset_size: z.int().positive().optional(),
    }),
  ),
});
type Card = z.infer<typeof cardSchema>;

/** datasets, utils/metadata.py: `_split_yaml_from_readme`. */
function yamlOf(readme: string): string | null {
  const lines = readme.split(/\r?\n/);
  const end = lines.indexOf("---", 1);
  return lines[0] === "---" && end > 0 ? lines.slice(1, end).join("\n") : null;
}

/** The globs of the card know `*`, which stays within a folder. */
const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^/]*")}$`,
  );

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !file.startsWith(".kihon"))
    .sort();

/** A feature as the Hub infers it from the file's own schema. */
function featureOf({ element: { name, type, converted_type }, children }: SchemaTree): Feature {
  if (converted_type === "LIST") {
    const item = children[0]?.children[0];
    if (item === undefined) throw new Error(`list ${name} has no element`);
    const inner = featureOf(item);
    return { name, list: inner.struct ?? inner.dtype ?? [] };
  }
  if (type === undefined) return { name, struct: children.map(featureOf) };
  const plain: Record<string, string> = { INT32: "int32", INT64: "int64", DOUBLE: "float64", FLOAT: "float32", BOOLEAN: "bool" };
  const dtype = type === "BYTE_ARRAY" ? (converted_type === "UTF8" ? "string" : "binary") : plain[type];
  return { name, dtype: dtype ?? type };
}

/** Everything in which the dataset breaks a rule; empty where it obeys all. */
export async function hubProblems(folder: string): Promise<string[]> {
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const text = yamlOf(readme);
  if (text === null) return ["the card has no YAML block"];
  const parsed = cardSchema.safeParse(parse(text, { uniqueKeys: true }));
  if (!parsed.success) return [`the card's YAML is not valid: ${z.prettifyError(parsed.error)}`];
  const card = parsed.data;
  const files = filesBelow(folder);
  const data = files.filter((file) => file.endsWith(".parquet"));
  return [
    ...cardProblems(card, folder),
    ...configProblems(card, data),
    ...repositoryProblems(files, folder),
    ...pictureProblems(readme, folder),
    ...(await dataProblems(card, folder, data)),
  ];
}

function cardProblems({ license, license_name, license_link, size_categories, dataset_info }: Card, folder: string): string[] {
  const problems: string[] = [];
  // hub-docs, repositories-licenses.md: with `other`, a name and the text.
  if (license.includes("other") && (license_name === undefined || license_link === undefined))
    problems.push("license `other` without name and link");
  if (!license.includes("other") && license_name !== undefined) problems.push("license_name without license `other`");
  if (license_link?.startsWith("LICENSE") && !existsSync(join(folder, license_link)))
    problems.push(`${license_link} is not in the repository`);
  const rows = dataset_info
    .filter(({ config_name }) => config_name !== "environments" && !config_name.endsWith("-private"))
    .flatMap(({ splits }) => splits)
    .reduce((total, { num_examples }) => total + num_examples, 0);
  const size = sizes.find(([, limit]) => rows < limit)?.[0];
  if (size_categories[0] !== size) problems.push(`size_categories is ${size_categories[0]}, and ${rows} rows are ${size}`);
  return problems;
}

function configProblems({ configs, dataset_info }: Card, data: readonly string[]): string[] {
  const problems: string[] = [];
  const names = configs.map(({ config_name }) => config_name);
  if (new Set(names).size !== names.length) problems.push("a config comes twice");
  // datasets, utils/metadata.py: `get_default_config_name`.
  const standard = configs.filter((config) => config.default === true || config.config_name === "default");
  if (configs.length > 0 && standard.length !== 1) problems.push(`${standard.length} configs are the default`);
  // What a trainer loads without naming a config must not be the answers.
  if (standard.some(({ config_name }) => config_name.endsWith("-private"))) problems.push("the default config is a private one");
  const infos = dataset_info.map(({ config_name }) => config_name);
  if (infos.join() !== names.join()) problems.push("configs and dataset_info name other configs");
  const patterns = configs.flatMap(({ config_name, data_files }) =>
    data_files.map(({ split, path }) => ({ config_name, split, path, glob: globOf(path) })),
  );
  for (const { config_name, split, path, glob } of patterns) {
    // datasets, data_files.py: a pattern without a file is an error.
    if (!data.some((file) => glob.test(file))) problems.push(`${config_name}/${split}: ${path} matches no file`);
  }
  for (const file of data) {
    const matching = patterns.filter(({ glob }) => glob.test(file));
    if (matching.length !== 1) problems.push(`${file} is in ${matching.length} splits`);
    const [folder, name] = file.split("/");
    const [match] = matching;
    if (match === undefined) continue;
    if (folder !== match.config_name || !new RegExp(`^${match.split}(?:-e\\d{4,})?-\\d{5}-of-\\d{5}\\.parquet$`).test(name ?? "")) {
      problems.push(`${file} is not named <config>/<split>-NNNNN-of-NNNNN.parquet`);
    }
  }
  return problems;
}

function repositoryProblems(files: readonly string[], folder: string): string[] {
  const problems: string[] = [];
  // hub-docs, storage-limits.md.
  if (files.length >= 100_000) problems.push("100k files or more");
  const folders = Map.groupBy(files, (file) => file.slice(0, Math.max(0, file.lastIndexOf("/"))));
  for (const [name, own] of folders) if (own.length >= 10_000) problems.push(`${name} has 10k entries or more`);
  for (const file of files) if (statSync(join(folder, file)).size > 500e6) problems.push(`${file} is larger than 500 MB`);
  // dataset-viewer, dataset/modalities.py: ten pictures beside Parquet files make a dataset of images.
  if (files.filter((file) => /\.(?:svg|png|jpe?g|gif|webp)$/.test(file)).length >= 10) problems.push("ten pictures or more");
  return problems;
}

function pictureProblems(readme: string, folder: string): string[] {
  const targets = [...readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1] ?? "");
  return targets.filter((target) => !existsSync(join(folder, target))).map((target) => `the card shows ${target}, which is not there`);
}

async function dataProblems(card: Card, folder: string, data: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { config_name, features, splits, download_size, dataset_size } of card.dataset_info) {
    const own = data.filter((file) => file.startsWith(`${config_name}/`));
    const size = own.reduce((total, file) => total + statSync(join(folder, file)).size, 0);
    if (size !== download_size) problems.push(`${config_name}: download_size is ${download_size}, the files have ${size}`);
    const bytes = splits.reduce((total, { num_bytes }) => total + (num_bytes ?? 0), 0);
    if (dataset_size !== undefined && bytes !== dataset_size) problems.push(`${config_name}: dataset_size is not the sum of num_bytes`);
    const rows = new Map<string, number>();
    for (const file of own) {
      const metadata = await parquetMetadataAsync(await asyncBufferFromFile(join(folder, file)));
      const seen = parquetSchema(metadata).children.map(featureOf);
      // datasets, packaged_modules/parquet: files are cast to the declared features, so any difference breaks or rewrites them.
      if (JSON.stringify(seen) !== JSON.stringify(features)) problems.push(`${file} has other features than the card`);
      const split = file.slice(config_name.length + 1).split("-")[0] ?? "";
      rows.set(split, (rows.get(split) ?? 0) + Number(metadata.num_rows));
      problems.push(...(await groupProblems(file, folder, metadata)));
    }
    for (const { name, num_examples } of splits) {
      if (rows.get(name) !== num_examples)
        problems.push(`${config_name}/${name}: the card says ${num_examples} rows, the files ${rows.get(name)}`);
    }
  }
  return problems;
}

async function groupProblems(file: string, folder: string, { num_rows, row_groups }: FileMetaData): Promise<string[]> {
  const problems: string[] = [];
  if (num_rows === 0n) problems.push(`${file} has no rows`);
  for (const [index, group] of row_groups.entries()) {
    // datasets, config.py: MAX_ROW_GROUP_SIZE. A row that is larger by itself cannot be cut.
    if (group.total_byte_size > 100_000_000n && group.num_rows > 1n) problems.push(`${file}: row group ${index} is larger than 100 MB`);
    for (const chunk of group.columns) {
      const problem = await pageProblem(join(folder, file), chunk, group.num_rows);
      if (problem !== null) problems.push(`${file}: row group ${index}, ${chunk.meta_data?.path_in_schema.join(".")}: ${problem}`);
    }
  }
  return problems;
}

/**
 * hub-docs, datasets-streaming.md: a page index is what lets the viewer read single pages. dataset-viewer, libviewer/src/parquet.rs reads it with
 * `PageIndexPolicy::Optional`, and the `parquet` crate then drops the index of a file in which one chunk has none.
 */
async function pageProblem(path: string, chunk: ColumnChunk, rows: bigint): Promise<string | null> {
  const { meta_data, offset_index_offset, offset_index_length } = chunk;
  if (meta_data === undefined || offset_index_offset === undefined || offset_index_length === undefined) return "no offset index";
  const from = Number(offset_index_offset);
  const bytes = await (await asyncBufferFromFile(path)).slice(from, from + offset_index_length);
  const { page_locations } = readOffsetIndex({ view: new DataView(bytes), offset: 0 });
  let next = meta_data.data_page_offset;
  let row = -1n;
  for (const { offset, compressed_page_size, first_row_index } of page_locations) {
    if (offset !== next) return `a page at ${offset}, where the one before ends at ${next}`;
    if (first_row_index <= row || first_row_index >= rows) return `a page that begins with row ${first_row_index} of ${rows}`;
    next = offset + BigInt(compressed_page_size);
    row = first_row_index;
  }
  const end = (meta_data.dictionary_page_offset ?? meta_data.data_page_offset) + meta_data.total_compressed_size;
  return next === end ? null : `pages up to ${next} in a chunk that ends at ${end}`;
}
