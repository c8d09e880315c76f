/** Which Node and which package manager a repository wants, read from its manifest, lock file and CI. */
import semver from "semver";
import { parse } from "yaml";
import type { ManifestFacts } from "../contract.ts";
import { testJobs } from "./ci.ts";
import { longTermAt, majorNamed } from "./node-releases.ts";

export interface NodeChoice {
  /** A version, a major or a semver range. */
  readonly range: string;
  /** The file and the text that asked for it. */
  readonly evidence: string;
}

const defaultMajor = 22;
/** The newest long-term line that harness and instruments were run on; a matrix usually tries newer ones too. */
const newestMajor = 24;
/** The harness is written for this and later. */
const oldestMajor = 14;
const supportedMajors = [14, 16, 18, 20, 22, 24] as const;

/** `v20.11.1`, `20.x`, `lts/iron` → a range; null for words that name no version (`node`, `lts/*`, `latest`). */
function versionIn(text: string): string | null {
  const word = text.trim().replace(/^["']|["']$/g, "");
  const named = majorNamed(word.replace(/^lts[/-]/i, ""));
  if (named !== null) return String(named);
  const plain = word.replace(/^v/, "").replace(/\.[x*]/g, "");
  return /^\d+(?:\.\d+){0,2}$/.test(plain) ? plain : null;
}

const majorOf = (version: string): number => Number(version.split(".")[0]);

function choice(version: string, evidence: string): NodeChoice {
  if (majorOf(version) >= oldestMajor) return { range: version, evidence };
  return { range: String(oldestMajor), evidence: `${evidence}, raised to ${oldestMajor}, the oldest that is supported` };
}

/** `committedAt`: ISO 8601 in UTC. What the repository asks for goes first; the rest is the long-term line of that day. */
export function detectNodeVersion(facts: ManifestFacts, committedAt: string): NodeChoice {
  for (const file of [".nvmrc", ".node-version"]) {
    const text = facts.read(file);
    const version = text === null ? null : versionIn(text.split("\n")[0] as string);
    if (version !== null) return choice(version, `${file}: ${version}`);
  }
  const volta = versionIn(String((facts.rootManifest["volta"] as { node?: unknown } | undefined)?.node ?? ""));
  if (volta !== null) return choice(volta, `volta in package.json: ${volta}`);
  for (const job of testJobs(facts)) {
    const usable = job.nodeVersions
      .map(versionIn)
      .filter((version): version is string => version !== null && majorOf(version) <= newestMajor)
      .sort((a, b) => semver.compare(semver.coerce(b) ?? "0.0.0", semver.coerce(a) ?? "0.0.0"));
    const [best] = usable;
    if (best !== undefined) return choice(best, `${job.file}: node ${best}`);
  }
  return ofItsDay(rangeOf(facts), committedAt);
}

/** Where nothing names a version: the long-term line of the day, inside `engines` where there are any. A revision of today gets today's default. */
function ofItsDay(engines: string | null, committedAt: string): NodeChoice {
  const line = longTermAt(committedAt);
  const isToday = line >= newestMajor;
  const day = choice(String(line), `long-term line on ${committedAt.slice(0, 10)}: ${line}`);
  if (engines === null) return isToday ? { range: String(defaultMajor), evidence: "default" } : day;
  const asked = `engines in package.json: ${engines}`;
  const start = majorOf(day.range);
  const nearest = [...supportedMajors.filter((major) => major >= start), ...supportedMajors.filter((major) => major < start).reverse()];
  const order = isToday ? [defaultMajor, newestMajor, 20, 18, 16, oldestMajor] : nearest;
  const major = order.find((candidate) => semver.intersects(`${candidate}.x`, engines));
  if (major !== undefined) return { range: within(engines, major), evidence: isToday ? asked : `${asked}; ${day.evidence}` };
  return semver.gtr(`${oldestMajor}.0.0`, engines) ? choice("0", asked) : { range: engines, evidence: asked };
}

/** The part of a range that lies in one major. */
const within = (range: string, major: number): string =>
  semver.subset(`${major}.x`, range)
    ? String(major)
    : new semver.Range(range).range
        .split("||")
        .map((part) => `${part} ${major}.x`)
        .join(" || ");

function rangeOf(facts: ManifestFacts): string | null {
  for (const manifest of [facts.manifest, facts.rootManifest]) {
    const engines = manifest["engines"] as { node?: unknown } | undefined;
    if (typeof engines?.node === "string" && semver.validRange(engines.node) !== null) return engines.node;
  }
  return null;
}

export interface PackageManagerChoice {
  readonly manager: "npm" | "pnpm" | "yarn" | "yarn-berry" | "none";
  /** Exact, or the major that reads the lock file. */
  readonly version: string;
  readonly lockFile: string | null;
  /** Scripts off. The first word names the package manager; whoever runs it puts the real program there. */
  readonly install: readonly (readonly string[])[];
  /** Settings for the install alone. */
  readonly env: Readonly<Record<string, string>>;
  readonly evidence: string;
}

type Manager = "npm" | "pnpm" | "yarn";
const lockFiles: readonly (readonly [string, Manager])[] = [
  ["npm-shrinkwrap.json", "npm"],
  ["package-lock.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
];

/** `packageManager: "pnpm@10.28.0+sha512..."`. */
function declaredManager(facts: ManifestFacts): { manager: string; version: string } | null {
  const found = /^(npm|pnpm|yarn)@(\d+\.\d+\.\d+[^+]*)/.exec(String(facts.rootManifest["packageManager"] ?? ""));
  return found === null ? null : { manager: found[1] as string, version: found[2] as string };
}

/** The lock file that an install obeys, and whose it is; null where there is none. */
function lockIn(facts: ManifestFacts): readonly [string, Manager] | null {
  const present = lockFiles.filter(([file]) => facts.paths.includes(file));
  const declared = declaredManager(facts)?.manager;
  return (
    present.find(([, manager]) => manager === declared) ?? present.find(([, manager]) => usedByCi(facts, manager)) ?? present[0] ?? null
  );
}

/** `nodeMajor`: of the Node that the tests run on, and the package manager too where it can. */
export function detectPackageManager(facts: ManifestFacts, nodeMajor: number): PackageManagerChoice {
  const found = lockIn(facts);
  if (found === null) return lockless(facts, nodeMajor);
  const [lockFile, manager] = found;
  const text = facts.read(lockFile) ?? "";
  const declared = declaredManager(facts);
  const version = declared?.manager === manager ? declared.version : null;
  if (manager === "npm") return npmChoice(lockFile, text, version, nodeMajor);
  if (manager === "pnpm") return pnpmChoice(lockFile, text, version);
  return yarnChoice(lockFile, text, version);
}

/** npm installs, whatever the repository declares: it is the one client of all times that takes a date limit. */
export function lockless(facts: ManifestFacts, nodeMajor: number): PackageManagerChoice {
  const hasDependencies = ["dependencies", "devDependencies", "optionalDependencies"].some(
    (key) => Object.keys(facts.rootManifest[key] ?? {}).length > 0,
  );
  const declared = declaredManager(facts);
  const instead = declared === null || declared.manager === "npm" ? "" : `, npm in place of ${declared.manager}`;
  const install = [["npm", "install", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]];
  return {
    manager: hasDependencies ? "npm" : "none",
    version: newestNpm(nodeMajor),
    lockFile: null,
    install: hasDependencies ? install : [],
    env: {},
    evidence: hasDependencies ? `no lock file that npm, pnpm or yarn reads${instead}` : "no dependencies",
  };
}

function usedByCi(facts: ManifestFacts, manager: Manager): boolean {
  const pattern = { npm: /\bnpm (?:ci|install|i)\b(?! -g)/, pnpm: /\bpnpm (?:i|install)\b/, yarn: /\byarn(?: install| --|\s*$)/m }[manager];
  return facts.paths.some((path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path) && pattern.test(facts.read(path) ?? ""));
}

/** npm prefers versions that take the Node it runs on, so it should run on the tests' own: npm 10 does from Node 18 on, npm 8 on every one. */
const newestNpm = (nodeMajor: number): string => (nodeMajor >= 18 ? "10" : "8");

function npmChoice(lockFile: string, text: string, declared: string | null, nodeMajor: number): PackageManagerChoice {
  const lockVersion = Number(/"lockfileVersion"\s*:\s*(\d+)/.exec(text)?.[1] ?? 1);
  // A version 1 lock was made by an npm that did not install peers; npm 8 still reads it, and all that came later.
  const peers = lockVersion === 1 ? ["--legacy-peer-deps"] : [];
  return {
    manager: "npm",
    version: declared ?? (lockVersion >= 3 ? newestNpm(nodeMajor) : "8"),
    lockFile,
    install: [["npm", "ci", ...peers, "--ignore-scripts", "--no-audit", "--no-fund"]],
    env: {},
    evidence: `${lockFile}, version ${lockVersion}`,
  };
}

/** Lock file version → the pnpm that writes it: https://github.com/pnpm/spec/tree/master/lockfile */
function pnpmMajor(lockVersion: number): string {
  if (lockVersion >= 9) return "10";
  if (lockVersion >= 6) return "8";
  return lockVersion >= 5.4 ? "7" : "6";
}

function pnpmChoice(lockFile: string, text: string, declared: string | null): PackageManagerChoice {
  const lockVersion = Number(/^lockfileVersion:\s*['"]?([\d.]+)/m.exec(text)?.[1] ?? 9);
  return {
    manager: "pnpm",
    version: declared ?? pnpmMajor(lockVersion),
    lockFile,
    install: [["pnpm", "install", "--frozen-lockfile", "--ignore-scripts"]],
    env: {},
    evidence: `${lockFile}, version ${lockVersion}`,
  };
}

function yarnChoice(lockFile: string, text: string, declared: string | null): PackageManagerChoice {
  const metadata = /^__metadata:\s*\n\s+version:\s*['"]?(\d+)/m.exec(text);
  if (metadata === null) {
    const version = declared?.startsWith("1.") ? declared : "1.22.22";
    const install = [["yarn", "install", "--frozen-lockfile", "--ignore-scripts", "--non-interactive"]];
    return { manager: "yarn", version, lockFile, install, env: {}, evidence: `${lockFile}, version 1` };
  }
  const lockVersion = Number(metadata[1]);
  return {
    manager: "yarn-berry",
    version: declared ?? (lockVersion >= 8 ? "4" : lockVersion >= 5 ? "3" : "2"),
    lockFile,
    install: [["yarn", "install", "--immutable"]],
    // Tests and harness look for packages in node_modules; plug'n'play has none.
    env: { YARN_ENABLE_SCRIPTS: "0", YARN_NODE_LINKER: "node-modules", YARN_ENABLE_TELEMETRY: "0" },
    evidence: `${lockFile}, metadata version ${lockVersion}`,
  };
}

const builders = new Set([
  "node-gyp",
  "bindings",
  "node-gyp-build",
  "prebuild-install",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "cmake-js",
  "nan",
]);
const builtByHand = new Set([
  "bcrypt",
  "sqlite3",
  "better-sqlite3",
  "canvas",
  "node-sass",
  "bufferutil",
  "utf-8-validate",
  "leveldown",
  "re2",
  "zeromq",
]);

const namesIn = (value: unknown): readonly string[] => (value !== null && typeof value === "object" ? Object.keys(value) : []);

/** Locked packages that depend on a builder of native code, and direct dependencies known to be native. Sorted. */
export function nativePackages(facts: ManifestFacts): readonly string[] {
  const found = new Set<string>();
  const manifests = [facts.manifest, facts.rootManifest];
  const direct = manifests.flatMap((manifest) => [manifest["dependencies"], manifest["devDependencies"]].flatMap(namesIn));
  for (const name of direct) if (builtByHand.has(name)) found.add(name);
  for (const [name, dependencies] of lockedPackages(facts))
    if (dependencies.some((dependency) => builders.has(dependency))) found.add(name);
  for (const builder of builders) found.delete(builder);
  return [...found].sort();
}

/** Pairs of package name and its dependencies' names, from whichever lock file is there. */
function lockedPackages(facts: ManifestFacts): readonly (readonly [string, readonly string[]])[] {
  const found = lockIn(facts);
  const text = found === null ? null : facts.read(found[0]);
  if (found === null || text === null) return [];
  const [, manager] = found;
  if (manager === "npm") {
    const lock = JSON.parse(text) as {
      packages?: Record<string, { dependencies?: object }>;
      dependencies?: Record<string, { requires?: object }>;
    };
    const current = Object.entries(lock.packages ?? {}).filter(([path]) => path !== "");
    const old = Object.entries(lock.dependencies ?? {});
    return current.length > 0
      ? current.map(([path, entry]) => [path.replace(/^.*node_modules\//, ""), namesIn(entry.dependencies)] as const)
      : old.map(([name, entry]) => [name, namesIn(entry.requires)] as const);
  }
  if (manager === "pnpm") {
    const lock = parse(text) as Record<string, Record<string, { dependencies?: object }> | undefined>;
    return Object.entries(lock["snapshots"] ?? lock["packages"] ?? {}).map(
      ([key, entry]) => [pnpmName(key), namesIn(entry?.dependencies)] as const,
    );
  }
  return text.split(/\n(?=\S)/).map((block) => {
    const name = /^"?(@?[^@"]+)@/.exec(block)?.[1] ?? "";
    const dependencies = block.split(/\n\s+dependencies:/)[1] ?? "";
    return [name, [...dependencies.matchAll(/\n\s+"?([^\s":]+)"?:?\s/g)].map((match) => match[1] as string)] as const;
  });
}

const pnpmName = (key: string): string => /^\/?((?:@[^/]+\/)?[^/@(]+)/.exec(key)?.[1] ?? key;
