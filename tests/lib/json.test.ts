import { expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../lib/json.ts";

const form = z.object({ name: z.string() });

it("what a text says in the form is read", () => {
  expect(readJson('{ "name": "a", "more": 1 }', form)).toEqual({ name: "a" });
});
it.each(["", "{", "name", '{"name":"a"} x', '{"name":1}', "[]", "null"])("of %j nothing is read", (text) => {
  expect(readJson(text, form)).toBeNull();
});
it("the form's own trouble is not taken for a wrong text", () => {
  const broken = form.transform(() => {
    throw new TypeError("ours");
  });
  expect(() => readJson('{ "name": "a" }', broken)).toThrow("ours");
});
