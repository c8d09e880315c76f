/**
 * Recomputes a dataset's promises with a reader that shares no code with the writer: `node bench/recheck.ts DATASET [--json]`.
 *
 * Every stored row must have its gold at 1 in three or more repeats, its blank at 0, every premise held in each
 * repeat, at least one decoy, every decoy and probe at 0, and a public
 * row beside the private one. Rows that the manifest's list of withdrawn rows names are left out, and of an environment the newest edition
 * counts. Prints a table and exits 1 on any violation, or when there is no row at all.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

const skills = ["localization", "editing", "unit-tests", "reproduction", "review", "bug-fix"] as const;

/** Name of a promise → SQL that is true where it is broken. */
const violations = {
  repeats: "len(validation.gold_rewards) < 3 or validation.repeats < 3 or len(validation.gold_rewards) <> validation.repeats",
  gold: "len(list_filter(validation.gold_rewards, lambda reward: reward is distinct from 1)) > 0",
  premises: "validation.premises_held <> validation.repeats * json_array_length(premises_json)",
  blank: "validation.blank_reward is distinct from 0",
  decoys: "len(validation.decoys) = 0 or len(list_filter(validation.decoys, lambda decoy: decoy.reward is distinct from 0)) > 0",
  probes: "len(list_filter(validation.probes, lambda probe: probe.reward is distinct from 0)) > 0",
  "answers scored":
    "len(validation.decoys) <> len(list_filter(answers, lambda answer: answer.role = 'decoy')) or len(validation.probes) <> len(list_filter(answers, lambda answer: answer.role = 'probe'))",
  "gold text": "gold is null or gold = '' or len(list_filter(answers, lambda answer: answer.role = 'gold' and answer.text = gold)) <> 1",
  "public row": "open.instance_id is null or open.change_id <> hidden.change_id or open.environment_id <> hidden.environment_id",
  environment: "tree.environment_id is null",
  archive: "tree.archive_sha256 is distinct from sha256(tree.archive)",
} as const;

export interface SkillCheck {
  readonly skill: string;
  readonly rows: number;
  /** Rows of the public config, which must be as many. */
  readonly publicRows: number;
  readonly decoys: number;
  readonly probes: number;
  /** Promise → ids of the rows that break it; only promises that are broken. */
  readonly broken: Readonly<Record<string, readonly string[]>>;
}

/** What is needed of `manifest.json`. */
interface Listing {
  readonly configs: readonly { readonly name: string; readonly format: string; readonly file: string }[];
  readonly withdrawn: { readonly file: string } | null;
}

export async function recheck(folder: string): Promise<readonly SkillCheck[]> {
  const listing = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Listing;
  const instance = await DuckDBInstance.create(":memory:");
  const database = await instance.connect();
  try {
    const checks: SkillCheck[] = [];
    const named = (skill: string): boolean => listing.configs.some(({ name }) => name === skill || name === `${skill}-private`);
    for (const skill of skills) if (named(skill)) checks.push(await checkSkill(database, folder, listing, skill));
    return checks;
  } finally {
    database.closeSync();
    instance.closeSync();
  }
}

const quoted = (path: string): string => `'${path.replaceAll("'", "''")}'`;

async function checkSkill(database: DuckDBConnection, folder: string, listing: Listing, skill: string): Promise<SkillCheck> {
  const files = (config: string): string => {
    const paths = listing.configs
      .filter(({ name, format }) => name === config && format === "parquet")
      .map(({ file }) => join(folder, file));
    return `read_parquet([${paths.map(quoted).join(", ")}], filename = true)`;
  };
  // The name of a later edition's file sorts after those before it.
  const edition = (config: string, key: string, order: string): string =>
    `(select *, row_number() over (partition by ${key} order by filename ${order}) as edition from ${files(config)})`;
  const gone =
    listing.withdrawn === null
      ? "(select null::text as instance_id, null::text as content_hash where false)"
      : `read_json(${quoted(join(folder, listing.withdrawn.file))}, format = 'newline_delimited', columns = {instance_id: 'text', content_hash: 'text'})`;
  const live = `(select * from ${edition(`${skill}-private`, "instance_id", "asc")} stored anti join ${gone} gone
    on gone.instance_id = stored.instance_id and gone.content_hash = stored.provenance.content_hash)`;
  const from = `from ${live} hidden
    left join ${edition(skill, "instance_id", "asc")} open using (instance_id, edition)
    left join ${edition("environments", "environment_id", "desc")} tree on tree.environment_id = hidden.environment_id and tree.edition = 1`;
  const flags = Object.entries(violations).map(([name, broken]) => `coalesce(${qualified(broken)}, true) as "${name}"`);
  const rows = await select(database, `select hidden.instance_id as id, ${flags.join(", ")} ${from}`);
  const [totals] = await select(
    database,
    `select count(*)::int as rows, sum(len(validation.decoys))::int as decoys, sum(len(validation.probes))::int as probes,
      (select count(*)::int from ${files(skill)}) - (select count(*)::int from ${files(`${skill}-private`)}) + count(*)::int as public_rows
      from ${live}`,
  );
  const broken = Object.keys(violations)
    .map((name) => [name, rows.filter((row) => row[name] === true).map(({ id }) => String(id))] as const)
    .filter(([, ids]) => ids.length > 0);
  return {
    skill,
    rows: Number(totals?.["rows"] ?? 0),
    publicRows: Number(totals?.["public_rows"] ?? 0),
    decoys: Number(totals?.["decoys"] ?? 0),
    probes: Number(totals?.["probes"] ?? 0),
    broken: Object.fromEntries(broken),
  };
}

/** Both sides of the join have some columns; the private side's are meant. */
const qualified = (sql: string): string => sql.replaceAll(/\b(validation|answers|gold)\b(?= ?[.,=]| is)/g, "hidden.$1");

async function select(database: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await database.runAndReadAll(sql)).getRowObjectsJS();
}

const holds = (checks: readonly SkillCheck[]): boolean =>
  checks.some(({ rows }) => rows > 0) &&
  checks.every(({ rows, publicRows, broken }) => rows === publicRows && Object.keys(broken).length === 0);

function toTable(checks: readonly SkillCheck[]): string {
  const lines = checks.map(({ skill, rows, publicRows, decoys, probes, broken }) => {
    const faults = Object.entries(broken).map(([name, ids]) => `${name}: ${ids.length} (${ids.slice(0, 3).join(", ")})`);
    if (rows !== publicRows) faults.push(`${publicRows} public rows`);
    return [
      skill.padEnd(14),
      String(rows).padStart(7),
      String(decoys).padStart(8),
      String(probes).padStart(8),
      faults.join("; ") || "holds",
    ].join("  ");
  });
  return [["skill".padEnd(14), "   rows", "  decoys", "  probes", "broken promises"].join("  "), ...lines].join("\n");
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0 || !existsSync(folder)) {
    process.stderr.write("usage: node bench/recheck.ts DATASET [--json]\n");
    return 2;
  }
  const checks = await recheck(resolve(folder));
  const ok = holds(checks);
  process.stdout.write(values.json ? `${JSON.stringify({ holds: ok, skills: checks }, null, 2)}\n` : `${toTable(checks)}\n`);
  if (checks.length === 0) process.stderr.write("there is no row to check\n");
  return ok ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
