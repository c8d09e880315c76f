/** mocha, 2 to 11, under the repository's own settings. */
import type { Runner, TestPlan } from "../../contract.ts";
import { mochaGlobs } from "../test-files.ts";
import { harnessCommand } from "./command.ts";
import { detectBy } from "./detect.ts";
import { parseReport } from "./report.ts";

/** mocha reads its own words again, so nearly all are kept; the harness replaces files, reporter, limits and watching. */
const keep = (words: readonly string[]): readonly string[] => words.filter((word) => !/^(?:--watch|-w|--watch-files.*)$/.test(word));

const recognition = {
  tools: ["mocha", "_mocha"],
  package: "mocha",
  configFile: /^\.mocharc(?:\.(?:[cm]?js|json|jsonc|ya?ml))?$/,
  manifestKey: "mocha",
  keep,
};

const command = (plan: TestPlan) => harnessCommand(plan, { script: "mocha-main.cjs", nodeFlags: [], members: { args: plan.args } });

const opening = (style: "esm" | "cjs"): string =>
  style === "esm" ? 'import assert from "node:assert/strict";\n' : 'const assert = require("assert").strict;\n';

export const mocha = Object.freeze({
  name: "mocha",
  version: 1,
  language: "javascript",
  package: "mocha",
  canShuffle: true,
  canParallel: false,
  canShare: false,
  canSift: true,
  cacheFolders: [],
  detect: (facts) => {
    const found = detectBy(recognition, facts);
    return found === null ? null : { ...found, args: [...found.args, ...mochaGlobs(facts, found.args)] };
  },
  command,
  parse: parseReport,
  configFiles: [".mocharc*", "test/mocha.opts", "babel.config.*", ".babelrc*", ".swcrc", "tsconfig*.json", "package.json", ".npmrc"],
  starter: opening,
  samples: {
    pass: (style) => `${opening(style)}\ndescribe("sample", () => {\n  it("passes", () => {\n    assert.equal(1 + 1, 2);\n  });\n});\n`,
    fail: (style) => `${opening(style)}\ndescribe("sample", () => {\n  it("fails", () => {\n    assert.equal(1 + 1, 3);\n  });\n});\n`,
  },
} satisfies Runner);
