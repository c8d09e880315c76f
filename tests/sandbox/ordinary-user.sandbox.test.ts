/**
 * As root, what the sandbox is promised to do is tried once more by an ordinary user: other ways to the same ends are taken there (no control groups
 * but those that were given to the user, jobs under the user's own id).
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { exec } from "../../lib/exec.ts";
import { firstClosedFolder } from "../../sandbox/machine.ts";
import { scratch } from "./stand.ts";

const top = resolve(import.meta.dirname, "../..");
/** Below the ids of Kihon's own, above those of users and services. */
const USER = { uid: 65_211, gid: 65_211, drop: true };

const place = scratch();
afterAll(() => place.remove());

test.skipIf(process.getuid?.() !== 0)("an ordinary user's sandbox keeps the same promises", { timeout: 900_000 }, async ({ skip }) => {
  for (const path of [import.meta.filename, process.execPath]) {
    const closed = await firstClosedFolder(path, USER);
    if (closed !== null) skip(`an ordinary user cannot pass ${closed}`);
  }
  const home = join(place.path, "home");
  mkdirSync(home);
  chownSync(home, USER.uid, USER.gid);
  const config = join(home, "vitest.config.mjs");
  const include = [
    "tests/sandbox/conformance.sandbox.test.ts",
    "tests/sandbox/chain.sandbox.test.ts",
    "tests/sandbox/hostile/*.sandbox.test.ts",
  ];
  const settings = {
    root: top,
    cacheDir: join(home, "cache"),
    test: { include, testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
  };
  writeFileSync(config, `export default ${JSON.stringify(settings)};\n`);
  chmodSync(config, 0o644);
  const drop = [
    "setpriv",
    "--reuid",
    String(USER.uid),
    "--regid",
    String(USER.gid),
    "--clear-groups",
    "--inh-caps=-all",
    "--bounding-set=-all",
  ];
  const vitest = [process.execPath, join(top, "node_modules/vitest/vitest.mjs"), "run", "--config", config, "--configLoader", "native"];
  const result = await exec({
    // The provider `process` isolates nothing, and does the same for every user.
    argv: [...drop, ...vitest, "--testNamePattern", "^(?!process )", "--reporter", "json", "--outputFile", join(home, "told.json")],
    env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: home, NO_COLOR: "1" },
    cwd: top,
    timeoutMs: 880_000,
    outputBytes: 64_000_000,
  });
  expect(result.ended, result.stderr.slice(-3000)).toMatchObject({ kind: "exited" });
  const told = JSON.parse(readFileSync(join(home, "told.json"), "utf8")) as {
    numPassedTests: number;
    testResults: { message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
  };
  const failed = told.testResults.flatMap(({ message, assertionResults }) => [
    ...(message === "" ? [] : [message]),
    ...assertionResults.flatMap(({ status, fullName, failureMessages }) =>
      status === "failed" ? [`${fullName}: ${failureMessages.join().slice(0, 1500)}`] : [],
    ),
  ]);
  expect(failed).toEqual([]);
  expect(told.numPassedTests).toBeGreaterThan(80);
});
