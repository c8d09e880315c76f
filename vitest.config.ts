import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Hundreds of processes load the same modules: V8's code of them is kept, as `./kihon` has it. */
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/kihon");

/** Most tests wait for processes they start: one worker more than processors keeps all busy. Projects share the workers. */
const maxWorkers = availableParallelism() + 1;

/** unit: no sandbox, no network; sandbox: runs jobs in the real sandbox; e2e: whole runs, installs from the registry. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/e2e/**", "tests/**/*.sandbox.test.ts"],
          testTimeout: 300_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: "sandbox",
          include: ["tests/**/*.sandbox.test.ts"],
          testTimeout: 300_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          maxWorkers,
        },
      },
    ],
  },
});
