import { describe, expect, it } from "vitest";
import { findLeak, hiddenTestsOf, maskNames, secretsOf } from "../../skills/leak.ts";
import { githubToken } from "./scrub/credential-samples.ts";
import { noLower } from "./stand.ts";

const secrets = {
  paths: ["src/url/join.ts"],
  symbols: ["Joiner.join"],
  tests: ["test/join.test.ts > joins > two parts of an address #2", "test/join.test.ts > short"],
  commits: ["0123456789abcdef0123456789abcdef01234567"],
};

describe("a text leaks when it", () => {
  it.each([
    ["names the path", "see src/url/join.ts, line 3", "names the path src/url/join.ts"],
    ["names the path without its ending", 'import "./src/url/join"', "names the path src/url/join"],
    ["names the path with another ending", "src/url/join.js", "names the path src/url/join"],
    ["names the file", "in join.ts", "names the path join.ts"],
    ["names the method", "x.join(1)", "names the symbol join"],
    ["names the class around it", "new Joiner()", "names the symbol Joiner"],
    ["quotes a hidden title", "it: two parts of an address", "quotes the title of a hidden test"],
    ["carries a commit id", "since 0123456", "carries a commit id"],
    ["carries a credential", `set("${githubToken}")`, "carries a credential (github)"],
    ["gives an author's address", "+ * @author Ann <ann@corp.io>", "gives the e-mail address of an author"],
  ])("%s", (_, text, leak) => {
    expect(findLeak(text, secrets)).toBe(leak);
  });
  it.each(["rejoined", "joiners", "joint.ts", "a short one", "src/url/joint", "join_all", "$join", "isEmail('ann@corp.io')"])(
    "%j leaks nothing",
    (text) => {
      expect(findLeak(text, secrets)).toBeNull();
    },
  );
});

describe("masked names", () => {
  it("go wherever the word stands, and longer words stay", () => {
    expect(maskNames('join(rejoin, "join", $join, new Joiner().join())', ["Joiner.join"])).toBe('FN(rejoin, "FN", $join, new FN().FN())');
  });
  it("may hold signs that expressions give a meaning", () => {
    expect(maskNames("$.a + _$", ["$"])).toBe("FN.a + _$");
  });
  it("leave nothing for the leak check to find", () => {
    const text = "new Joiner().join(join.join)";
    expect(findLeak(maskNames(text, secrets.symbols), { ...secrets, paths: [] })).toBeNull();
  });
});

describe("what a question withholds", () => {
  const edits = [
    { file: "src/a.ts", symbol: "Box.open", startLine: 1, endLine: 2 },
    { file: "src/b.ts", symbol: null, startLine: 1, endLine: 1 },
  ];
  const { candidate } = noLower;
  const { commit } = candidate.revision;
  it.each([
    ["localization", ["src/a.ts", "src/b.ts"], ["Box.open"]],
    ["reproduction", ["src/a.ts", "src/b.ts"], []],
    ["bug-fix", ["src/a.ts", "src/b.ts"], []],
    ["editing", [], []],
    ["unit-tests", [], []],
    ["review", [], []],
  ] as const)("of %s", (skill, paths, symbols) => {
    expect(secretsOf(skill, { ...candidate, edits }, ["t"])).toEqual({ paths, symbols, tests: ["t"], commits: [commit] });
  });

  it("has every test that fails in a run of it, once", () => {
    const premise = (fail: string[]) => ({
      name: "x",
      layer: {},
      answer: "none" as const,
      files: ["f"],
      expect: { kind: "tests" as const, pass: ["p"], fail },
    });
    expect(hiddenTestsOf({ failToPass: ["a"], premises: [premise(["a", "b"]), premise([])] })).toEqual(["a", "b"]);
  });

  it("does not count words that the question itself says, but titles and commits always", () => {
    expect(findLeak("Joiner or join", secrets, "a join")).toBe("names the symbol Joiner");
    expect(findLeak("join", secrets, "a join")).toBeNull();
    expect(findLeak("in join.ts", { ...secrets, symbols: [] }, "in join.ts")).toBeNull();
    expect(findLeak("since 0123456", secrets, "since 0123456")).toBe("carries a commit id");
    expect(findLeak("two parts of an address", secrets, "two parts of an address")).toBe("quotes the title of a hidden test");
  });
});
