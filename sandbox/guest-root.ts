/** The minimal root that a job sees: the host's programs and libraries read-only, and an /etc of our own. */
import { chmod, copyFile, lstat, mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GuestRoot, RootEntry } from "./bubblewrap-command.ts";

const ROOT_FOLDERS = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"] as const;

/** Without a hosts file, `localhost` does not resolve and vitest does not start. */
const ETC: Readonly<Record<string, string>> = {
  passwd: "root:x:0:0:root:/:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  group: "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
  hosts: "127.0.0.1 localhost kihon\n::1 localhost\n",
  hostname: "kihon\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
  "resolv.conf": "",
  timezone: "Etc/UTC\n",
};

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

async function statOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Writes the files of /etc that every job has, whatever its root is made of, into `folder`/etc; gives their names. */
export async function writeEtc(folder: string): Promise<readonly string[]> {
  const etc = join(folder, "etc");
  await mkdir(etc);
  for (const [name, text] of Object.entries(ETC)) {
    await writeFile(join(etc, name), text);
    await chmod(join(etc, name), 0o644);
  }
  return Object.keys(ETC);
}

/** Writes /etc into `folder` and looks at how the host's root is laid out. */
export async function makeGuestRoot(folder: string): Promise<GuestRoot> {
  const etc = join(folder, "etc");
  await writeEtc(folder);
  await symlink("/usr/share/zoneinfo/UTC", join(etc, "localtime"));
  if ((await statOrNull("/etc/ld.so.cache")) !== null) await copyFile("/etc/ld.so.cache", join(etc, "ld.so.cache"));
  const hasAlternatives = (await statOrNull("/etc/alternatives"))?.isDirectory() ?? false;
  if (hasAlternatives) await mkdir(join(etc, "alternatives"));
  await chmod(etc, 0o755);
  const entries: RootEntry[] = [];
  for (const name of ROOT_FOLDERS) {
    const stat = await statOrNull(`/${name}`);
    if (stat?.isSymbolicLink()) entries.push({ name, link: await readlink(`/${name}`) });
    else if (stat?.isDirectory()) entries.push({ name, link: null });
  }
  return { entries, etc, hasAlternatives };
}
