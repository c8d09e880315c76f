/** vitest, 0.x to 5, by its Node API. */
import type { Runner, TestPlan } from "../../contract.ts";
import { harnessCommand } from "./command.ts";
import { detectBy, divideNodeFlags, keepFlags } from "./detect.ts";
import { parseReport } from "./report.ts";

/** Flag → does its value follow as a word of its own? */
const kept = new Map([
  ...["--config", "-c", "--root", "-r", "--dir", "--project", "--environment", "--pool", "--mode", "--exclude"].map(
    (flag) => [flag, true] as const,
  ),
  ...["--globals", "--dom", "--isolate", "--no-isolate", "--threads", "--no-threads", "--single-thread"].map(
    (flag) => [flag, false] as const,
  ),
  ...["--no-file-parallelism", "--fileParallelism"].map((flag) => [flag, false] as const),
]);
const longNames: Readonly<Record<string, string>> = {
  c: "config",
  r: "root",
  "file-parallelism": "fileParallelism",
  "single-thread": "singleThread",
};
const modes = new Set(["run", "watch", "dev", "related"]);

const otherModes = new Set(["typecheck", "bench", "list", "init"]);
/** `vitest typecheck` and the like: a script may do that first and run the tests afterwards. */
const isOther = (words: readonly string[]): boolean => otherModes.has(words.find((word) => !word.startsWith("-")) ?? "");

function keep(words: readonly string[]): readonly string[] {
  const { node, rest } = divideNodeFlags(words);
  const own = keepFlags(rest, kept, true);
  return [...node, ...own.filter((word, index) => !(modes.has(word) && own.indexOf(word) === index && !own[index - 1]?.startsWith("-")))];
}

/** Command-line words as the options object that the Node API takes, and the file filters among them. */
export function vitestOptions(words: readonly string[]): { options: Record<string, unknown>; filters: string[] } {
  const options: Record<string, unknown> = {};
  const filters: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const flag = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(word);
    if (!flag) {
      filters.push(word);
      continue;
    }
    const negated = (flag[1] as string).startsWith("no-");
    const short = negated ? (flag[1] as string).slice(3) : (flag[1] as string);
    const name = longNames[short] ?? short;
    const value = flag[2] ?? (kept.get(word) === true ? words[++i] : undefined) ?? !negated;
    if (name === "project" || name === "exclude") options[name] = [...((options[name] as unknown[] | undefined) ?? []), value];
    else options[name] = value;
  }
  return { options, filters };
}

function command(plan: TestPlan) {
  const { node, rest } = divideNodeFlags(plan.args);
  return harnessCommand(plan, { script: "vitest-main.mjs", nodeFlags: node, members: { ...vitestOptions(rest), nodeFlags: node } });
}

const importLine = (style: "esm" | "cjs"): string =>
  style === "esm" ? 'import { describe, expect, it } from "vitest";\n' : 'const { describe, expect, it } = require("vitest");\n';

export const vitest = Object.freeze({
  name: "vitest",
  version: 2,
  language: "javascript",
  package: "vitest",
  canShuffle: true,
  canParallel: true,
  canShare: true,
  canSift: true,
  cacheFolders: [],
  detect: (facts) =>
    detectBy(
      { tools: ["vitest"], package: "vitest", configFile: /^vitest\.(?:config|workspace)\.[cm]?[jt]s$/, manifestKey: null, isOther, keep },
      facts,
    ),
  command,
  parse: parseReport,
  configFiles: [
    ...["vitest.config.*", "vite.config.*", "vitest.workspace.*", "vitest.projects.*", "babel.config.*", ".babelrc*", ".swcrc"],
    ...["tsconfig*.json", "package.json", ".npmrc"],
  ],
  // vitest cannot be required, whatever the package's module kind: its own transform takes the import.
  starter: () => importLine("esm"),
  samples: {
    pass: () => `${importLine("esm")}\ndescribe("sample", () => {\n  it("passes", () => {\n    expect(1 + 1).toBe(2);\n  });\n});\n`,
    fail: () => `${importLine("esm")}\ndescribe("sample", () => {\n  it("fails", () => {\n    expect(1 + 1).toBe(3);\n  });\n});\n`,
  },
} satisfies Runner);
