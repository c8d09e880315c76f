/**
 * Reads a dataset's reports as a stranger would, and looks for what tells of the repair: `node bench/leaks.ts DATASET [--json]`.
 *
 * It shares no code with what scrubs and checks: the Parquet files are read by DuckDB, the patch is read as text, and everything is found by
 * regular expressions of its own. In the prompt of each composite row: addresses that lead somewhere, ids of commits, numbers of issues, lines
 * that the gold patch adds, its paths, titles of the tests that judge it. What the column `interface` states on purpose does not count.
 * Prints a table and exits 1 on any finding, or when there is no row.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { z } from "zod";

const tasks = ["bug-fix"] as const;

export interface LeakFinding {
  readonly id: string;
  readonly kind: "address" | "commit-id" | "reference" | "added-line" | "path" | "test-title" | "e-mail";
  readonly text: string;
}
export interface LeakAudit {
  readonly rows: number;
  readonly findings: readonly LeakFinding[];
}

const rowSchema = z.object({
  id: z.string(),
  prompt: z.string(),
  interface: z.array(z.string()),
  patch: z.string(),
  tests: z.array(z.string()),
  candidate: z.string(),
});
type AuditRow = z.infer<typeof rowSchema>;

/** Hosts that lead nowhere. */
const nowhere = /^(?:[^.]*|(?:.*\.)?example\.(?:com|org|net)|.*\.(?:example|test|invalid|localhost)|(?:127|10|0|192\.168)(?:\.\d+)+)$/i;

const patterns: readonly (readonly [LeakFinding["kind"], RegExp])[] = [
  ["address", /\b(?:github|gitlab|bitbucket|codeberg)\.(?:com|org|io)\b\S*/gi],
  ["commit-id", /(?<![\w#.-])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)(?!\d+e\d+\b)[0-9a-f]{7,40}(?![\w-]|\.\w)/gi],
  ["reference", /(?<![\w&"'`])#\d+\b|\bGH-\d+\b|\b(?:fixe?[sd]?|close[sd]?|resolve[sd]?)\s+#?\d+\b/gi],
  ["e-mail", /[\w.+-]+@(?!example\.)[\w-]+\.[a-z]{2,}\b/gi],
];

const tight = (text: string): string => text.replace(/\s+/g, "");

/** Lines that a patch adds and does not take away elsewhere, and its paths. */
function toldBy(patch: string): { added: string[]; paths: string[] } {
  const lines = patch.split("\n");
  const body = (sign: "+" | "-" | " "): string[] =>
    lines.filter((line) => line.startsWith(sign) && !/^(?:\+\+\+|---) /.test(line)).map((line) => tight(line.slice(1)));
  const old = new Set([...body("-"), ...body(" ")]);
  const paths = lines.flatMap((line) => /^(?:---|\+\+\+) (?:[ab]\/)?(?!\/dev\/null)(.+?)\t?$/.exec(line)?.[1] ?? []);
  return { added: body("+").filter((line) => line.length >= 12 && /\w/.test(line) && !old.has(line)), paths: [...new Set(paths)] };
}

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

function audit({ id, prompt, interface: stated, patch, tests, candidate }: AuditRow): LeakFinding[] {
  const told = stated.reduce((text, name) => text.replaceAll(`- \`${name}\``, "- ``"), prompt);
  const found: LeakFinding[] = [];
  const add = (kind: LeakFinding["kind"], text: string): void => void found.push({ id, kind, text: text.slice(0, 120) });
  for (const [match, authority = ""] of told.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/([^\s/`"'<>()\]?#]*)/gi)) {
    if (!nowhere.test(authority.replace(/^.*@|:\d+$|[.,;:!]+$/g, ""))) add("address", match);
  }
  for (const [kind, pattern] of patterns) for (const [match] of told.matchAll(pattern)) add(kind, match);
  for (const [oid] of candidate.matchAll(/\b[0-9a-f]{40}\b/g)) if (told.toLowerCase().includes(oid.slice(0, 7))) add("commit-id", oid);
  const { added, paths } = toldBy(patch);
  const flat = tight(told);
  for (const line of added) if (flat.includes(line)) add("added-line", line);
  for (const path of paths) {
    const base = path.split("/").at(-1) ?? path;
    if (new RegExp(`(?<![\\w.-])(?:${quoted(path)}|${quoted(base)})(?!\\w)`, "i").test(told)) add("path", path);
  }
  for (const test of tests) {
    const title =
      test
        .split(" > ")
        .at(-1)
        ?.replace(/ #\d+$/, "") ?? "";
    if (title.length >= 12 && told.toLowerCase().includes(title.toLowerCase())) add("test-title", title);
  }
  return found;
}

export async function auditLeaks(folder: string): Promise<LeakAudit> {
  const instance = await DuckDBInstance.create(":memory:");
  const database = await instance.connect();
  try {
    const findings: LeakFinding[] = [];
    let rows = 0;
    for (const task of tasks) {
      const isThere = (config: string): boolean =>
        existsSync(join(folder, config)) && readdirSync(join(folder, config)).some((name) => name.endsWith(".parquet"));
      if (!isThere(task)) continue;
      const files = (config: string): string => `read_parquet('${join(folder, config).replaceAll("'", "''")}/*.parquet')`;
      const read = await database.runAndReadAll(
        `select open.instance_id as id, open.problem_statement as prompt, to_json(open.interface)::varchar as stated,
          hidden.patch, to_json(hidden.FAIL_TO_PASS)::varchar as tests, hidden.candidate_json as candidate
        from ${files(task)} open join ${files(`${task}-private`)} hidden using (instance_id) order by id`,
      );
      for (const { stated, tests, ...row } of read.getRowObjectsJS()) {
        rows += 1;
        findings.push(...audit(rowSchema.parse({ ...row, interface: JSON.parse(String(stated)), tests: JSON.parse(String(tests)) })));
      }
    }
    return { rows, findings };
  } finally {
    database.closeSync();
    instance.closeSync();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0 || !existsSync(folder)) {
    process.stderr.write("usage: node bench/leaks.ts DATASET [--json]\n");
    return 2;
  }
  const result = await auditLeaks(resolve(folder));
  const lines = result.findings.map(({ id, kind, text }) => `${id}  ${kind.padEnd(10)}  ${text}`);
  process.stdout.write(
    values.json ? `${JSON.stringify(result, null, 2)}\n` : [`${result.rows} rows, ${lines.length} findings`, ...lines, ""].join("\n"),
  );
  return result.rows > 0 && lines.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
