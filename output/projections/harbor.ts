/**
 * Harbor task folders, `tasks/<skill>-<id>/`: what Harbor itself, TRL, SkyRL, rLLM, Tinker's cookbook, NeMo Gym and verifiers load.
 *
 * A task brings its grader: the image holds Kihon's own source, its packages and the repository's dependencies, `tests/` both rows of the
 * instance and the healthy tree. `tests/test.sh` runs the code that admitted the instance, on that one instance, without network.
 * `tests/` is uploaded after the solver has ended; `environment/` holds the solver's tree, manifests and lock files, and nothing else of the
 * repository. Everything in `tests/` is text, since some consumers read it as such.
 *
 * The solver is the user `solver` (`[agent].user`) and the grader is root: where a consumer runs both as root, a solver can change what grades
 * it. `[verifier].user` is left out, for verifiers refuses it. Images are not published from here: consumers that build none (verifiers) need
 * `[environment].docker_image` set to one that was built from the Dockerfile.
 *
 * Format: Harbor's task configuration 1.4, read in src/harbor/models/task/config.py of the copy MJinXiang/Agent_harness 59557ba9 (its own
 * repository was not at hand), with verifiers a60a606e docs/v1/harbor.md (reward files, what it refuses), TRL f2cd5771 docs/source/harbor.md
 * (`tasks/<id>/`) and SkyRL a9564572 examples/train_integrations/harbor. `registry.json` is the list that Harbor's `--registry-path` reads
 * (`DatasetSpec`, `RegistryTaskId`: without `git_url` a path is local, relative to where harbor is started).
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { packTree } from "../../lib/archive.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { EnvironmentRow, RowPair } from "../../schemas/row.ts";
import { PendingFile, writeWhole, writing } from "../pending-file.ts";
import { toEnvironmentRow } from "../rows.ts";
import type { Projection, ProjectionInput } from "./contract.ts";
import { dockerfile, instruction, solveScript, taskName, taskToml, testScript } from "./harbor-files.ts";
import { solverTree } from "./solver-tree.ts";

function writeBytes(path: string, bytes: Uint8Array): void {
  const file = new PendingFile(path);
  try {
    file.write(bytes);
    file.commit(path);
  } finally {
    file.abandon();
  }
}

/** Lines of base64, so that no tool meets a line of megabytes. */
const asText = (bytes: Uint8Array): string =>
  `${Buffer.from(bytes)
    .toString("base64")
    .replace(/.{120}/g, "$&\n")}\n`;

/** What tasks of one environment have in common. */
interface Shared {
  readonly environment: Environment;
  readonly archive: Uint8Array;
  readonly install: string;
  readonly row: Omit<EnvironmentRow, "archive">;
  readonly text: string;
}

/** The last one is kept, since rows of an environment follow one another. */
function shared(input: ProjectionInput): (id: string) => Promise<Shared> {
  let last: Shared | null = null;
  return async (id) => {
    if (last?.environment.id === id) return last;
    const [archive, environment] = [await input.archive(id), await input.environment(id)];
    const { recipe, frozenLock, revision } = environment;
    const install = { recipe, packageDir: revision.packageDir, frozenLock, inputs: input.installInputs(archive) };
    const { archive: _, ...row } = toEnvironmentRow(environment, archive);
    last = { environment, archive, install: `${JSON.stringify(install)}\n`, row, text: asText(archive) };
    return last;
  };
}

function writeTask(
  task: string,
  pair: RowPair,
  stand: Shared,
  input: ProjectionInput,
  grader: ReturnType<ProjectionInput["grader"]>,
): void {
  const { public: row } = pair;
  const folders = ["environment", "tests", "solution"].map((name) => join(task, name)) as [string, string, string];
  for (const folder of folders) writing(folder, () => mkdirSync(folder, { recursive: true }));
  const [environment, tests, solution] = folders;
  writeWhole(join(task, "instruction.md"), instruction(row));
  writeWhole(join(task, "task.toml"), taskToml(pair, input.toolVersion));
  writeWhole(join(environment, "Dockerfile"), dockerfile(stand.environment, grader.entry));
  writeWhole(join(environment, "install.json"), stand.install);
  writeBytes(join(environment, "grader.tgz"), grader.archive);
  writeBytes(join(environment, "tree.tgz"), packTree(solverTree(stand.archive, row)));
  writeScript(join(tests, "test.sh"), testScript(grader.entry));
  writeWhole(join(tests, "task.json"), `${JSON.stringify({ ...pair, environment: stand.row })}\n`);
  writeWhole(join(tests, "tree.tgz.base64"), stand.text);
  writeScript(join(solution, "solve.sh"), solveScript(row));
  writeWhole(join(solution, "answer"), pair.private.gold);
}

function writeScript(path: string, text: string): void {
  writeWhole(path, text);
  writing(path, () => chmodSync(path, 0o755));
}

async function write(input: ProjectionInput, folder: string): Promise<void> {
  const grader = input.grader();
  const standOf = shared(input);
  const tasks: { readonly name: string; readonly path: string }[] = [];
  for await (const pair of input.pairs()) {
    const name = taskName(pair.public);
    writeTask(join(folder, "tasks", name), pair, await standOf(pair.public.environment_id), input, grader);
    tasks.push({ name, path: `tasks/${name}` });
    input.tell(pair.public.instance_id);
  }
  const dataset = { name: "kihon", version: input.toolVersion, description: input.title, tasks };
  writeWhole(join(folder, "registry.json"), `${JSON.stringify([dataset], null, 2)}\n`);
}

export const harbor = {
  name: "harbor",
  version: 1,
  about: "Harbor: a folder a task, with an image to build and the grader that admitted the instance",
  source: "Harbor task configuration 1.4 (MJinXiang/Agent_harness 59557ba9, src/harbor/models/task/config.py)",
  holdsTree: true,
  holdsAnswers: false,
  refuses: () => null,
  write,
} as const satisfies Projection;
