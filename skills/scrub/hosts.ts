/** Addresses in a report: those that lead to the fix go, and those that are mere data of an example lead nowhere any more. */

/** Forges, and places where code and its history are shown, packed or tried. */
const telling =
  /(?:^|\.)(?:github(?:usercontent)?\.(?:com|io|dev)|ghe\.com|gitlab\.(?:com|io)|bitbucket\.(?:org|com)|codeberg\.org|sr\.ht|gitee\.com|gitpod\.io|npmjs\.(?:com|org)|npmx\.dev|yarnpkg\.com|unpkg\.com|jsdelivr\.(?:net|com)|esm\.sh|skypack\.dev|runkit\.com|stackblitz\.com|codesandbox\.io|csb\.app|jsfiddle\.net|jsbin\.com|codepen\.io|plnkr\.co|repl\.it|replit\.com|glitch\.com|travis-ci\.(?:com|org)|circleci\.com|appveyor\.com|codecov\.io|coveralls\.io|snyk\.io|huntr\.dev|pkg\.pr\.new|pastebin\.com|hastebin\.com)$/;

const bareName = (authority: string): string =>
  authority
    .slice(authority.lastIndexOf("@") + 1)
    .replace(/:\d*$/, "")
    .toLowerCase();

/** Names that lead nowhere (RFC 2606, RFC 6761), private addresses, and names without a dot. */
export const isReserved = (host: string): boolean =>
  (!host.includes(".") && /^[a-z\d-]*$/.test(host)) ||
  /(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost)$/.test(host) ||
  /^(?:127|10|0)\.\d+\.\d+\.\d+$|^192\.168\.\d+\.\d+$|^\[[\da-f:]*\]$/.test(host);

export const isTelling = (host: string): boolean => telling.test(host);

const substitutes = ["example.com", "example.org", "example.net"] as const;

/** One reserved name for each name that a text has, the same each time. */
export class Hosts {
  readonly #names = new Map<string, string>();
  of(host: string): string {
    const known = this.#names.get(host);
    if (known !== undefined) return known;
    const name = substitutes[this.#names.size] ?? `host-${this.#names.size + 1}.example`;
    this.#names.set(host, name);
    return name;
  }
}

export interface Address {
  readonly scheme: string;
  readonly authority: string;
  readonly host: string;
  readonly rest: string;
}

/** `scheme://authority` and what follows; null for what is none. */
export function addressOf(url: string): Address | null {
  const start = url.indexOf("://");
  if (start <= 0) return null;
  const tail = url.slice(start + 3);
  const end = tail.search(/[/?#\\]/);
  const authority = end < 0 ? tail : tail.slice(0, end);
  return { scheme: url.slice(0, start), authority, host: bareName(authority), rest: end < 0 ? "" : tail.slice(end) };
}
