import { describe, expect, it } from "vitest";
import { findHint } from "../../../skills/scrub/check.ts";
import { fixOf } from "../../../skills/scrub/fix.ts";
import { commitOf } from "../reported.ts";
import { texts } from "../stand.ts";
import { githubToken, rsaKey, signs } from "./credential-samples.ts";
import { fix } from "./fix.ts";

describe("the check finds", () => {
  it.each([
    ["an address at corp.io", "See https://corp.io/a."],
    ["an address at a.corp.io", "ws://me:you@a.corp.io:80/x"],
    ["an address at github.com", "It is on GitHub.com."],
    ["an address at git@", "git@corp:acme"],
    ["an e-mail address", "Write to ann@corp.io."],
    ["a private key", rsaKey],
    ["a private key", rsaKey.slice(0, 80)],
    ["what looks like a token", `It logs ${githubToken}.`],
    ["what looks like a token", `It logs sk-proj-${signs(20)}, which is too short for one.`],
    ["the id of one of its commits", "It is 0123456 there."],
    ["what looks like a commit id", "It is abc1234."],
    ["the number of an issue", "As in #12."],
    ["the number of an issue", "As in (#1)"],
    ["the number of an issue", "As in acme/te-xt.js#1"],
    ["the path src/slug.ts", "See Src/Slug.ts there."],
    ["the path slug.ts", "at slug.ts:3"],
    ["the path slug.test.ts", "`slug.test.ts`"],
    ["a line of the fix", "const words =\n text . trim().split(/\\s+/);"],
    ["the title of a hidden test", "It Joins The Words Of A Title."],
  ])("%s", (found, text) => expect(findHint(text, fix)).toBe(found));
});

describe("the check passes over", () => {
  it.each([
    "https://example.com/a, http://localhost:3000, http://foo/bar, http://[::1]/x, https://a.test/",
    "http://127.0.0.1:80 and ws://192.168.0.1",
    "user@example.com, a@b, @scope/name@1.2.3, left@@right",
    "version 1.0.0-abc1234, color #abc1234, id-0a1b2c3-x, 1234567e5, 12345678, deadbeef, cafe1234.js",
    '"#123456" and &#39; and a#1',
    `ghp_${"x".repeat(36)}, npm_config_registry, sk-proj-name-of-mine, glpat-abcdefghijklmnopqrst`,
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----, and the PRIVATE KEY of importPrivateKeyFromPem2",
    "slugs, my-slug.ts2, catslug.tsx",
  ])("%s", (text) => expect(findHint(text, fix)).toBeNull());
});

it("what a fix is made of is read from its trees: files, lines that were nowhere before, titles, ids and names", () => {
  const found = fixOf(commitOf(), ["test/slug.test.js > joins the words of a title", "test/slug.test.js > short"], ["test/slug.test.js"], {
    text: (path) => texts[path] ?? null,
  });
  expect(found).toMatchObject({
    paths: ["src/slug.js", "test/slug.test.js"],
    added: ['returnkept.join("-").toLowerCase();'],
    titles: ["joins the words of a title"],
    repositories: ["acme/calc", "ann/text"],
  });
  expect(found.commits).toHaveLength(4);
});
