import { describe, expect, it } from "vitest";
import type { Draft, Trial } from "../../schemas/instance.ts";
import type { Layer } from "../../schemas/layer.ts";
import type { Observed, PoseContext } from "../../skills/contract.ts";
import { defectInCopies } from "../../skills/own-copies.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { unitTests } from "../../skills/unit-tests.ts";
import * as stand from "./stand.ts";

/** The package with one function to a file, as its copies have it. */
const alone = (text: string | null): string | null => text?.replace(/\nexport function greeting[\s\S]*$/, "") ?? null;
const { environment } = stand;
const [longer, noLower, twoFiles, upper] = ([stand.longer, stand.noLower, stand.twoFiles, stand.upper] as const).map(
  (observed): Observed => {
    const before = Object.fromEntries(Object.entries(observed.candidate.before).map(([path, text]) => [path, alone(text)]));
    return { ...observed, candidate: { ...observed.candidate, before } };
  },
) as [Observed, Observed, Observed, Observed];
const contextOf = (all: readonly Observed[], over: Partial<PoseContext> = {}): PoseContext => {
  const context = stand.contextOf(all, over);
  return { ...context, text: (path) => alone(context.text(path)) };
};

const folder = "node_modules/tool/node_modules/text";
const compiled = `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.slugify = void 0;
function slugify(text, limit) {
    if (limit === void 0) { limit = 5; }
    const words = text.trim().split(" ");
    const kept = words.slice(0, limit);
    return kept.join("-").toLowerCase();
}
exports.slugify = slugify;
`;

const withCopies = (scripts: Readonly<Record<string, string>>): PoseContext =>
  contextOf([noLower, upper, longer, twoFiles], {
    environment: { ...environment, recipe: { ...environment.recipe, ownCopies: { removed: [], kept: [folder] } } },
    copies: () => Object.entries(scripts).map(([path, text]) => ({ path: `${folder}/${path}`, text })),
  });

const outcomes = (context: PoseContext) =>
  [...reproduction.pose(context), ...unitTests.pose(context)].map(({ outcome }) => (outcome.kept ? outcome.value : outcome.reason));
const draftsIn = (context: PoseContext): Draft[] => outcomes(context).flatMap((one) => (typeof one === "string" ? [] : [one]));
const ofCopies = ({ trials }: Draft): Trial[] => trials.filter(({ name }) => name.endsWith("-defective-copy"));

/** The layer with as much space between tokens as its printer likes. */
const plain = (layer: Layer | null): unknown =>
  layer && Object.fromEntries(Object.entries(layer).map(([path, text]) => [path, text?.replace(/\s+/g, "")]));

describe("a copy of the package that the runner needs", () => {
  it("is given the defect, in every file of it that has a place for it", () => {
    const context = withCopies({
      "index.js": compiled,
      "bundle.cjs": `// bundled\n${compiled.replaceAll("    ", "\t")}`,
      "cli.js": "main();\n",
    });
    expect(plain(defectInCopies(noLower.candidate, context))).toEqual(
      plain({
        [`${folder}/index.js`]: compiled.replace('    return kept.join("-").toLowerCase();', 'return kept.join("-");'),
        [`${folder}/bundle.cjs`]: `// bundled\n${compiled.replaceAll("    ", "\t").replace('\treturn kept.join("-").toLowerCase();', 'return kept.join("-");')}`,
      }),
    );
  });

  it("is given it by what stands around, where the same stands in several places", () => {
    const twice = `${compiled}function other(kept) {\n    return kept.join("-").toLowerCase();\n}\n`;
    expect(plain(defectInCopies(noLower.candidate, withCopies({ "index.js": twice })))).toEqual(
      plain({
        [`${folder}/index.js`]: twice.replace(
          '    const kept = words.slice(0, limit);\n    return kept.join("-").toLowerCase();\n}',
          'const kept = words.slice(0, limit);\nreturn kept.join("-");\n}',
        ),
      }),
    );
  });

  it("has it, as what was published before a fix", () => {
    const old = compiled.replace(".toLowerCase()", "");
    expect(defectInCopies(noLower.candidate, withCopies({ "index.js": old }))).toEqual({});
  });

  it("is given each part in the file that has a place for it", () => {
    const count = 'exports.countWords = function countWords(text) {\n    return text.trim().split(" ").length;\n};\n';
    const layer = plain(defectInCopies(twoFiles.candidate, withCopies({ "slug.js": compiled, "count.js": count })));
    expect(layer).toEqual(
      plain({
        [`${folder}/slug.js`]: compiled.replace('"-"', '"_"'),
        [`${folder}/count.js`]: count.replace(".length", ".length + 1"),
      }),
    );
  });

  it("is not, where it holds a part of its lines only, or none", () => {
    expect(defectInCopies(twoFiles.candidate, withCopies({ "index.js": compiled }))).toBeNull();
    expect(defectInCopies(noLower.candidate, withCopies({ "index.js": "min();\n" }))).toBeNull();
    expect(defectInCopies(noLower.candidate, withCopies({}))).toBeNull();
  });

  it("costs a question, where it cannot be given the defect", () => {
    const told = outcomes(withCopies({ "index.js": "min();\n" }));
    expect(new Set(told)).toEqual(new Set(["reproduction/own-copy", "unit-tests/own-copy"]));
  });

  it("stands with it beside right sources, and answers pass there", () => {
    const drafts = draftsIn(withCopies({ "index.js": compiled }));
    expect(new Set(drafts.map(({ skill }) => skill))).toEqual(new Set(["reproduction", "unit-tests"]));
    for (const draft of drafts) {
      expect(ofCopies(draft)).toMatchObject([{ answer: "file", files: [draft.answerPath], expect: { kind: "answer-passes" } }]);
      const [{ layer } = { layer: {} }] = ofCopies(draft);
      expect(Object.keys(layer).filter((path) => !path.startsWith("test/"))).toEqual([`${folder}/index.js`]);
    }
  });

  it("is of no account where none is left", () => {
    const drafts = draftsIn(contextOf([noLower, upper, longer]));
    expect(drafts.length).toBeGreaterThan(1);
    expect(drafts.flatMap(ofCopies)).toEqual([]);
  });
});
