/**
 * Over a writable tree, which lies on a disk of the machine's and has no size of its own: looks how much a job has put there and ends it when it is too
 * much. Coarser than a file system with a size: what is written between two looks goes beyond.
 */
import { statfs } from "node:fs/promises";
import { exec } from "../lib/exec.ts";
import { TOOL_PATH } from "./machine.ts";

/** How often the file system is asked what is left of it, which costs nothing. */
const PERIOD_MS = 100;
/** The tree is counted so often that counting takes at most this share of the time. */
const SHARE = 0.1;
const LONGEST_COUNT_MS = 60_000;
/** Of what is free when the job starts: so much may be taken, whatever the limits. */
const FREE_SHARE = 0.9;

export interface DiskUse {
  readonly bytes: number;
  readonly inodes: number;
}

/** Takes of a folder, on its own file system and through no link; null where it cannot be counted to the end. */
async function count(folder: string): Promise<DiskUse | null> {
  const du = async (word: string): Promise<number | null> => {
    const argv = ["du", "--summarize", "--one-file-system", word, "--", folder];
    const { ended, stdout } = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: LONGEST_COUNT_MS, outputBytes: 1_000_000 });
    return ended.kind === "exited" && ended.code === 0 ? Number.parseInt(stdout, 10) : null;
  };
  const [bytes, inodes] = [await du("--block-size=1"), await du("--inodes")];
  return bytes === null || inodes === null ? null : { bytes, inodes };
}

/** What is left of the folder's file system; without a number of inodes it counts none. */
async function left(folder: string): Promise<DiskUse> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  return { bytes: bavail * bsize, inodes: files === 0 ? Number.POSITIVE_INFINITY : ffree };
}

const isAbove = (use: DiskUse, limit: DiskUse): boolean => use.bytes > limit.bytes || use.inodes > limit.inodes;

export interface DiskWatch {
  stop(): void;
}

/** Calls `onExceeded` once when the folder is found above the limit. `onTrouble` is told of a machine that does not answer. */
export async function watchDisk(
  folder: string,
  limit: DiskUse,
  onExceeded: () => void,
  onTrouble: (error: unknown) => void,
): Promise<DiskWatch> {
  const first = await left(folder);
  const most = { bytes: Math.min(limit.bytes, first.bytes * FREE_SHARE), inodes: Math.min(limit.inodes, first.inodes * FREE_SHARE) };
  let stopped = false;
  let countAgainAt = 0;
  let counted = { use: { bytes: 0, inodes: 0 }, left: first };
  const look = async (): Promise<boolean> => {
    const now = await left(folder);
    const since = (from: DiskUse): DiskUse => ({
      bytes: from.bytes - now.bytes,
      inodes: Number.isFinite(from.inodes) ? from.inodes - now.inodes : 0,
    });
    // Others write to the disk and remove from it, so what is gone is a reason to count and not a judgement.
    const gone = since(counted.left);
    const perhaps = { bytes: counted.use.bytes + gone.bytes, inodes: counted.use.inodes + gone.inodes };
    if (performance.now() < countAgainAt && !isAbove(perhaps, most)) return false;
    const started = performance.now();
    const use = (await count(folder)) ?? since(first);
    const ended = performance.now();
    countAgainAt = ended + (ended - started) / SHARE;
    counted = { use, left: now };
    return isAbove(use, most);
  };
  const next = (): void => {
    look()
      .then((exceeded) => {
        if (stopped) return;
        if (exceeded) onExceeded();
        else timer = setTimeout(next, PERIOD_MS);
      })
      .catch((error: unknown) => {
        if (!stopped) onTrouble(error);
      });
  };
  let timer = setTimeout(next, PERIOD_MS);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
