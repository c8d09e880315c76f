import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { piecesOf, restored } from "../../pipeline/pieces.ts";

describe("the pieces of a question", () => {
  it.each([
    ["`a` and ``b ` c``", ["`a`", "``b ` c``"]],
    ["`a\nb`", ["`a\nb`"]],
    ["a lone ` stays prose", []],
    ['Answer:\n{"a":[1]}\nNow.', ['{"a":[1]}']],
    ['not at the start: {"a":1}', []],
    ["> says `this`\n> and that", ["> says `this`", "> and that"]],
    ["x\n```diff\n-a\n+b\n```\ny", ["\n```diff\n-a\n+b\n```"]],
    ["````\n```\n````", ["\n````\n```\n````"]],
    ["```\n```", ["\n```\n```"]],
    ["a ```\nb\n``` c", ["```\nb\n```"]],
  ])("of %j", (text, code) => {
    expect(piecesOf(text).code).toEqual(code);
  });

  it("leave an outline without blocks, which restores to the text", () => {
    const text = "Replace\n\n```\na\n```\n\nwith\n\n```\nb\n```\n\nin `f`.";
    const { outline, fences, prose } = piecesOf(text);
    expect(outline).toBe("Replace\n\n[[block 1]]\n\nwith\n\n[[block 2]]\n\nin `f`.");
    expect(prose).toBe("Replace\n\n\n\nwith\n\n\n\nin .");
    expect(restored(outline, fences)).toBe(text);
  });

  it("restore whatever the text is", () => {
    const part = fc.constantFrom("`", "``", "```", "\n", "{", "> ", "a", " b", "$&", "$1", "[[block", "7");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const { outline, fences } = piecesOf(text);
        expect(restored(outline, fences)).toBe(text);
      }),
    );
  });
});
