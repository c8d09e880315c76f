/**
 * Direct dependencies at the lowest minor version of their range: what a manifest names was there when the manifest was written, which no date
 * of the registry is needed to know. Where a range has no end and names no version, the Node of that time tells which were not there yet.
 */
import semver from "semver";
import { z } from "zod";
import { readJson } from "../../lib/json.ts";

const specsSchema = z.record(z.string(), z.unknown());
const manifestSchema = z.looseObject({
  dependencies: specsSchema.optional(),
  devDependencies: specsSchema.optional(),
  optionalDependencies: specsSchema.optional(),
});

const groups = ["dependencies", "devDependencies", "optionalDependencies"] as const;

/**
 * `^1.2.3` → `~1.2.3`: patches stay in, since `^4.0.0` is also written of packages whose first is 4.0.2. Null where the range is as narrow, and
 * for what names no whole version to begin with: `*`, `^1`, `latest`, `>1.2.3`, a path, an alias.
 */
function lowestOf(spec: unknown): string | null {
  if (typeof spec !== "string" || semver.validRange(spec) === null) return null;
  const lowest = semver.minVersion(spec)?.version;
  if (lowest === undefined || !spec.includes(lowest)) return null;
  return semver.subset(spec, `~${lowest}`) ? null : `~${lowest}`;
}

const isAny = (spec: unknown): boolean => typeof spec === "string" && ["", "*", "x", "latest"].includes(spec.trim());

type Manifest = z.infer<typeof manifestSchema>;

const manifestsOf = (inputs: Readonly<Record<string, string>>): readonly { path: string; text: string; manifest: Manifest }[] =>
  Object.entries(inputs).flatMap(([path, text]) => {
    const manifest = /(?:^|\/)package\.json$/.test(path) ? readJson(text, manifestSchema) : null;
    return manifest === null ? [] : [{ path, text, manifest }];
  });

/** Direct dependencies of which any version will do, sorted. */
export const anyVersion = (inputs: Readonly<Record<string, string>>): readonly string[] => {
  const specs = manifestsOf(inputs).flatMap(({ manifest }) => groups.flatMap((group) => Object.entries(manifest[group] ?? {})));
  return [...new Set(specs.flatMap(([name, spec]) => (isAny(spec) ? [name] : [])))].sort();
};

/**
 * Path → new text of each manifest that changes; one that is no JSON stays, and the package manager will say so. `chosen`: versions of those of which
 * any will do.
 */
export function withLowest(
  inputs: Readonly<Record<string, string>>,
  chosen: ReadonlyMap<string, string> = new Map(),
): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { path, text, manifest } of manifestsOf(inputs)) {
    for (const specs of groups.map((group) => manifest[group] ?? {}))
      for (const [name, spec] of Object.entries(specs)) specs[name] = (isAny(spec) ? chosen.get(name) : lowestOf(spec)) ?? spec;
    const after = JSON.stringify(manifest, null, 2);
    if (after !== JSON.stringify(JSON.parse(text), null, 2)) texts[path] = after;
  }
  return texts;
}
