import { describe, expect, it } from "vitest";
import { findLeak, maskNames } from "../../skills/leak.ts";

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
  ])("%s", (_, text, leak) => {
    expect(findLeak(text, secrets)).toBe(leak);
  });
  it.each(["rejoined", "joiners", "joint.ts", "a short one", "src/url/joint", "join_all", "$join"])("%j leaks nothing", (text) => {
    expect(findLeak(text, secrets)).toBeNull();
  });
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
