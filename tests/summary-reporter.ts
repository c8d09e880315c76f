/** The last line of a test run: `N passed, N failed`. A file that could not be loaded and an error outside any test count as failed. */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export function summaryLine(modules: readonly Pick<TestModule, "children" | "errors">[], strays: readonly SerializedError[]): string {
  let passed = 0;
  let failed = strays.length;
  for (const module of modules) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const broken = states.filter((state) => state === "failed").length;
    passed += states.filter((state) => state === "passed").length;
    failed += broken === 0 && module.errors().length > 0 ? 1 : broken;
  }
  return `${passed} passed, ${failed} failed`;
}

class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strays: readonly SerializedError[]): void {
    process.stdout.write(`\n${summaryLine(modules, strays)}\n`);
  }
}

// biome-ignore lint/style/noDefaultExport: vitest takes a reporter that is named by its path from the default export
export default SummaryReporter;
