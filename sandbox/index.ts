/** The list of sandbox providers, the safest first, and the choice among them. */
import { StopRun } from "../lib/errors.ts";
import { bubblewrap } from "./bubblewrap.ts";
import type { SandboxProvider } from "./contract.ts";
import { podman } from "./podman.ts";
import { processProvider } from "./process.ts";
import type { SandboxSettings } from "./settings.ts";

export type { SandboxSettings } from "./settings.ts";

/** Every provider, freshly made. Nothing is touched before one is used. */
export const listProviders = (settings: SandboxSettings = {}): readonly SandboxProvider[] => [
  bubblewrap(settings),
  podman(settings),
  processProvider(settings),
];

export interface ProviderChoice extends SandboxSettings {
  /** A provider's name; without one, the first that isolates and works here. */
  readonly name?: string;
  /** The user trusts the code that will run: a provider that does not isolate may be used. */
  readonly trusted: boolean;
}

/** The provider to use on this machine. Throws `StopRun` with the next step where none may be used. */
export async function chooseProvider(choice: ProviderChoice): Promise<SandboxProvider> {
  const providers = listProviders(choice);
  const named =
    choice.name === undefined ? providers.filter(({ isolates }) => isolates) : providers.filter(({ name }) => name === choice.name);
  // An image that is given is used, or nothing runs.
  const asked = choice.image === undefined ? named : named.filter(({ image }) => image !== undefined);
  if (named.length > 0 && asked.length === 0)
    throw new StopRun(`the sandbox provider ${choice.name} has no containers, and so no use for an image`, {
      next: "leave out --image, or use --sandbox podman",
    });
  if (asked.length === 0) {
    throw new StopRun(`there is no sandbox provider named ${choice.name}`, {
      next: `use one of: ${providers.map(({ name }) => name).join(", ")}`,
    });
  }
  const reasons: string[] = [];
  for (const provider of asked) {
    if (!provider.isolates && !choice.trusted) {
      throw new StopRun(`the sandbox provider ${provider.name} does not isolate: foreign code would run as you`, {
        next: `add --i-trust-this-code if you would run this code yourself, or leave out --sandbox ${provider.name}`,
      });
    }
    const { ok, reason } = await provider.available();
    if (ok) return provider;
    reasons.push(`${provider.name}: ${reason}`);
  }
  throw new StopRun(`no sandbox works on this machine: ${reasons.join("; ")}`, {
    next: "follow the reason given, then run `kihon doctor`; for code that you trust, `--sandbox process --i-trust-this-code` runs without isolation",
  });
}
