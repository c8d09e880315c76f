/** A dataset opened for work: what its environments need is installed again from the Parquet files alone. */
import { BrokenRecord } from "../lib/errors.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { SandboxPool } from "../sandbox/pool.ts";
import { openRunFolder } from "../sandbox/run-folder.ts";
import type { Workspace } from "../sandbox/workspace.ts";
import { configSchema, type Place } from "../schemas/config.ts";
import { type Draft, type Instance, instanceSchema } from "../schemas/instance.ts";
import { Bench } from "./bench.ts";
import type { Log } from "./log.ts";
import { ensureFolder, providerOf, widthOf } from "./place.ts";
import { Store } from "./store.ts";

export interface OpenedDataset {
  readonly data: Dataset;
  readonly bench: Bench;
  /** An instance by its id, or null. The first call reads the dataset once; later ones read one small file. */
  instance(id: string): Promise<Instance | null>;
  /** Where the runs of a question are made. */
  openWorkspace(draft: Draft): Promise<Workspace>;
  close(): void;
}

/** Instances laid out by id, so that grading many answers does not read the dataset once for each. */
async function layOut(data: Dataset, store: Store): Promise<ReadonlyMap<string, string>> {
  const byId = new Map<string, string>();
  for await (const instance of data.instances()) byId.set(instance.draft.id, store.putJson(instance));
  return byId;
}

export async function openFromDataset(folder: string, place: Place, log: Log): Promise<OpenedDataset> {
  const data = await openDataset(folder);
  const provider = await providerOf(place);
  ensureFolder(place.cache, "--cache");
  const byArchive = new Map<string, string>();
  for (const id of await data.environmentIds()) byArchive.set((await data.environment(id)).archive, id);
  const scratch = await openRunFolder();
  const store = new Store(scratch.path);
  const bench = await Bench.open({
    config: configSchema.parse({}),
    place,
    store,
    provider,
    jobs: new SandboxPool(provider, { width: widthOf(place) }),
    log,
    madeHere: false,
    archive: async (sha) => {
      const id = byArchive.get(sha);
      if (id === undefined) throw new BrokenRecord(`the dataset has no archive ${sha.slice(0, 12)}`);
      return data.archive(id);
    },
  });
  let index: Promise<ReadonlyMap<string, string>> | null = null;
  return {
    data,
    bench,
    async instance(id) {
      index ??= layOut(data, store);
      const sha = (await index).get(id);
      return sha === undefined ? null : store.getJson(sha, instanceSchema);
    },
    openWorkspace: async ({ environmentId }) => bench.workspace(await data.environment(environmentId)),
    close() {
      bench.close();
      scratch.remove();
    },
  };
}
