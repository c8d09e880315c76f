/**
 * What a container image of one task runs: `install FILE` while it is built, with the registry; `furnish FOLDER`, which puts the dependencies into
 * the solver's tree; and `grade TESTS TREE ANSWERS LOGS` afterwards, without network. It grades by the code that admitted the instance.
 *
 * The reward files are those that Harbor reads: `reward.txt` (one number) and `reward.json` (flat, finite numbers, key `reward`). Where the
 * machine failed neither is written and the exit code is 1: that is no reward of 0.
 */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { maxAnswerBytes } from "../grading/answers.ts";
import { compare, gradeSolver } from "../grading/grade.ts";
import { mayChange } from "../grading/protected.ts";
import { packTree } from "../lib/archive.ts";
import { type FileChange, unifiedDiff } from "../lib/diff.ts";
import { BrokenRecord, StopRun } from "../lib/errors.ts";
import { textOf } from "../lib/git.ts";
import { sha256 } from "../lib/hash.ts";
import { contentHashOf, fromEnvironmentRow, fromRows } from "../output/rows.ts";
import { type Container, inContainer } from "../sandbox/container.ts";
import { SandboxPool } from "../sandbox/pool.ts";
import { processProvider } from "../sandbox/process.ts";
import { openRunFolder } from "../sandbox/run-folder.ts";
import { nodeTool } from "../sandbox/toolchains.ts";
import { Width } from "../sandbox/width.ts";
import type { Workspace } from "../sandbox/workspace.ts";
import { configSchema } from "../schemas/config.ts";
import { recipeSchema } from "../schemas/environment.ts";
import type { Draft, Score } from "../schemas/instance.ts";
import { readOver } from "../schemas/layer.ts";
import type { EnvironmentRow, RowPair } from "../schemas/row.ts";
import { Bench } from "./bench.ts";
import { createLog, type Log } from "./log.ts";
import { defaultPlace } from "./place.ts";
import { Store } from "./store.ts";

/** Everything of ours in the image. The mark says that this is such an image: the sweep after each job is for nowhere else. */
const home = "/opt/kihon";
const cache = join(home, "cache");
const mark = join(home, "image");
const installedAt = join(home, "installed.json");

/** What an image installs: the recipe, and the texts of the tree that an install reads. */
export const installSchema = z.object({
  recipe: recipeSchema,
  packageDir: z.string(),
  frozenLock: z.object({ file: z.string(), text: z.string() }).nullable(),
  inputs: z.record(z.string(), z.string()),
});
const installedSchema = z.object({ dependencies: z.string() });

/** What lies in a task's `tests`: both rows of the instance and the environment's, without the archive, whose base64 is a file of its own. */
export interface GradedTask extends RowPair {
  readonly environment: Omit<EnvironmentRow, "archive">;
}

function container(): Container {
  if (!existsSync(mark))
    throw new StopRun("this is not the image of a task", {
      next: "build the task's environment/Dockerfile and run its tests/test.sh there",
    });
  return inContainer(processProvider({ registryCache: join(cache, "tarballs") }), readFileSync("/proc/self/mountinfo", "utf8"));
}

async function openBench(
  archive: (sha: string) => Promise<Uint8Array>,
  log: Log,
): Promise<{ bench: Bench; provider: Container; close: () => void }> {
  const provider = container();
  const scratch = await openRunFolder();
  const jobs = new SandboxPool(provider, { width: new Width([1, 1]) });
  const place = defaultPlace({ out: scratch.path, cache, concurrency: 1, sandbox: provider.name, trusted: true });
  const bench = await Bench.open({
    config: configSchema.parse({}),
    place,
    store: new Store(scratch.path),
    provider,
    jobs,
    log,
    madeHere: false,
    archive,
  });
  return {
    bench,
    provider,
    close: () => {
      bench.close();
      scratch.remove();
    },
  };
}

/** The dependencies and the toolchain, into the image's cache, as every later opening of the environment looks for them. */
async function install(file: string, log: Log): Promise<void> {
  const { recipe, packageDir, frozenLock, inputs } = installSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const bytes = packTree(
    Object.entries(inputs).map(([path, text]) => ({ path, kind: "file", executable: false, bytes: Buffer.from(text) })),
  );
  const { bench, close } = await openBench(async () => bytes, log);
  try {
    // Without build steps: these belong to the tree, which is not here yet.
    const found = await bench.install({ ...recipe, build: [] }, packageDir, { bytes, sha: sha256(bytes) }, frozenLock, "once");
    if (!found.kept) throw new BrokenRecord(`the dependencies cannot be installed: ${found.reason}: ${found.detail}`);
    const [, dependencies] = found.value.installed.folders;
    writeFileSync(installedAt, JSON.stringify({ dependencies }));
    symlinkSync((await nodeTool(cache, recipe.nodeVersion)).folder, join(home, "node"));
  } finally {
    close();
  }
}

/** The solver's own copy: what the grader uses stays out of reach. */
function furnish(folder: string): void {
  const { dependencies } = installedSchema.parse(JSON.parse(readFileSync(installedAt, "utf8")));
  for (const name of readdirSync(dependencies).filter((name) => !name.startsWith(".kihon-"))) {
    cpSync(join(dependencies, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  }
}

/** A plain file below a folder that others could write; null where there is none, or where the way leads through a link. */
export function readPlain(folder: string, path: string): Uint8Array | null {
  let at = folder;
  const parts = path.split("/");
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    const last = index === parts.length - 1;
    if (stat === undefined || !(last ? stat.isFile() && stat.size <= maxAnswerBytes : stat.isDirectory())) return null;
  }
  return readFileSync(at);
}

const passedOver = new Set(["node_modules", ".git"]);

/** Paths of plain files below a folder, sorted; what is installed and git's own are passed over, links are not followed. */
export function plainFiles(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .filter(({ name }) => !passedOver.has(name))
    .flatMap((entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return plainFiles(folder, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

/** What a solver changed in the tree that it was given, as a patch: of the files that a patch may change, so that what it built is no part of it. */
function patchOf(draft: Draft, workspace: Workspace, tree: string): string {
  const given = readOver(draft.visible, (path) => workspace.text(path));
  const now = (path: string): string | null => {
    const bytes = readPlain(tree, path);
    return bytes === null ? null : textOf(bytes);
  };
  const paths = new Set([...workspace.paths(), ...Object.keys(draft.visible), ...plainFiles(tree)]);
  const changes = [...paths]
    .filter((path) => mayChange(workspace, path))
    .map((path): FileChange => ({ path, before: given(path), after: now(path) }))
    .filter(({ path, before, after }) => before !== after && (after !== null || !existsSync(join(tree, path))));
  return unifiedDiff(changes);
}

/** An answer that is a file: at its place in the tree, or beside it where it is JSON. */
export function fileAnswer(draft: Pick<Draft, "answerForm" | "answerPath">, tree: string, answers: string): string {
  const bytes = draft.answerForm === "test-file" ? readPlain(tree, draft.answerPath ?? "") : readPlain(answers, "answer.json");
  return bytes === null ? "" : Buffer.from(bytes).toString("utf8");
}

export function rewardFiles({ reward, components, reason, detail }: Score): Readonly<Record<string, string>> {
  return {
    "reward.txt": `${reward}\n`,
    "reward.json": `${JSON.stringify({ ...components, reward })}\n`,
    "reward-details.json": `${JSON.stringify({ reward, components, reason, detail })}\n`,
  };
}

/** By runs, on the environment as the image has it. */
async function gradeByRuns(draft: Draft, task: GradedTask, places: Places, log: Log): Promise<Score> {
  const environment = fromEnvironmentRow(task.environment);
  const archive = Buffer.from(readFileSync(join(places.tests, "tree.tgz.base64"), "latin1"), "base64");
  if (sha256(archive) !== environment.archive) throw new BrokenRecord("the tree is not the one that the environment names");
  const { bench, provider, close } = await openBench(async () => archive, log);
  try {
    const workspace = await bench.workspace(environment, "once");
    const { tree, answers, tests } = places;
    const answer = draft.answerForm === "patch" ? patchOf(draft, workspace, tree) : fileAnswer(draft, tree, answers);
    // The healthy tree, what the solver left and the question's other half are no business of the code under test.
    for (const folder of [join(cache, "trees"), tree, answers, tests]) await provider.close(folder);
    return await gradeSolver(draft, answer, async () => workspace);
  } finally {
    close();
  }
}

interface Places {
  readonly tests: string;
  readonly tree: string;
  readonly answers: string;
}

async function gradeTask(places: Places, logs: string, log: Log): Promise<void> {
  const task = JSON.parse(readFileSync(join(places.tests, "task.json"), "utf8")) as GradedTask;
  if (contentHashOf(task) !== task.private.provenance.content_hash) throw new BrokenRecord("the task is not what its content hash says");
  const { draft } = fromRows(task.public, task.private);
  const compared = draft.judgement.kind === "trials" ? null : compare(draft, fileAnswer(draft, places.tree, places.answers));
  const score = compared ?? (await gradeByRuns(draft, task, places, log));
  mkdirSync(logs, { recursive: true });
  for (const [name, text] of Object.entries(rewardFiles(score))) writeFileSync(join(logs, name), text);
}

async function main([verb = "", ...words]: readonly string[]): Promise<void> {
  const log = createLog({ json: false, terminal: false, write: (text) => process.stderr.write(text), now: () => performance.now() });
  const [first = "", tree = "", answers = "", logs = ""] = words;
  if (verb === "install" && words.length === 1) return install(first, log);
  if (verb === "furnish" && words.length === 1) return furnish(first);
  if (verb === "grade" && words.length === 4) return gradeTask({ tests: first, tree, answers }, logs, log);
  throw new StopRun("usage: task-grader install FILE | furnish FOLDER | grade TESTS TREE ANSWERS LOGS", {
    next: "see the task's Dockerfile and test.sh",
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`kihon: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
}
