/** A mined commit for the tests of the filters, around the texts of its source files before and after. */
import type { FilterSubject } from "../../filters/contract.ts";

interface Given {
  readonly subject?: string;
  readonly body?: string;
  readonly parents?: number;
  /** Path → text before and after. */
  readonly files?: Readonly<Record<string, readonly [before: string | null, after: string | null]>>;
}

/** Code differs where the texts differ after line comments and white space are gone. */
const bare = (text: string): string => text.replace(/\/\/.*/g, "").replace(/\s+/g, "");

export function subjectOf({
  subject = "Fix the sum",
  body = "",
  parents = 1,
  files = { "src/a.js": ["a - b\n", "a + b\n"] },
}: Given): FilterSubject {
  const repository = { name: "owner/name", origin: "local", license: "MIT" };
  const revision = { repository, commit: "1".repeat(40), committedAt: "2025-01-01T00:00:00.000Z", packageDir: "." };
  const before = Object.fromEntries(Object.entries(files).map(([path, [text]]) => [path, text]));
  return {
    commit: { kind: "commit", id: "0".repeat(16), revision, before, subject, body, testFiles: ["test/a.test.js"] },
    parents,
    after: (path) => files[path]?.[1] ?? null,
    emitsDifferently: (_, left, right) => bare(left) !== bare(right),
  };
}
