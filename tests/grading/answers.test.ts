import { describe, expect, it } from "vitest";
import { maxAnswerBytes, parseLocations, parsePatch, parseReview, parseTestFile } from "../../grading/answers.ts";

const reasonOf = (parsed: { ok: boolean }): unknown => ("reason" in parsed ? parsed.reason : null);

describe("locations as a solver writes them", () => {
  const read = (file: string, symbol?: unknown) => {
    const parsed = parseLocations(JSON.stringify({ locations: [{ file, symbol }] }));
    return parsed.ok ? parsed.value[0] : parsed.reason;
  };
  it.each(["src/a.js", "./src/a.js", "././src/a.js", "/workspace/src/a.js", "src//a.js", "src/../src/a.js", "src\\a.js", " src/a.js "])(
    "%s is src/a.js",
    (file) => {
      expect(read(file)).toEqual({ file: "src/a.js", symbol: null });
    },
  );
  it.each([
    ["Box.open", "Box.open"],
    ["Box#open", "Box.open"],
    ["Box.prototype.open", "Box.open"],
    ["Box::open", "Box.open"],
    ["open()", "open"],
    ["open(a, b)", "open"],
    ["Box.#secret", "Box.#secret"],
    ["export async function open(path: string): Promise<Box>", "open"],
    ["const open", "open"],
    ["this.open", "open"],
    ["module.exports.Box.open", "Box.open"],
    ["Box.open<T>", "Box.open"],
    ["Box.open.<anonymous>", "Box.open"],
    ["get", "get"],
    ["this", "this"],
    ["", null],
    [null, null],
  ])("the symbol %j is %j", (written, symbol) => {
    expect(read("a.js", written)).toEqual({ file: "a.js", symbol });
  });
  it("one place in two spellings counts once", () => {
    const parsed = parseLocations('{"locations":[{"file":"a.js"},{"file":"./a.js","symbol":""},{"file":"a.js","symbol":"f"}]}');
    expect(parsed.ok && parsed.value).toHaveLength(2);
  });
  it.each([
    ["", "no-answer"],
    ["  \n", "no-answer"],
    ["src/a.js", "malformed-answer"],
    ["null", "malformed-answer"],
    ['{"locations":"src/a.js"}', "malformed-answer"],
    ['{"locations":[{"path":"src/a.js"}]}', "malformed-answer"],
    ['{"locations":[{"file":"a.js","symbol":3}]}', "malformed-answer"],
    [`{"locations":[]}${" ".repeat(maxAnswerBytes)}`, "answer-too-large"],
  ])("%.30j is refused", (text, reason) => {
    expect(reasonOf(parseLocations(text))).toBe(reason);
  });
});

describe("reviews as a solver writes them", () => {
  it("findings may be left out, and so may a finding's category", () => {
    expect(parseReview('{"verdict":"approve"}')).toEqual({ ok: true, value: { verdict: "approve", findings: [] } });
    const parsed = parseReview('{"verdict":"request_changes","findings":[{"file":"./a.js","startLine":1,"endLine":2}]}');
    expect(parsed).toMatchObject({ ok: true, value: { findings: [{ file: "a.js", category: "defect" }] } });
  });
  it.each([
    ['{"verdict":"best"}', "malformed-answer"],
    ["LGTM", "malformed-answer"],
    ['{"verdict":"approve","findings":[{"file":"a","startLine":0,"endLine":1,"category":"x"}]}', "malformed-answer"],
    ['{"verdict":"approve","findings":[{"file":"a","startLine":3,"endLine":2,"category":"x"}]}', "malformed-answer"],
    ['{"verdict":"approve","findings":[{"file":"a","startLine":1,"endLine":1e300,"category":"x"}]}', "malformed-answer"],
    ["", "no-answer"],
  ])("%s is refused", (text, reason) => {
    expect(reasonOf(parseReview(text))).toBe(reason);
  });
});

describe("what is written around and in an answer", () => {
  it.each([
    ['```json\n{"verdict":"approve"}\n```', "approve", []],
    ['\n```\n{"verdict":"Approve","findings":null}\n```\n', "approve", []],
    ['{"verdict":"REQUEST CHANGES","findings":[{"file":"a.js","startLine":"61"}]}', "request_changes", [[61, 61, "defect"]]],
    [
      '{"verdict":"request-changes","findings":[{"file":"a.js","startLine":3,"endLine":null,"category":null}]}',
      "request_changes",
      [[3, 3, "defect"]],
    ],
    [
      '{"verdict":"request_changes","findings":[{"file":"a.js","startLine":3,"endLine":"5","category":"bug"}]}',
      "request_changes",
      [[3, 5, "bug"]],
    ],
    ['{"verdict":"changes_requested","findings":[{"file":"a.js","line":7,"category":3}]}', "request_changes", [[7, 7, "defect"]]],
    ['{"verdict":"approved"}', "approve", []],
  ])("is no matter: %s", (text, verdict, findings) => {
    const parsed = parseReview(text);
    expect(parsed.ok && [parsed.value.verdict, parsed.value.findings.map((one) => [one.startLine, one.endLine, one.category])]).toEqual([
      verdict,
      findings,
    ]);
  });
  it.each(['{"verdict":"approve!"}', '{"verdict":"request_changes","findings":[{"file":"a.js","startLine":"3.5"}]}', "```json\n{}\n"])(
    "is malformed all the same: %s",
    (text) => {
      expect(reasonOf(parseReview(text))).toBe("malformed-answer");
    },
  );
  it("a test file in a fence is what the fence holds, and one with fences in it is whole", () => {
    expect(parseTestFile("```js\ntest();\n```\n")).toEqual({ ok: true, value: "test();\n" });
    const whole = "/**\n```js\n*/\ntest();\n// ```\n";
    expect(parseTestFile(whole)).toEqual({ ok: true, value: whole });
  });
});

describe("patches as a solver writes them", () => {
  const tree: Readonly<Record<string, string>> = { "src/a.js": "one\n" };
  const read = (path: string): string | null => (Object.hasOwn(tree, path) ? (tree[path] ?? null) : null);
  const added = (path: string) => `--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+x\n`;
  it("a patch that fits gives the new texts", () => {
    const parsed = parsePatch("--- a/src/a.js\n+++ b/src/a.js\n@@ -1 +1 @@\n-one\n+two\n", read);
    expect(parsed).toEqual({ ok: true, value: { "src/a.js": "two\n" } });
  });
  it.each([
    ["a step up", added("../x")],
    ["a step up in the middle", added("src/../../x")],
    ["an absolute path", added("/etc/x")],
    ["a hook of the repository", added(".git/hooks/pre-commit")],
    [
      "a symbolic link",
      "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n",
    ],
    ["a submodule", "diff --git a/l b/l\nnew file mode 160000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+Subproject commit 0\n"],
    ["lines that are not there", "--- a/src/a.js\n+++ b/src/a.js\n@@ -1 +1 @@\n-three\n+two\n"],
    ["a file that is not there", "--- a/constructor\n+++ b/constructor\n@@ -1 +1 @@\n-one\n+two\n"],
    ["prose", "I would change the file.\n"],
    ["a file in the place of which a folder is to be", added("src/a.js/b.js")],
    ["a file and a folder of one name", `${added("src/new.js")}${added("src/new.js/b.js")}`],
  ])("%s is refused", (_, text) => {
    expect(reasonOf(parsePatch(text, read))).toBe("patch-does-not-apply");
  });
  it("nothing is no answer, and a megabyte is too much", () => {
    expect(reasonOf(parsePatch("\n", read))).toBe("no-answer");
    expect(reasonOf(parsePatch("x".repeat(maxAnswerBytes + 1), read))).toBe("answer-too-large");
  });
});

describe("test files as a solver writes them", () => {
  it.each([
    ["", "no-answer"],
    [" \n", "no-answer"],
    ["a\0b", "malformed-answer"],
    ["é".repeat(maxAnswerBytes / 2 + 1), "answer-too-large"],
    ["test();\n", null],
  ])("%.20j", (text, reason) => {
    expect(reasonOf(parseTestFile(text))).toBe(reason);
  });
});
