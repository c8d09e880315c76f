import { expect, test } from "vitest";
import { applyEdits, insertion } from "../../../languages/javascript/edits.ts";

test("edits are made in text order, whatever order they come in", () => {
  expect(applyEdits("abc", [insertion(3, "!"), { start: 1, end: 2, text: "B" }, insertion(0, "<")])).toBe("<aBc!");
});

test("edits at one offset keep the order in which they are given", () => {
  expect(applyEdits("ab", [insertion(1, "1"), insertion(1, "2")])).toBe("a12b");
});

test("an edit inside a replaced span goes with it", () => {
  expect(applyEdits("abcd", [{ start: 1, end: 3, text: "-" }, insertion(2, "x")])).toBe("a-d");
});
