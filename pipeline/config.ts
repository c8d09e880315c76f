/** Settings as given by a user, checked: what is wrong is said with its name, and is never a bug of ours. */
import { z } from "zod";
import { languages } from "../languages/index.ts";
import { StopRun } from "../lib/errors.ts";
import { type Config, configSchema } from "../schemas/config.ts";

/** Throws `StopRun` that names every wrong setting. */
export function parseConfig(given: unknown): Config {
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    throw new StopRun(`the settings cannot be used: ${z.prettifyError(parsed.error)}`, {
      next: "kihon run --help lists the options",
      cause: parsed.error,
    });
  }
  const known = new Set(languages.flatMap(({ mutators }) => mutators.map(({ name }) => name)));
  const unknown = parsed.data.operators.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new StopRun(`there is no operator named ${unknown.join(", ")}`, { next: `choose among: ${[...known].sort().join(", ")}` });
  }
  return Object.freeze(parsed.data);
}
