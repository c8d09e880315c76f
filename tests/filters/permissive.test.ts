import { describe, expect, it } from "vitest";
import { permissive } from "../../filters/permissive.ts";
import { permissiveSchema } from "../../schemas/permissive.ts";
import { subjectOf } from "./subject.ts";

const options = permissive.options.parse({});
const of = (license: string | null) => {
  const subject = subjectOf({});
  const { revision } = subject.commit;
  return { ...subject, commit: { ...subject.commit, revision: { ...revision, repository: { ...revision.repository, license } } } };
};

describe("permissive", () => {
  it.each(["MIT", "mit", "ISC", "Apache-2.0", "(MIT OR GPL-3.0-only)", "MIT AND BSD-3-Clause", "Apache-2.0 WITH LLVM-exception", "0BSD"])(
    "keeps %s, revision and change",
    (license) => {
      expect(permissive.judge(of(license), options)).toMatchObject({ kept: true });
      expect(permissive.judgeRevision(of(license).commit.revision, options)).toMatchObject({ kept: true });
    },
  );

  it.each(["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "BUSL-1.1", "CC-BY-NC-4.0", "LicenseRef-own", "our own terms!"])(
    "drops %s, revision and change, and says where it was read",
    (license) => {
      const dropped = { kept: false, reason: "permissive/other-license", detail: `${license} at 111111111111` };
      expect(permissive.judge(of(license), options)).toEqual(dropped);
      expect(permissive.judgeRevision(of(license).commit.revision, options)).toEqual(dropped);
    },
  );

  it("keeps what states no licence, or drops it where one is required", () => {
    expect(permissive.judge(of(null), options)).toMatchObject({ kept: true });
    expect(permissive.judge(of(null), permissiveSchema.parse({ missing: "drop" }))).toMatchObject({ reason: "permissive/no-license" });
  });

  const headed = (before: string | null, after: string | null, license: string | null = "MIT") => {
    const subject = subjectOf({ files: { "src/a.js": ["a - b\n", "a + b\n"], "src/b.js": [before, after] } });
    const { revision } = subject.commit;
    return { ...subject, commit: { ...subject.commit, revision: { ...revision, repository: { ...revision.repository, license } } } };
  };

  it.each([
    ["// SPDX-License-Identifier: Apache-2.0\n", "Apache-2.0"],
    ["#!/usr/bin/env node\n/* SPDX-License-Identifier: GPL-2.0-only */\n", "GPL-2.0-only"],
    ["/**\n * @license SPDX-License-Identifier: MIT AND ISC\n */\r\n", "MIT AND ISC"],
    ["/*\n * SPDX-License-Identifier: see the file COPYING\n */\n", "see the file COPYING"],
    [`${"// a line\n".repeat(49)}// SPDX-License-Identifier: ISC\n`, "ISC"],
  ])("drops a change of a file with the head %j in a repository under MIT", (head, said) => {
    const dropped = { kept: false, reason: "permissive/file-license", detail: `src/b.js: ${said}, the repository: MIT` };
    expect(permissive.judge(headed(`${head}b`, `${head}c`), options)).toEqual(dropped);
    expect(permissive.judge(headed(`${head}b`, null), options)).toEqual(dropped);
    expect(permissive.judge(headed(null, `${head}b`), options)).toEqual(dropped);
  });

  it.each([
    ["// SPDX-License-Identifier: MIT\n", "MIT"],
    ["// SPDX-License-Identifier: mit OR GPL-2.0-only\n", "MIT"],
    ["// SPDX-License-Identifier: Apache-2.0\n", "MIT OR Apache-2.0"],
    ["// SPDX-License-Identifier: Apache-2.0\n", null],
    ["export const line = '// SPDX-License-Identifier: GPL-3.0-only';\n", "MIT"],
    [`${"// a line\n".repeat(50)}// SPDX-License-Identifier: ISC\n`, "MIT"],
  ])("keeps a change of a file with the head %j in a repository under %s", (head, license) => {
    expect(permissive.judge(headed(`${head}b`, `${head}c`, license), options)).toMatchObject({ kept: true });
  });

  it("takes the spellings of one licence for one, and drops a head that is not allowed where the repository states nothing", () => {
    const own = permissiveSchema.parse({ allow: ["GPL-2.0-only"] });
    const head = "// SPDX-License-Identifier: GPL-2.0-or-later\n";
    expect(permissive.judge(headed(`${head}b`, `${head}c`, "GPL-2.0-only"), own)).toMatchObject({ kept: true });
    expect(permissive.judge(headed(`${head}b`, `${head}c`, null), options)).toMatchObject({
      reason: "permissive/file-license",
      detail: "src/b.js: GPL-2.0-or-later, the repository: none",
    });
  });

  it("obeys a list of its own", () => {
    const own = permissiveSchema.parse({ allow: ["GPL-2.0-only WITH Classpath-exception-2.0", "MPL-2.0"] });
    expect(permissive.judge(of("GPL-2.0-only WITH Classpath-exception-2.0"), own)).toMatchObject({ kept: true });
    expect(permissive.judge(of("MPL-2.0"), own)).toMatchObject({ kept: true });
    expect(permissive.judge(of("GPL-2.0-only"), own)).toMatchObject({ kept: false });
    expect(permissive.judge(of("MIT"), own)).toMatchObject({ kept: false });
  });
});
