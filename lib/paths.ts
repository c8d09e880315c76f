/** Which paths of a foreign tree may be read, written or named in a patch. */
import { isGitFolder } from "../schemas/layer.ts";

/** True for C0 and C1 control characters: a terminal, a header or a tool may act on them. */
const hasControl = (text: string): boolean => {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
};

/** What is wrong with a POSIX path relative to a tree's root, in a code; null when it may be used. */
export function pathTrouble(path: string): string | null {
  if (path === "" || path.length > 1024) return "length";
  if (path.startsWith("/") || /^[a-z]:\//i.test(path)) return "absolute";
  if (hasControl(path)) return "control-character";
  if (path === "__proto__" || path.includes("\\") || Buffer.from(path).toString() !== path) return "name";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "outside";
    if (isGitFolder(part)) return "git-folder";
    if (Buffer.byteLength(part) > 255) return "name";
  }
  return null;
}

/** The folders on the way to a path, the outermost first. */
export const foldersOf = (path: string): readonly string[] => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

/**
 * Does a symbolic link's target stay inside the tree, whatever the other links are?
 * Steps up are accepted at the start only, so that they count from the link's real folder; every later step goes down.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || target.includes("\\") || hasControl(target)) return false;
  const parts = target.replace(/\/$/, "").split("/");
  const ups = parts.findIndex((part) => part !== ".." && part !== ".");
  const head = ups === -1 ? parts : parts.slice(0, ups);
  const tail = ups === -1 ? [] : parts.slice(ups);
  if (tail.some((part) => part === ".." || part === "." || part === "" || /^\.git$/i.test(part))) return false;
  const depth = path.split("/").length - 1;
  const steps = head.filter((part) => part === "..").length;
  return steps < depth || (steps === depth && tail.length > 0);
}
