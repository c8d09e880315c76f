/** How a test file of this repository is written: modules or CommonJS, and the path by which it imports a source. */
import { posix } from "node:path";
import type { PoseContext } from "./contract.ts";

/** ES modules by extension or by an import or export statement. */
export const isModule = (path: string, text: string): boolean =>
  /\.(?:mjs|mts|ts|tsx)$/.test(path) || (!path.endsWith(".cjs") && /^\s*(?:import\s|import\{|export\s|export\{)/m.test(text));

/** Test files as the environment's runner takes them, in its version. */
export function samplesOf({ runner, environment }: Pick<PoseContext, "runner" | "environment">) {
  const { runnerVersion } = environment.recipe;
  return {
    starter: (style: "esm" | "cjs"): string => runner.starter(style, runnerVersion),
    pass: (style: "esm" | "cjs"): string => runner.samples.pass(style, runnerVersion),
    fail: (style: "esm" | "cjs"): string => runner.samples.fail(style, runnerVersion),
  };
}

/**
 * A test of the runner's own kind that passes where an expression is true and fails by assertion where it is not: the runner's passing
 * sample with the sum in it replaced. `lines` stand before it.
 */
export const conditionalTest = (sample: string, lines: string, expression: string): string =>
  `${lines}\n${sample.replace("1 + 1", `(${expression}) ? 2 : 3`)}`;

/** Reads a file of the tree into `source`, as text. Tests run in the package's folder, in modules and in CommonJS alike. */
export function readSource(file: string, packageDir: string): string {
  const path = packageDir === "." ? file : posix.relative(packageDir, file);
  const fs = 'globalThis.process.getBuiltinModule ? globalThis.process.getBuiltinModule("node:fs") : require("fs")';
  return `const source = (${fs}).readFileSync(${JSON.stringify(path)}, "utf8");`;
}

/** `./x` or `../x` from one file of the tree to another. */
export function relativeImport(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
