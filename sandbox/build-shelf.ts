/**
 * The builds of one environment. Where tests load built files, the build is a job of its own: it sees the tree with the sources that a
 * layer changes, and what it writes is laid under every run of the tests on these sources. A mutant that fifty runs stand on is built once.
 *
 * The build never sees a changed test file: tests are run as they are, not built (a runner's files are tracked ones).
 */

import { z } from "zod";
import { shortId } from "../lib/hash.ts";
import { readJson } from "../lib/json.ts";
import type { Recipe } from "../schemas/environment.ts";
import { type Layer, layerSchema, mergeLayers } from "../schemas/layer.ts";
import { type Job, type RunResult, SandboxTrouble } from "./contract.ts";

/** What a build wrote and removed, or how it ended where it failed. `unfit` says what of its work cannot be carried from one job to another. */
export type Built =
  | { readonly ok: true; readonly layer: Layer }
  | { readonly ok: false; readonly result: RunResult; readonly unfit: string | null };

export interface BuildParts {
  readonly build: Recipe["build"];
  /** A job of this environment with these commands, collecting one file. */
  readonly job: (layer: Layer, commands: Job["commands"], collect: string, wallMs: number) => Job;
  readonly run: (job: Job) => Promise<RunResult>;
  /** The command that notes the workspace before and after a build. */
  readonly notes: (mode: "before" | "after", out: string) => readonly string[];
  readonly isTest: (path: string) => boolean;
  /** The longest build; one after others may take several times what they took, and no longer. */
  readonly wallMs: number;
}

const pathSchema = z.string().refine((path) => layerSchema.safeParse({ [path]: null }).success);
const changesFile = ".kihon-built.json";
const changesSchema = z.object({ files: layerSchema, gone: z.array(pathSchema), unfit: z.array(z.string()) });

/** Of texts kept. Builds of near trees share nearly all of theirs. */
const maxChars = 256 * 1024 ** 2;

export class BuildShelf {
  readonly #parts: BuildParts;
  readonly #built = new Map<string, Promise<Built>>();
  readonly #texts = new Map<string, string>();
  #chars = 0;
  /** Milliseconds; null before a build has ended well. */
  #slowest: number | null = null;

  constructor(parts: BuildParts) {
    this.#parts = parts;
  }

  /** What a build reads of a layer. */
  #sources(layer: Layer): Layer {
    return Object.fromEntries(
      Object.entries(layer)
        .filter(([path]) => !this.#parts.isTest(path))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  /** What is laid over the tree in place of `layer` when its sources are built: the layer, the build's files, and the layer's tests. */
  async over(layer: Layer): Promise<Built> {
    const sources = this.#sources(layer);
    const built = await this.#build(sources);
    if (!built.ok) return built;
    const tests = Object.fromEntries(Object.entries(layer).filter(([path]) => !Object.hasOwn(sources, path)));
    return { ok: true, layer: mergeLayers(sources, built.layer, tests) };
  }

  /** Builds once for the same sources; how a build of them ends is kept too, the sandbox's own trouble is not. */
  #build(sources: Layer): Promise<Built> {
    const key = shortId(sources);
    const known = this.#built.get(key);
    if (known) return known;
    const started = this.#perform(sources);
    this.#built.set(key, started);
    started.catch(() => this.#built.delete(key));
    return started;
  }

  /** How fast the tests are says nothing of it: a compiler may take ten times as long. */
  #limit(): number {
    const { wallMs } = this.#parts;
    return this.#slowest === null ? wallMs : Math.min(wallMs, Math.max(20_000, 4 * this.#slowest + 10_000));
  }

  async #perform(sources: Layer): Promise<Built> {
    const { build, notes, job, run } = this.#parts;
    const commands = [notes("before", changesFile), ...build, notes("after", changesFile)];
    const result = await run(job(sources, commands, changesFile, this.#limit()));
    const { ended } = result;
    if (ended.kind !== "finished") return { ok: false, result, unfit: null };
    if (ended.failedCommand === 0) throw new SandboxTrouble(`the files before a build could not be noted: ${result.stderr.slice(-300)}`);
    const failed = (index: number, unfit: string | null): Built => ({
      ok: false,
      result: { ...result, ended: { ...ended, failedCommand: index } },
      unfit,
    });
    if (ended.failedCommand !== null) return failed(ended.failedCommand - 1, null);
    const unfit = (why: string): Built => failed(build.length - 1, why);
    const told = result.collected[changesFile];
    if (ended.exitCode !== 0 || told === undefined) return unfit("what a build did could not be read out");
    // The build is foreign code, and the file lay in its reach.
    const changes = readJson(told.toString("utf8"), changesSchema);
    if (changes === null) return unfit("what a build did was not told in its form");
    if (changes.unfit.length > 0) return unfit(`a build makes files that are not text, first ${changes.unfit[0]}`);
    this.#slowest = Math.max(this.#slowest ?? 0, result.usage.wallMs);
    return { ok: true, layer: this.#kept(mergeLayers(changes.files, Object.fromEntries(changes.gone.map((path) => [path, null])))) };
  }

  /** The same layer with its texts shared with other builds'. Where they grow too many, all is forgotten and built anew when asked for. */
  #kept(layer: Layer): Layer {
    const one = (text: string): string => {
      const known = this.#texts.get(text);
      if (known !== undefined) return known;
      this.#texts.set(text, text);
      this.#chars += text.length;
      return text;
    };
    const shared = Object.fromEntries(Object.entries(layer).map(([path, text]) => [path, text === null ? null : one(text)]));
    if (this.#chars > maxChars) {
      this.#built.clear();
      this.#texts.clear();
      this.#chars = 0;
    }
    return shared;
  }
}
