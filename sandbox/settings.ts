/** What every provider is made with. */
import { join } from "node:path";
import type { RunResult } from "./contract.ts";
import { type GateStats, RegistryGate } from "./registry-gate.ts";
import type { RunFolder } from "./run-folder.ts";

export interface SandboxSettings {
  /** Where the temporary folders go; the system's by default. */
  readonly tmp?: string;
  /** Base address of the package registry for jobs that may reach it; the user's npm setting by default. */
  readonly registry?: string;
  /** Folder that keeps tarballs from run to run; without one they are kept for this run only. */
  readonly registryCache?: string;
  /** For a provider with containers: what their root is made of, `NAME@sha256:…`. */
  readonly image?: string;
  /** Told after each job with the registry what it asked for. */
  readonly onRegistry?: (stats: GateStats) => void;
}

export const openGate = (settings: SandboxSettings, folder: RunFolder): RegistryGate =>
  new RegistryGate({
    cache: settings.registryCache ?? join(folder.path, "tarballs"),
    ...(settings.registry === undefined ? {} : { registry: settings.registry }),
  });

/** What the gate refused is said once more at the end of a failed job's errors: few clients pass the gate's words on. */
export function withRefusals(result: RunResult, stats: GateStats): RunResult {
  const failed = result.ended.kind !== "finished" || result.ended.exitCode !== 0;
  if (!failed || stats.refused.length === 0) return result;
  return { ...result, stderr: `${result.stderr}\n${stats.refused.map((asked) => `gate: refused ${asked}\n`).join("")}` };
}
