/** A workspace over a small tree in which only the sandbox is not real: a scripted job runner answers with reports as the harness writes them. */
import { initLanguages, languages, runnerNamed } from "../../languages/index.ts";
import type { Job, RunResult } from "../../sandbox/contract.ts";
import { type Installed, type JobRunner, Workspace } from "../../sandbox/workspace.ts";
import { type Environment, environmentSchema } from "../../schemas/environment.ts";
import type { Draft } from "../../schemas/instance.ts";
import type { Layer } from "../../schemas/layer.ts";

await initLanguages();

export const tree: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "calc", "type": "module", "scripts": { "test": "node --test" } }\n',
  "src/add.js": "export function add(a, b) {\n  return a + b;\n}\n",
  "src/sub.js": "export function sub(a, b) {\n  return a - b;\n}\n",
  "test/add.test.js": "// the tests of add\n",
  "test/sub.test.js": "// the tests of sub\n",
};
export const defective = "export function add(a, b) {\n  return a * b;\n}\n";

const revision: Environment["revision"] = {
  repository: { name: "acme/calc", origin: "local", license: "MIT" },
  commit: "c".repeat(40),
  committedAt: "2025-03-01T10:00:00Z",
  packageDir: ".",
};

export const environmentOf = (over: Partial<Environment> = {}, runner = "node-test"): Environment =>
  environmentSchema.parse({
    id: "00000000000000e1",
    revision,
    recipe: {
      nodeVersion: "24.0.0",
      nodeReason: "default",
      packageManager: "npm",
      packageManagerVersion: "11.0.0",
      lockFile: null,
      registryAsOf: null,
      directVersions: "newest",
      registryReason: "",
      install: [],
      installEnv: {},
      scriptsAllowed: [],
      nativePackages: [],
      build: [],
      runner,
      runnerVersion: "",
      runnerArgs: [],
      env: {},
    },
    sourceFiles: ["src/add.js", "src/sub.js"],
    tests: [
      { id: "test/add.test.js > adds", file: "test/add.test.js", standing: "stable" },
      { id: "test/add.test.js > keeps zero", file: "test/add.test.js", standing: "stable" },
      { id: "test/sub.test.js > subtracts", file: "test/sub.test.js", standing: "stable" },
    ],
    testFiles: [
      { file: "test/add.test.js", standalone: true, covers: { "src/add.js": [1, 2] } },
      { file: "test/sub.test.js", standalone: true, covers: { "src/sub.js": [1, 2] } },
    ],
    archive: "0".repeat(64),
    frozenLock: null,
    missing: [],
    ...over,
  });

const failure = (kind: string, message = "they differ") => ({ kind, name: "Error", message, expected: null, actual: null, frames: [] });

/** One line of a report: `+title`, `-title` (by assertion), `-title!error`, `~title` (skipped), `load`, `stray`, `hook`. */
const recordOf = (file: string, line: string): object => {
  const [title = "", kind = "assertion"] = line.slice(1).split("!");
  if (line === "load") return { type: "file", file, status: "failed", error: failure("load", "it does not parse") };
  if (line === "hook") return { type: "stray", hook: file, error: failure("error", "a hook threw") };
  if (line === "stray") return { type: "stray", error: failure("error", "nobody caught this") };
  const status = { "+": "passed", "-": "failed", "~": "skipped" }[line[0] ?? ""];
  return { type: "test", file, path: [title], status, ms: 1, ...(status === "failed" ? { error: failure(kind) } : {}) };
};

export interface Script {
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** Left out: as a runner exits, 1 where something failed. */
  readonly exitCode?: number;
  readonly complete?: boolean;
  readonly foreign?: number;
  readonly ended?: RunResult["ended"];
}

export function resultOf(script: Script, nonce: string): RunResult {
  const records = Object.entries(script.files).flatMap(([file, lines]) => lines.map((line) => recordOf(file, line)));
  const red = Object.values(script.files).some((lines) => lines.some((line) => /^(?:-|load|stray|hook)/.test(line)));
  const all = [{ type: "start" }, ...records, ...(script.complete === false ? [] : [{ type: "end" }])];
  const lines = all.map((record) => `${nonce} ${JSON.stringify(record)}`);
  for (let at = 0; at < (script.foreign ?? 0); at++) lines.splice(1, 0, '{"type":"end"}');
  return {
    ended: script.ended ?? { kind: "finished", exitCode: script.exitCode ?? (red ? 1 : 0), failedCommand: null },
    stdout: "",
    stderr: "",
    report: `${lines.join("\n")}\n`,
    collected: {},
    usage: { wallMs: 1, cpuMs: null, peakMemoryBytes: null, silentMs: null },
  };
}

/** What was asked, in the words of a test: the layer over the tree and the files that were run. */
export interface Asked {
  readonly layer: Layer;
  readonly files: readonly string[];
  readonly job: Job;
}

/** `answer` decides from the tree that the job would see and the files that it runs. */
export function standOf(
  answer: (read: (path: string) => string | null, files: readonly string[], asked: readonly Asked[]) => Script,
  {
    environment = environmentOf(),
    texts = tree,
    installed = {},
    plain = false,
  }: { environment?: Environment; texts?: Readonly<Record<string, string>>; installed?: Partial<Installed>; plain?: boolean } = {},
): { workspace: Workspace; asked: Asked[] } {
  const asked: Asked[] = [];
  const own = (record: Layer, path: string): string | null => (Object.hasOwn(record, path) ? (record[path] ?? null) : null);
  const jobs: JobRunner = {
    run: async (job) => {
      const words = job.commands.at(-1) ?? [];
      const files = words.filter((word) => /^[\w./-]+\.test\.js$/.test(word));
      asked.push({ layer: job.layer, files, job });
      const read = (path: string) => (Object.hasOwn(job.layer, path) ? own(job.layer, path) : own(texts, path));
      return resultOf(answer(read, files, asked), job.nonce ?? "");
    },
  };
  const [language] = languages;
  const runner = runnerNamed(environment.recipe.runner);
  if (!language || !runner) throw new Error("the language or the runner is not listed");
  const bare = { folders: ["/nowhere/tree"], node: "/nowhere/node", harness: "/nowhere/harness", builds: null };
  const workspace = new Workspace(
    environment,
    { ...bare, ...installed },
    {
      runner,
      language,
      jobs,
      text: (path) => own(texts, path),
      paths: () => Object.keys(texts).sort(),
      copies: () => [],
      limits: { wallMs: 1000 },
      plain,
    },
  );
  return { workspace, asked };
}

export const draftOf = (over: Partial<Draft> = {}): Draft => ({
  id: "00000000000000d1",
  skill: "editing",
  changeId: "00000000000000c1",
  pairId: null,
  environmentId: "00000000000000e1",
  prompt: "",
  visible: { "src/add.js": defective, "test/add.test.js": null },
  answerForm: "patch",
  answerPath: null,
  interface: [],
  facts: {},
  judgement: { kind: "trials" },
  premises: [],
  trials: [],
  answers: [],
  failToPass: ["test/add.test.js > adds"],
  passToPass: ["test/add.test.js > keeps zero", "test/sub.test.js > subtracts"],
  ...over,
});
