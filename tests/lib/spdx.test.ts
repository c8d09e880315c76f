import { describe, expect, it } from "vitest";
import { isAllowedBy, parseSpdx } from "../../lib/spdx.ts";

const allowed = new Set(["mit", "apache-2.0", "gpl-2.0-only with classpath-exception-2.0"]);
const isAllowed = (text: string): boolean | null => {
  const expression = parseSpdx(text);
  return expression && isAllowedBy(expression, allowed);
};

describe("an SPDX expression", () => {
  it.each([
    ["MIT", true],
    ["MIT+", true],
    ["ISC", false],
    ["MIT OR ISC", true],
    ["MIT AND ISC", false],
    ["MIT AND Apache-2.0", true],
    ["ISC OR MIT AND Apache-2.0", true],
    ["MIT OR ISC AND GPL-2.0-only", true],
    ["(MIT OR ISC) AND GPL-2.0-only", false],
    ["(MIT OR ISC) AND (Apache-2.0 OR GPL-2.0-only)", true],
    ["((MIT))", true],
    ["Apache-2.0 WITH LLVM-exception", true],
    ["GPL-2.0-only WITH Classpath-exception-2.0", true],
    ["GPL-2.0-only WITH GCC-exception-2.0", false],
    ["GPL-2.0-only", false],
    ["mit or isc", true],
    ["LicenseRef-own", false],
    ["DocumentRef-a:LicenseRef-own OR MIT", true],
  ])("%s is allowed: %s", (text, is) => {
    expect(isAllowed(text)).toBe(is);
  });

  it.each(["", "  ", "MIT OR", "OR MIT", "MIT ISC", "(MIT", "MIT)", "MIT WITH", "WITH x", "MIT WITH (x)", "MIT, ISC", "MIT/ISC", "()"])(
    "is none: %j",
    (text) => {
      expect(parseSpdx(text)).toBeNull();
    },
  );
});
