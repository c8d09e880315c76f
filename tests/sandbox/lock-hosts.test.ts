import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GATE_BASE, restoreLockHosts, rewriteLockHosts, withoutHostMark } from "../../sandbox/lock-hosts.ts";

const yarn = `lodash@^4.17.21:
  version "4.17.21"
  resolved "https://registry.yarnpkg.com/lodash/-/lodash-4.17.21.tgz#679591c564c3bffaae8454cf0b3df370c3d6911c"
`;
const npm = `"resolved": "https://registry.npmjs.org/@types/node/-/node-22.0.0.tgz",`;

describe("lock hosts", () => {
  test("turn to the gate, so that no other host is named", () => {
    expect(rewriteLockHosts(npm)).toBe(`"resolved": "${GATE_BASE}@types/node/-/node-22.0.0.tgz",`);
    expect(rewriteLockHosts(yarn)).toContain(`"${GATE_BASE}-/at/yarnpkg/lodash/-/lodash-4.17.21.tgz#6795`);
    expect(rewriteLockHosts(npm + yarn)).not.toMatch(/npmjs\.org|yarnpkg\.com/);
  });
  test("turn back to exactly what they were", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(yarn, npm, "http://registry.npmjs.org/a/-/a-1.0.0.tgz", "https://codeload.github.com/a/b", "\n")),
        (parts) => {
          expect(restoreLockHosts(rewriteLockHosts(parts.join("")))).toBe(parts.join(""));
        },
      ),
    );
  });
  test("that the gate gave out become the public registry's", () => {
    expect(restoreLockHosts(`${GATE_BASE}one/-/one-1.0.0.tgz`)).toBe("https://registry.npmjs.org/one/-/one-1.0.0.tgz");
  });
  test("leave other hosts alone", () => {
    const other = "https://codeload.github.com/unjs/ufo/tar.gz/abc";
    expect(rewriteLockHosts(other)).toBe(other);
  });
  test("leave a path at the gate that the registry knows", () => {
    const path = rewriteLockHosts("https://registry.yarnpkg.com/@a/b/-/b-1.0.0.tgz").slice(GATE_BASE.length);
    expect(withoutHostMark(path)).toBe("@a/b/-/b-1.0.0.tgz");
  });
});
