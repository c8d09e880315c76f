/** What a repository's files say about running its tests; nothing is executed. */
import type { Detection, ManifestFacts, Runner } from "../contract.ts";
import { testJobs } from "./ci.ts";
import { runners } from "./runners/index.ts";
import { testCommands, toolName } from "./scripts.ts";

export { type BuildPlan, detectBuild } from "./builds.ts";
export { testFilesOf } from "./test-files.ts";
export {
  detectNodeVersion,
  detectPackageManager,
  lockless,
  type NodeChoice,
  nativePackages,
  type PackageManagerChoice,
} from "./toolchain.ts";

export type RunnerChoice =
  | { readonly runner: Runner; readonly detection: Detection; readonly reason: null }
  | { readonly runner: null; readonly detection: null; readonly reason: string };

const none = (reason: string): RunnerChoice => ({ runner: null, detection: null, reason });

const otherRunners = new Set(
  "tap tape jasmine uvu karma qunit lab bun deno wtr web-test-runner cypress playwright intern testem ts-mocha electron-mocha zora brittle borp poku aegir".split(
    " ",
  ),
);

/** The likeliest runner, or the reason why none is sure enough. */
export function detectRunner(facts: ManifestFacts): RunnerChoice {
  const commands = testCommands(facts);
  const place = (detection: Detection): number =>
    commands.findIndex(({ script, words }) => detection.evidence === `script "${script}": ${words.join(" ")}`);
  const found = runners
    .flatMap((runner) => {
      const detection = runner.detect(facts);
      return detection === null ? [] : [{ runner, detection }];
    })
    .sort((a, b) => b.detection.confidence - a.detection.confidence || place(a.detection) - place(b.detection));
  const [best, second] = found;
  const other = commands.find(({ words }) => words.some((word, index) => index < 2 && otherRunners.has(toolName(word))));
  if (best === undefined)
    return none(other === undefined ? "no known test runner in scripts, files or dependencies" : unsupported(other.words));
  if (best.detection.confidence < 0.8) {
    if (other !== undefined) return none(unsupported(other.words));
    if (second !== undefined && second.detection.confidence === best.detection.confidence) {
      return none(
        `both ${best.runner.name} (${best.detection.evidence}) and ${second.runner.name} (${second.detection.evidence}), and no script decides`,
      );
    }
  }
  return { runner: best.runner, detection: best.detection, reason: null };
}

const unsupported = (words: readonly string[]): string =>
  `the test script starts a runner that is not supported: ${words.slice(0, 3).join(" ")}`;

const allowedNames = /^(?:TZ|LANG|LANGUAGE|LC_[A-Z]+|NODE_ENV|BABEL_ENV|FORCE_COLOR|NO_COLOR|COLUMNS|LINES|TS_NODE_[A-Z_]+)$/;

/** Plain settings of the test script and of the CI job that runs the tests; the script wins. Only names that change how tests behave. */
export function detectEnv(facts: ManifestFacts): Readonly<Record<string, string>> {
  const job = testJobs(facts)[0];
  const script = testCommands(facts).filter(({ script: name }) => name === "test");
  const all = Object.assign({}, job?.env, ...script.map((command) => command.env)) as Record<string, string>;
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => allowedNames.test(name) && !value.includes("$")));
}
