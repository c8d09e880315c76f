/** Who made a row: the tool and its version, from its own manifest. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const manifestSchema = z.object({ name: z.string(), version: z.string() });

/** The nearest package.json above: the sources and the built package lie at different depths. */
function ownManifest(folder: string): z.infer<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(folder) === folder) throw error;
    return ownManifest(dirname(folder));
  }
}

export const tool = ownManifest(import.meta.dirname);
