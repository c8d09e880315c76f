/** `kihon grade` on a small dataset: which line a result belongs to, and what it means that there is none. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GradeLine } from "../../pipeline/grade.ts";
import { kihon } from "../e2e/stand.ts";
import { instance, writeStand } from "../output/projections/stand.ts";

let scratch = "";
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kihon-grade-"));
  chmodSync(scratch, 0o755); // jobs pass it on their way to a cache inside
  await writeStand(join(scratch, "data"));
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true }));

/** Nothing of the answers is run, so it does not matter that this provider does not isolate. */
async function grade(answers: readonly unknown[], env: Readonly<Record<string, string>> = {}) {
  const words = ["grade", join(scratch, "data"), "--answers", "-", "--cache", join(scratch, "cache"), "--sandbox", "process"];
  const input = answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");
  const { code, out, err } = await kihon([...words, "--i-trust-this-code"], { input, env });
  const lines = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as GradeLine);
  return { code, err, lines };
}

const { id } = instance("localization").draft;
const right = '{"locations":[{"file":"src/add.ts"}]}';
const wrong = '{"locations":[{"file":"src/other.ts"}]}';

describe("answers to one question", () => {
  it("are told apart by the id of their lines, a text or a number; a line without one has none", async () => {
    const { code, lines } = await grade([
      { id: "first", instance_id: id, answer: right },
      { id: 2, instance_id: id, answer: wrong, group: 7 },
      { id: 0, instance_id: id, answer: right },
      { instance_id: id, answer: wrong },
    ]);
    expect(code).toBe(0);
    expect(new Map(lines.map((line) => [line.id, line.reward]))).toEqual(
      new Map<unknown, number>([
        ["first", 1],
        [2, 0],
        [0, 1],
        [undefined, 0],
      ]),
    );
    expect(lines.filter((line) => "id" in line)).toHaveLength(3);
    expect(lines.filter((line) => "group" in line)).toEqual([]);
  });

  it.each([null, {}, 2 ** 60])("are refused with an id that could not be given back: %j", async (other) => {
    const { code, err } = await grade([{ id: other, instance_id: id, answer: right }]);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/line 1 of the answers[\s\S]*next: .*an id beside them is a string or a number/),
    ]);
  });
});

describe("an answer that was not graded", () => {
  it("has no reward where the dataset has no such instance, and ends the command with 1", async () => {
    const { code, lines } = await grade([
      { id: "lost", instance_id: "f".repeat(16), answer: right },
      { id: "kept", instance_id: id, answer: right },
    ]);
    expect(code).toBe(1);
    expect(lines.find((line) => line.id === "lost")).toMatchObject({ reward: null, reason: "unknown-instance", infra_error: null });
    expect(lines.find((line) => line.id === "kept")).toMatchObject({ reward: 1 });
  });

  it("has no reward where the machine failed, and ends the command with 1", async () => {
    const answer = "--- a/src/add.ts\n+++ b/src/add.ts\n@@ -2 +2 @@\n-  return a - b;\n+  return a + b;\n";
    // Nobody listens there.
    const nowhere = { npm_config_registry: "http://127.0.0.1:9", npm_config_fetch_retries: "0" };
    const { code, lines } = await grade([{ id: "repair", instance_id: instance("editing").draft.id, answer }], nowhere);
    expect([code, lines]).toEqual([
      1,
      [expect.objectContaining({ id: "repair", reward: null, reason: null, infra_error: expect.any(String) })],
    ]);
  });
});

describe("kihon grade --help", () => {
  it("says in which order results come", async () => {
    expect((await kihon(["grade", "--help"])).out).toContain("in the order in which they are done");
  });
});
