import { describe, expect, it } from "vitest";
import { rank, wordsOf } from "../../lib/text-search.ts";

describe("words", () => {
  it("are those of prose and the parts of names", () => {
    expect(wordsOf("joinURL(base, x1)")).toEqual(["joinurl", "join", "url", "base", "x1"]);
  });
});

describe("ranking", () => {
  const texts = [
    { name: "a", text: "parse the url and its query" },
    { name: "b", text: "join the paths" },
    { name: "c", text: "the the the the" },
  ];
  it("puts the text with the rarer words of the query first", () => {
    expect(rank("the query of a url", texts)[0]).toBe("a");
    expect(rank("joinPaths", texts)[0]).toBe("b");
  });
  it("goes by the alphabet where nothing matches, and gives nothing of nothing", () => {
    expect(rank("zebra", texts)).toEqual(["a", "b", "c"]);
    expect(rank("zebra", [])).toEqual([]);
  });
});
