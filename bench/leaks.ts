/**
 * Reads a dataset's prompts as a stranger would, and looks for what none may hold: `node bench/leaks.ts DATASET [--json]`.
 *
 * In the prompt of each row: credentials, and addresses of authors in comments, as posing looks for them, so that rows of earlier versions and
 * words of a language model are looked at too. In the prompt of each composite row, which quotes what others wrote, also what tells of the
 * repair: addresses that lead somewhere, ids of commits, numbers of issues, lines that the gold patch adds, its paths, titles of the tests that
 * judge it. What the column `interface` states on purpose does not count. That part shares no code with what scrubs and checks: the patch is
 * read as text, and everything is found by regular expressions of its own. The Parquet files are read by DuckDB.
 * Prints a table and exits 1 on any finding, or when there is no row.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { z } from "zod";
import { isComposite, skills } from "../schemas/instance.ts";
import { credentialsIn, namesAuthor } from "../skills/scrub/credentials.ts";

export interface LeakFinding {
  readonly id: string;
  readonly kind: "address" | "commit-id" | "reference" | "added-line" | "path" | "test-title" | "e-mail" | "credential" | "author";
  readonly text: string;
}
export interface LeakAudit {
  readonly rows: number;
  readonly findings: readonly LeakFinding[];
}

const promptSchema = z.object({ id: z.string(), prompt: z.string() });
const rowSchema = promptSchema.extend({
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

/** What no prompt may hold, whichever skill asks. */
const auditPrompt = ({ id, prompt }: z.infer<typeof promptSchema>): LeakFinding[] => [
  ...credentialsIn(prompt).map(({ kind }): LeakFinding => ({ id, kind: "credential", text: kind })),
  ...(namesAuthor(prompt) ? [{ id, kind: "author", text: "an e-mail address in a comment" } as const] : []),
];

function auditReport({ id, prompt, interface: stated, patch, tests, candidate }: AuditRow): LeakFinding[] {
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
    const select = async (query: string): Promise<readonly Record<string, unknown>[]> =>
      (await database.runAndReadAll(`${query} order by id`)).getRowObjectsJS();
    for (const skill of skills) {
      const isThere = (config: string): boolean =>
        existsSync(join(folder, config)) && readdirSync(join(folder, config)).some((name) => name.endsWith(".parquet"));
      if (!isThere(skill)) continue;
      const files = (config: string): string => `read_parquet('${join(folder, config).replaceAll("'", "''")}/*.parquet')`;
      const prompts = await select(`select instance_id as id, problem_statement as prompt from ${files(skill)}`);
      rows += prompts.length;
      findings.push(...prompts.flatMap((row) => auditPrompt(promptSchema.parse(row))));
      if (!isComposite(skill)) continue;
      const reports = await select(
        `select open.instance_id as id, open.problem_statement as prompt, to_json(open.interface)::varchar as stated,
          hidden.patch, to_json(hidden.FAIL_TO_PASS)::varchar as tests, hidden.candidate_json as candidate
        from ${files(skill)} open join ${files(`${skill}-private`)} hidden using (instance_id)`,
      );
      for (const { stated, tests, ...row } of reports) {
        findings.push(...auditReport(rowSchema.parse({ ...row, interface: JSON.parse(String(stated)), tests: JSON.parse(String(tests)) })));
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
