/**
 * Old revisions, installed as they were then: `node bench/then.ts --out FOLDER [--cache FOLDER] REPOSITORY@REVISION...`.
 *
 * Each is prepared and nothing more, and a table says on what it was run and what its tests did, or the named reason why not.
 * Exits 1 where a revision gave no environment.
 */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { configSchema, createLog, defaultPlace, run } from "../index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string" }, cache: { type: "string" } },
});
if (values.out === undefined || positionals.length === 0) throw new Error("--out FOLDER and at least one REPOSITORY@REVISION are needed");

/** What the run said of the installed revision and of its tests; every other line is left. */
const told = /: (?:installed; (.*)|(?:built by .*; )?(\d+ stable tests.*failing).*)$/;

for (const [index, word] of positionals.entries()) {
  const [, repository = word, revision = "HEAD"] = /^(.*)@([^@]*)$/.exec(word) ?? [];
  const out = join(resolve(values.out), String(index));
  rmSync(out, { recursive: true, force: true });
  const lines: string[] = [];
  const log = createLog({
    json: false,
    terminal: false,
    write: (text) => lines.push(...text.split("\n").flatMap((line) => told.exec(line)?.slice(1).filter(Boolean) ?? [])),
    now: () => performance.now(),
  });
  const began = performance.now();
  const config = configSchema.parse({ repos: [resolve(repository)], revision, mutants: 0 });
  const { leftOut = [] } = await run(config, defaultPlace({ out, ...(values.cache === undefined ? {} : { cache: values.cache }) }), {
    log,
  });
  const failed = leftOut.map(({ reason, detail }) => `${reason}: ${detail}`);
  if (failed.length > 0) process.exitCode = 1;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(`| ${[word, ...lines, ...failed, `${seconds} s`].join(" | ").replaceAll("\n", " ")} |\n`);
}
