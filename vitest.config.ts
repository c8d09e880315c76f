import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** unit: no sandbox, no network; sandbox: runs jobs in the real sandbox; e2e: whole runs, installs from the registry. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/e2e/**", "tests/**/*.sandbox.test.ts"],
          testTimeout: 60_000,
          // One fewer by default, which on two processors is half.
          maxWorkers: availableParallelism(),
        },
      },
      {
        test: {
          name: "sandbox",
          include: ["tests/**/*.sandbox.test.ts"],
          testTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // Whole runs wait much: three of them fill two cores.
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
