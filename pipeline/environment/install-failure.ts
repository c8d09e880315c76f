/** Why an install failed, from the words of the package manager. */

const noRoom = "the install is larger than its disk";

/**
 * What clients say when an install fails → the usual cause. The first that fits is told, so the nearer cause stands before the wider one. Words
 * of warnings (`npm warn EBADENGINE`, `unmet peer dependency`, `old lockfile`) stand in installs that fail for another reason.
 */
const causes: readonly [RegExp, string][] = [
  [
    /not found: make|Could not find any Python|find Python +Could|(?:make|g\+\+|cc): (?:command )?not found/i,
    "native code needs a compiler",
  ],
  [/gyp ERR!.*(?:headers|nodejs\.org)/i, "native code needs Node's headers, which lie outside the registry"],
  [/gyp ERR!/, "native code does not build"],
  [/gate: refused [^\n"]+|tunneling socket could not be established/i, "a dependency lies outside the registry"],
  [/ls-remote|spawn git ENOENT|binary git\b|unknown git error|\bgit (?:clone|fetch)\b.*fail|EALLOWGIT/i, "a dependency lies on a git host"],
  [/ENOVERSIONS|ETARGET.*before|with a date before/i, "no version fits that was published by then"],
  [/EUNSUPPORTEDPROTOCOL|that matches "(?:workspace|catalog|portal|link):/, "the client does not know a protocol of the manifest"],
  [/code ETARGET|notarget|No matching version|Couldn't find any versions for|YN0082/i, "a version is no longer on the registry"],
  [/code E404|ERR_PNPM_FETCH_404|Couldn't find package|YN0035|: Not found"/, "a package is no longer on the registry"],
  [/ERR_PNPM_(?:WORKSPACE_PKG_NOT_FOUND|NO_MATCHING_VERSION_INSIDE_WORKSPACE)/, "a package of the workspace is missing"],
  [/code ERESOLVE|ERR_PNPM_PEER_DEP_ISSUES/, "peer dependencies conflict"],
  [
    /code EUSAGE|ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|NO_LOCKFILE|LOCKFILE_MISSING_DEPENDENCY)|lockfile needs to be updated|YN0028/,
    "the lock file does not fit the manifest",
  ],
  [/ERR_PNPM_(?:BROKEN_LOCKFILE|LOCKFILE_BREAKING_CHANGE)|Unknown token:.*yarn\.lock/, "the lock file cannot be read"],
  [/code EBADENGINE|ERR_PNPM_UNSUPPORTED_ENGINE|The engine "[^"]+" is incompatible/, "a package refuses this Node"],
  [/code EBADPLATFORM|ERR_PNPM_UNSUPPORTED_PLATFORM|The platform "[^"]+" is incompatible/, "a package refuses this platform"],
  [/code EINTEGRITY|Integrity check failed|ERR_PNPM_TARBALL_INTEGRITY|YN0018/, "a package's integrity does not match"],
  [/code (?:EJSONPARSE|EINVALIDTAGNAME|EINVALIDPACKAGENAME)|ERR_PNPM_JSON_PARSE/, "a manifest cannot be read"],
  [/getaddrinfo|EAI_AGAIN|ENOTFOUND|ENETUNREACH/, "an install script needs the network"],
  [/ENOSPC|EDQUOT|No space left on device/i, noRoom],
  [/code ELIFECYCLE|ERR_PNPM_[A-Z_]*LIFECYCLE|npm err(?:or|!) command failed|YN0009/i, "a script of a package failed"],
];

/** Causes that lie in what a lock file fixes: without it, other versions may do. */
const ofLocks = [
  "a version is no longer on the registry",
  "a package is no longer on the registry",
  "the lock file does not fit the manifest",
  "the lock file cannot be read",
  "a package's integrity does not match",
];

/** `failure`: as `installFailure` words it. */
export const liesInLock = (failure: string): boolean => ofLocks.some((cause) => failure.startsWith(`${cause}: `));

/** There was no room; `failure` as above. Whether that lies in the install or in the machine it does not say. */
export const isLackOfRoom = (failure: string): boolean => failure.startsWith(`${noRoom}: `);

/** `npm error code ETARGET`: what npm has to say stands below it. */
const codeAlone = /^npm ERR(?:OR|!) code \w+$/i;

/** The usual cause of a failed install, named, with the client's own words behind it. */
export function installFailure(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const cause = causes.find(([pattern]) => pattern.test(output));
  const first = cause === undefined ? -1 : lines.findIndex((line) => cause[0].test(line));
  const telling = lines.slice(Math.max(first, 0)).find((line) => line !== "" && !codeAlone.test(line));
  const said = cause === undefined ? lines.findLast((line) => line !== "") : (telling ?? lines[first]);
  return `${cause?.[1] ?? "unknown cause"}: ${(said ?? "").slice(0, 300)}`;
}
