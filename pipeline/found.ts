/** The repositories that a search of GitHub's gave a run, and those that GitHub has not: asked for once, and the same for whoever goes on with it. */
import { z } from "zod";
import { runners } from "../languages/index.ts";
import { shortId } from "../lib/hash.ts";
import type { Outside } from "../miners/contract.ts";
import type { GithubClient } from "../miners/github/client.ts";
import { discover, type Found, repositoryReasons } from "../miners/github/discover.ts";
import { unavailableReasons } from "../miners/github/open.ts";
import type { Config } from "../schemas/config.ts";
import type { Item } from "./drive.ts";
import type { PassedRepository } from "./stages/1-mine.ts";

/** What a run writes down of it. */
export const foundSchema: z.ZodType<Found> = z.object({
  chosen: z.array(z.object({ name: z.string(), detail: z.string() })),
  passedOver: z.array(z.object({ name: z.string(), reason: z.enum([...repositoryReasons, ...unavailableReasons]), detail: z.string() })),
});
export const nothingFound: Found = { chosen: [], passedOver: [] };

/** As GitHub calls the language that is spoken here. */
const languages = ["TypeScript", "JavaScript"] as const;

export async function searched({ github }: Config, outside: Outside, client: () => GithubClient): Promise<Found> {
  if (github === null || github.search === null) return nothingFound;
  const { search } = github;
  const known = runners.map((runner) => runner.package ?? "node --test");
  const found = await discover(search, { languages, runners: known, now: outside.clock.now() }, client());
  for (const { name, detail } of found.chosen) outside.log.info(`found ${name}: ${detail}`);
  const { chosen, passedOver } = found;
  outside.log.info(
    `the search gave ${chosen.length + passedOver.length} repositories: ${chosen.length} are taken, ${passedOver.length} passed over`,
  );
  return found;
}

const isUnavailable = ({ reason }: Found["passedOver"][number]): boolean => (unavailableReasons as readonly string[]).includes(reason);

/** Those that GitHub has not, in lower case. */
export const unavailableIn = ({ passedOver }: Found): ReadonlySet<string> =>
  new Set(passedOver.filter(isUnavailable).map(({ name }) => name.toLowerCase()));

/**
 * What was passed over goes the road of a repository: to a verdict that says why. One that was named as well is a repository of the run, if
 * GitHub has it.
 */
export const passedItems = (found: Found, { github }: Config): Item<PassedRepository>[] => {
  const named = new Set(github?.repositories.map((name) => name.toLowerCase()));
  const without = found.passedOver.filter((one) => isUnavailable(one) || !named.has(one.name.toLowerCase()));
  return without.map((one) => ({ id: one.name, sha: shortId(one), load: () => ({ name: one.name, passedOver: one }) }));
};
