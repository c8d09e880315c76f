import { describe, expect, it } from "vitest";
import { mutantOf } from "../../../pipeline/injection/mutant.ts";
import type { Site } from "../../../schemas/candidate.ts";
import { environmentOf, tree } from "../../grading/stand.ts";

const environment = environmentOf();
const text = (path: string): string => tree[path] ?? "";

function site(file: string, original: string, replacement: string): Site {
  const start = text(file).indexOf(original);
  return {
    file,
    symbol: null,
    start,
    end: start + original.length,
    startLine: 2,
    endLine: 2,
    original,
    replacement,
    operator: "arithmetic",
  };
}

describe("a mutant", () => {
  it("is the clean text with its sites replaced", () => {
    const mutant = mutantOf(environment, [site("src/add.js", "a + b", "a - b")], text);
    expect(mutant.before).toEqual({ "src/add.js": text("src/add.js").replace("a + b", "a - b") });
    expect(mutant.edits).toEqual([{ file: "src/add.js", symbol: null, startLine: 2, endLine: 2 }]);
  });
  it("may have several sites in one file, whatever their lengths", () => {
    const sites = [site("src/add.js", "export ", ""), site("src/add.js", "a + b", "a + b + 100")];
    expect(mutantOf(environment, sites, text).before["src/add.js"]).toBe("function add(a, b) {\n  return a + b + 100;\n}\n");
  });
  it("may have sites in several files", () => {
    const sites = [site("src/add.js", "a + b", "b"), site("src/sub.js", "a - b", "a")];
    expect(Object.keys(mutantOf(environment, sites, text).before)).toEqual(["src/add.js", "src/sub.js"]);
  });
  it("is known by what it changes, and by nothing else", () => {
    const [one, same, other] = ["a - b", "a - b", "a * b"].map(
      (words) => mutantOf(environment, [site("src/add.js", "a + b", words)], text).id,
    );
    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });
});
