import { describe, expect, it } from "vitest";
import { parseDenyList, patchFingerprint } from "../../filters/contamination/deny-list.ts";
import { evaluationSets } from "../../filters/contamination/evaluation-sets.ts";
import { contamination } from "../../filters/contamination.ts";
import { unifiedDiff } from "../../lib/diff.ts";
import { shortId } from "../../lib/hash.ts";
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

describe("the bundled lists", () => {
  it("name every repository once, as owner/name in lower case", () => {
    for (const { repositories } of evaluationSets) {
      expect(new Set(repositories).size).toBe(repositories.length);
      for (const name of repositories) expect(name).toMatch(/^[a-z0-9_.-]+\/[a-z0-9_.-]+$/);
    }
  });

  it("are those for which the stage has its version: whoever changes them raises it", () => {
    expect([screenStage.version, shortId(evaluationSets)]).toEqual([2, "b3b156acd7950539"]);
  });
});
