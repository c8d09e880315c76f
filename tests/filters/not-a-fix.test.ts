import { describe, expect, it } from "vitest";
import { notAFix } from "../../filters/not-a-fix.ts";
import { subjectOf } from "./subject.ts";

const options = notAFix.options.parse({});
const reasonOf = (given: Parameters<typeof subjectOf>[0]): string | null => {
  const outcome = notAFix.judge(subjectOf(given), options);
  return outcome.kept ? null : outcome.reason;
};

describe("not-a-fix drops", () => {
  it.each([
    ["a commit with two parents", { parents: 2 }, "not-a-fix/merge"],
    ["a merge by its subject", { subject: "Merge pull request #1 from a/b" }, "not-a-fix/merge"],
    ["a revert by its subject", { subject: 'Revert "Fix the sum"' }, "not-a-fix/revert"],
    ["a revert by its body", { body: "This reverts commit 0123456789ab." }, "not-a-fix/revert"],
    ["a version", { subject: "v1.2.3" }, "not-a-fix/version-bump"],
    ["a release", { subject: "chore(release): v1.6.3" }, "not-a-fix/version-bump"],
    ["a pre-release", { subject: "Release 2.0.0-beta.1" }, "not-a-fix/version-bump"],
    ["documentation", { subject: "docs: say more" }, "not-a-fix/housekeeping"],
    ["a chore with a scope", { subject: "chore(deps)!: new linter" }, "not-a-fix/housekeeping"],
    ["a change of comments only", { files: { "a.js": ["a // old\n", "a // new\n"] } }, "not-a-fix/same-code"],
    ["a change of formatting only", { files: { "a.js": ["f( a )\n", "f(a);\n".replace(";", "")] } }, "not-a-fix/same-code"],
    ["a commit that only adds source files", { files: { "a.js": [null, "1\n"] } }, "not-a-fix/only-new-files"],
  ] as const)("%s", (_, given, reason) => {
    expect(reasonOf(given)).toBe(reason);
  });
});

describe("not-a-fix keeps", () => {
  it.each([
    ["a fix", {}],
    ["a conventional fix", { subject: "fix(parser): numbers" }],
    ["a subject that only speaks of merging", { subject: "Merge intervals that touch" }],
    ["a subject that only speaks of reverting", { subject: "Reverting twice gives the same list" }],
    ["a subject with a version in it", { subject: "Fix the sum on Node 22.1.0" }],
    ["a subject that begins with a type but claims nothing", { subject: "docs and code agree on the sum" }],
    ["a fix that also adds a file", { files: { "a.js": ["1\n", "2\n"], "b.js": [null, "1\n"] } }],
    ["a fix that removes a file", { files: { "a.js": ["1\n", null] } }],
    ["a fix among comments", { files: { "a.js": ["a // x\n", "b // x\n"], "c.js": ["c // x\n", "c // y\n"] } }],
  ] as const)("%s", (_, given) => {
    expect(reasonOf(given)).toBeNull();
  });
});
