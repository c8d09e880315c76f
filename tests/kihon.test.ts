/** The command of a checkout, on a machine whose own Node is too old for it. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "kihon-command-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A checkout with a fitting Node in `.node`, whose program says what it was given. Its folder has a space. */
const checkout = join(scratch, "a checkout");
for (const folder of [".ci", ".node/node_modules/.bin", "node_modules"]) mkdirSync(join(checkout, folder), { recursive: true });
for (const name of ["kihon", ".ci/node"]) copyFileSync(join(root, name), join(checkout, name));
symlinkSync(process.execPath, join(checkout, ".node/node_modules/.bin/node"));
writeFileSync(
  join(checkout, "cli.ts"),
  "const words: string[] = process.argv.slice(2);\nfor await (const piece of process.stdin) words.push(String(piece));\nprocess.stdout.write(JSON.stringify(words));\nprocess.exitCode = 7;\n",
);
const old = join(scratch, "old");
mkdirSync(old);
writeFileSync(join(old, "node"), "#!/bin/sh\nexit 1\n");
chmodSync(join(old, "node"), 0o755);

function start(program: string, words: readonly string[] = [], nodeFolder = old) {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: scratch,
    input: "what is piped",
    encoding: "utf8",
    env: { ...process.env, PATH: `${nodeFolder}:/usr/bin:/bin` },
  });
  return { status, stdout, stderr };
}

describe("./kihon", () => {
  it("passes words, input and exit code on, and says nothing of its own", () => {
    expect(start(join(checkout, "kihon"), ["grade", "two words", "--answers", "-"])).toEqual({
      status: 7,
      stdout: JSON.stringify(["grade", "two words", "--answers", "-", "what is piped"]),
      stderr: "",
    });
  });

  it("is called through links", () => {
    const links = join(scratch, "links");
    mkdirSync(links);
    symlinkSync(join(checkout, "kihon"), join(links, "first"));
    symlinkSync("first", join(links, "kihon"));
    expect(start(join(links, "kihon"), ["stats"])).toMatchObject({ status: 7, stderr: "" });
  });

  it("says what to do where the packages are missing", () => {
    const bare = join(scratch, "bare");
    mkdirSync(bare);
    copyFileSync(join(checkout, "kihon"), join(bare, "kihon"));
    expect(start(join(bare, "kihon"))).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining(`next: make -C ${bare} setup`),
    });
  });

  it("is the real command", () => {
    const said = start(join(root, "kihon"), ["--version"], dirname(process.execPath));
    expect(said).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});
