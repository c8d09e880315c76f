/**
 * Lock files name the registry's host in the address of each tarball, and yarn classic asks exactly there. Inside a sandbox only the gate answers, so
 * the addresses are turned to it before an install and turned back in what the install leaves.
 */
import { RELAY_PORT } from "./guest.ts";

/** Where clients inside find the gate. */
export const GATE_BASE = `http://127.0.0.1:${RELAY_PORT}/`;

/** The public registry and its mirror for yarn; both serve the same paths. The mirror keeps a mark in the path, so that it can be turned back. */
const HOSTS = [
  { origin: "https://registry.npmjs.org/", mark: "" },
  { origin: "https://registry.yarnpkg.com/", mark: "-/at/yarnpkg/" },
  { origin: "http://registry.npmjs.org/", mark: "-/at/npmjs-plain/" },
] as const;

/** Lock text with the known registries' addresses turned to the gate. */
export function rewriteLockHosts(text: string, base: string = GATE_BASE): string {
  return HOSTS.reduce((changed, { origin, mark }) => changed.replaceAll(origin, `${base}${mark}`), text);
}

/** Lock text with the gate's addresses turned back; addresses that the gate itself gave out become the public registry's. */
export function restoreLockHosts(text: string, base: string = GATE_BASE): string {
  return HOSTS.toReversed().reduce((changed, { origin, mark }) => changed.replaceAll(`${base}${mark}`, origin), text);
}

/** The registry's path behind a path at the gate: without the mark of the host it stood for. */
export function withoutHostMark(path: string): string {
  const found = HOSTS.find(({ mark }) => mark !== "" && path.startsWith(mark));
  return found === undefined ? path : path.slice(found.mark.length);
}
