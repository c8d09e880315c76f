/** A run of a local repository and of a served one, which GitHub has no longer when its second page is asked for. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { ScriptedGithub } from "../miners/github/scripted-github.ts";
import { ScriptedRemote } from "../miners/github/scripted-remote.ts";
import { cache, healthy, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
const out = join(folder, "out");
let github: ScriptedGithub;
let remote: ScriptedRemote;
let local: ScratchRepository;
beforeAll(async () => {
  github = await ScriptedGithub.listen();
  remote = await ScriptedRemote.make({ "README.md": "No package.\n" });
  github.pulls = await remote.seed(27, (number) => ({ "package.json": "{}", "README.md": `${number}\n` }));
  await remote.publish(github);
  local = await ScratchRepository.make();
  await local.commit("first", healthy);
});
afterAll(async () => {
  local[Symbol.dispose]();
  remote[Symbol.dispose]();
  await github.close();
  remove();
});

it("goes on with what was read of it and with the other, and says by name what was not read", async () => {
  github.fail(
    () => {
      github.hide();
      return "go on";
    },
    1,
    ({ variables }) => variables["after"] === "after 3",
  );
  const small = ["--mutants", "4", "--per-skill", "1", "--repeats", "1", "--skills", "editing", "--cache", cache, "--json"];
  const words = ["run", "--repo", local.work, "--github", "owner/name", "--github-api", github.api, ...small, "--out", out];
  const { code, out: text, err } = await kihon(words, { env: { KIHON_GITHUB_TOKEN: "ghp_x", GITHUB_TOKEN: "" } });
  expect([code, err]).toEqual([0, expect.stringMatching(/owner\/name: GitHub no longer tells .*; what was read before is worked on/)]);
  const mine = (JSON.parse(text) as RunSummary).stages.find(({ name }) => name === "mine");
  expect(mine?.dropped).toEqual(
    expect.arrayContaining([
      { reason: "github/no-source", count: 25 },
      { reason: "github/not-found", count: 1 },
    ]),
  );
  const repositories = new Set<string>();
  for await (const { public: open } of (await openDataset(out)).pairs()) repositories.add(open.repo);
  expect([...repositories]).toEqual(["work"]);
  expect(github.unmet).toBe(0);
});
