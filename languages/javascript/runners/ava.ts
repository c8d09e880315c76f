/** ava, 2 to 6, under the repository's own settings. */
import type { Runner, TestPlan } from "../../contract.ts";
import { harnessCommand } from "./command.ts";
import { detectBy, divideNodeFlags, keepFlags } from "./detect.ts";
import { parseReport } from "./report.ts";

const kept = new Map([
  ["--config", true],
  ["--node-arguments", true],
  ["--no-worker-threads", false],
  ["--worker-threads", false],
  ["--serial", false],
  ["-s", false],
] as const);

function keep(words: readonly string[]): readonly string[] {
  const { node, rest } = divideNodeFlags(words);
  return [...node, ...keepFlags(rest, kept, true)];
}

function command(plan: TestPlan) {
  const { node, rest } = divideNodeFlags(plan.args);
  const args = keepFlags(rest, kept, plan.files === "all");
  return harnessCommand(plan, { script: "ava-main.mjs", nodeFlags: node, members: { args } });
}

const opening = (style: "esm" | "cjs"): string => (style === "esm" ? 'import test from "ava";\n' : 'const test = require("ava");\n');

export const ava = Object.freeze({
  name: "ava",
  version: 1,
  language: "javascript",
  package: "ava",
  canShuffle: false,
  canParallel: true,
  canShare: false,
  canSift: true,
  cacheFolders: [],
  detect: (facts) => detectBy({ tools: ["ava"], package: "ava", configFile: /^ava\.config\.[cm]?js$/, manifestKey: "ava", keep }, facts),
  command,
  parse: parseReport,
  configFiles: ["ava.config.*", "babel.config.*", ".babelrc*", ".swcrc", "tsconfig*.json", "package.json", ".npmrc"],
  starter: opening,
  samples: {
    pass: (style) => `${opening(style)}\ntest("sample passes", (t) => {\n  t.is(1 + 1, 2);\n});\n`,
    fail: (style) => `${opening(style)}\ntest("sample fails", (t) => {\n  t.is(1 + 1, 3);\n});\n`,
  },
} satisfies Runner);
