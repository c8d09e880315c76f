/** What a repository's own CI says about running its tests. Only GitHub workflow files are read. */
import { parse, YAMLParseError } from "yaml";
import type { ManifestFacts } from "../contract.ts";

type Mapping = Readonly<Record<string, unknown>>;
const mapping = (value: unknown): Mapping =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Mapping) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export interface TestJob {
  readonly file: string;
  /** Entries of the node version matrix and of setup steps, as written. */
  readonly nodeVersions: readonly string[];
  /** Plain settings of the workflow, the job and the step that runs the tests, the innermost winning. */
  readonly env: Readonly<Record<string, string>>;
}

function plainEnv(value: unknown): Record<string, string> {
  const entries = Object.entries(mapping(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && !entry[1].includes("${{"),
  );
  return Object.fromEntries(entries);
}

const nodeKey = /^(?:node|node[-_]?version|nodes|node[-_]?versions)$/i;

function matrixVersions(job: Mapping): string[] {
  const matrix = mapping(mapping(job["strategy"])["matrix"]);
  const direct = Object.entries(matrix).filter(([key]) => nodeKey.test(key));
  const included = list(matrix["include"]).flatMap((entry) => Object.entries(mapping(entry)).filter(([key]) => nodeKey.test(key)));
  return [...direct, ...included]
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter((value) => typeof value === "string");
}

const runsTests = (step: Mapping): boolean =>
  typeof step["run"] === "string" && /\b(?:test|vitest|jest|mocha|ava)\b/.test(step["run"]) && !/\bplaywright install\b/.test(step["run"]);

function jobsOf(file: string, text: string): TestJob[] {
  let workflow: Mapping;
  try {
    // Strings only: a version 20.10 must not become the number 20.1.
    workflow = mapping(parse(text, { schema: "failsafe" }));
  } catch (error) {
    if (error instanceof YAMLParseError) return [];
    throw error;
  }
  return Object.values(mapping(workflow["jobs"])).flatMap((value) => {
    const job = mapping(value);
    const steps = list(job["steps"]).map(mapping);
    const testing = steps.filter(runsTests);
    if (testing.length === 0) return [];
    const setups = steps.map((step) => mapping(step["with"])["node-version"]).filter((version) => typeof version === "string");
    const env = { ...plainEnv(workflow["env"]), ...plainEnv(job["env"]), ...plainEnv(testing[0]?.["env"]) };
    return [{ file, nodeVersions: [...matrixVersions(job), ...setups], env }];
  });
}

/** Jobs with a step that runs tests, the plainest workflow names (`ci`, `test`) first. */
export function testJobs(facts: ManifestFacts): readonly TestJob[] {
  const rank = (path: string): number =>
    /\/(?:ci|tests?|main|node\.?js|build)[^/]*$/.test(path) ? 0 : /release|publish|codeql|docs/.test(path) ? 2 : 1;
  return facts.paths
    .filter((path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .flatMap((path) => jobsOf(path, facts.read(path) ?? ""));
}
