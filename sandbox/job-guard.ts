/**
 * Joins what may end a job from outside: the caller's signal, a watch over its memory where no control group holds it, and one over the disk where it
 * writes to a folder of the machine's.
 */
import { type DiskUse, type DiskWatch, watchDisk } from "./disk-watch.ts";
import { type MemoryWatch, watchMemory } from "./memory-watch.ts";

export interface Guard {
  /** For `exec`. */
  readonly signal: AbortSignal;
  /** Starts the watch over a process and all below it. */
  watch(pid: number): void;
  /** Starts the watch over a folder that the job may write. */
  watchFolder(folder: string, limit: DiskUse): Promise<void>;
  /** Ends the guard. Throws the reason of the caller's signal where that was given, or why the disk could not be watched; tells otherwise what was seen. */
  release(): Watched;
}

export interface Watched {
  readonly outOfMemory: boolean;
  readonly diskFull: boolean;
  readonly peakBytes: number | null;
}

export function guardJob(signal: AbortSignal | undefined, memoryBytes: number): Guard {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (signal?.aborted) stop.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let watch: MemoryWatch | undefined;
  let disk: DiskWatch | undefined;
  let outOfMemory = false;
  let diskFull = false;
  let trouble: unknown = null;
  return {
    signal: stop.signal,
    watch: (pid) => {
      watch = watchMemory(pid, memoryBytes, () => {
        outOfMemory = true;
        stop.abort();
      });
    },
    watchFolder: async (folder, limit) => {
      const onExceeded = (): void => {
        diskFull = true;
        stop.abort();
      };
      const onTrouble = (error: unknown): void => {
        trouble = error;
        stop.abort();
      };
      disk = await watchDisk(folder, limit, onExceeded, onTrouble);
    },
    release: () => {
      watch?.stop();
      disk?.stop();
      signal?.removeEventListener("abort", onAbort);
      if (trouble !== null) throw trouble;
      if (!outOfMemory && !diskFull && stop.signal.aborted) throw signal?.reason;
      return { outOfMemory, diskFull, peakBytes: watch?.peakBytes() ?? null };
    },
  };
}
