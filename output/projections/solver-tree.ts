/** The tree that a solver sees: the environment's with the question's layer over it. */
import type { z } from "zod";
import { type ArchiveEntry, readTree } from "../../lib/archive.ts";
import { type Layer, layerSchema } from "../../schemas/layer.ts";
import type { PublicRow } from "../../schemas/row.ts";

export const visibleLayer = (row: PublicRow): Layer => layerSchema.parse(JSON.parse(row.visible_layer_json)) as z.infer<typeof layerSchema>;

/** Entries with a layer over them, sorted by path. A file keeps its mode; a file of the layer takes the place of a link. */
export function withLayer(entries: readonly ArchiveEntry[], layer: Layer): readonly ArchiveEntry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const [path, text] of Object.entries(layer)) {
    const below = byPath.get(path);
    if (text === null) byPath.delete(path);
    else byPath.set(path, { path, kind: "file", executable: below?.kind === "file" && below.executable, bytes: Buffer.from(text) });
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export const solverTree = (archive: Uint8Array, row: PublicRow): readonly ArchiveEntry[] => withLayer(readTree(archive), visibleLayer(row));
