/** A dataset opened for work: what its environments need is installed again from the Parquet files alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrokenRecord } from "../lib/errors.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { chooseProvider } from "../sandbox/index.ts";
import { SandboxPool } from "../sandbox/pool.ts";
import { configSchema, type Place } from "../schemas/config.ts";
import { Bench } from "./bench.ts";
import type { Log } from "./log.ts";
import { Store } from "./store.ts";

export interface OpenedDataset {
  readonly data: Dataset;
  readonly bench: Bench;
  close(): Promise<void>;
}

export async function openFromDataset(folder: string, place: Place, log: Log): Promise<OpenedDataset> {
  const data = await openDataset(folder);
  const provider = await chooseProvider({ trusted: place.trusted, ...(place.sandbox === null ? {} : { name: place.sandbox }) });
  const byArchive = new Map<string, string>();
  for (const id of await data.environmentIds()) byArchive.set((await data.environment(id)).archive, id);
  const scratch = mkdtempSync(join(tmpdir(), "kihon-store-"));
  const bench = await Bench.open({
    config: configSchema.parse({}),
    place,
    store: new Store(scratch),
    provider,
    jobs: new SandboxPool(provider, { concurrency: place.concurrency }),
    log,
    archive: async (sha) => {
      const id = byArchive.get(sha);
      if (id === undefined) throw new BrokenRecord(`the dataset has no archive ${sha.slice(0, 12)}`);
      return data.archive(id);
    },
  });
  return { data, bench, close: async () => rmSync(scratch, { recursive: true, force: true }) };
}
