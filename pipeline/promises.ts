/**
 * What the sandbox promises, tried on this machine: once for each start of the machine and version of the provider, since it takes seconds.
 * Where one did not hold they are tried again by the next run: a busy machine may have been why.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { shortId } from "../lib/hash.ts";
import type { SandboxPromise, SandboxProvider } from "../sandbox/contract.ts";

const promisesSchema = z.array(z.object({ name: z.string(), holds: z.boolean(), detail: z.string() }));

/** Null where a file is not there. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Of the provider on this machine as it runs now. Where the machine does not say since when it runs, they are tried each time. */
export async function promisesOf(provider: SandboxProvider, cache: string): Promise<readonly SandboxPromise[]> {
  const boot = textOf("/proc/sys/kernel/random/boot_id");
  if (boot === null) return provider.examine();
  const image = provider.image === undefined ? "" : `${shortId([provider.image])}-`;
  const path = join(cache, "promises", `${provider.name}-${provider.version}-${image}${boot}.json`);
  const stored = textOf(path);
  if (stored !== null) return promisesSchema.parse(JSON.parse(stored));
  const promises = await provider.examine();
  if (promises.some(({ holds }) => !holds)) return promises;
  await mkdir(join(cache, "promises"), { recursive: true });
  writeFileSync(`${path}.new-${process.pid}`, JSON.stringify(promises));
  renameSync(`${path}.new-${process.pid}`, path);
  return promises;
}
