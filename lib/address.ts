/** Addresses: of repositories, and of what lies in the web. */

/** Not a folder: something that a server is asked for. */
export const isAddress = (text: string): boolean => /^https?:\/\//i.test(text);

const pathOf = (address: string): string | undefined => /^(?:[a-z+]+:\/\/[^/]+\/|[^@/]+@[^:/]+:)(.+?)(?:\.git)?\/?$/i.exec(address)?.[1];

/** One name for all spellings of an address, or for a bare name: `owner/name` in lower case. */
export const groupOfAddress = (address: string): string => (pathOf(address) ?? address).toLowerCase();

// Hosts whose repositories lie at the same path for git over ssh and for a browser.
const openHosts = new Set(["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"]);
const shellLike = /^(?:ssh:\/\/)?[^@/]+@([^:/]+)[:/](.+)$/i;

/** Where anybody may look at a repository; null for one of this machine, of a network without public names, or of a host that is asked by ssh alone. */
export function publicAddress(origin: string): string | null {
  const [, host = "", path = ""] = shellLike.exec(origin) ?? [];
  const address = openHosts.has(host.toLowerCase()) ? `https://${host}/${path}` : origin;
  if (!URL.canParse(address)) return null;
  const { protocol, hostname, pathname } = new URL(address);
  const isNamed = /\.[a-z][a-z-]+$/.test(hostname) && !/\.(?:local|localhost|internal|lan|home|test|invalid)$/.test(hostname);
  if (!/^https?:$/.test(protocol) || !isNamed) return null;
  return `${protocol}//${hostname}${pathname.replace(/(?:\.git)?\/?$/, "").replaceAll("|", "%7C")}`;
}

/** By its address, else by its name; forks under other owners are others here. */
export const repoGroupOf = ({ origin, name }: { readonly origin: string; readonly name: string }): string =>
  (pathOf(origin) ?? name).toLowerCase();

/**
 * The repository that a `package.json` says it is of, as `owner/name` in lower case; null where it says none, or is no manifest. A copy, a fork and
 * a renamed repository mostly keep it. Forms as npm reads them: an address, `github:owner/name`, `owner/name`, or `{url}`.
 */
export function declaredRepository(manifest: string): string | null {
  let stated: unknown;
  try {
    stated = (JSON.parse(manifest) as { repository?: unknown } | null)?.repository;
  } catch {
    // What is no JSON says nothing.
    return null;
  }
  const address = typeof stated === "object" && stated !== null ? (stated as { url?: unknown }).url : stated;
  if (typeof address !== "string") return null;
  const bare = groupOfAddress(
    address
      .trim()
      .replace(/[#?].*$/, "")
      .replace(/^[a-z]+:(?!\/\/)/i, ""),
  );
  return /^[\w.-]+(?:\/[\w.-]+)+$/.test(bare) ? bare : null;
}
