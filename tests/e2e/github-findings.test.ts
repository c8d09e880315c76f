/** A reviewed pull request of a served repository, from the review threads that GitHub tells of to the rows of the Parquet files. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { HumanFinding } from "../../schemas/instance.ts";
import type { PullRequest } from "../../schemas/pull-request.ts";
import { ScriptedGithub } from "../miners/github/scripted-github.ts";
import { ScriptedRemote } from "../miners/github/scripted-remote.ts";
import { cache, healthy, kihon, manifest, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
const [source, test] = [healthy["index.js"] ?? "", healthy["index.test.js"] ?? ""];
const lowWith = (line: string): string => source.replace("if (value < low) return low;", line);
const steps = {
  /** It repairs nothing, and breaks what is too small. */
  wrong: lowWith("if (value < low || Number.isNaN(value)) return high;"),
  noisy: lowWith("console.log(value);\n  if (value < low || Number.isNaN(value)) return low;"),
  merged: lowWith("if (value < low || Number.isNaN(value)) return low;"),
};
const hidden = `${test}test("has no NaN", () => assert.equal(clamp(Number.NaN, 1, 3), 1));\n`;

let github: ScriptedGithub;
let remote: ScriptedRemote;
beforeAll(async () => {
  github = await ScriptedGithub.listen();
  github.smart = true;
  remote = await ScriptedRemote.make({ ...healthy, "package.json": manifest({ license: "MIT" }) });
});
afterAll(async () => {
  remote[Symbol.dispose]();
  await github.close();
  remove();
});

/** Composite tasks are posed in a run of their own. */
async function mined(skill: string): ReturnType<typeof openDataset> {
  const out = join(folder, skill);
  const words = ["--mutants", "0", "--repeats", "1", "--skills", skill, "--cache", cache, "--out", out];
  const { code, err } = await kihon(["run", "--github", "owner/name", "--github-api", github.api, ...words], {
    env: { KIHON_GITHUB_TOKEN: "ghp_x", GITHUB_TOKEN: "" },
  });
  expect([code, err]).toEqual([0, expect.stringContaining("export:")]);
  return openDataset(out);
}

it("brings remarks on lines that later commits changed to the rows, and no other", async () => {
  const [wrong = "", noisy = "", head = ""] = await remote.propose(
    1,
    { "index.js": steps.wrong, "index.test.js": hidden },
    { "index.js": steps.noisy },
    { "index.js": steps.merged },
  );
  const remark = { path: "index.js", createdAt: "2024-01-02T00:00:00Z", author: ["User", "reader"] as const };
  const gone = { line: null, outdated: true };
  const issue = {
    number: 9,
    title: "clamp lets NaN through",
    body: "When I call `clamp` with a value that is not a number, the same NaN comes back. I expected the lower bound, as for everything that is too small.",
    createdAt: "2023-12-01T00:00:00Z",
    author: ["User", "user"] as const,
  };
  const threads = [
    { ...remark, ...gone, originalLine: 2, commit: wrong, resolved: true, body: "This is the wrong end." },
    { ...remark, ...gone, originalLine: 2, commit: noisy, body: "No prints, please." },
    // GitHub calls it outdated since the lines above it changed; git knows better.
    { ...remark, line: 3, outdated: true, originalLine: 3, commit: wrong, body: "And beyond the upper bound?" },
    { ...remark, line: 4, originalLine: 4, commit: wrong, body: "Nice." },
    { ...remark, line: 2, originalLine: 2, commit: head, body: "Much better." },
    { ...remark, ...gone, originalLine: 2, commit: wrong, body: "Mine.", author: ["User", "ann"] as const },
  ];
  const reviews = [
    { state: "APPROVED", at: "2024-01-04T00:00:00Z", author: ["User", "reader"] as const },
    { state: "CHANGES_REQUESTED", at: "2024-01-02T00:00:00Z", author: ["User", "reader"] as const, commit: wrong, body: "Not yet." },
    { state: "COMMENTED", at: "2024-01-01T00:00:00Z", author: ["Bot", "linter"] as const, commit: wrong },
  ] as const;
  github.pulls = [await remote.merge(1, "squash", { title: "Keep NaN within the bounds", threads, reviews, issues: [issue] })];
  await remote.publish(github);

  const finding = { file: "index.js", line: 2, createdAt: "2024-01-02T00:00:00.000Z", changeToldBy: "git" };
  const [condition, fixed] = [steps.wrong, steps.merged].map((text) => `${text.split("\n")[1]}\n`);
  const onWrong = { ...finding, commit: wrong, resolved: true, body: "This is the wrong end.", was: condition, became: fixed };
  const onNoisy = { ...finding, commit: noisy, resolved: false, body: "No prints, please.", was: "  console.log(value);\n", became: "" };
  const told: Record<string, readonly HumanFinding[]> = {};
  const pullsTold = new Set<string>();
  for (const skill of ["review", "bug-fix"]) {
    for await (const { public: open, private: closed } of (await mined(skill)).pairs()) {
      const { verdict = "" } = JSON.parse(closed.judgement_json) as { verdict?: string };
      told[`${open.skill} ${verdict}`.trim()] = JSON.parse(closed.human_findings_json);
      const { threads: all, reviews: verdicts } = JSON.parse(closed.candidate_json).pullRequest as PullRequest;
      pullsTold.add(JSON.stringify([all.length, verdicts?.map(({ verdict, author, commit }) => [verdict, author.kind, commit])]));
      const asked = open.facts.filter(({ name }) => ["approvals", "change-requests"].includes(name));
      expect(asked.map(({ name, value }) => [name, value])).toEqual([
        ["approvals", "1"],
        ["change-requests", "1"],
      ]);
      // What was said of the way there is not for those who are asked.
      for (const { body } of [...threads, { body: "Not yet." }]) expect(JSON.stringify(open)).not.toContain(body);
    }
  }
  expect(told).toEqual({
    "bug-fix": [onWrong, onNoisy],
    "review approve": [onWrong, onNoisy],
    "review request_changes": [{ ...onWrong, agrees: true }],
  });
  const verdicts = [
    ["commented", "bot", wrong],
    ["changes-requested", "user", wrong],
    ["approved", "user", head],
  ];
  expect([...pullsTold]).toEqual([JSON.stringify([threads.length, verdicts])]);
});
