/**
 * Where no control group can be made: sums the resident memory of a process and all its descendants a few times a second. Coarser than the kernel's
 * own account (shared pages count several times; a fast hog overshoots until the next look, and may meet the limit of its data before, which it sees
 * as an error of its own), and said so by `kihon doctor`.
 */
import { readdir, readFile } from "node:fs/promises";

const PERIOD_MS = 50;
const PAGE = 4096;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly residentBytes: number;
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Reads the text of /proc/<pid>/stat; the command name may hold spaces and brackets, so fields count from the last bracket. */
export function parseStat(text: string): ProcessRow {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid: Number.parseInt(text, 10), parent: Number(fields[1]), residentBytes: Number(fields[21]) * PAGE };
}

/** Resident bytes of `root` and everything below it. */
export function sumTree(rows: readonly ProcessRow[], root: number): number {
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
  const below = (pid: number): number => (children.get(pid) ?? []).reduce((sum, row) => sum + row.residentBytes + below(row.pid), 0);
  return (rows.find((row) => row.pid === root)?.residentBytes ?? 0) + below(root);
}

async function snapshot(): Promise<readonly ProcessRow[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    pids.map(async (pid) => {
      try {
        return [parseStat(await readFile(`/proc/${pid}/stat`, "utf8"))];
      } catch (error) {
        // The process ended between the listing and the look.
        if (errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH") return [];
        throw error;
      }
    }),
  );
  return rows.flat();
}

export interface MemoryWatch {
  readonly peakBytes: () => number;
  readonly stop: () => void;
}

/** Calls `onExceeded` once when the tree under `root` is found above `limitBytes`. */
export function watchMemory(root: number, limitBytes: number, onExceeded: () => void): MemoryWatch {
  let peak = 0;
  let stopped = false;
  const look = async (): Promise<void> => {
    const bytes = sumTree(await snapshot(), root);
    peak = Math.max(peak, bytes);
    if (stopped) return;
    if (bytes > limitBytes) onExceeded();
    else timer = setTimeout(look, PERIOD_MS);
  };
  let timer = setTimeout(look, PERIOD_MS);
  return {
    peakBytes: () => peak,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
