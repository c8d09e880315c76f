import type { Fix } from "../../../skills/scrub/fix.ts";

/** A fix that splits by white space in place of blanks. */
export const fix: Fix = {
  paths: ["src/slug.ts", "test/slug.test.ts"],
  added: ["constwords=text.trim().split(/\\s+/);"],
  before: 'constwords=text.trim().split("");',
  titles: ["joins the words of a title"],
  commits: ["0123456789abcdef0123456789abcdef01234567"],
  repositories: ["acme/text"],
};
