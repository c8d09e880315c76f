import { beforeAll, describe, expect, it } from "vitest";
import { initLanguages } from "../../../languages/index.ts";
import { opposite } from "../../../languages/javascript/opposite.ts";

beforeAll(initLanguages);

function turned(text: string, line = 1): string | null {
  const edit = opposite({ path: "a.test.js", text }, line);
  return edit && text.slice(0, edit.start) + edit.replacement + text.slice(edit.end);
}

describe("an assertion that asks for the opposite", () => {
  it.each([
    ["expect(f(a)).toBe(b);", "expect(f(a)).not.toBe(b);"],
    ["expect(f(a)).not.toBe(b);", "expect(f(a)).toBe(b);"],
    ["await expect(f(a)).resolves.toEqual(b);", "await expect(f(a)).resolves.not.toEqual(b);"],
    ["expect(f(a)).to.deep.equal(b);", "expect(f(a)).not.to.deep.equal(b);"],
    ["expect(f(a)).to.not.equal(b);", "expect(f(a)).to.equal(b);"],
    ["expect(\n  f(a),\n).toBe(b);", "expect(\n  f(a),\n).not.toBe(b);"],
    ["assert.equal(f(a), b);", "assert.notEqual(f(a), b);"],
    ["assert.strict.deepEqual(f(a), b);", "assert.strict.notDeepEqual(f(a), b);"],
    ["await assert.rejects(f(a));", "await assert.doesNotReject(f(a));"],
    ["t.is(f(a), b);", "t.not(f(a), b);"],
  ])("of %j is %j", (text, other) => expect(turned(text)).toBe(other));
  it.each(["f(a);", "assert(f(a));", "const x = expect(y);", "expect(f(a));", "t.log(a);"])("%j has none", (text) =>
    expect(turned(text)).toBeNull(),
  );
  it("is that of the innermost statement around the line", () => {
    const text = 'it("adds", () => {\n  expect(f(1)).toBe(a);\n  expect(f(2)).toBe(b);\n});\n';
    expect(turned(text, 3)).toBe(text.replace("f(2)).toBe", "f(2)).not.toBe"));
    expect(turned(text, 4)).toBeNull();
  });
});
