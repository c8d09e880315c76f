import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetFiles } from "../../bench/kill-resume.ts";
import type { SampleResult, SolveResult } from "../../index.ts";
import { baselinesFile } from "../../output/baselines.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { solveRatesFile } from "../../output/solve-rates.ts";
import { holdWriting } from "../../pipeline/ledger.ts";
import { llmSeed } from "../../pipeline/llm-shelf.ts";
import { ledgerFile } from "../../pipeline/work-folder.ts";
import { solveRatesSchema } from "../../schemas/solve-rates.ts";
import { solvers } from "../../solvers/index.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { LlmServer, raw, says } from "../pipeline/llm-server.ts";
import { cache, healthy, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const out = join(folder, "data");
const title = "## What rules without a model earn";

/** The part of the card that tells the figures. */
const told = (): string => readFileSync(join(out, "README.md"), "utf8").split(title)[1]?.split("\n## ")[0] ?? "";
async function idsIn(): Promise<string[]> {
  const found: string[] = [];
  for await (const { instance_id: id } of (await openDataset(out)).names()) found.push(id);
  return found;
}
async function solved(...words: string[]): Promise<SolveResult> {
  const { code, out: text, err } = await kihon(["solve", out, "--cache", cache, "--json", ...words]);
  if (code !== 0) throw new Error(err);
  return JSON.parse(text) as SolveResult;
}

let ids: string[] = [];
beforeAll(async () => {
  const repository = await ScratchRepository.make();
  afterAll(() => repository[Symbol.dispose]());
  await repository.commit("first", healthy);
  const words = ["--mutants", "4", "--per-skill", "2", "--repeats", "1", "--cache", cache];
  const { code, err } = await kihon(["run", "--repo", repository.work, "--out", out, ...words]);
  if (code !== 0) throw new Error(err);
  ids = await idsIn();
});

describe("what rules without a model earn on a dataset", () => {
  it("is printed, and nothing is written", async () => {
    const before = datasetFiles(out);
    const { figures, recorded } = await solved("--baseline", "always-approve");
    expect([figures.map(({ skill }) => skill), recorded]).toEqual([["review"], null]);
    expect(datasetFiles(out)).toEqual(before);
    expect(told()).toContain("This was not measured on these rows");
  });

  it("is recorded by rule after rule, and the card tells all of them", async () => {
    const first = await solved("--record", "--baseline", "always-approve");
    expect(first.recorded).toBe(1);
    const { figures, recorded } = await solved("--record", ...solvers.slice(0, -2).flatMap(({ name }) => ["--baseline", name]));
    expect(recorded).toBe(figures.length);
    for (const { skill, baseline, rows, reward } of [...first.figures, ...figures]) {
      expect(told()).toMatch(new RegExp(`^\\| ${skill} \\| ${baseline} \\| [^|]+ \\| ${rows} \\| ${reward.toFixed(3)} \\|`, "m"));
    }
    expect(told()).toMatch(/earns more than 0\.05 of [^.]*editing \(as-told/);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<td>as-told</td>");
  });

  it("leaves a dataset that opens, is verified and whose run has nothing to do", async () => {
    expect(await idsIn()).toEqual(ids);
    const verified = await kihon(["verify", out, "--cache", cache, "--json"]);
    expect([verified.code, JSON.parse(verified.out)]).toEqual([0, expect.objectContaining({ proven: ids.length, failures: [] })]);
    const before = datasetFiles(out);
    const resumed = await kihon(["resume", out, "--cache", cache]);
    expect([resumed.code, resumed.err]).toEqual([0, expect.stringContaining("nothing has changed")]);
    expect(datasetFiles(out)).toEqual(before);
  });

  it("is not recorded while somebody else writes the dataset", async () => {
    const held = holdWriting(ledgerFile(out));
    const { code, err } = await kihon(["solve", out, "--cache", cache, "--record", "--baseline", "always-approve"]);
    held.release();
    expect([code, err]).toEqual([2, expect.stringContaining("another process is writing this dataset")]);
  });

  it("is removed by a refresh that changes the rows, which says so", async () => {
    expect(existsSync(join(out, baselinesFile))).toBe(true);
    const list = join(folder, "takedown.txt");
    writeFileSync(list, `${ids[0]}\n`);
    const { code, err } = await kihon(["refresh", out, "--withdraw-only", "--takedown", list, "--cache", cache]);
    expect([code, err]).toEqual([0, expect.stringContaining(`kihon solve ${out} --record measures it`)]);
    expect([existsSync(join(out, baselinesFile)), told()]).toEqual([false, expect.stringContaining("This was not measured")]);
    expect(await idsIn()).toEqual(ids.slice(1));
  });
});

describe("how often a model solves a dataset", () => {
  const answerTo = new Map<string, string>();
  let server: LlmServer;
  beforeAll(async () => {
    server = await LlmServer.listen();
    afterAll(() => server.close());
    ids = await idsIn();
    for await (const { draft } of (await openDataset(out)).instances())
      answerTo.set(draft.prompt, draft.answers.find(({ role }) => role === "gold")?.text ?? "");
  });
  /** The gold answer of the question that it is asked, where the seed is one of these. */
  const knowing = (isRight: (seed: number) => boolean): void => {
    server.always((response, asked) => {
      const text = asked.question.messages.at(-1)?.content ?? "";
      const gold = [...answerTo].find(([prompt]) => text.endsWith(prompt))?.[1] ?? "a question that is none of the dataset";
      says(() => (isRight(asked.question.seed) ? gold : "I do not know"))(response, asked);
    });
  };
  async function sampled(...words: string[]): Promise<SampleResult> {
    const { code, out: text, err } = await kihon(["solve", out, "--cache", cache, "--json", "--llm", server.url, ...words]);
    if (code !== 0) throw new Error(err);
    return JSON.parse(text) as SampleResult;
  }

  it("is graded by the code that admitted the rows, recorded by question, and told in the card", async () => {
    const seeds = [1, 2, 3].map((at) => llmSeed(`1/${at}`));
    knowing((seed) => seeds.indexOf(seed) === 1);
    await solved("--record", "--baseline", "always-approve", "--baseline", "assert-true");
    const answers = join(folder, "sampled.jsonl");
    const result = await sampled("--llm-model", "once", "--samples", "3", "--record", "--out", answers);
    expect(result).toMatchObject({ model: "once", samples: 3, infrastructure: 0, recorded: true });
    const counted = result.figures.reduce((sum, { questions }) => sum + questions, 0);
    expect(counted).toBe(ids.length);
    for (const figure of result.figures) expect(figure).toMatchObject({ atK: 1, never: 0, always: 0 });
    for (const { atOne } of result.figures) expect(atOne).toBeCloseTo(1 / 3);
    const [recorded] = solveRatesSchema.parse(JSON.parse(readFileSync(join(out, solveRatesFile), "utf8"))).models;
    const counts = Object.values(recorded?.solved ?? {}).flatMap((own) => Object.entries(own));
    expect(counts.sort()).toEqual(ids.toSorted().map((id) => [id, 1]));
    const card = readFileSync(join(out, "README.md"), "utf8");
    expect(card.match(/^\| once \| \S+ \| \d+ \| 3 \| 0\.333 \| 1\.000 \| 0 \| 0 \|$/gm)).toHaveLength(result.figures.length);
    expect(told()).toContain("assert-true");
    const lines = readFileSync(answers, "utf8").trim().split("\n");
    expect(lines).toHaveLength(3 * ids.length);
    const graded = await kihon(["grade", out, "--answers", answers, "--cache", cache]);
    expect([graded.code, graded.out.match(/"reward":1/g)?.length]).toEqual([0, ids.length]);
    const asked = server.asked.at(-1)?.question;
    expect([asked?.temperature, asked?.messages.at(-1)?.content]).toEqual([0.8, expect.stringContaining("=== index.js\n")]);
  });

  it("asks for no answer twice, and keeps the models apart in the card", async () => {
    const before = server.asked.length;
    await sampled("--llm-model", "once", "--samples", "3", "--record");
    expect(server.asked.length).toBe(before);
    await solved("--record", "--baseline", "empty-test");
    expect(told()).toMatch(/assert-true[\s\S]*empty-test/);
    knowing(() => true);
    const { figures } = await sampled("--llm-model", "always", "--samples", "1", "--temperature", "0", "--context", "0", "--record");
    for (const figure of figures) expect(figure).toMatchObject({ atOne: 1, never: 0 });
    expect(server.asked.at(-1)?.question.messages.at(-1)?.content).not.toContain("=== ");
    const card = readFileSync(join(out, "README.md"), "utf8");
    expect([card.match(/^\| once \|/gm)?.length, card.match(/^\| always \|/gm)?.length]).toEqual([figures.length, figures.length]);
    expect(card.match(/^## How often models solve them$/gm)).toHaveLength(1);
  });

  it("is not told of questions that the server left unanswered", async () => {
    server.always(raw(500, "no", { "retry-after": "0" }));
    const { code, out: text } = await kihon(
      ["solve", out, "--cache", cache, "--json", "--record", "--llm", server.url, "--llm-model", "silent", "--samples", "1"],
      {},
    );
    expect([code, JSON.parse(text)]).toEqual([1, expect.objectContaining({ figures: [], infrastructure: ids.length, recorded: false })]);
    expect(readFileSync(join(out, solveRatesFile), "utf8")).not.toContain("silent");
  });

  it.each([
    [["--baseline", "always-approve", "--llm-model", "m"], /--baseline names a rule/],
    [[], /belong together/],
    [["--llm-model", "m", "--temperature", "5"], /temperature/],
    [["--llm-model", "m", "--record", "--limit", "1"], /part of the rows/],
  ])("is not asked for by %s", async (words, message) => {
    const { code, err } = await kihon(["solve", out, "--cache", cache, "--llm", server.url, ...words]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
