/**
 * Whether the registry tells when its versions were published. A copy of it may tell when it first fetched each of them instead: a date limit
 * would then hide nearly all that was there.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../lib/exists.ts";
import { shortId } from "../lib/hash.ts";
import { readJson } from "../lib/json.ts";
import { answerFor, configuredRegistry, RegistryUpstream } from "./registry-upstream.ts";
import { openWorkFolder, publish } from "./work-folder.ts";

/** A version whose day is known: lodash 4.17.21 went to npm's registry at 2021-02-20T15:42:16.891Z. */
const known = { name: "lodash", version: "4.17.21", day: "2021-02-20" };

const metadataSchema = z.object({ time: z.record(z.string(), z.string()) });

async function ask(registry: RegistryUpstream): Promise<boolean> {
  const answer = await answerFor(registry, known.name, "application/json");
  return readJson(answer.text, metadataSchema)?.time[known.version]?.startsWith(known.day) ?? false;
}

/** Asked once and kept in the cache, so that what is installed can be found again without the network. */
export async function registryTellsDates(cache: string, registry?: string): Promise<boolean> {
  const base = registry ?? (await configuredRegistry());
  const shelf = join(cache, "registry-dates");
  const folder = join(shelf, shortId([base, known]));
  const file = join(folder, "told.json");
  if (await exists(file)) return readJson(await readFile(file, "utf8"), z.boolean()) === true;
  const told = await ask(new RegistryUpstream(base, join(cache, "tarballs")));
  await mkdir(shelf, { recursive: true });
  const work = await openWorkFolder(shelf);
  await writeFile(join(work, "told.json"), JSON.stringify(told));
  await publish(work, folder);
  return told;
}
