/** Which versions of a package there are for a Node, as their manifests have it. */
import semver from "semver";
import { z } from "zod";
import { readJson } from "../lib/json.ts";
import { answerFor, type RegistryUpstream } from "./registry-upstream.ts";

/** Of old packages `engines` may be anything. */
const versionSchema = z.looseObject({
  engines: z
    .looseObject({ node: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  deprecated: z.unknown().optional(),
});
const metadataSchema = z.object({ versions: z.record(z.string(), versionSchema) });

/** The newest release of a package that says of itself that it runs on a Node, or says nothing; null where there is none. */
export async function newestOn(registry: RegistryUpstream, name: string, nodeVersion: string): Promise<string | null> {
  const { text } = await answerFor(registry, name.replace("/", "%2f"), "application/vnd.npm.install-v1+json");
  const fit = Object.entries(readJson(text, metadataSchema)?.versions ?? {}).flatMap(([version, { engines, deprecated }]) => {
    const runs = engines?.node === undefined || semver.satisfies(nodeVersion, engines.node);
    return runs && !deprecated && semver.prerelease(version) === null ? [version] : [];
  });
  return semver.maxSatisfying(fit, "*");
}
