/** `kihon doctor`: what this machine can do, tried and not guessed. */
import { accessSync, constants } from "node:fs";
import { exec } from "../lib/exec.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { listProviders } from "../sandbox/index.ts";
import type { Place } from "../schemas/config.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Without it `kihon run` on foreign code does not work here. */
  readonly needed: boolean;
  readonly detail: string;
}

async function program(name: string, words: readonly string[], next: string): Promise<Check> {
  const result = await exec({ argv: [name, ...words], env: { PATH: process.env["PATH"] ?? "" }, timeoutMs: 20_000, outputBytes: 100_000 });
  const ok = result.ended.kind === "exited" && result.ended.code === 0;
  return { name, ok, needed: true, detail: ok ? (result.stdout.trim().split("\n")[0] ?? "") : `not found or not working; ${next}` };
}

function folder(name: string, path: string): Check {
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK);
    return { name, ok: true, needed: true, detail: `${path} can be written` };
  } catch (error) {
    return { name, ok: false, needed: true, detail: `${path}: ${(error as NodeJS.ErrnoException).code}; choose another with --cache` };
  }
}

export async function doctor(place: Place): Promise<Check[]> {
  const checks: Check[] = [{ name: "node", ok: true, needed: true, detail: `${process.version} runs Kihon` }];
  checks.push(await program("git", ["--version"], "install git"));
  checks.push(await program("npm", ["--version"], "install npm: toolchains and packages come through it"));
  checks.push(folder("cache", place.cache));
  let isolated = false;
  for (const provider of listProviders(place.image === null ? {} : { image: place.image })) {
    const { ok, reason } = await provider.available();
    const name = `sandbox ${provider.name}`;
    if (!ok) {
      checks.push({ name, ok: false, needed: false, detail: reason });
      continue;
    }
    isolated ||= provider.isolates;
    checks.push({
      name,
      ok: true,
      needed: false,
      detail: provider.isolates ? "works and isolates" : "works, and does not isolate: for trusted code only",
    });
    if (!provider.isolates) continue;
    for (const promise of await provider.examine())
      checks.push({ name: `${name}: ${promise.name}`, ok: promise.holds, needed: true, detail: promise.detail });
  }
  checks.push({
    name: "isolation",
    ok: isolated,
    needed: true,
    detail: isolated
      ? "foreign code can be run here"
      : "no provider isolates here: only trusted code, by --sandbox process --i-trust-this-code",
  });
  return checks;
}
