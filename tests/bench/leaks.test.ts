import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { auditLeaks } from "../../bench/leaks.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { toRows } from "../../output/rows.ts";
import { context, datasetInput, environment, sampleInstance } from "../output/samples.ts";
import { githubToken } from "../skills/scrub/credential-samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-leaks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const patch = "--- a/src/add.ts\n+++ b/src/add.ts\n@@ -1,2 +1,2 @@\n same();\n-return left - right;\n+return left + right;\n";

async function kindsIn(prompt: string, stated: readonly string[] = []): Promise<string[]> {
  const pair = toRows(sampleInstance("bug-fix", { prompt }), environment, context);
  const row = {
    public: { ...pair.public, interface: [...stated] },
    private: { ...pair.private, patch, FAIL_TO_PASS: ["tests/add.test.ts > adds two numbers"] },
  };
  await writeDataset(datasetInput(folder, { sets: [{ skill: "bug-fix", split: "test", pairs: () => [row] }] }));
  const { rows, findings } = await auditLeaks(folder);
  expect(rows).toBe(1);
  return [...new Set(findings.map(({ kind }) => kind))];
}

describe("the audit finds", () => {
  it.each([
    ["address", "See https://corp.io/a for more."],
    ["address", "It is on github.com."],
    ["commit-id", "Since abc1234 it fails."],
    ["commit-id", `Since ${sampleInstance("bug-fix").candidate.revision.commit.slice(0, 8)} it fails.`],
    ["reference", "As in #12."],
    ["reference", "It fixes 12."],
    ["added-line", "Write `return left +\n right;` there."],
    ["path", "It is in src/add.ts."],
    ["path", "at add.ts:3:1"],
    ["test-title", "It adds two numbers."],
    ["e-mail", "Write to a@corp.io."],
    ["credential", `It logs ${githubToken}.`],
  ])("%s: %s", async (kind, prompt) => expect(await kindsIn(prompt)).toEqual([kind]));
});

it("passes over what leads nowhere, and what the interface states on purpose", async () => {
  expect(await kindsIn("add(1, 2) gives -1, see https://example.com/a, http://localhost:80, `http://foo/b` and #fff.")).toEqual([]);
  expect(await kindsIn("Names:\n\n- `src/add.ts`\n", ["src/add.ts"])).toEqual([]);
});

it("of rows that quote nobody looks at credentials and at authors alone", async () => {
  const prompts = ["See #12 at https://corp.io.", `Write "${githubToken}".`, "Insert\n\n// Author: Ann <ann@corp.io>"];
  const pairs = prompts.map((prompt, at) =>
    toRows(sampleInstance("editing", { prompt, id: `000000000000000${at}` }), environment, context),
  );
  await writeDataset(datasetInput(folder, { sets: [{ skill: "editing", split: "train", pairs: () => pairs }] }));
  const { rows, findings } = await auditLeaks(folder);
  expect(rows).toBe(3);
  expect(findings.map(({ id, kind }) => [id, kind])).toEqual([
    ["0000000000000001", "credential"],
    ["0000000000000002", "author"],
  ]);
});

it("has nothing to say of a dataset without rows", async () => {
  await writeDataset(datasetInput(folder, { sets: [] }));
  expect(await auditLeaks(folder)).toEqual({ rows: 0, findings: [] });
});
