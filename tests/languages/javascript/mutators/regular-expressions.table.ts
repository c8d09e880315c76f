import type { Table } from "./table.ts";

export const regularExpressions: Table = {
  "regex-anchor": [["/^a$/", "/a$/", "/^a/"], ["/^/", "/(?:)/"], ["/(?:^|a)[$^]/", "/(?:|a)[$^]/"], ["/\\$a/"]],
  "regex-quantifier": [
    ["/a+/", "/a*/", "/a/"],
    ["/a{2,3}b?/", "/a{2,4}b?/", "/a{3,3}b?/", "/a{2,3}b/"],
    ["/a*?/", "/a+?/", "/a*/"],
    ["/(?:a){2}/", "/(?:a){3}/"],
    ["/[+*]\\?/"],
  ],
  "regex-class": [["/[a-z]/", "/[^a-z]/"], ["/[^a]\\d\\b/", "/[a]\\d\\b/", "/[^a]\\D\\b/", "/[^a]\\d\\B/"], ["/a\\n\\./"], ["/[]/"]],
  "regex-look": [["/a(?=b)/", "/a(?!b)/"], ["/(?<!a)b/", "/(?<=a)b/"], ["/(?:a)(?<b>c)/"]],
  "regex-flag": [
    ["a.match(/b/gi)", "a.match(/b/i)", "a.match(/b/g)"],
    ["/^a.$/ms", "/^a.$/s", "/^a.$/m"],
    ["a.matchAll(/b/g)"],
    ["a.split(/,/g)"],
    ["a.replace(/^b/g, c)"],
    ["/\\d+/i"],
    ["/a/u"],
  ],
};
