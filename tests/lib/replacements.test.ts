import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneByOne, replacementsOf } from "../../lib/replacements.ts";

const told = (before: string, after: string) =>
  replacementsOf(before, after).map((one) => [one.before.line, one.before.text, one.after.line, one.after.text]);

describe("what turns one text into another", () => {
  it.each([
    ["a replaced line", "a\nb\nc\n", "a\nB\nc\n", [[2, "b\n", 2, "B\n"]]],
    ["an insertion, before the line it pushes down", "a\nb\n", "a\nx\nb\n", [[2, "", 2, "x\n"]]],
    ["an insertion at the end", "a\n", "a\nx\n", [[2, "", 2, "x\n"]]],
    ["a removal", "a\nx\nb\n", "a\nb\n", [[2, "x\n", 2, ""]]],
    ["a file that was empty", "", "a\n", [[1, "", 1, "a\n"]]],
    ["a last line without its break", "a\nb", "a\nb\n", [[2, "b", 2, "b\n"]]],
    ["nothing", "a\n", "a\n", []],
    ["two changes with two lines between them, as one", "a\n1\n2\nb\n", "A\n1\n2\nB\n", [[1, "a\n1\n2\nb\n", 1, "A\n1\n2\nB\n"]]],
    [
      "two changes with three lines between them",
      "a\n1\n2\n3\nb\n",
      "A\n1\n2\n3\nB\nC\n",
      [
        [1, "a\n", 1, "A\n"],
        [5, "b\n", 5, "B\nC\n"],
      ],
    ],
  ] as const)("is told of %s", (_, before, after, expected) => expect(told(before, after)).toEqual(expected));

  it("makes the one of the other, in either direction, whatever they are", () => {
    const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\r\n", "d"), { maxLength: 14 }).map((lines) => lines.join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        let [forth, back] = [before, after];
        for (const { before: old, after: now } of [...replacementsOf(before, after)].reverse()) {
          forth = forth.slice(0, old.start) + now.text + forth.slice(old.start + old.text.length);
          back = back.slice(0, now.start) + old.text + back.slice(now.start + now.text.length);
        }
        expect([forth, back]).toEqual([after, before]);
      }),
    );
  });
});

it("each replacement may be made by itself", () => {
  const [before, after] = ["a\n1\n2\n3\nb\n", "A\n1\n2\n3\nb\nc\n"];
  expect(oneByOne(before, after)).toEqual(["A\n1\n2\n3\nb\n", "a\n1\n2\n3\nb\nc\n"]);
  expect(oneByOne(before, before)).toEqual([]);
});
