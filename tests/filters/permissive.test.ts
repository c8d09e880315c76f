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

  it("obeys a list of its own", () => {
    const own = permissiveSchema.parse({ allow: ["GPL-2.0-only WITH Classpath-exception-2.0", "MPL-2.0"] });
    expect(permissive.judge(of("GPL-2.0-only WITH Classpath-exception-2.0"), own)).toMatchObject({ kept: true });
    expect(permissive.judge(of("MPL-2.0"), own)).toMatchObject({ kept: true });
    expect(permissive.judge(of("GPL-2.0-only"), own)).toMatchObject({ kept: false });
    expect(permissive.judge(of("MIT"), own)).toMatchObject({ kept: false });
  });
});
