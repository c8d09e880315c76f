/** What the machine is: architecture, who Kihon is on it, and under which user its jobs run. */
import { readFileSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SandboxTrouble } from "./contract.ts";

export type Architecture = "x64" | "arm64";

/** The architecture, or null where no filter is written for it. */
export function architecture(): Architecture | null {
  return process.arch === "x64" || process.arch === "arm64" ? process.arch : null;
}

/** Where the sandbox's own tools are looked for; the PATH of the user is not trusted with it. */
export const TOOL_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";

/** The user of the jobs on the host. */
export interface SlotUser {
  readonly uid: number;
  readonly gid: number;
  /** Kihon is root and must become this user before anything of a job starts. */
  readonly drop: boolean;
}

/**
 * Candidates for the user that root's jobs run as. 70717 is above 65535, where system users and systemd's dynamic users end, and below 100000, where
 * subordinate ids start, so nobody else has it; the smaller ones serve containers that map fewer ids.
 */
const SLOT_UIDS = [70_717, 60_717, 1_717] as const;

/** Is `uid` known in this user namespace? `map` is the text of /proc/self/uid_map: lines of first, host's first, count. */
export function isMapped(uid: number, map: string): boolean {
  return map
    .trim()
    .split("\n")
    .some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return uid >= first && uid < first + count;
    });
}

/** As an ordinary user, that user; as root, an unprivileged user of Kihon's own. */
export function slotUser(): SlotUser {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) return { uid, gid, drop: false };
  const map = readFileSync("/proc/self/uid_map", "utf8");
  const slot = SLOT_UIDS.find((candidate) => isMapped(candidate, map));
  if (slot === undefined)
    throw new SandboxTrouble(`no unprivileged user id is mapped in this container: one of ${SLOT_UIDS.join(", ")} is needed`);
  return { uid: slot, gid: slot, drop: true };
}

/** The first folder on the way to `path` (or `path` itself) that the user cannot pass, or null. */
export async function firstClosedFolder(path: string, user: SlotUser): Promise<string | null> {
  const folders = [resolve(path)];
  while (folders[0] !== "/") folders.unshift(dirname(folders[0] as string));
  for (const folder of folders) {
    const stat = await lstat(folder);
    const bit = stat.uid === user.uid ? 0o100 : stat.gid === user.gid ? 0o010 : 0o001;
    const isLeafFile = folder === resolve(path) && !stat.isDirectory();
    const wanted = isLeafFile ? bit << 2 : bit;
    if (!stat.isSymbolicLink() && (stat.mode & wanted) === 0) return folder;
  }
  return null;
}

/** Throws with the folder's name and what to do where a job's user cannot reach `path`. */
export async function requireReachable(path: string, user: SlotUser): Promise<void> {
  const closed = await firstClosedFolder(path, user);
  if (closed === null) return;
  throw new SandboxTrouble(
    `the sandbox's user (uid ${user.uid}) cannot pass ${closed} on the way to ${path}: ` +
      `run \`chmod o+x ${closed}\`, or keep Kihon's folders where every user may pass (for example under /var/tmp)`,
  );
}
