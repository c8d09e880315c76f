/** node:test, each file in a process of its own, as `node --test` does. */
import type { Detection, ManifestFacts, Runner, TestPlan } from "../../contract.ts";
import { runnerCommands, type ScriptCommand, toolName } from "../scripts.ts";
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

const startsNodeTest = ({ words }: ScriptCommand): boolean =>
  ["node", "tsx"].includes(toolName(words[0] ?? "")) && words.includes("--test");

/** A script may start it several times, each with test files of its own: those with the same flags are run as one. */
function detect(facts: ManifestFacts): Detection | null {
  const [first, ...more] = runnerCommands(facts, startsNodeTest);
  if (first === undefined) return null;
  const flagsOf = ({ env, words }: ScriptCommand) => {
    const options = (env["NODE_OPTIONS"] ?? "").split(/\s+/).filter((word) => word !== "" && !word.includes("$"));
    const { nodeArgs, patterns } = divideNodeTest(words.slice(1).filter((word) => !/[$`<>]/.test(word)));
    const loader = toolName(words[0] ?? "") === "tsx" ? ["--import", "tsx"] : [];
    return { flags: [...options, ...loader, ...nodeArgs], patterns };
  };
  const { flags, patterns } = flagsOf(first);
  const same = more.map(flagsOf).filter((other) => other.flags.join("\0") === flags.join("\0"));
  const wanted = [patterns, ...same.map((other) => other.patterns)];
  // Without patterns node:test finds all files by itself, those of the other commands among them.
  const files = wanted.some((some) => some.length === 0) ? [] : new Set(wanted.flat());
  return {
    confidence: first.script === "test" ? 0.95 : 0.85,
    evidence: `script "${first.script}": ${first.words.join(" ")}`,
    args: [...flags, ...files],
  };
}

const command = (plan: TestPlan) =>
  harnessCommand(plan, { script: "node-test-main.mjs", nodeFlags: [], members: divideNodeTest(plan.args) });

const opening = (style: "esm" | "cjs"): string =>
  style === "esm"
    ? 'import assert from "node:assert/strict";\nimport { describe, it } from "node:test";\n'
    : 'const assert = require("node:assert/strict");\nconst { describe, it } = require("node:test");\n';

export const nodeTest = Object.freeze({
  name: "node-test",
  version: 2,
  language: "javascript",
  package: null,
  // Every file has a process of its own, so their order cannot matter; within a file node:test has no shuffle.
  canShuffle: false,
  canParallel: true,
  canShare: true,
  canSift: true,
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
