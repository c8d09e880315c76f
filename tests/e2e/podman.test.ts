import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Instance } from "../../schemas/instance.ts";
import { imageForTests, noEngine } from "../sandbox/engine.ts";
import { cache, demo, kihon, scratch, small } from "./stand.ts";

const why = noEngine();
const { image = "" } = imageForTests();
const { path: folder, remove } = scratch();
afterAll(remove);

const inContainers = ["--sandbox", "podman", "--image", image];
const out = { podman: join(folder, "podman"), bubblewrap: join(folder, "bubblewrap") };

const instancesOf = async (dataset: string): Promise<readonly Instance[]> => {
  const all: Instance[] = [];
  for await (const instance of (await openDataset(dataset)).instances()) all.push(instance);
  return all;
};
describe.skipIf(why !== null)(`a run in containers${why === null ? "" : `: ${why}`}`, () => {
  beforeAll(async () => {
    const common = ["run", "--repo", demo, "--cache", cache, ...small];
    for (const more of [
      [...inContainers, "--out", out.podman],
      ["--sandbox", "bubblewrap", "--out", out.bubblewrap],
    ]) {
      const { code, err } = await kihon([...common, ...more]);
      if (code !== 0) throw new Error(err);
    }
  });

  it("says in its rows and its summary which image it was", async () => {
    const data = await openDataset(out.podman);
    const ids = await data.environmentIds();
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) expect((await data.environment(id)).recipe.image).toBe(image);
    const other = await openDataset(out.bubblewrap);
    for (const id of await other.environmentIds()) expect((await other.environment(id)).recipe).not.toHaveProperty("image");
  });

  it("proves what a run under bubblewrap proves", async () => {
    const [inside, outside] = [await instancesOf(out.podman), await instancesOf(out.bubblewrap)];
    expect(inside.length).toBeGreaterThan(2);
    expect(inside.map(({ draft }) => draft.skill).sort()).toEqual(outside.map(({ draft }) => draft.skill).sort());
  });

  it.each([
    { of: "podman", by: "bubblewrap", more: ["--sandbox", "bubblewrap"] },
    { of: "bubblewrap", by: "podman", more: inContainers },
  ] as const)("is verified by $by where it was made by $of", async ({ of, more }) => {
    const { code, out: said, err } = await kihon(["verify", out[of], "--cache", cache, "--json", ...more]);
    expect(code, err).toBe(0);
    const { rows, proven, failures } = JSON.parse(said) as { rows: number; proven: number; failures: unknown[] };
    expect([proven, failures]).toEqual([rows, []]);
    expect(rows).toBe((await instancesOf(out[of])).length);
  });

  it("goes on in the image that it was begun in", async () => {
    const begun = join(folder, "begun");
    const words = ["--cache", cache];
    await kihon(["run", "--repo", demo, "--out", begun, ...small, ...words, ...inContainers], { interruptAt: "stable tests in" });
    const other = await kihon(["resume", begun, ...words, "--sandbox", "bubblewrap"]);
    expect([other.code, other.err]).toEqual([2, expect.stringContaining(`go on with --sandbox podman --image ${image}`)]);
  });
});
