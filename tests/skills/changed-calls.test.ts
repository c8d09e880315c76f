/** The questions that stand on recorded calls, where failures alone say nothing. */
import { expect, it } from "vitest";
import type { ChangedCall } from "../../schemas/observation.ts";
import type { Observed } from "../../skills/contract.ts";
import { localization } from "../../skills/localization.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { draftFor, failure, joins, observedOf, reasonFor } from "./stand.ts";

const slugify: ChangedCall = {
  file: "src/slug.js",
  symbol: "slug",
  call: 'slug("Hello World")',
  selfContained: true,
  expected: '"hello-world"',
  actual: '"Hello-World"',
  error: null,
};
const outer: ChangedCall = { ...slugify, file: "src/count.js", symbol: "page.title", call: 'page.title("Hello World", [1, 2])' };
function saying(...calls: ChangedCall[]): Observed {
  const observed = observedOf([{ original: ".toLowerCase()", replacement: "" }], {
    [joins]: failure({ frames: [], expected: null, actual: null }),
  });
  return { ...observed, observation: { ...observed.observation, calls } };
}

it("a reproduction is asked for by the call, with a word on its name", () => {
  expect(reasonFor(reproduction, saying())).toBe("reproduction/thin-evidence");
  const { prompt } = draftFor(reproduction, saying(slugify), []);
  expect(prompt).toContain('- `slug("Hello World")` gives a wrong result. Expected: `"hello-world"`. Received: `"Hello-World"`.');
  expect(prompt).toContain("What is called goes by the name under which a module of the tree exports it.");
});

it("a call that names the defective file is no reproduction's", () => {
  expect(reasonFor(reproduction, saying({ ...slugify, call: 'slug("src/slug.js")' }))).toBe("reproduction/leak");
});

it("a location is asked for without the name of what is called in its file, whatever that is called", () => {
  const { prompt } = draftFor(localization, saying(slugify), []);
  expect(prompt).toContain('- `FN("Hello World")` gives a wrong result.');
  expect(prompt).not.toMatch(/\bslug\b/);
});

it("calls into other files come first, and keep their names", () => {
  const told = draftFor(localization, saying(slugify, outer), [])
    .prompt.split("\n")
    .filter((line) => line.startsWith("- "));
  expect(told).toEqual([expect.stringContaining('page.title("Hello World", [1, 2])'), expect.stringContaining("FN(")]);
});

it("calls come before what failed checks show of them", () => {
  const observed = observedOf([{ original: ".toLowerCase()", replacement: "" }]);
  const { prompt } = draftFor(localization, { ...observed, observation: { ...observed.observation, calls: [slugify] } }, []);
  expect(prompt.indexOf('FN("Hello World")')).toBeLessThan(prompt.lastIndexOf('FN("Hello World")'));
  expect(prompt.indexOf('"hello-world"')).toBeLessThan(prompt.lastIndexOf("`hello-world`"));
});
