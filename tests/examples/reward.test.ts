/** The reward function in Python against the command itself, on a real dataset. A machine without python3 fails here: the example could not be tried. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instance, writeStand } from "../output/projections/stand.ts";

const root = join(import.meta.dirname, "../..");
let scratch = "";
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kihon-reward-"));
  chmodSync(scratch, 0o755); // jobs pass it on their way to a cache inside
  await writeStand(join(scratch, "data"));
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a program that imports `reward`; what it prints last is JSON. */
function python(program: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const child = spawn("python3", ["-c", `import json, reward\n${program}`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PYTHONPATH: join(root, "examples"),
      PYTHONDONTWRITEBYTECODE: "1",
      KIHON_DATASET: join(scratch, "data"),
      KIHON_COMMAND: `'${process.execPath}' '${join(root, "cli.ts")}'`,
      // Nothing of these answers is run, so it does not matter that this provider does not isolate.
      KIHON_OPTIONS: `--cache '${join(scratch, "cache")}' --sandbox process --i-trust-this-code`,
      ...env,
    },
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(new Error("python3 is needed to try the example", { cause })));
    child.once("close", (code) => (code === 0 ? resolve(JSON.parse(out.trim().split("\n").at(-1) ?? "")) : reject(new Error(err))));
  });
}

/** A command in the place of `kihon grade`: `body` has `lines`, the results of which it writes with `say(line, more)`. */
function standIn(name: string, body: string): Readonly<Record<string, string>> {
  const path = join(scratch, `${name}.mjs`);
  const head = `import { createInterface } from "node:readline";
const lines = createInterface({ input: process.stdin });
function say({ id, instance_id, answer }, more = {}) {
  const graded = { id, instance_id, reward: Number(answer), components: {}, reason: null, detail: "", infra_error: null, ...more };
  process.stdout.write(JSON.stringify(graded) + "\\n");
}
`;
  writeFileSync(path, `${head}${body}`);
  return { KIHON_COMMAND: `'${process.execPath}' '${path}'` };
}
/** Says nothing before it has read eight lines, and then answers the last one first. */
const patient = (): Readonly<Record<string, string>> =>
  standIn(
    "patient",
    'const read = [];\nlines.on("line", (line) => {\n  read.push(JSON.parse(line));\n  if (read.length === 8) for (const one of read.splice(0).reverse()) say(one);\n});\n',
  );

const { id } = instance("localization").draft;
const right = '{"locations":[{"file":"src/add.ts"}]}';
const fenced = (text: string): string => JSON.stringify(`It is there:\n\n\`\`\`json\n${text}\n\`\`\`\nas said.`);

describe("the reward function in Python", () => {
  it("takes the last fenced block of a reply, or all of it", async () => {
    const replies = ["```js\none\n```\nthen\n```\ntwo\n```\n", "  bare  ", "an `inline` word"];
    expect(
      await python(`print(json.dumps([reward.answer_of(text) for text in json.loads(${JSON.stringify(JSON.stringify(replies))})]))`),
    ).toEqual(["two\n", "bare", "an `inline` word"]);
  });

  it("rewards a right answer with 1 and a wrong one with 0, for verl and for TRL, by one grader that stays open", async () => {
    const wrong = '{"locations":[{"file":"src/other.ts"}]}';
    const program = [
      `scores = [reward.compute_score("kihon/localization", text, "${id}", {}) for text in (${fenced(right)}, ${fenced(wrong)}, "")]`,
      "first = reward.grader()._process",
      `scores += reward.trl_reward([[{"role": "assistant", "content": ${fenced(right)}}], ${fenced(wrong)}], ["${id}", "${id}"], skill=["a", "b"])`,
      "same = first is reward.grader()._process",
      "reward.grader().close()",
      "print(json.dumps([scores, same]))",
    ].join("\n");
    expect(await python(program)).toEqual([[1, 0, 0, 1, 0], true]);
  });

  it("is an environment of one answer for SkyRL", async () => {
    const program = [
      "class Base:\n    def __init__(self): self.turns = 0",
      `env = reward.skyrl_env(Base)({}, extras={"reward_spec": {"method": "rule", "ground_truth": "${id}"}})`,
      `said = [env.turns, isinstance(env, Base), env.step(${fenced(right)}), env.step("")]`,
      "reward.grader().close()",
      "print(json.dumps(said))",
    ].join("\n");
    const step = { observations: [], reward: 1, done: true, metadata: { reason: null } };
    expect(await python(program)).toEqual([0, true, step, { ...step, reward: 0, metadata: { reason: expect.any(String) } }]);
  });

  it("rewards a sample of slime, and a list of them", async () => {
    const program = [
      "import asyncio, types",
      `one = lambda text: types.SimpleNamespace(prompt="?", response=text, label="${id}")`,
      `async def both(): return [await reward.slime_rm(None, one(${fenced(right)})), await reward.slime_rm(None, [one(""), one(${fenced(right)})], evaluation=True)]`,
      "said = asyncio.run(both())",
      "reward.grader().close()",
      "print(json.dumps(said))",
    ].join("\n");
    expect(await python(program)).toEqual([1, [0, 1]]);
  });

  it("gives no reward for an instance that the dataset does not have, or where the grader does not start", async () => {
    const program = [
      "said = []",
      "try:\n    reward.compute_score('', 'x', 'ffffffffffffffff')\nexcept KeyError: said.append('unknown')",
      "try:\n    reward.Grader('/nowhere', reward.os.environ['KIHON_COMMAND']).grade('a', 'b')\nexcept reward.NoGrader as error: said.append(str(error))",
      "reward.grader().close()",
      "print(json.dumps(said))",
    ].join("\n");
    expect(await python(program)).toEqual(["unknown", expect.stringContaining("kihon grade ended with 2")]);
  });

  it("asks for all answers of a step at once, and finds each one's own result", async () => {
    const program = [
      'rewards = reward.trl_reward(list("01101001"), ["same"] * 8)',
      "reward.grader().close()",
      "print(json.dumps(rewards))",
    ].join("\n");
    expect(await python(program, patient())).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
  });

  it("serves threads side by side, by one grader", async () => {
    const program = [
      "from concurrent.futures import ThreadPoolExecutor",
      'one = lambda text: reward.compute_score("kihon/review", text, "same")',
      "with ThreadPoolExecutor(8) as pool: rewards = list(pool.map(one, '0110100110010110'))",
      "reward.grader().close()",
      "print(json.dumps(rewards))",
    ].join("\n");
    expect(await python(program, patient())).toEqual([0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0]);
  });

  it("writes more than a pipe holds while results come", async () => {
    const program = [
      'rewards = reward.trl_reward(["0" * 5000 + "1"] * 400, ["same" * 1000] * 400)',
      "reward.grader().close()",
      "print(json.dumps(rewards))",
    ].join("\n");
    expect(await python(program, standIn("quick", 'lines.on("line", (line) => say(JSON.parse(line)));\n'))).toEqual(Array(400).fill(1));
  });

  it("leaves out for TRL what the machine failed at, and nothing else", async () => {
    const failing = standIn(
      "failing",
      'lines.on("line", (line) => {\n  const one = JSON.parse(line);\n  say(one, one.answer === "x" ? { reward: null, infra_error: "the disk is full" } : {});\n});\n',
    );
    const program = [
      'said = [reward.trl_reward(["1", "x", "0"], ["same"] * 3)]',
      'try:\n    reward.compute_score("", "x", "same")\nexcept reward.Trouble as error: said.append(str(error))',
      "reward.grader().close()",
      "print(json.dumps(said))",
    ].join("\n");
    expect(await python(program, failing)).toEqual([[1, null, 0], "the disk is full"]);
  });

  const raised = [
    "said = []",
    'for _ in range(2):\n    try:\n        reward.trl_reward(["1", "0"], ["a", "b"])\n    except reward.NoGrader as error: said.append(str(error))',
    "print(json.dumps(said))",
  ].join("\n");
  it.each([
    ["ends with 2", "process.exit(2);\n", /ended with 2/],
    ["ends in the middle", 'lines.once("line", (line) => {\n  say(JSON.parse(line));\n  process.exit(70);\n});\n', /ended with 70/],
    ["never answers", 'lines.on("line", () => {});\n', /said nothing for 1 seconds/],
    ["speaks otherwise", 'process.stdout.write("Hello\\n");\nlines.on("line", () => {});\n', /what is no result: Hello/],
  ])("raises for TRL where the grader %s", async (name, body, why) => {
    const said = await python(raised, {
      ...standIn(name.replaceAll(" ", "-"), body),
      KIHON_SILENCE: name === "never answers" ? "1" : "120",
    });
    expect(said).toEqual([expect.stringMatching(why), expect.stringMatching(why)]);
  });
});
