/** node:test, each file in a process of its own, as `node --test` does. */
import type { Detection, ManifestFacts, Runner, TestPlan } from "../../contract.ts";
import { testCommands, toolName } from "../scripts.ts";
import { harnessCommand } from "./command.ts";
import { parseReport } from "./report.ts";

const withValue = new Set(["--import", "--require", "-r", "--loader", "--experimental-loader", "--conditions", "-C", "--env-file"]);
const ownWithValue = new Set([
  "--test-name-pattern",
  "--test-reporter",
  "--test-reporter-destination",
  "--test-concurrency",
  "--test-timeout",
]);
/** The harness has its own answers to these. */
const replaced = /^--(?:test|watch|experimental-test-coverage|test-.*|experimental-default-config-file|experimental-config-file)(?:=|$)/;

/** Divides words into flags for each file's `node` and patterns of test files. */
export function divideNodeTest(words: readonly string[]): { nodeArgs: string[]; patterns: string[] } {
  const nodeArgs: string[] = [];
  const patterns: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith("-")) patterns.push(word);
    else if (replaced.test(word)) i += ownWithValue.has(word) ? 1 : 0;
    else {
      nodeArgs.push(word);
      if (withValue.has(word) && words[i + 1] !== undefined) nodeArgs.push(words[++i] as string);
    }
  }
  return { nodeArgs, patterns };
}

function detect(facts: ManifestFacts): Detection | null {
  for (const { script, env, words } of testCommands(facts)) {
    const tool = toolName(words[0] ?? "");
    if ((tool !== "node" && tool !== "tsx") || !words.includes("--test")) continue;
    const options = (env["NODE_OPTIONS"] ?? "").split(/\s+/).filter((word) => word !== "" && !word.includes("$"));
    const { nodeArgs, patterns } = divideNodeTest(words.slice(1).filter((word) => !/[$`<>]/.test(word)));
    const loader = tool === "tsx" ? ["--import", "tsx"] : [];
    return {
      confidence: script === "test" ? 0.95 : 0.85,
      evidence: `script "${script}": ${words.join(" ")}`,
      args: [...options, ...loader, ...nodeArgs, ...patterns],
    };
  }
  return null;
}

const command = (plan: TestPlan) =>
  harnessCommand(plan, { script: "node-test-main.mjs", nodeFlags: [], members: divideNodeTest(plan.args) });

const opening = (style: "esm" | "cjs"): string =>
  style === "esm"
    ? 'import assert from "node:assert/strict";\nimport { describe, it } from "node:test";\n'
    : 'const assert = require("node:assert/strict");\nconst { describe, it } = require("node:test");\n';

export const nodeTest = Object.freeze({
  name: "node-test",
  version: 1,
  language: "javascript",
  package: null,
  // Every file has a process of its own, so their order cannot matter; within a file node:test has no shuffle.
  canShuffle: false,
  cacheFolders: [],
  detect,
  command,
  parse: parseReport,
  configFiles: ["tsconfig*.json", "package.json", ".npmrc", "node.config.json"],
  starter: opening,
  samples: {
    pass: (style) => `${opening(style)}\ndescribe("sample", () => {\n  it("passes", () => {\n    assert.equal(1 + 1, 2);\n  });\n});\n`,
    fail: (style) => `${opening(style)}\ndescribe("sample", () => {\n  it("fails", () => {\n    assert.equal(1 + 1, 3);\n  });\n});\n`,
  },
} satisfies Runner);
