import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const { classicWords } = createRequire(import.meta.url)("../../../../languages/javascript/harness/mocha-classic.cjs") as {
  classicWords(
    request: { readonly args: readonly string[]; readonly files: readonly string[] },
    major: number,
  ): { words: string[]; preloaded: string[]; flags: string[] };
};
const always = ["--opts", "/dev/null", "--no-colors", "--full-trace"];

/** With this text in the file of options. */
function wordsOf(args: readonly string[], files: readonly string[], { options, major = 2 }: { options?: string; major?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "kihon-mocha-"));
  try {
    mkdirSync(join(folder, "own"));
    writeFileSync(join(folder, "own", "opts"), options ?? "");
    return classicWords({ args: [...(options === undefined ? [] : ["--opts", join(folder, "own", "opts")]), ...args], files }, major);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the words for mocha 2 to 5", () => {
  it("keep what a repository asks for, with its values and its files", () => {
    expect(wordsOf(["--require", "./setup", "-u", "tdd", "--recursive", "--globals=a,b", "spec"], []).words).toEqual([
      ...always,
      ...["--require", "./setup", "-u", "tdd", "--recursive", "--globals=a,b", "spec"],
    ]);
  });
  it("are without reporter, limits, watching and debugging", () => {
    const own = [
      "-R",
      "nyan",
      "--reporter=dot",
      "--timeout",
      "5",
      "-t",
      "9",
      "--no-timeouts",
      "--bail",
      "--watch",
      "--inspect-brk",
      "--no-exit",
    ];
    expect(wordsOf(own, []).words).toEqual(always);
  });
  it("name the files that are asked for in place of the repository's", () => {
    expect(wordsOf(["--recursive", "spec"], ["spec/a.js"]).words).toEqual([...always, "--recursive", "spec/a.js"]);
  });
  it("are read from the file of options first, where a comment is none and a space may be escaped", () => {
    const options = "# of old\n--require my\\ setup.js\n--reporter nyan\nspec/*.js\n";
    expect(wordsOf(["--sort"], [], { options }).words).toEqual([...always, "--require", "my setup.js", "--sort", "spec/*.js"]);
  });
  it("leave to node what is node's, whole", () => {
    const { words, flags } = wordsOf(["--max-old-space-size=4096", "-gc", "--harmony_proxies", "--use_strict", "--delay"], []);
    expect([words, flags]).toEqual([
      [...always, "--delay"],
      ["--max-old-space-size=4096", "--expose-gc", "--harmony_proxies", "--use_strict"],
    ]);
  });
  it("end the process where mocha no longer does so by itself, and tell what is loaded first", () => {
    const { words, preloaded } = wordsOf(["--file", "first.js"], ["a.js"], { major: 5 });
    expect([words, preloaded]).toEqual([[...always, "--exit", "--file", "first.js", "a.js"], ["first.js"]]);
  });
});
