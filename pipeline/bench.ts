/** What the stages work with: configuration, store, sandbox, and the workspaces of prepared environments. */
import type { Language, Runner } from "../languages/contract.ts";
import type { JobRunner, Workspace } from "../sandbox/workspace.ts";
import type { SandboxProvider } from "../sandbox/contract.ts";
import type { Config, Place } from "../schemas/config.ts";
import type { Environment } from "../schemas/environment.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store.ts";

export interface Bench {
  readonly config: Config;
  readonly place: Place;
  readonly store: Store;
  readonly provider: SandboxProvider;
  readonly jobs: JobRunner;
  readonly log: Log;
  language(name: string): Language;
  runner(name: string): Runner;
  /** Installs what is missing on this machine, then the same workspace for the same environment. */
  workspace(environment: Environment): Promise<Workspace>;
}
