/** How a test file of the tree begins. */
import type { SolverView } from "./contract.ts";

/** Modules or CommonJS, as most test files of the tree have it; without any, as the manifest says. */
export function styleOf(view: SolverView): "esm" | "cjs" {
  if (view.answerPath?.endsWith(".mjs") || /\.[mc]?tsx?$/.test(view.answerPath ?? "")) return "esm";
  if (view.answerPath?.endsWith(".cjs")) return "cjs";
  const texts = view
    .paths()
    .filter((path) => view.language.roleOf(path) === "test" && /\.[mc]?[jt]sx?$/.test(path))
    .map((path) => view.text(path) ?? "");
  const modules = texts.filter((text) => /^\s*import[\s{"'*]/m.test(text)).length;
  if (texts.length > 0) return modules * 2 > texts.length ? "esm" : "cjs";
  return /"type"\s*:\s*"module"/.test(view.text("package.json") ?? "") ? "esm" : "cjs";
}
