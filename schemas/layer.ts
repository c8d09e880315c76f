/** A layer is what lies over a tree: path (POSIX, relative to the tree's root) → whole new text, or null where the file is removed. */
import { z } from "zod";

/** One part of a path: git's own folder, or what file systems with short names take for it. */
export const isGitFolder = (part: string): boolean => /^(?:\.git|git~\d+)$/i.test(part);

const safePath = z
  .string()
  .min(1)
  .max(1024)
  .refine((path) => !path.startsWith("/") && !path.includes("\0"), "a layer's path is relative")
  .refine((path) => !path.split("/").some((part) => part === ".." || part === "" || part === "."), "a layer's path stays inside the tree")
  .refine((path) => !path.split("/").some(isGitFolder), "a layer writes into no git folder");

export const layerSchema = z.record(safePath, z.string().nullable());
export type Layer = Readonly<Record<string, string | null>>;

/** Reads a tree with a layer over it; null where a file is not there. A path is looked up as an own member: `constructor` is a file name too. */
export const readOver =
  (layer: Layer, below: (path: string) => string | null) =>
  (path: string): string | null =>
    Object.hasOwn(layer, path) ? (layer[path] ?? null) : below(path);

/** Later layers win. */
export const mergeLayers = (...layers: readonly Layer[]): Layer => Object.assign({}, ...layers) as Layer;
