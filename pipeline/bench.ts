/** What the stages work with: settings, store, sandbox, repositories, and the workspaces of prepared environments. */
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { Language, Runner } from "../languages/contract.ts";
import { initLanguages, languages, runnerNamed } from "../languages/index.ts";
import { BrokenRecord, StopRun } from "../lib/errors.ts";
import { type GitRepository, textOf } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import type { Outside } from "../miners/contract.ts";
import { type Limits, type SandboxProvider, SandboxTrouble } from "../sandbox/contract.ts";
import type { SandboxPool } from "../sandbox/pool.ts";
import { openRunFolder, type RunFolder } from "../sandbox/run-folder.ts";
import { nodeTool } from "../sandbox/toolchains.ts";
import { openWorkFolder, publish, removeLeftWork } from "../sandbox/work-folder.ts";
import { buildShelf, type Installed, type Pace, type TestRequest, Workspace } from "../sandbox/workspace.ts";
import type { Config, Place } from "../schemas/config.ts";
import type { Environment, Recipe } from "../schemas/environment.ts";
import { keep, type Outcome } from "../schemas/outcome.ts";
import { type Dependencies, dependencies, type InstallSite, treeFolder } from "./environment/install.ts";
import { scriptsOf } from "./environment/own-copies.ts";
import { type WarmTest, warmed, warmedOver } from "./environment/warm.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store.ts";

export interface BenchParts {
  readonly config: Config;
  readonly place: Place;
  readonly store: Store;
  readonly provider: SandboxProvider;
  readonly jobs: SandboxPool;
  readonly log: Log;
  /** Environments are this run's own, so that jobs must see the programs that these were prepared with; false for those of a dataset. */
  readonly madeHere: boolean;
  /** Archive bytes by their sha: the run's store, or a dataset. */
  readonly archive: (sha: string) => Promise<Uint8Array>;
}

const paceSchema = z.object({ wallMs: z.number(), silentMs: z.number(), busy: z.number().nullable().default(null) });

/** The harness lies in the cache, under the hash of its files: jobs run as another user, and the project may lie where that user cannot look. */
async function harnessFolder(cache: string, provider: SandboxProvider): Promise<string> {
  const own = join(import.meta.dirname, "..", "languages", "javascript", "harness");
  const digest = createHash("sha256");
  for (const name of readdirSync(own).sort()) digest.update(`${name}\0`).update(readFileSync(join(own, name)));
  const shelf = join(cache, "harness");
  const folder = join(shelf, digest.digest("hex").slice(0, 16));
  if (!existsSync(folder)) {
    const work = await openWorkFolder(shelf);
    cpSync(own, work, { recursive: true });
    chmodSync(work, 0o755);
    await publish(work, folder);
  }
  try {
    await provider.adopt(folder, false);
  } catch (error) {
    if (!(error instanceof SandboxTrouble)) throw error;
    throw new StopRun(`the sandbox cannot use the cache ${cache}: ${error.message}`, {
      next: "choose another folder with --cache",
      cause: error,
    });
  }
  return folder;
}

/** Everything below the cache in which folders are made under another name first. */
async function sweep(cache: string): Promise<void> {
  const inner = ["toolchains", "tarballs"].map((name) => join(cache, name)).filter((folder) => existsSync(folder));
  const tools = inner.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const shelves = ["trees", "dependencies", "warm", "harness", "repositories", "timings", "promises"].map((name) => join(cache, name));
  for (const shelf of [...shelves, ...tools]) await removeLeftWork(shelf);
}

export class Bench {
  readonly config: Config;
  readonly place: Place;
  readonly store: Store;
  readonly provider: SandboxProvider;
  readonly jobs: SandboxPool;
  readonly log: Log;
  readonly #madeHere: boolean;
  readonly #archive: BenchParts["archive"];
  readonly #repositories = new Map<string, GitRepository>();
  readonly #workspaces = new Map<string, Promise<Workspace>>();
  readonly #harness: string;
  readonly #folder: RunFolder;

  private constructor(parts: BenchParts, harness: string, folder: RunFolder) {
    this.config = parts.config;
    this.place = parts.place;
    this.store = parts.store;
    this.provider = parts.provider;
    this.jobs = parts.jobs;
    this.log = parts.log;
    this.#madeHere = parts.madeHere;
    this.#archive = parts.archive;
    this.#harness = harness;
    this.#folder = folder;
  }

  /** After removing what killed processes left behind. */
  static async open(parts: BenchParts): Promise<Bench> {
    await initLanguages();
    await sweep(parts.place.cache);
    return new Bench(parts, await harnessFolder(parts.place.cache, parts.provider), await openRunFolder());
  }

  /** Of a language model's server. It is read when it is needed and kept nowhere. */
  get llmKey(): string | null {
    return process.env["KIHON_LLM_KEY"] || null;
  }

  /** For miners of remote sources. */
  get outside(): Outside {
    return {
      cacheDir: join(this.place.cache, "github"),
      environment: process.env,
      log: this.log,
      clock: { now: Date.now, sleep: async (ms) => setTimeout(ms) },
    };
  }

  /** A folder of this process, which goes with it. */
  get scratch(): string {
    return this.#folder.path;
  }

  close(): void {
    this.#folder.remove();
  }

  addRepository(repository: GitRepository): void {
    this.#repositories.set(repository.name, repository);
  }

  repository(name: string): GitRepository {
    const found = this.#repositories.get(name);
    if (!found) throw new BrokenRecord(`the repository ${name} is not open in this run; give it again with --repo`);
    return found;
  }

  language(name: string): Language {
    const found = languages.find((language) => language.name === name);
    if (!found) throw new Error(`there is no language ${name}`);
    return found;
  }

  runner(name: string): Runner {
    const found = runnerNamed(name);
    if (!found) throw new BrokenRecord(`there is no runner ${name}; a newer Kihon made this environment`);
    return found;
  }

  get #site(): InstallSite {
    const { place, provider, jobs, config } = this;
    return { cache: place.cache, provider, jobs, harness: this.#harness, timeoutMs: config.installTimeoutMs, log: this.log };
  }

  /**
   * Tree and dependencies as folders; an install is made once for all revisions with the same inputs. What makes later runs of the tree start
   * faster costs a run of its suite: `once` does without it, for a tree that may not be run again.
   */
  async install(
    recipe: Recipe,
    packageDir: string,
    archive: { readonly bytes: Uint8Array; readonly sha: string },
    frozen: Environment["frozenLock"],
    use: "often" | "once" = "often",
  ): Promise<Outcome<{ installed: Installed; frozenLock: Dependencies["frozenLock"] }>> {
    const site = this.#site;
    const found = await dependencies(site, recipe, archive.bytes, frozen);
    if (!found.kept) return found;
    const [tree, node] = [await treeFolder(site, archive.bytes, archive.sha), await nodeTool(site.cache, recipe.nodeVersion)];
    const bare = { folders: [tree, found.value.folder], node: node.folder, harness: this.#harness };
    const { plain } = this.place;
    const cold = { ...bare, builds: plain ? null : await this.#builds(recipe, packageDir, bare) };
    const installed = use === "often" && !plain ? await warmed(site, cold, this.#warmTest(recipe, packageDir)) : cold;
    return keep({ installed, frozenLock: found.value.frozenLock });
  }

  #warmTest(recipe: Recipe, packageDir: string): WarmTest {
    const [runner, language] = [this.runner(recipe.runner), this.language("javascript")];
    return { runner, language, recipe, packageDir, wallMs: this.config.runTimeoutMs };
  }

  /** `use` of what is installed, made faster for many runs over one layer: that costs a run of the suite. */
  async over<T>(
    layer: Pick<TestRequest, "layer" | "coverageFile">,
    { installed, recipe, packageDir }: { readonly installed: Installed; readonly recipe: Recipe; readonly packageDir: string },
    use: (installed: Installed) => Promise<T>,
  ): Promise<T> {
    if (this.place.plain) return use(installed);
    return warmedOver(this.#site, installed, this.#warmTest(recipe, packageDir), layer, use);
  }

  /** Builds as jobs of their own, where the build of the clean tree can be carried into another job. */
  async #builds(recipe: Recipe, packageDir: string, bare: Omit<Installed, "builds">): Promise<Installed["builds"]> {
    if (recipe.build.length === 0) return null;
    const { roleOf } = this.language("javascript");
    const shelf = buildShelf(this.jobs, recipe, packageDir, bare, {
      isTest: (path) => roleOf(path) === "test",
      wallMs: this.config.runTimeoutMs,
    });
    const clean = await shelf.over({});
    if (clean.ok || clean.unfit === null) return shelf;
    this.log.warn(`${clean.unfit}: every run builds for itself, which is slow`);
    return null;
  }

  #timing(environmentId: string): string {
    const { image } = this.provider;
    return join(this.place.cache, "timings", `${image === undefined ? environmentId : shortId([environmentId, image])}.json`);
  }

  /** How an environment's baseline went: limits of later runs on this machine are made from it. Not part of any row. */
  notePace(environmentId: string, pace: Pace): void {
    const path = this.#timing(environmentId);
    mkdirSync(join(this.place.cache, "timings"), { recursive: true });
    writeFileSync(`${path}.new-${process.pid}`, JSON.stringify(pace));
    renameSync(`${path}.new-${process.pid}`, path);
  }

  /** As it was noted on this machine. */
  pace(environmentId: string): Pace | null {
    const path = this.#timing(environmentId);
    return existsSync(path) ? (paceSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data ?? null) : null;
  }

  /** Several times what the suite itself took here; where that is not known, what the settings allow. */
  #limits(environmentId: string): Pick<Limits, "wallMs" | "silentMs"> {
    const pace = this.pace(environmentId);
    if (pace === null) return { wallMs: Math.min(this.config.runTimeoutMs, 120_000) };
    return {
      wallMs: Math.min(this.config.runTimeoutMs, Math.max(20_000, 4 * pace.wallMs + 10_000)),
      silentMs: Math.max(6_000, 4 * pace.silentMs + 3_000),
    };
  }

  /**
   * Installs what is missing on this machine, from the environment alone; the same workspace for the same environment. `once` does without
   * what only pays where many runs follow.
   */
  workspace(environment: Environment, use: "often" | "once" = "often"): Promise<Workspace> {
    const known = this.#workspaces.get(environment.id);
    if (known) return known;
    const opened = this.#open(environment, use);
    this.#workspaces.set(environment.id, opened);
    opened.catch(() => this.#workspaces.delete(environment.id));
    return opened;
  }

  /** Rows say in which image they were observed. */
  #requireImage({ id, recipe: { image } }: Environment): void {
    if (!this.#madeHere || image === this.provider.image) return;
    throw new StopRun(`the environment ${id} was prepared ${image === undefined ? "without an image" : `in the image ${image}`}`, {
      next: image === undefined ? "go on without --image" : `go on with --sandbox podman --image ${image}`,
    });
  }

  async #open(environment: Environment, use: "often" | "once"): Promise<Workspace> {
    this.#requireImage(environment);
    const archive = { bytes: await this.#archive(environment.archive), sha: environment.archive };
    const found = await this.install(environment.recipe, environment.revision.packageDir, archive, environment.frozenLock, use);
    if (!found.kept)
      throw new BrokenRecord(`the environment ${environment.id} cannot be installed again: ${found.reason}: ${found.detail}`);
    const { folders, bare = folders } = found.value.installed;
    const [tree, dependencies] = bare;
    const texts = new Map<string, string | null>();
    const text = (path: string): string | null => {
      const known = texts.get(path);
      if (known !== undefined) return known;
      const read = readInside(tree ?? "", path);
      texts.set(path, read);
      return read;
    };
    let listed: readonly string[] | null = null;
    const paths = (): readonly string[] => {
      listed ??= filesInside(tree ?? "");
      return listed;
    };
    const { kept = [] } = environment.recipe.ownCopies ?? {};
    let scripts: ReturnType<Workspace["copies"]> | null = null;
    const copies = (): ReturnType<Workspace["copies"]> => {
      scripts ??= scriptsOf(dependencies ?? "", kept);
      return scripts;
    };
    return new Workspace(environment, found.value.installed, {
      runner: this.runner(environment.recipe.runner),
      language: this.language("javascript"),
      jobs: this.jobs,
      text,
      paths,
      copies,
      limits: this.#limits(environment.id),
      plain: this.place.plain,
    });
  }
}

/** Regular files of the tree, sorted; links are none. */
const filesInside = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [relative(folder, join(entry.parentPath, entry.name))] : []))
    .sort();

/** A regular file of the tree, or null: not there, a folder, or not text. */
function readInside(folder: string, path: string): string | null {
  try {
    return textOf(readFileSync(join(folder, path)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR" || code === "ENAMETOOLONG") return null;
    throw error;
  }
}
