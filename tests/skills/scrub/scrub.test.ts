import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findHint } from "../../../skills/scrub/check.ts";
import type { Fix } from "../../../skills/scrub/fix.ts";
import { scrub, scrubTitle } from "../../../skills/scrub/scrub.ts";
import type { RemovalKind } from "../../../skills/scrub/tally.ts";
import { githubToken, rsaKey, samples } from "./credential-samples.ts";
import { fix } from "./fix.ts";

const of = (text: string, over: Partial<Fix> = {}): string => scrub(text, { ...fix, ...over }).text;

/** What is written, what is left of it, and what was counted. */
const table: readonly (readonly [RemovalKind, string, string])[] = [
  ["link", "See https://github.com/acme/text/issues/3 first.", "See [link] first."],
  ["link", "See https://github.com/acme/text/pull/3/files#diff-1 first.", "See [link] first."],
  ["link", "Since https://github.com/acme/text/commit/0a1b2c3d4e it fails.", "Since [link] it fails."],
  ["link", "Compare https://gitlab.com/a/b/-/compare/v1...v2, please.", "Compare [link], please."],
  ["link", "Shown [in this sandbox](https://stackblitz.com/edit/x?file=y.js) as well.", "Shown in this sandbox as well."],
  ["link", "It is at github.com/acme/text too.", "It is at [link] too."],
  ["link", "Clone git@git.corp.io:acme/text.git and run it.", "Clone [link] and run it."],
  ["link", "Read https://docs.corp.io/acme/text/usage for more.", "Read [link] for more."],
  [
    "host",
    "`parse('https://corp.io/a?b=1')` and https://corp.io:80/c, https://other.io/d",
    "`parse('https://example.com/a?b=1')` and https://example.com:80/c, https://example.org/d",
  ],
  ["reference", "As in #12 and acme/text#13 it is wrong.", "As in [reference] and [reference] it is wrong."],
  ["reference", "GH-7 and issue 41 say the same.", "[reference] and [reference] say the same."],
  ["commit-id", "It was right at 0a1b2c3d4e5f.", "It was right at [commit]."],
  ["commit-id", "Try acme/text@0a1b2c3 once.", "Try [commit] once."],
  ["mention", "Ask @ann-b about /Users/ann/code, and not @scope/name.", "Ask [user] about /Users/user/code, and not @scope/name."],
  ["e-mail", "Write to ann.b@corp.io about it.", "Write to [e-mail] about it."],
  ["credential", `Called with "${githubToken}", it throws.`, 'Called with "[secret]", it throws.'],
  ["credential", `It is wrong:\n\`\`\`js\nload(\`${rsaKey}\`);\n\`\`\``, "It is wrong:\n```js\nload(`[secret]`);\n```"],
  ["credential", "Cloned from https://ann:c0rrectHorse@corp.io/a it is wrong.", "Cloned from [secret]/a it is wrong."],
  ["credential", `> Called with:\n>\n> ${rsaKey.replaceAll("\n", "\n> ")}\n\nIt is wrong.`, "> Called with:\n\nIt is wrong."],
  ["path", "In src/slug.ts:4:2 and node_modules/text/dist/slug.mjs it throws.", "In [file]:4:2 and [file] it throws."],
  ["path", 'It is loaded by `require("../src/slug")` there.', 'It is loaded by `require("../[file]")` there.'],
  ["closing", "It is wrong. Fixes #12. It matters.", "It is wrong. It matters."],
  ["fixed-by", "It is wrong. This was fixed in the last version. It matters.", "It is wrong. It matters."],
  ["fixed-by", "It is wrong. I fixed it by hand. It matters.", "It is wrong. It matters."],
  ["fixed-by", "It is wrong. I did a bisect. It matters.", "It is wrong. It matters."],
  ["hint", "It is wrong. A possible fix is to trim first. It matters.", "It is wrong. It matters."],
  ["hint", "It is wrong. Replacing `a` by `b` solves it. It matters.", "It is wrong. It matters."],
  ["hint", "It is wrong. This PR trims first. It matters.", "It is wrong. It matters."],
  ["hint", "It is wrong. See line 12 of the module. It matters.", "It is wrong. It matters."],
  ["fix-code", "It is wrong. Write const words = text.trim().split(/\\s+/); there. It matters.", "It is wrong. It matters."],
  ["fix-code", "It is wrong. It lacks `text.trim().split(/\\s+/)` there. It matters.", "It is wrong. It matters."],
  ["fix-code", "It is wrong:\n```js\nconst words =\n  text.trim().split(/\\s+/);\n```", "It is wrong:"],
  ["patch", "It is wrong:\n```diff\n- a\n+ b\n```\nIt matters.", "It is wrong:\nIt matters."],
  ["patch", "It is wrong:\n~~~\n@@ -1 +1 @@\n-a\n+b\n~~~", "It is wrong:"],
  ["patch", "It is wrong:\n```js\n-  a();\n+  b();\n```", "It is wrong:"],
  ["test-name", "It is wrong. It Joins the words of a title no more. It matters.", "It is wrong. It matters."],
  ["html-comment", "It is <!-- a\nlong -->wrong.", "It is wrong."],
  ["html-comment", "It is wrong. <!-- not closed\nat all", "It is wrong."],
  ["image", "It is wrong. ![shot](https://x.y/z.png) <img src='a'>", "It is wrong."],
  ["template", "A clear and concise description of what the bug is.\nIt is wrong.\n_No response_", "It is wrong."],
  ["checklist", "- [x] I have searched\n- [ ] I have not\n- It is wrong.", "- It is wrong."],
  ["trailer", "It is wrong.\n\nSigned-off-by: Ann <ann@corp.io>\nRefs: #3", "It is wrong."],
  ["signature", "It is wrong.\n\nThanks in advance!\n-- \nAnn, Corp", "It is wrong."],
  [
    "section",
    "# Report\nIt is wrong.\n## Possible fix\nTrim.\n### More\nOf it.\n## Seen\nToday.",
    "# Report\nIt is wrong.\n## Seen\nToday.",
  ],
  ["not-text", "It is\u200b wrong\u202e.\u0000", "It is wrong."],
];

describe("of a text are taken out", () => {
  it.each(table)("%s: %s", (kind, text, left) => {
    const scrubbed = scrub(text, fix);
    expect(scrubbed.text).toBe(left);
    expect(scrubbed.removed[kind]).toBeGreaterThan(0);
    expect(findHint(scrubbed.text, fix)).toBeNull();
  });

  it.each(samples)("credentials, as one of %s (%#)", (_, credential, before = "") => {
    const { text, removed } = scrub(`Called with\n\n\`\`\`\n${before}${credential}\n\`\`\`\n\nit throws.`, fix);
    expect(text).toBe(`Called with\n\n\`\`\`\n${before}[secret]\n\`\`\`\n\nit throws.`);
    expect(removed).toEqual({ credential: 1 });
    expect(findHint(text, fix)).toBeNull();
  });

  it("headings under which nothing is left", () => {
    expect(of("# Bug\n## Describe\n<!-- here -->\n## Seen\nIt is wrong.\n**Expected**\n\n**Version**\n1.2.3")).toBe(
      "# Bug\n\n## Seen\nIt is wrong.\n\n**Version**\n1.2.3",
    );
  });
});

describe("lines that were broken for their length", () => {
  const words = "When a title has words in capitals, the slug of it is wrong.";
  it.each([
    [
      "a sentence goes with all of its lines",
      `${words} For an\nexample of it look at what a possible fix would do, which is\nshown below. It matters.`,
      `${words} It matters.`,
    ],
    [
      "in a list too",
      "- When a title has words in capitals it is wrong, and this PR is\n  what makes it right again.\n- It matters.",
      "- It matters.",
    ],
    [
      "short lines are each by themselves",
      "Steps:\n\nOpen the page\nThis PR trims first\nPress the button",
      "Steps:\n\nOpen the page\nPress the button",
    ],
    [
      "code that is set in is code, behind an empty line",
      "It is wrong:\n\n    slug('[a](b\\\\ )') // <p>a</p> #12\n    See http://example.com\n\nIt matters.",
      "It is wrong:\n\n    slug('[a](b\\\\ )') // <p>a</p> [reference]\n    See http://example.com\n\nIt matters.",
    ],
    ["a patch that is set in goes", "It is wrong:\n\n    -  a();\n    +  b();\n\nIt matters.", "It is wrong:\n\nIt matters."],
    [
      "code keeps its comments",
      "It is wrong: `<!-- a -->`.\n\n```html\n<!-- b\n-->\n```\n\n    <!-- c -->\n\n<!-- d\n-->\nIt matters.",
      "It is wrong: `<!-- a -->`.\n\n```html\n<!-- b\n-->\n```\n\n    <!-- c -->\n\nIt matters.",
    ],
    ["inline code keeps its tags", "It gives `<p>a<br>b</p>` and <b>not</b> `a`.", "It gives `<p>a<br>b</p>` and  not  `a`."],
    [
      "what is set in below an item of a list is its paragraph",
      "- It is wrong.\n\n    See [here](https://corp.io/x) too.",
      "- It is wrong.\n\n    See here too.",
    ],
    ["code that is set in is no prose", `${words} This PR\n    slug("A Title of many words that is long enough to be broken")`, null],
    [
      "what stays keeps its breaks",
      "The slug of a title that has words in capitals is not what one would\nthink it is: `A`. Fixes #12.",
      "The slug of a title that has words in capitals is not what one would\nthink it is: `A`.",
    ],
  ])("%s", (_what, text, left) => {
    if (left === null) expect(of(text)).toContain("slug(");
    else expect(of(text)).toBe(left);
  });
});

describe("of what authors say of their own repair is taken out", () => {
  const written = (text: string): string => scrub(text, fix, "author").text;
  it.each([
    "Add `trim` as a third condition to `slug`.",
    "Also uses a set in place of the list.",
    "Then, ensure that the title is trimmed.",
    "This change replaces `a` by `b`.",
    "With this change the title is trimmed.",
    "We now trim it first.",
    "See the test fixture added in this file.",
    "- Added a regression test for it.",
    "Replaced the pattern\n- Removed the loop",
    "Recurse to the next word instead of returning.",
    "As a workaround, set the title first.",
    "This makes `slug` and `title` alike.",
    "The patterns now require a letter.",
    "Expanded the set of signs to include `a`.",
    "Leaving the blank in the text lets the next rule see it.",
  ])("%s", (text) => expect(written(`The slug was wrong before.\n\n${text}`)).toBe("The slug was wrong before."));

  it.each([
    "Calls to `slug` with a title threw.",
    "Use of `slug` with a title throws.",
    "Returns `a-b` where `a--b` is expected.",
    "The function should return an empty text when the title is empty.",
    "Before, the slug was given back with a dash at its end.",
  ])("and not %s", (text) => expect(written(text)).toBe(text));

  it("and of a reporter's words only what tells of a repair", () => {
    expect(of("Add a file. Use it. It now throws.")).toBe("Add a file. Use it. It now throws.");
  });
});

describe("what tells of the defect stays", () => {
  it.each([
    'Calling `parse("")` returns `0`, should be `NaN`.',
    "`parse('https://user:pass@example.com')` and `_authToken=abc` lose their end.",
    "```js\nparse('http://example.com/a#1x', { color: \"#336699\" }); // 1234567e5, 0xdeadbeef1\n```",
    "It fails with version 2.0.0-abc1234 on Node 20.11.1, the id is 550e8400-e29b-41d4-a716-446655440000.",
    "```\n- Expected\n+ Received\n\n- a-b\n+ a--b\n```",
    "1. Open a page\n2. Press `@` twice\n\n> quoted words",
    "@Input() stands in `@Component` and in @scope/package.",
    "Fixed width fonts are drawn wrong when the title is in capitals.",
  ])("%s", (text) => expect(of(text)).toBe(text.replace("@Input()", "[user]()")));
});

describe("a title", () => {
  it.each([
    ["fix(slug): lower case for `slugify` (#12)", "lower case for `slugify`"],
    ["It throws in capitals (Closes #12)", "It throws in capitals"],
    ["[Bug]: it throws, see acme/text#3", "it throws, see [reference]"],
    ["Fix the crash in slugify", "Fix the crash in slugify"],
    ["const words = text.trim().split(/\\s+/);", ""],
    ["It joins the words of a title", ""],
    ["Two\nlines", "Two lines"],
    [`It logs ${githubToken}`, "It logs [secret]"],
  ])("%s", (title, left) => expect(scrubTitle(title, fix).text).toBe(left));
});

describe("whatever the text", () => {
  const pieces = [
    "https://github.com/a/b/pull/1",
    "http://",
    "://",
    "#1",
    "#",
    "abc1234",
    "`",
    "```",
    "~~~",
    "\n",
    " ",
    ". ",
    "@a",
    "a@b.co",
    "<!--",
    "-->",
    "[",
    "](",
    ")",
    "src/slug.ts",
    "slug",
    "/",
    "fixes ",
    "fixed by ",
    "# fix",
    "**",
    "- [ ] ",
    "-- ",
    "> ",
    "\ud83d",
    "\udc00",
    "\u200b",
    "const words = text.trim()",
    ".split(/\\s+/);",
    "joins the words of a title",
    "x",
    "0",
    "GH-",
    "www.",
    "é",
    "\r\n",
    "\t",
    "://a.b",
    "@",
    ".",
    "example.com",
  ];
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(""));
  const hostile = fc.oneof(texts, fc.string({ unit: "binary", maxLength: 300 }));

  it("what is left is well formed, and nothing is put in but marks", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const left = of(text);
        expect(left.isWellFormed()).toBe(true);
        expect(left.length).toBeLessThanOrEqual(text.length * 12 + 12);
      }),
    );
  });

  it("what the scrub may leave of an address, a path, a person or a line of the fix, the check finds; and it finds little else", () => {
    let dropped = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const left = of(text);
        const hint = findHint(left, fix);
        for (const secret of ["://github.com", "src/slug.ts", "a@b.co"]) if (left.includes(secret)) expect(hint).not.toBeNull();
        if (hint !== null) dropped += 1;
      }),
      { numRuns: 1000, seed: 7 },
    );
    expect(dropped).toBeLessThan(200);
  });

  it("is scrubbed and checked in time that grows as the text does", () => {
    const bombs = [
      "`",
      "#",
      "[",
      "a/",
      "<b",
      "fix ",
      "a.",
      "http://",
      "@a",
      "![](",
      "0a",
      "``` `",
      "**",
      "\n# fix\n",
      "` a`",
      ". ",
      "<!--",
      "this line ",
      "a@",
      " \t",
      "> ",
      "-- \n",
      "[a](",
      "\ud83d",
      "ghs_1_a.",
      "xoxb-a-",
      "-ghp_",
      "-----BEGIN PRIVATE KEY-----",
      "eyJhbGciOiJIU.",
      "postgres://a:b",
      "    x\n",
      "adding a ",
      "words that are long enough to be broken for their length, here and\n",
    ];
    const cost = (text: string): number => {
      const from = process.cpuUsage();
      findHint(scrub(text, fix).text, fix);
      const { user, system } = process.cpuUsage(from);
      return (user + system) / 1000;
    };
    for (const bomb of bombs) {
      const text = bomb.repeat(Math.ceil(65_536 / bomb.length));
      for (const each of [text, text.replace(/(.{1900})/g, "$1\n")]) expect([bomb, cost(each) < 3_000]).toEqual([bomb, true]);
    }
    expect(cost("a #1 ".repeat(2_000_000))).toBeLessThan(3_000);
  });
});
