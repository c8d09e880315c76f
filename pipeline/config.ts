/** Settings as given by a user, checked: what is wrong is said with its name, and is never a bug of ours. */
import { languages } from "../languages/index.ts";
import { StopRun } from "../lib/errors.ts";
import { isLicense } from "../lib/license.ts";
import { parseSpdx } from "../lib/spdx.ts";
import { type Config, configSchema } from "../schemas/config.ts";
import { settingsText } from "./settings-text.ts";

/** Throws `StopRun` that names every wrong setting. */
export function parseConfig(given: unknown): Config {
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    throw new StopRun(settingsText(parsed.error, given), {
      next: "kihon run --help lists the options",
      cause: parsed.error,
    });
  }
  const known = new Set(languages.flatMap(({ mutators }) => mutators.map(({ name }) => name)));
  const unknown = parsed.data.operators.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new StopRun(`there is no operator named ${unknown.join(", ")}`, { next: `choose among: ${[...known].sort().join(", ")}` });
  }
  checkLicenses(parsed.data.permissive.allow);
  return Object.freeze(parsed.data);
}

/** Throws `StopRun` that names what no licence can be: a list with a slip in it would allow less than is meant. */
export function checkLicenses(names: readonly string[]): void {
  const unknown = names.filter((name) => parseSpdx(name)?.kind !== "license" || !isLicense(name));
  if (unknown.length === 0) return;
  throw new StopRun(`there is no licence ${unknown.join(", ")} on the SPDX list`, {
    next: "write --licenses as at https://spdx.org/licenses, such as MIT,Apache-2.0",
  });
}
