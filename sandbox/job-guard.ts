/** Joins what may end a job from outside: the caller's signal, and a watch over its memory where no control group holds it. */
import { type MemoryWatch, watchMemory } from "./memory-watch.ts";

export interface Guard {
  /** For `exec`. */
  readonly signal: AbortSignal;
  /** Starts the watch over a process and all below it. */
  watch(pid: number): void;
  /** Ends the guard. Throws the reason of the caller's signal where that was given; tells otherwise what the watch saw. */
  release(): { readonly outOfMemory: boolean; readonly peakBytes: number | null };
}

export function guardJob(signal: AbortSignal | undefined, memoryBytes: number): Guard {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (signal?.aborted) stop.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let watch: MemoryWatch | undefined;
  let outOfMemory = false;
  return {
    signal: stop.signal,
    watch: (pid) => {
      watch = watchMemory(pid, memoryBytes, () => {
        outOfMemory = true;
        stop.abort();
      });
    },
    release: () => {
      watch?.stop();
      signal?.removeEventListener("abort", onAbort);
      if (!outOfMemory && stop.signal.aborted) throw signal?.reason;
      return { outOfMemory, peakBytes: watch?.peakBytes() ?? null };
    },
  };
}
