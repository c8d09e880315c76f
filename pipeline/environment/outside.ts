/**
 * Packages from outside the registry: git hosts and tarballs, which no install here can reach. They are taken out of manifest and lock before
 * the install; whether the tests miss one is for the baseline to show.
 */

import { z } from "zod";
import { readJson } from "../../lib/json.ts";

const specsSchema = z.record(z.string(), z.unknown());
const fileSchema = z.looseObject({
  dependencies: specsSchema.optional(),
  devDependencies: specsSchema.optional(),
  optionalDependencies: specsSchema.optional(),
  peerDependencies: specsSchema.optional(),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), fileSchema.extend({ resolved: z.unknown().optional() })) });

/** A package in npm's lock of version 1: `version` is where it comes from, where that is not the registry. */
const oldEntrySchema = z.looseObject({
  version: z.unknown().optional(),
  requires: z.unknown().optional(),
  get dependencies() {
    return z.record(z.string(), oldEntrySchema).optional();
  },
});
const oldLockSchema = z.looseObject({ dependencies: z.record(z.string(), oldEntrySchema) });

const groups = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] as const;

/** `git+ssh://…`, `github:a/b`, `a/b`, `https://host/x.tgz`. Folders, workspaces and aliases of the registry are inside. */
const isOutsideSpec = (spec: unknown): boolean =>
  typeof spec === "string" &&
  /^(?:git(?:\+[a-z]+)?:|git@|ssh:|https?:|(?:github|gitlab|bitbucket|gist):|[\w.-]+\/[\w.-]+(?:#.*)?$)/.test(spec);

const registryHosts = new Set(["registry.npmjs.org", "registry.yarnpkg.com"]);

/** Where a lock says that a package comes from. Another registry's tarball (`/-/name-1.0.0.tgz`) is asked of ours. */
function isOutsideAddress(resolved: unknown): boolean {
  if (typeof resolved !== "string") return false;
  if (/^git/.test(resolved)) return true;
  if (!/^https?:/.test(resolved) || !URL.canParse(resolved)) return false;
  const { host, pathname } = new URL(resolved);
  return !registryHosts.has(host) && !pathname.includes("/-/");
}

/** Takes out what is outside by its specifier; the names go into `left`. */
function prune(file: z.infer<typeof fileSchema>, left: Set<string>): void {
  for (const group of groups) {
    const specs = file[group];
    for (const [name, spec] of Object.entries(specs ?? {})) {
      if (specs === undefined || !isOutsideSpec(spec)) continue;
      delete specs[name];
      left.add(name);
    }
  }
}

/** Takes out of a lock's packages, and of those below them, what is outside, with the edges that lead there. */
function pruneOld(entries: NonNullable<z.infer<typeof oldEntrySchema>["dependencies"]>, left: Set<string>): void {
  for (const [name, entry] of Object.entries(entries)) {
    if (isOutsideSpec(entry.version)) {
      delete entries[name];
      left.add(name);
      continue;
    }
    const edges = specsSchema.safeParse(entry.requires).data;
    if (edges !== undefined) entry.requires = Object.fromEntries(Object.entries(edges).filter(([, spec]) => !isOutsideSpec(spec)));
    pruneOld(entry.dependencies ?? {}, left);
  }
}

/** The new text of an npm lock; null where it stays as it is. */
function withoutOutsideLock(text: string, left: Set<string>): string | null {
  const lock = readJson(text, lockSchema);
  const old = lock === null ? readJson(text, oldLockSchema) : null;
  const before = JSON.stringify(lock ?? old);
  if (lock !== null) pruneLock(lock, left);
  if (old !== null) pruneOld(old.dependencies, left);
  return JSON.stringify(lock ?? old) === before ? null : JSON.stringify(lock ?? old, null, 2);
}

function pruneLock({ packages }: z.infer<typeof lockSchema>, left: Set<string>): void {
  for (const [place, entry] of Object.entries(packages)) {
    prune(entry, left);
    if (!isOutsideAddress(entry.resolved)) continue;
    delete packages[place];
    left.add(place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length));
  }
}

export interface Pruned {
  /** The new text of each file that changes. */
  readonly texts: Readonly<Record<string, string>>;
  /** Names of what was left out, sorted. */
  readonly names: readonly string[];
}

/** Of the root's manifest and npm's lock, as path → text; one that is no JSON stays, and the package manager will say so. Locks of other clients are not rewritten: their installs fail by name. */
export function withoutOutside(inputs: Readonly<Record<string, string>>): Pruned {
  const left = new Set<string>();
  const texts: Record<string, string> = {};
  const foreignLock = ["pnpm-lock.yaml", "yarn.lock"].some((path) => path in inputs);
  const manifest = readJson(inputs["package.json"] ?? "", fileSchema);
  if (manifest === null || foreignLock) return { texts, names: [] };
  prune(manifest, left);
  if (left.size > 0) texts["package.json"] = JSON.stringify(manifest, null, 2);
  for (const path of ["package-lock.json", "npm-shrinkwrap.json"]) {
    const text = withoutOutsideLock(inputs[path] ?? "", left);
    if (text !== null) texts[path] = text;
  }
  return { texts, names: [...left].sort() };
}
