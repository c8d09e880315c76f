/** Runs jobs, so many at a time. The sandbox's own trouble is tried again; what a job did is never. */
import type PQueue from "p-queue";
import { RetryLater } from "../lib/errors.ts";
import { type Job, type RunResult, type SandboxProvider, SandboxTrouble } from "./contract.ts";
import { queueAs, type Width } from "./width.ts";

export interface PoolUsage {
  readonly runs: number;
  readonly wallMs: number;
  /** Of the runs that gave it. */
  readonly cpuMs: number;
  /** Of the largest run. */
  readonly peakMemoryBytes: number;
  /** Runs that were started again after trouble of the sandbox's own. */
  readonly retries: number;
}

const RETRIES = 2;

export class SandboxPool {
  readonly provider: SandboxProvider;
  readonly width: Width;
  readonly #queue: PQueue;
  readonly #backoffMs: number;
  #usage: PoolUsage = { runs: 0, wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, retries: 0 };

  constructor(provider: SandboxProvider, options: { readonly width: Width; readonly backoffMs?: number }) {
    this.provider = provider;
    this.width = options.width;
    this.#queue = queueAs(options.width);
    this.#backoffMs = options.backoffMs ?? 500;
  }

  /** Throws `RetryLater` where the sandbox failed three times in a row, and the signal's reason where it was aborted. */
  run(job: Job, signal?: AbortSignal): Promise<RunResult> {
    return this.#queue.add(() => this.width.during(() => this.#attempt(job, signal)));
  }

  /** Sums since the pool was made. */
  usage(): PoolUsage {
    return this.#usage;
  }

  async #attempt(job: Job, signal: AbortSignal | undefined): Promise<RunResult> {
    for (let retry = 0; ; retry++) {
      try {
        const result = await this.provider.run(job, signal);
        this.#count(result);
        return result;
      } catch (error) {
        if (!(error instanceof SandboxTrouble)) throw error;
        if (retry === RETRIES) throw new RetryLater(`the sandbox failed ${RETRIES + 1} times: ${error.message}`, { cause: error });
      }
      this.#usage = { ...this.#usage, retries: this.#usage.retries + 1 };
      await new Promise((resolve) => setTimeout(resolve, this.#backoffMs * 2 ** retry));
    }
  }

  #count({ usage }: RunResult): void {
    const { runs, wallMs, cpuMs, peakMemoryBytes, retries } = this.#usage;
    this.#usage = {
      runs: runs + 1,
      wallMs: wallMs + usage.wallMs,
      cpuMs: cpuMs + (usage.cpuMs ?? 0),
      peakMemoryBytes: Math.max(peakMemoryBytes, usage.peakMemoryBytes ?? 0),
      retries,
    };
  }
}
