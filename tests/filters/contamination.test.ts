import { describe, expect, it } from "vitest";
import { listNamedIn, parseDenyList, patchFingerprint } from "../../filters/contamination/deny-list.ts";
import { evaluationSets } from "../../filters/contamination/evaluation-sets.ts";
import { contamination } from "../../filters/contamination.ts";
import { unifiedDiff } from "../../lib/diff.ts";
import { shortId } from "../../lib/hash.ts";
import { rngFor } from "../../lib/rng.ts";
import { screenStage } from "../../pipeline/stages/2-screen.ts";
import type { Commit } from "../../schemas/candidate.ts";
import { contaminationSchema } from "../../schemas/contamination.ts";
import { subjectOf } from "./subject.ts";

const head = { list: "own", version: "1", source: "a test" };
const listOf = (...entries: readonly object[]) =>
  parseDenyList([head, ...entries].map((one) => JSON.stringify(one)).join("\n"), "list.jsonl");
const withList = (...entries: readonly object[]) => contaminationSchema.parse({ bundled: false, lists: [listOf(...entries)] });
const bundled = contaminationSchema.parse({});

const told = "The parser throws when a quoted value is empty and the next option follows at once";
const of = (name: string, more: Partial<Commit> = {}, origin = "local") => {
  const subject = subjectOf({ files: { "src/a.js": ["one\ntwo - 1;\n", "one\ntwo + 1;\n"] } });
  const { revision } = subject.commit;
  return { ...subject, commit: { ...subject.commit, revision: { ...revision, repository: { name, origin, license: "MIT" } }, ...more } };
};
const pull = (number: number) =>
  ({
    number,
    base: { ref: "main", oid: "b".repeat(40) },
    head: { ref: "fix", oid: "e".repeat(40), fork: null },
    mergeCommit: "c".repeat(40),
    issues: [{ repository: "Acme/Tracker", number: 9, title: "Crash on empty values", body: told }],
  }) as unknown as NonNullable<Commit["pullRequest"]>;

describe("contamination", () => {
  it.each([
    ["axios/axios", "swe-bench-multilingual"],
    ["markedjs/marked", "swe-bench-multimodal"],
    ["cypress-io/cypress", "swe-bench-multimodal"],
    ["emotion-js/emotion", "swe-bench-multimodal"],
    ["plotly/plotly.js", "swe-bench-multimodal"],
    ["iamkun/dayjs", "multi-swe-bench"],
    ["sveltejs/svelte", "multi-swe-bench"],
    ["serverless/serverless", "swe-polybench"],
    ["psf/requests", "swe-bench"],
  ])("drops what is of %s, and names the list %s", (name, list) => {
    const reason = {
      kept: false,
      reason: "contamination/repository",
      detail: expect.stringMatching(new RegExp(`^${list} 2026-11-2\\d has ${name}$`)),
    };
    expect(contamination.judge(of(name), bundled)).toMatchObject(reason);
    expect(contamination.judgeRevision(of(name).commit.revision, bundled)).toMatchObject(reason);
  });

  it("knows a repository under every spelling of its address", () => {
    for (const origin of ["https://github.com/Axios/Axios.git", "git@github.com:axios/axios", "ssh://git@github.com/axios/axios/"])
      expect(contamination.judge(of("my-copy", {}, origin), bundled)).toMatchObject({ reason: "contamination/repository" });
  });

  it("knows a copy, a fork and an old name by what the manifest says it is", () => {
    const { commit, ...subject } = of("my-copy");
    const repository = { ...commit.revision.repository, declared: ["axios/axios"] };
    const revision = { ...commit.revision, repository };
    expect(contamination.judgeRevision(revision, bundled)).toMatchObject({ reason: "contamination/repository" });
    expect(contamination.judge({ ...subject, commit: { ...commit, revision } }, bundled)).toMatchObject({
      reason: "contamination/repository",
    });
    expect(contamination.judgeRevision(revision, contaminationSchema.parse({ allow: ["axios/axios"] })).kept).toBe(true);
  });

  it.each(["tj/commander.js", "unjs/ufo", "yargs/yargs-parser", "fastify/fastify", "kihon/demo", "someone/axios"])("keeps %s", (name) => {
    expect(contamination.judge(of(name), bundled)).toMatchObject({ kept: true });
    expect(contamination.judgeRevision(of(name).commit.revision, bundled)).toMatchObject({ kept: true });
  });

  it("lets a repository through that is allowed by name, and all where the lists are off", () => {
    expect(contamination.judge(of("axios/axios"), contaminationSchema.parse({ allow: ["https://github.com/Axios/axios"] }))).toMatchObject({
      kept: true,
    });
    expect(contamination.judge(of("axios/axios"), contaminationSchema.parse({ bundled: false }))).toMatchObject({ kept: true });
  });

  it.each([
    [{ repository: "https://github.com/Acme/Calc.git" }, "repository", "own 1 has acme/calc"],
    [{ pull_request: "Acme/Calc#12" }, "pull-request", "own 1 has acme/calc#12"],
    [{ instance_id: "acme__calc-12" }, "pull-request", "own 1 has acme/calc#12"],
    [{ issue: "acme/tracker#9" }, "pull-request", "own 1 has acme/tracker#9"],
    [{ commit: "c".repeat(40) }, "commit", `own 1 has the commit ${"c".repeat(40)}`],
    [{ commit: "1".repeat(40) }, "commit", `own 1 has the commit ${"1".repeat(40)}`],
    [
      { patch: "--- a/lib/other.js\n+++ b/lib/other.js\n@@ -9,1 +9,1 @@\n-  two - 1;\n+  two + 1;\n" },
      "patch",
      "own 1 has a patch of the same lines",
    ],
    [{ text: `${told}.` }, "text", /^own 1 has a text that is \d+ % the same$/],
  ])("drops a change that %j names", (entry, reason, detail) => {
    const options = withList(entry);
    const outcome = contamination.judge(of("acme/calc", { pullRequest: pull(12) }), options);
    expect(outcome).toMatchObject({ kept: false, reason: `contamination/${reason}` });
    expect("detail" in outcome && outcome.detail).toEqual(typeof detail === "string" ? detail : expect.stringMatching(detail));
  });

  it("names its list in the detail, also where one version begins like another", () => {
    const [short, long] = ["1", "1 has been mended"].map((version) => ({ ...listOf({ repository: "acme/calc" }), version }));
    for (const list of [short, long]) {
      const outcome = contamination.judge(of("acme/calc"), contaminationSchema.parse({ bundled: false, lists: [list] }));
      expect(
        listNamedIn(
          "detail" in outcome ? outcome.detail : "",
          [short, long].filter((one) => one !== undefined),
        ),
      ).toBe(list);
    }
  });

  it("keeps a change that is one off in number, commit, patch and text", () => {
    const options = withList(
      { repository: "acme/calculator" },
      { pull_request: "acme/calc#13" },
      { commit: "d".repeat(40) },
      { patch: "-two - 1;\n+two + 2;\n" },
      { text: "The parser returns nothing where an unquoted name is given twice, and the help is printed in the wrong order" },
    );
    expect(contamination.judge(of("acme/calc", { pullRequest: pull(12) }), options)).toMatchObject({ kept: true });
  });

  it("knows a text again of which a word was changed, and not one of which half was", () => {
    const options = withList({
      text: `${told}. It did not in version two, and the documentation says that an empty value is allowed there.`,
    });
    const issue = (body: string) => of("acme/calc", { subject: "Fix", body });
    const changed = `${told}. It did not in version three, and the documentation says that an empty value is allowed there.`;
    expect(contamination.judge(issue(changed.replace("Fix", "")), options)).toMatchObject({ reason: "contamination/text" });
    expect(
      contamination.judge(issue(`${told}. Somebody should look at how the help is written when nothing at all was asked for.`), options),
    ).toMatchObject({ kept: true });
  });

  it("also knows a bare commit by the pull request that its message names", () => {
    const landed = { pullRequest: 12, closes: [7] };
    expect(contamination.judge(of("acme/calc", { landed }), withList({ issue: "acme/calc#7" }))).toMatchObject({
      reason: "contamination/pull-request",
    });
    expect(contamination.judge(of("acme/calc", { landed }), withList({ issue: "acme/calc#8" }))).toMatchObject({ kept: true });
  });
});

describe("a deny list", () => {
  it.each([
    ["", 1, "the file is empty"],
    ["nothing", 1, "it is no JSON"],
    ['{"list":"Own","version":"1"}', 1, "lower case"],
    ['{"list":"own","version":"1"}\n{"repo":"a/b"}', 2, ""],
    ['{"list":"own","version":"1"}\n\n{"pull_request":"a/b/12"}', 3, ""],
    ['{"list":"own","version":"1"}\n{"instance_id":"acme-12"}', 2, "owner__name-number"],
    ['{"list":"own","version":"1"}\n{"commit":"abc"}', 2, ""],
    ['{"list":"own","version":"1"}\n{"text":"too short"}', 2, "less than 8 words"],
    ['{"list":"own","version":"1"}\n{"patch":"@@ -1 +1 @@"}', 2, "changes nothing"],
  ])("that cannot be read is refused with its line: %j", (text, line, what) => {
    expect(() => parseDenyList(text, "list.jsonl")).toThrow(`line ${line} of the list list.jsonl: `);
    expect(() => parseDenyList(text, "list.jsonl")).toThrow(what);
  });

  it("says the same in any order, and holds no text of others", () => {
    const entries = [{ repository: "a/b" }, { repository: "c/d" }, { text: told }];
    expect(listOf(...entries)).toEqual(listOf(...[...entries].reverse(), { repository: "A/B" }));
    expect(JSON.stringify(listOf(...entries))).not.toContain("parser");
  });

  it("has the same fingerprint for a patch with other white space, places and headers", () => {
    const own = unifiedDiff([{ path: "a.js", before: "x\n  one();\n", after: "x\n  two();\n" }]);
    expect(patchFingerprint(own)).toBe(patchFingerprint("+++ b/z.js\n--- a/z.js\n@@ -1 +1 @@\n-one();\n+\ttwo();\n"));
    expect(patchFingerprint(own)).not.toBe(patchFingerprint("-two();\n+one();\n"));
    expect(patchFingerprint(" context alone\n")).toBeNull();
  });
});

/** Instances as evaluation sets publish them, each of words of its own, and what a change looks like that has the like of it. */
describe("planted instances", () => {
  const rng = rngFor("tests", "contamination", "planted");
  const syllables = "ka lo mi tra ve sun dor pel qui rim bas tek nor ful gam".split(" ");
  const word = (): string => Array.from({ length: 2 + rng.below(3) }, () => syllables[rng.below(syllables.length)]).join("");
  const words = (count: number): string[] => Array.from({ length: count }, word);
  const instance = (at: number) => {
    const lines = Array.from({ length: 3 + rng.below(6) }, () => `  const ${word()} = ${word()}(${word()}, ${rng.below(100)});`);
    return {
      owner: `${word()}-${at}`,
      name: word(),
      number: 1 + rng.below(9000),
      commit: shortId([at]).padEnd(40, "7"),
      lines,
      prose: words(60 + rng.below(80)),
    };
  };
  type Planted = ReturnType<typeof instance>;
  const [planted, clean] = [500, 1000].map((count, at) => Array.from({ length: count }, (_, one) => instance(at * 10_000 + one))) as [
    Planted[],
    Planted[],
  ];
  const before = "function main() {\n  start();\n}\n";
  const afterOf = ({ lines }: Planted): string => before.replace("  start();", ["  start();", ...lines].join("\n"));
  const textOf = ({ prose }: Planted): string => `${prose.slice(0, 6).join(" ")}\n\n${prose.slice(6).join(" ")}.`;
  const patchOf = (one: Planted): string => unifiedDiff([{ path: "src/main.js", before, after: afterOf(one) }]);

  /** The same words, set otherwise. */
  const formats: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => text.toUpperCase(),
    (text) =>
      text
        .split(/\s+/)
        .map((one, at) => (at % 8 === 7 ? `**${one}**\n` : one))
        .join(" "),
    (text) =>
      text
        .split("\n")
        .map((line) => `> ${line}`)
        .join("\r\n"),
    (text) => `<!-- please search first -->\n## Description\n\n${text.replaceAll(". ", ".\n- ")}\n\n- [x] I have read the guide`,
  ];
  const entries: readonly ((one: Planted) => object)[] = [
    ({ owner, name }) => ({ repository: `https://github.com/${owner}/${name}` }),
    ({ owner, name, number }) => ({ instance_id: `${owner}__${name}-${number}` }),
    ({ owner, name, number }) => ({ pull_request: `${owner}/${name}#${number}` }),
    ({ commit }) => ({ commit }),
    (one) => ({ patch: patchOf(one) }),
    (one) => ({ text: textOf(one) }),
  ];
  /** The change has nothing of the instance but what its entry is about. */
  const suspects: readonly ((one: Planted, at: number) => ReturnType<typeof of>)[] = [
    ({ owner, name }, at) => (at % 2 === 0 ? of(`${owner}/${name}`.toUpperCase()) : of("copy", {}, `git@github.com:${owner}/${name}.git`)),
    ({ owner, name, number }) => of(`${owner}/${name}`, { pullRequest: { ...pull(number), issues: [] } }),
    ({ owner, name, number }) => of(`${owner}/${name}`, { landed: { pullRequest: number, closes: [] } }),
    ({ commit }) => of("someone/else", { pullRequest: { ...pull(1), mergeCommit: commit, issues: [] } }),
    (one, at) => {
      const indented = (text: string): string => text.replaceAll("  ", at % 2 === 0 ? "\t" : "      ");
      const moved = subjectOf({ files: { [`lib/other${at}.js`]: [indented(before), indented(afterOf(one))] } });
      return { ...moved, commit: { ...moved.commit, subject: "Move it" } };
    },
    (one, at) => of("someone/else", { subject: "Fix", body: formats[at % formats.length]?.(textOf(one)) ?? "" }),
  ];
  const options = withList(...planted.map((one, at) => entries[at % entries.length]?.(one) ?? {}));

  it("are all caught, by what names them and in every format", () => {
    const missed = planted.flatMap((one, at) => {
      const kind = at % entries.length;
      const suspect = suspects[kind]?.(one, Math.floor(at / entries.length)) ?? of("never");
      return contamination.judge(suspect, options).kept ? [[kind, Math.floor(at / entries.length) % formats.length]] : [];
    });
    expect(missed).toEqual([]);
  });

  it("cost no clean change: none of 1,000 is dropped, with the bundled lists beside them", () => {
    const all = contaminationSchema.parse({ bundled: true, lists: options.lists });
    const dropped = clean.filter((one) => {
      const files = { "src/main.js": [before, afterOf(one)] } as const;
      const { owner, name, number, prose } = one;
      const subject = subjectOf({ files, subject: prose.slice(0, 6).join(" "), body: textOf(one) });
      const own = of(`${owner}/${name}`, { pullRequest: { ...pull(number), issues: [] } });
      return !contamination.judge({ ...subject, commit: { ...subject.commit, ...own.commit, body: textOf(one) } }, all).kept;
    });
    expect(dropped).toEqual([]);
  });
});

describe("the bundled lists", () => {
  it("catch each repository that they name, under its name and its addresses", () => {
    const names = evaluationSets.flatMap(({ repositories }) => repositories);
    expect(names.length).toBeGreaterThan(100);
    const kept = names.flatMap((name) =>
      [of(name), of("copy", {}, `https://github.com/${name}.git`), of("copy", {}, `ssh://git@github.com/${name}`)].filter(
        (one) => contamination.judge(one, bundled).kept,
      ),
    );
    expect(kept).toEqual([]);
  });

  it("name every repository once, as owner/name in lower case", () => {
    for (const { repositories } of evaluationSets) {
      expect(new Set(repositories).size).toBe(repositories.length);
      for (const name of repositories) expect(name).toMatch(/^[a-z0-9_.-]+\/[a-z0-9_.-]+$/);
    }
  });

  it("are those for which the stage has its version: whoever changes them raises it", () => {
    expect([screenStage.version, shortId(evaluationSets)]).toEqual([4, "f17eed844aab0bc6"]);
  });
});
