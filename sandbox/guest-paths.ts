/**
 * Guest paths for a provider without a root of its own: `/workspace` and the guest paths of mounts are turned to the host's folders in what the job
 * is given (words, environment, and mounts' paths in the layer), and back in what it returns.
 */

export interface PathPair {
  readonly guest: string;
  readonly host: string;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Replaces whole paths only: `/workspace` in `/workspace/a`, `file:///workspace` and `--root=/workspace`, not in `/workspaces` or `/my/workspace`. */
function replacePaths(text: string, pairs: readonly { readonly from: string; readonly to: string }[]): string {
  if (pairs.length === 0) return text;
  // The longest first, so that a mount inside another one wins.
  const sorted = [...pairs].sort((a, b) => b.from.length - a.from.length);
  const pattern = new RegExp(`(?<![\\w.@-])(?:${sorted.map(({ from }) => escaped(from)).join("|")})(?![\\w.@-])`, "g");
  return text.replace(pattern, (found) => sorted.find(({ from }) => from === found)?.to ?? found);
}

export const toHost = (text: string, pairs: readonly PathPair[]): string =>
  replacePaths(
    text,
    pairs.map(({ guest, host }) => ({ from: guest, to: host })),
  );

export const toGuest = (text: string, pairs: readonly PathPair[]): string =>
  replacePaths(
    text,
    pairs.map(({ guest, host }) => ({ from: host, to: guest })),
  );
