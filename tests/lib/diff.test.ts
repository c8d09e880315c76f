import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch, changedLines, layerChanges, patchLimits, unifiedDiff } from "../../lib/diff.ts";

const reader = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? null;
const ten = Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`).join("");
const change = (path: string, before: string | null, after: string | null) => ({ path, before, after });

/** Texts that make diffs hard: few different lines, odd endings, no last newline. */
const text = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", "", "  c", "-- x", "++ y", "@@ -1 +1 @@", "é漢😀", "\r", "\\ No newline"), { maxLength: 14 }),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
  )
  .map(([lines, ending, ended]) => lines.join(ending) + (ended && lines.length > 0 ? ending : ""));

describe("unifiedDiff and applyPatch", () => {
  it("give back the second text, whatever the two texts are", () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 4 }), (before, after, context) => {
        fc.pre(before !== after);
        const result = applyPatch(unifiedDiff([change("src/x.js", before, after)], context), reader({ "src/x.js": before }));
        expect(result).toEqual({ layer: { "src/x.js": after } });
      }),
      { numRuns: 2_000 },
    );
  });

  it("give back a whole set of files, with new and removed ones among them", () => {
    const file = fc.option(text, { nil: null });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("a.js", "b c.js", 'd"q.js', "é/f.js", "g\\h.js".replace("\\", "-")), fc.tuple(file, file)),
        (pairs) => {
          const changes = Object.entries(pairs).map(([path, [before, after]]) => change(path, before, after));
          const patch = unifiedDiff(changes);
          fc.pre(patch !== "");
          const wanted = changes.filter(({ before, after }) => before !== after).map(({ path, after }) => [path, after]);
          expect(applyPatch(patch, (path) => pairs[path]?.[0] ?? null)).toEqual({ layer: Object.fromEntries(wanted) });
        },
      ),
      { numRuns: 500 },
    );
  });

  it("write a header that git writes", () => {
    expect(unifiedDiff([change("a.js", "1\n2\n", "1\n3\n")])).toBe(
      "diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n",
    );
  });

  it("write and read files that are created empty and removed empty", () => {
    const patch = unifiedDiff([change("new.js", null, ""), change("old.js", "", null)]);
    expect(patch).toContain("new file mode 100644");
    expect(applyPatch(patch, reader({ "old.js": "" }))).toEqual({ layer: { "new.js": "", "old.js": null } });
  });

  it("show a file as replaced whole where the edit distance is beyond the search", () => {
    const before = Array.from({ length: 5_000 }, (_, index) => `a${index}\n`).join("");
    const after = Array.from({ length: 5_000 }, (_, index) => `b${index}\n`).join("");
    const patch = unifiedDiff([change("x.js", before, after)]);
    expect(patch).toContain("@@ -1,5000 +1,5000 @@");
    expect(applyPatch(patch, reader({ "x.js": before }))).toEqual({ layer: { "x.js": after } });
  });

  it("say nothing of files that do not differ", () => {
    expect(unifiedDiff([change("a.js", "1\n", "1\n")])).toBe("");
  });
});

describe("applyPatch tolerates", () => {
  const patch = unifiedDiff([change("x.js", ten, ten.replace("line 5", "LINE 5"))]);

  it("an offset", () => {
    expect(applyPatch(patch, reader({ "x.js": `zero\nzero\n${ten}` }))).toEqual({
      layer: { "x.js": `zero\nzero\n${ten.replace("line 5", "LINE 5")}` },
    });
  });

  it("a missing last newline of the patch and of the file", () => {
    const end = unifiedDiff([change("x.js", ten, ten.replace("line 9", "LINE 9"))]).trimEnd();
    expect(applyPatch(end, reader({ "x.js": ten.trimEnd() }))).toEqual({ layer: { "x.js": ten.trimEnd().replace("line 9", "LINE 9") } });
  });

  it("a file with CRLF under a patch with LF, and keeps the file's endings", () => {
    const crlf = ten.replaceAll("\n", "\r\n");
    expect(applyPatch(patch, reader({ "x.js": crlf }))).toEqual({ layer: { "x.js": crlf.replace("line 5", "LINE 5") } });
  });

  it("a patch with CRLF over a file with LF", () => {
    expect(applyPatch(patch.replaceAll("\n", "\r\n"), reader({ "x.js": ten }))).toEqual({
      layer: { "x.js": ten.replace("line 5", "LINE 5") },
    });
  });

  it("names without the a/ and b/ prefixes, prose around, and empty context lines without their space", () => {
    const loose = "Here is the fix:\n\n--- x.js\n+++ x.js\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n\nDone.\n";
    expect(applyPatch(loose, reader({ "x.js": "a\n\nb\n" }))).toEqual({ layer: { "x.js": "a\n\nc\n" } });
  });

  describe("what is written by hand:", () => {
    const written = ten.replace("line 2\n", "two\n2\n");
    const hunkOf = (header: string) => `--- a/x.js\n+++ b/x.js\n${header}\n line 1\n-line 2\n+two\n+2\n line 3\n`;
    const right = hunkOf("@@ -1,3 +1,4 @@");
    it.each([
      ["too high a count", hunkOf("@@ -1,9 +1,9 @@")],
      ["too low a count", hunkOf("@@ -1,2 +1,2 @@")],
      ["no count", hunkOf("@@ -1 +1 @@")],
      ["a wrong count, and a second file", `${hunkOf("@@ -1,2 +1,2 @@")}--- /dev/null\n+++ b/y.js\n@@ -0,0 +1,5 @@\n+y\n`],
      ["a wrong count, and empty lines behind", `${hunkOf("@@ -1,9 +1,9 @@")}\n\n`],
      ["a list before it", `What I did:\n\n- changed x\n+ added y\n\n${right}`],
      ["a fence, and lists around it", `- first\n\n\`\`\`diff\n${right}\`\`\`\n\n- second\n- third\n`],
      ["a fence that does not end", `Here:\n\`\`\`diff\n${right}`],
      ["other fences beside", `\`\`\`js\nlet a;\n\`\`\`\n\`\`\`diff\n${right}\`\`\`\n`],
      ["a name from where it is", right.replaceAll(/[ab]\/x/g, "./x")],
      ["a name from where the tree is mounted", right.replaceAll(/[ab]\/x/g, "/workspace/x")],
    ])("%s", (_, text) => {
      const applied = applyPatch(text, reader({ "x.js": ten }));
      expect("layer" in applied ? applied.layer["x.js"] : applied.error).toBe(written);
    });
    it("a line of a hunk that shows a fence does not end the one around the patch", () => {
      const before = " * ```\n * a\n * ```\none\n".replaceAll(" * ", "");
      const text = "```diff\n--- a/a.md\n+++ b/a.md\n@@ -1,4 +1,4 @@\n ```\n a\n ```\n-one\n+two\n```\n";
      expect(applyPatch(text, reader({ "a.md": before }))).toEqual({ layer: { "a.md": "```\na\n```\ntwo\n" } });
    });
    it("fences that are lines of a file stay lines of it", () => {
      const text = "--- /dev/null\n+++ b/a.md\n@@ -0,0 +1,3 @@\n+```js\n+a\n+```\n";
      expect(applyPatch(text, reader({}))).toEqual({ layer: { "a.md": "```js\na\n```\n" } });
    });
  });

  it("a rename with edits, as a removal and a new file", () => {
    const rename =
      "diff --git a/x.js b/y.js\nsimilarity index 90%\nrename from x.js\nrename to y.js\n--- a/x.js\n+++ b/y.js\n@@ -1,2 +1,2 @@\n-line 1\n+LINE 1\n line 2\n";
    expect(applyPatch(rename, reader({ "x.js": ten }))).toEqual({ layer: { "x.js": null, "y.js": ten.replace("line 1", "LINE 1") } });
  });

  it("a change of mode, which it passes over", () => {
    expect(applyPatch("diff --git a/x.js b/x.js\nold mode 100644\nnew mode 100755\n", reader({ "x.js": "1\n" }))).toEqual({
      layer: { "x.js": "1\n" },
    });
  });

  it("two parts for one file", () => {
    const second = unifiedDiff([change("x.js", ten.replace("line 5", "LINE 5"), ten.replace("line 5", "five"))]);
    expect(applyPatch(patch + second, reader({ "x.js": ten }))).toEqual({ layer: { "x.js": ten.replace("line 5", "five") } });
  });

  it("a quoted name with octal bytes", () => {
    const quoted = 'diff --git "a/\\303\\251.js" "b/\\303\\251.js"\n--- "a/\\303\\251.js"\n+++ "b/\\303\\251.js"\n@@ -1 +1 @@\n-1\n+2\n';
    expect(applyPatch(quoted, reader({ "é.js": "1\n" }))).toEqual({ layer: { "é.js": "2\n" } });
  });
});

describe("applyPatch refuses", () => {
  const error = (patch: string, files: Readonly<Record<string, string>> = { "x.js": ten }): string => {
    const result = applyPatch(patch, reader(files));
    return "error" in result ? result.error : `applied: ${JSON.stringify(result.layer)}`;
  };
  const head = "--- a/x.js\n+++ b/x.js\n";

  it("context that differs in one character", () => {
    expect(error(`${head}@@ -1,2 +1,2 @@\n line 1 \n-line 2\n+two\n`)).toMatch(/hunk 1 does not match/);
  });
  it("hunks in the wrong order", () => {
    expect(error(`${head}@@ -8 +8 @@\n-line 8\n+8\n@@ -2 +2 @@\n-line 2\n+2\n`)).toMatch(/hunk 2 does not match/);
  });
  it("an insertion that holds on to no line", () => {
    expect(error(`${head}@@ -3,0 +4 @@\n+new\n`)).toMatch(/no line of the file/);
  });
  it("a hunk with lines that are none, where its header counts others", () => {
    expect(error(`${head}@@ -1,3 +1,3 @@\n-line 1\n+1\nand so on\n`)).toMatch(/hunk ends before/);
    expect(error(`${head}@@\n-line 1\n+1\n`)).toMatch(/header cannot be read/);
    expect(error(`${head}@@ -1 +1 @@\n-line 1\n+1\n+2\nand so on\n`)).toMatch(/more lines than its header/);
  });
  it("paths that lead out of the tree or into git's folder", () => {
    for (const path of ["../x.js", "/etc/passwd", "a/../../x", ".git/hooks/pre-commit", "sub/.GIT/config", "__proto__"]) {
      expect(error(`--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+1\n`)).toMatch(/path of the patch is refused/);
    }
  });
  it("binary patches", () => {
    expect(error("diff --git a/x.png b/x.png\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZ\n")).toMatch(/binary/);
    expect(error("diff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ\n")).toMatch(/binary/);
  });
  it("symbolic links", () => {
    expect(error("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n")).toMatch(/symbolic/);
  });
  it("a new file where one is, an edit where none is, and a removal that leaves lines", () => {
    expect(error("--- /dev/null\n+++ b/x.js\n@@ -0,0 +1 @@\n+1\n")).toMatch(/there already/);
    expect(error("--- a/y.js\n+++ b/y.js\n@@ -1 +1 @@\n-1\n+2\n")).toMatch(/no such file/);
    expect(error("--- a/x.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-line 1\n")).toMatch(/not all of its lines/);
  });
  it("text without any file header", () => {
    expect(error("")).toMatch(/no file header/);
    expect(error("I would change line 3.\n")).toMatch(/no file header/);
    expect(error("@@ -1 +1 @@\n-line 1\n+1\n")).toMatch(/without a file header/);
  });
  it("a patch larger than the cap, but not one just inside it", () => {
    const sized = (bytes: number): string => {
      const frame = "--- /dev/null\n+++ b/n.js\n@@ -0,0 +1 @@\n+\n";
      return frame.replace("+\n", `+${"x".repeat(bytes - frame.length)}\n`);
    };
    expect(error(sized(patchLimits.bytes + 1))).toMatch(/larger than/);
    expect(error(sized(patchLimits.bytes))).toMatch(/^applied/);
  });
  it("more files than the cap, but not as many as the cap", () => {
    const files = (count: number): string => unifiedDiff(Array.from({ length: count }, (_, index) => change(`f${index}.js`, null, "1\n")));
    expect(error(files(patchLimits.files + 1))).toMatch(/more than 200 files/);
    expect(error(files(patchLimits.files))).toMatch(/^applied/);
  });
  it("a patch that would take minutes to place", () => {
    const hunk = `@@ -1,20000 +1,20001 @@\n${" \n".repeat(19_999)} end\n+x\n`;
    expect(error(`${head}${hunk}`, { "x.js": "\n".repeat(100_000) })).toMatch(/too long to place/);
  });
});

describe("changedLines", () => {
  it("names the changed lines on both sides", () => {
    const patch = unifiedDiff([change("x.js", ten, ten.replace("line 2\nline 3\n", "two\n").replace("line 9", "LINE 9"))]);
    expect(changedLines(patch)).toEqual({
      before: [
        { file: "x.js", start: 2, end: 3, empty: false },
        { file: "x.js", start: 9, end: 9, empty: false },
      ],
      after: [
        { file: "x.js", start: 2, end: 2, empty: false },
        { file: "x.js", start: 8, end: 8, empty: false },
      ],
    });
  });

  it("gives the line after the gap for a pure insertion, and the last line at the end of the file", () => {
    expect(changedLines(unifiedDiff([change("x.js", "1\n2\n", "1\nnew\n2\n")])).before).toEqual([
      { file: "x.js", start: 2, end: 2, empty: true },
    ]);
    expect(changedLines(unifiedDiff([change("x.js", "1\n2\n", "1\n2\nnew\n")])).before).toEqual([
      { file: "x.js", start: 2, end: 2, empty: true },
    ]);
  });

  it("has no side for a file that is not there", () => {
    expect(changedLines(unifiedDiff([change("x.js", null, "1\n")]))).toEqual({
      before: [],
      after: [{ file: "x.js", start: 1, end: 1, empty: false }],
    });
  });
});

describe("layerChanges", () => {
  it("compares two layers over one tree", () => {
    const changes = layerChanges(
      { "a.js": "A\n", "gone.js": null },
      { "b.js": "B\n" },
      reader({ "a.js": "a\n", "b.js": "b\n", "gone.js": "g\n" }),
    );
    expect(changes).toEqual([change("a.js", "A\n", "a\n"), change("b.js", "b\n", "B\n"), change("gone.js", null, "g\n")]);
  });
});
