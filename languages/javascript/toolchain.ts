/** Which Node and which package manager a repository wants, read from its manifest, lock file and CI. */
import semver from "semver";
import { parse } from "yaml";
import type { ManifestFacts } from "../contract.ts";
import { testJobs } from "./ci.ts";

export interface NodeChoice {
  /** A version, a major or a semver range. */
  readonly range: string;
  /** The file and the text that asked for it. */
  readonly evidence: string;
}

const defaultMajor = 22;
/** The newest long-term line; a matrix usually tries newer ones too. */
const newestMajor = 24;
/** The harness is written for this and later. */
const oldestMajor = 14;
const longTermNames = ["fermium", "gallium", "hydrogen", "iron", "jod", "krypton"];

/** `v20.11.1`, `20.x`, `lts/iron` → a range; null for words that name no version (`node`, `lts/*`, `latest`). */
function versionIn(text: string): string | null {
  const word = text.trim().replace(/^["']|["']$/g, "");
  const named = longTermNames.indexOf(word.toLowerCase().replace(/^lts[/-]/, ""));
  if (named >= 0) return String(oldestMajor + 2 * named);
  const plain = word.replace(/^v/, "").replace(/\.[x*]/g, "");
  return /^\d+(?:\.\d+){0,2}$/.test(plain) ? plain : null;
}

const majorOf = (version: string): number => Number(version.split(".")[0]);

function choice(version: string, evidence: string): NodeChoice {
  if (majorOf(version) >= oldestMajor) return { range: version, evidence };
  return { range: String(oldestMajor), evidence: `${evidence}, raised to the oldest that is supported` };
}

export function detectNodeVersion(facts: ManifestFacts): NodeChoice {
  for (const file of [".nvmrc", ".node-version"]) {
    const text = facts.read(file);
    const version = text === null ? null : versionIn(text.split("\n")[0] as string);
    if (version !== null) return choice(version, `${file}: ${version}`);
  }
  const volta = versionIn(String((facts.rootManifest["volta"] as { node?: unknown } | undefined)?.node ?? ""));
  if (volta !== null) return choice(volta, `volta in package.json: ${volta}`);
  const engines = rangeOf(facts);
  for (const job of testJobs(facts)) {
    const usable = job.nodeVersions
      .map(versionIn)
      .filter((version): version is string => version !== null && majorOf(version) <= newestMajor)
      .sort((a, b) => semver.compare(semver.coerce(b) ?? "0.0.0", semver.coerce(a) ?? "0.0.0"));
    const [best] = usable;
    if (best !== undefined) return choice(best, `${job.file}: node ${best}`);
  }
  if (engines === null) return { range: String(defaultMajor), evidence: "default" };
  const major = [defaultMajor, newestMajor, 20, 18, 16, oldestMajor].find((candidate) => semver.intersects(`${candidate}.x`, engines));
  return major === undefined
    ? { range: engines, evidence: `engines in package.json: ${engines}` }
    : choice(semver.subset(`${major}.x`, engines) ? String(major) : engines, `engines in package.json: ${engines}`);
}

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

export function detectPackageManager(facts: ManifestFacts): PackageManagerChoice {
  const declared = declaredManager(facts);
  const present = lockFiles.filter(([file]) => facts.paths.includes(file));
  const found =
    present.find(([, manager]) => manager === declared?.manager) ?? present.find(([, manager]) => usedByCi(facts, manager)) ?? present[0];
  if (found === undefined) {
    const hasDependencies = ["dependencies", "devDependencies", "optionalDependencies"].some(
      (key) => Object.keys(facts.rootManifest[key] ?? {}).length > 0,
    );
    const install = [["npm", "install", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]];
    return {
      manager: hasDependencies ? "npm" : "none",
      version: "10",
      lockFile: null,
      install: hasDependencies ? install : [],
      env: {},
      evidence: hasDependencies ? "no lock file that npm, pnpm or yarn reads" : "no dependencies",
    };
  }
  const [lockFile, manager] = found;
  const text = facts.read(lockFile) ?? "";
  const version = declared?.manager === manager ? declared.version : null;
  if (manager === "npm") return npmChoice(lockFile, text, version);
  if (manager === "pnpm") return pnpmChoice(lockFile, text, version);
  return yarnChoice(lockFile, text, version);
}

function usedByCi(facts: ManifestFacts, manager: Manager): boolean {
  const pattern = { npm: /\bnpm (?:ci|install|i)\b(?! -g)/, pnpm: /\bpnpm (?:i|install)\b/, yarn: /\byarn(?: install| --|\s*$)/m }[manager];
  return facts.paths.some((path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path) && pattern.test(facts.read(path) ?? ""));
}

function npmChoice(lockFile: string, text: string, declared: string | null): PackageManagerChoice {
  const lockVersion = Number(/"lockfileVersion"\s*:\s*(\d+)/.exec(text)?.[1] ?? 1);
  // A version 1 lock was made by an npm that did not install peers; npm 8 still reads it, and runs on every Node that is supported.
  const peers = lockVersion === 1 ? ["--legacy-peer-deps"] : [];
  return {
    manager: "npm",
    version: declared ?? (lockVersion >= 3 ? "10" : "8"),
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
  const { lockFile, manager } = detectPackageManager(facts);
  const text = lockFile === null ? null : facts.read(lockFile);
  if (text === null) return [];
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
