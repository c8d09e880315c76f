/**
 * What mining and parsing cost beside what they cannot do without: `node bench/mine.ts [--runs 5] REPOSITORY...`.
 *
 * Mining: the whole history of a repository through the miner of local histories, beside `git log --numstat` over the same commits, taking turns.
 * The miner reads texts and tells units where git only counts lines, so the bar is half of git's commits a second. Parsing: the units of every
 * source of the newest tree, beside web-tree-sitter parsing the same texts and walking nothing. Prints medians, ranges and ratios, of wall time;
 * exits 1 where a median ratio misses its bar.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Language, Parser } from "web-tree-sitter";
import { initLanguages } from "../languages/index.ts";
import { javascript } from "../languages/javascript/language.ts";
import { grammarOf, withTree } from "../languages/javascript/syntax.ts";
import { exec } from "../lib/exec.ts";
import { type GitRepository, openRepository } from "../lib/git.ts";
import { localGit } from "../miners/local-git.ts";
import { spread } from "./stand.ts";

const { values, positionals } = parseArgs({ options: { runs: { type: "string", default: "5" } }, allowPositionals: true });
const runs = Number(values.runs);
const bars = { mining: 0.5, parsing: 0.8 };

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function mined(repository: GitRepository): Promise<number> {
  const context = { repository, roleOf: javascript.roleOf, cursor: null };
  let changes = 0;
  for await (const { item } of localGit.mine(localGit.options.parse({ history: 1_000_000 }), context))
    if (item.kind !== "revision") changes += 1;
  return changes;
}

async function git(gitDir: string, argv: readonly string[]): Promise<string> {
  const { ended, stdout, stderr } = await exec({ argv: ["git", "-C", gitDir, ...argv], env: {}, timeoutMs: 600_000, outputBytes: 2 ** 30 });
  if (ended.kind !== "exited" || ended.code !== 0) throw new Error(stderr);
  return stdout;
}

async function textsOf(repository: GitRepository): Promise<ReadonlyMap<string, string>> {
  const { entries } = await repository.treeOf((await repository.resolve()).commit);
  return repository.readTexts(
    entries.filter(({ path }) => javascript.roleOf(path) === "source"),
    300_000,
  );
}

const require = createRequire(import.meta.url);
async function plainParser(): Promise<(path: string, text: string) => void> {
  await initLanguages();
  const wasm = {
    javascript: "tree-sitter-javascript/tree-sitter-javascript.wasm",
    typescript: "tree-sitter-typescript/tree-sitter-typescript.wasm",
    tsx: "tree-sitter-typescript/tree-sitter-tsx.wasm",
  };
  const parsers = new Map<string, Parser>();
  for (const [name, file] of Object.entries(wasm)) {
    const parser = new Parser();
    parser.setLanguage(await Language.load(require.resolve(file)));
    parsers.set(name, parser);
  }
  return (path, text) => parsers.get(grammarOf(path))?.parse(text)?.delete();
}

const missed: string[] = [];
/** A line of figures; notes where the median ratio misses its bar. */
function print(name: string, what: string, ours: readonly number[], theirs: readonly number[], bar: number): void {
  const ratios = ours.map((ms, at) => (theirs[at] ?? Number.NaN) / ms);
  process.stdout.write(`${name} ${what}: ${spread(ours)} ms, beside ${spread(theirs)} ms; ratio ${spread(ratios)}\n`);
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0;
  if (median < bar) missed.push(`${name}: ${what} at ${median.toFixed(2)}, the bar is ${bar}`);
}

const cache = mkdtempSync(join(tmpdir(), "kihon-mine-"));
try {
  const plain = await plainParser();
  for (const address of positionals) {
    const repository = await openRepository(resolve(address), cache);
    const { commit } = await repository.resolve();
    const listed = ["log", "--numstat", "--no-renames", "--first-parent", "--diff-merges=first-parent", "--format=%H", commit, "--"];
    const texts = [...(await textsOf(repository))];
    const times = { miner: [] as number[], git: [] as number[], ours: [] as number[], plain: [] as number[] };
    let changes = 0;
    for (let run = 0; run <= runs; run++) {
      const own = await openRepository(resolve(address), cache);
      const miner = await timed(async () => {
        changes = await mined(own);
      });
      const log = await timed(() => git(repository.gitDir, listed));
      const ours = await timed(() => texts.forEach(([path, text]) => void withTree(path, text, () => undefined)));
      const bare = await timed(() => texts.forEach(([path, text]) => void plain(path, text)));
      // The first of each warms what lies below.
      if (run === 0) continue;
      times.miner.push(miner);
      times.git.push(log);
      times.ours.push(ours);
      times.plain.push(bare);
    }
    const commits = (await git(repository.gitDir, ["rev-list", "--first-parent", "--count", commit])).trim();
    process.stdout.write(
      `${repository.name}: ${commits} commits on the mainline, ${changes} changes of sources and tests; ${texts.length} sources\n`,
    );
    print(repository.name, "mining", times.miner, times.git, bars.mining);
    print(repository.name, "parsing", times.ours, times.plain, bars.parsing);
  }
} finally {
  rmSync(cache, { recursive: true });
}
for (const miss of missed) process.stdout.write(`MISSED ${miss}\n`);
process.exitCode = missed.length > 0 ? 1 : 0;
