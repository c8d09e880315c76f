/** jest, 24 to 30, by its own command line and a reporter in its main process. */
import semver from "semver";
import type { Runner, TestPlan } from "../../contract.ts";
import { harnessCommand } from "./command.ts";
import { detectBy, divideNodeFlags, keepFlags } from "./detect.ts";
import { parseReport } from "./report.ts";

const kept = new Map([
  ...["--config", "-c", "--env", "--testEnvironment", "--rootDir", "--preset", "--resolver", "--testRunner", "--runner"].map(
    (f) => [f, true] as const,
  ),
  ...["--projects", "--selectProjects", "--ignoreProjects", "--roots", "--testMatch", "--testRegex", "--transform"].map(
    (f) => [f, true] as const,
  ),
  ...["--testPathPattern", "--testPathPatterns", "--testPathIgnorePatterns", "--modulePaths", "--moduleNameMapper"].map(
    (f) => [f, true] as const,
  ),
  ...["--setupFiles", "--setupFilesAfterEnv", "--globals"].map((f) => [f, true] as const),
  ...["--resetMocks", "--resetModules", "--restoreMocks", "--clearMocks", "--automock", "--injectGlobals"].map((f) => [f, false] as const),
]);

function keep(words: readonly string[]): readonly string[] {
  const { node, rest } = divideNodeFlags(words);
  return [...node, ...keepFlags(rest, kept, true)];
}

/** With named files, patterns that choose files would be taken for files. */
function command(plan: TestPlan) {
  const { node, rest } = divideNodeFlags(plan.args);
  const args = plan.files === "all" ? rest : keepFlags(rest, withoutPatterns, false);
  return harnessCommand(plan, { script: "jest-main.cjs", nodeFlags: node, members: { args } });
}
const withoutPatterns = new Map([...kept].filter(([flag]) => !flag.startsWith("--testPathPattern")));

/** `@jest/globals` came with 25.5; before it, and after, they are there without being imported unless a setting says otherwise. */
const importable = ">=25.5.0";

function opening(style: "esm" | "cjs", version: string): string {
  if (semver.valid(version) !== null && !semver.satisfies(version, importable, { includePrerelease: true })) return "";
  return style === "esm"
    ? 'import { describe, expect, it } from "@jest/globals";\n'
    : 'const { describe, expect, it } = require("@jest/globals");\n';
}

export const jest = Object.freeze({
  name: "jest",
  version: 2,
  language: "javascript",
  package: "jest",
  canShuffle: true,
  canParallel: true,
  canShare: false,
  canSift: true,
  cacheFolders: ["node_modules/.cache/kihon-jest"],
  detect: (facts) =>
    detectBy({ tools: ["jest"], package: "jest", configFile: /^jest\.config\.(?:[cm]?[jt]s|json)$/, manifestKey: "jest", keep }, facts),
  command,
  parse: parseReport,
  configFiles: [
    ...[
      "jest.config.*",
      "jest.setup.*",
      "jest-setup.*",
      "babel.config.*",
      ".babelrc*",
      ".swcrc",
      "tsconfig*.json",
      "package.json",
      ".npmrc",
    ],
  ],
  starter: opening,
  samples: {
    pass: (style, version) =>
      `${opening(style, version)}\ndescribe("sample", () => {\n  it("passes", () => {\n    expect(1 + 1).toBe(2);\n  });\n});\n`,
    fail: (style, version) =>
      `${opening(style, version)}\ndescribe("sample", () => {\n  it("fails", () => {\n    expect(1 + 1).toBe(3);\n  });\n});\n`,
  },
} satisfies Runner);
