/**
 * The sandbox: the only place where foreign code runs.
 *
 * A provider promises, for each `run`:
 * - the tree is seen at `/workspace`, made of read-only folders with a private writable layer on top (or, for installs, one writable folder);
 *   what the job writes there is gone afterwards, except the files named in `collect`;
 * - no network but loopback; with `network: "registry"` one address more, on loopback, that answers for the package registry and nothing else;
 *   a provider that isolates probes this in each run before any of the job's commands, and what is not cut off is trouble;
 * - no host files, no host processes, no environment but `env` (plus PATH, HOME and TMPDIR, all inside);
 * - the limits hold for the whole process tree, and the whole tree is dead when `run` returns;
 * - the job is never uid 0 of the machine.
 *
 * How a job ended is a value. Only the sandbox's own trouble throws (`SandboxTrouble`): a dead sandbox never looks like a failing test.
 */
import type { Layer } from "../schemas/layer.ts";

export interface Limits {
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
  /** How many processors' worth of time all the job's processes may use together, where control groups hold it; unset: all that there are. */
  readonly processors?: number;
  /** Sum of standard output and standard error. */
  readonly outputBytes: number;
  /** What the job may write, in all writable places together where the provider can hold it so. */
  readonly diskBytes: number;
  readonly inodes: number;
  /** Largest report accepted on the report channel. */
  readonly reportBytes: number;
  /** With a nonce: how long the report channel may stay silent before the job counts as timed out. Unset: as long as `wallMs` lets it. */
  readonly silentMs?: number;
}

export interface Job {
  /** Read-only host folders, the topmost first, merged at `/workspace`. */
  readonly tree: readonly string[];
  /** Or one host folder, writable, as `/workspace` (installs). Exactly one of `tree` (non-empty) and `writableTree` is given. */
  readonly writableTree?: string;
  /** Laid over the tree before the job starts. */
  readonly layer: Layer;
  /** Read-only host folders or files at other places: toolchains, harness. Guest paths start with `/kihon/`. */
  readonly mounts: readonly { readonly host: string; readonly guest: string }[];
  /** Relative to `/workspace`. */
  readonly cwd: string;
  /** One after another; the first that exits other than 0 ends the job, and the last one carries the report channel. */
  readonly commands: readonly (readonly string[])[];
  readonly env: Readonly<Record<string, string>>;
  readonly network: "none" | "registry";
  readonly limits: Limits;
  /**
   * With a nonce, the last command gets two more descriptors: it reads the nonce (one line) from 4 and writes its report to 3.
   * Both are pipes to Kihon, so no path leads to the report. Descriptor 4 is at its end after the line.
   */
  readonly nonce?: string;
  /** Paths relative to `/workspace`, files or folders, whose content is wanted afterwards (with `tree` only). */
  readonly collect?: readonly string[];
  /** Host folder whose files lie in TMPDIR when the job starts, as copies of its own. */
  readonly temporary?: string;
}

export interface Usage {
  readonly wallMs: number;
  /** User and system time of all the job's processes; null where the machine gives none. */
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
  /** The longest silence on the report channel, from start to end; null without a nonce. */
  readonly silentMs: number | null;
}

export type Ended =
  /** `exitCode` of the last command that ran (128 + n for a signal n); `failedCommand` is the index of the one that stopped the chain before the last, or null. */
  | { readonly kind: "finished"; readonly exitCode: number; readonly failedCommand: number | null }
  | { readonly kind: "timed-out" }
  | { readonly kind: "out-of-memory" }
  /** A writable tree grew beyond `diskBytes` or `inodes`. In a job on a tree the job itself sees that there is no space. */
  | { readonly kind: "disk-full" }
  | { readonly kind: "output-too-large" };

export interface RunResult {
  readonly ended: Ended;
  /** Capped at `outputBytes`, UTF-8 with replacement characters. */
  readonly stdout: string;
  readonly stderr: string;
  /** What came through the report channel; empty without a nonce. */
  readonly report: string;
  readonly collected: Readonly<Record<string, Buffer>>;
  readonly usage: Usage;
}

/** One promise of a provider, tried on this machine. */
export interface SandboxPromise {
  readonly name: string;
  readonly holds: boolean;
  /** What was tried and seen, for `kihon doctor`. */
  readonly detail: string;
}

export interface SandboxProvider {
  readonly name: string;
  readonly version: string;
  /** True where foreign code may be run by this provider without the user's explicit trust. */
  readonly isolates: boolean;
  /** The image that jobs' programs and libraries are of, `NAME@sha256:…`; absent where they are the machine's own. */
  readonly image?: string;
  /** Can it work on this machine? A cheap trial, not a guess. `reason` says what is missing and how to get it. */
  available(): Promise<{ readonly ok: boolean; readonly reason: string }>;
  /** Tries each promise for real. Never changes anything outside a sandbox. */
  examine(): Promise<readonly SandboxPromise[]>;
  run(job: Job, signal?: AbortSignal): Promise<RunResult>;
  /** Makes a host folder readable (and, with `write`, writable) for jobs: the owner or mode that the provider's user needs. */
  adopt(folder: string, write: boolean): Promise<void>;
}

/** The sandbox itself failed: retried, then reported as infrastructure failure; never a verdict. */
export class SandboxTrouble extends Error {
  override readonly name = "SandboxTrouble";
}
