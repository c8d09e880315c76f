import { describe, expect, it } from "vitest";
import { rngFor } from "../../../lib/rng.ts";
import { attempted, type Fixed, leftHunks, otherwiseAsked, slips } from "../../../pipeline/injection/variants.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import type { Layer } from "../../../schemas/layer.ts";
import { commit, contextOf, environment, failure, joins, observe, texts } from "../../skills/stand.ts";

const { language, text } = contextOf([]);
const slug = texts["src/slug.js"] ?? "";
/** A file of two functions with a change in each, three and more lines apart. */
const two = `${slug}
export function shout(text) {
  return text.toUpperCase();
}
`;
const fixed = (before: Layer, after: Layer = {}, over: Partial<Commit> = {}): Fixed => {
  const { candidate, observation } = observe({ ...(commit.candidate as Commit), before, ...over }, { [joins]: failure() });
  return {
    candidate: candidate as Commit,
    observation,
    environment,
    language,
    text: (path) => (path in after ? (after[path] ?? null) : text(path)),
  };
};

describe("a fix without one of its changes", () => {
  const both = two.replace(".toLowerCase()", "").replace("text.toUpperCase()", "text");
  it("is made for each change, with the text before it at its place", () => {
    const left = leftHunks(fixed({ "src/slug.js": both }, { "src/slug.js": two }));
    expect(left.map(({ before }) => before["src/slug.js"])).toEqual([
      two.replace(".toLowerCase()", ""),
      two.replace("text.toUpperCase()", "text"),
    ]);
    expect(left.map(({ edits }) => edits)).toMatchObject([
      [{ file: "src/slug.js", symbol: "slugify", startLine: 5, endLine: 5 }],
      [{ file: "src/slug.js", symbol: "shout", startLine: 13, endLine: 13 }],
    ]);
  });
  it("is none where there is only one change", () => expect(leftHunks(fixed(commit.candidate.before))).toEqual([]));
  it("is made of the one change beside a file that came with the fix", () => {
    expect(leftHunks(fixed({ ...commit.candidate.before, "src/count.js": null }))).toHaveLength(1);
  });
  it("puts back lines that the fix took away", () => {
    const longer = both.replace("  const kept", "  text = null;\n  const kept");
    const [first] = leftHunks(fixed({ "src/slug.js": longer.replace('join("-")', 'join("-").toLowerCase()') }, { "src/slug.js": two }));
    expect(first?.before["src/slug.js"]).toBe(two.replace("  const kept", "  text = null;\n  const kept"));
  });
});

describe("a fix as it was before", () => {
  const before = { "src/slug.js": slug.replace(".toLowerCase()", "") };
  const attemptOf = (layer: Layer) => ({ commits: ["b".repeat(40)], kind: "commit" as const, layer, merged: [] });
  const of = (...layers: Layer[]) => attempted(fixed(before, {}, { attempts: layers.map(attemptOf) }));
  it("has the sources of the attempt, at the places where they are others now", () => {
    const layer = {
      "src/slug.js": slug.replace("slice(0, limit)", "slice(0)").replace(".toLowerCase()", ".toUpperCase()"),
      "src/count.js": (texts["src/count.js"] ?? "").replace(".length", ".length + 0"),
    };
    const [mutant, ...others] = of(layer);
    expect(others).toEqual([]);
    expect(mutant?.before).toEqual(layer);
    expect(mutant?.edits).toMatchObject([
      { file: "src/slug.js", symbol: "slugify", startLine: 4, endLine: 5 },
      { file: "src/count.js", symbol: "countWords", startLine: 2, endLine: 2 },
    ]);
  });
  it("is one for each attempt, in their order", () => {
    const layers = ["slice(1", "slice(2"].map((other) => ({ "src/slug.js": slug.replace("slice(0", other) }));
    expect(of(...layers).map(({ before }) => before)).toEqual(layers);
  });
  it("is none where it has a file that the fix has not, or lacks one", () =>
    expect(of({ "src/new.js": "1\n" }, { "src/slug.js": slug.replace("0", "1"), "src/count.js": null })).toEqual([]));
  it("is none where nothing of it is known", () => expect(attempted(fixed(before))).toEqual([]));
});

describe("slips in a fix", () => {
  const found = slips(fixed(commit.candidate.before), rngFor("1", "x", "y"));
  it("lie in lines that it wrote and tests reach", () => {
    expect(found.length).toBeGreaterThan(0);
    for (const { edits } of found) expect(edits).toMatchObject([{ file: "src/slug.js", startLine: 5, endLine: 5 }]);
    const unreached = { ...fixed(commit.candidate.before), environment: { ...environment, testFiles: [] } };
    expect(slips(unreached, rngFor("1", "x", "y"))).toEqual([]);
  });
  it("are never the defect that was repaired", () => {
    for (const { before } of found) expect(before["src/slug.js"]).not.toBe(commit.candidate.before["src/slug.js"]);
  });
  it("are tried in an order of the seed, those that are plain to see last", () => {
    const ids = (seed: string) => slips(fixed(commit.candidate.before), rngFor(seed, "x", "y")).map(({ id }) => id);
    expect(ids("1")).toEqual(found.map(({ id }) => id));
    const operators = found.map(({ sites }) => sites[0]?.operator ?? "");
    const strings = operators.map((name) => name === "string-literal");
    expect(strings.indexOf(true)).toBeGreaterThan(strings.lastIndexOf(false));
  });
});

describe("a failing test that asks for the opposite", () => {
  const turned = (line: number) => {
    const { observation, ...rest } = fixed(commit.candidate.before);
    const failures = { [joins]: failure({ frames: [{ file: "test/slug.test.js", line }] }) };
    return otherwiseAsked({ ...rest, observation: { ...observation, failures } }).map(({ before }) => before["test/slug.test.js"]);
  };
  const asked = texts["test/slug.test.js"] ?? "";
  it("has the assertion that failed turned round", () => {
    expect(turned(6)).toEqual([asked.replace('equal(slugify("Hello', 'notEqual(slugify("Hello')]);
  });
  it("has the first one after the line that failed turned round, where that is none", () => {
    expect(turned(8)).toEqual([asked.replace('equal(slugify("a b', 'notEqual(slugify("a b')]);
  });
  it("is not made where nothing says which assertion failed", () => {
    const { observation, ...rest } = fixed(commit.candidate.before);
    expect(otherwiseAsked({ ...rest, observation: { ...observation, failures: { [joins]: failure({ frames: [] }) } } })).toEqual([]);
  });
});
