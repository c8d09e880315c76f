import { describe, expect, it } from "vitest";
import { resumeCommand, runText } from "../../pipeline/run-text.ts";
import { summary } from "../output/samples.ts";

describe("the end of a run for a person", () => {
  const line = (audit: Parameters<typeof runText>[0]["audit"]): string | undefined =>
    runText({ ...summary, audit }, "out", "kihon resume out")
      .split("\n")
      .find((text) => text.startsWith("audit:"));
  it("says what an audit found", () => {
    expect(line({ recomputed: 9, disagreed: 0 })).toBe("audit: 9 verdicts computed again by the whole suite, 0 came out differently");
    expect(line({ recomputed: 9, disagreed: 1, undecided: 2 })).toBe(
      "audit: 9 verdicts computed again by the whole suite, 1 came out differently (the report lists them); of 2 more the whole suite gave no whole report",
    );
  });
  it("says nothing of it where there was none", () => {
    expect(line(null)).toBeUndefined();
  });
  it("counts the skills that were asked for, and no other", () => {
    const repositories = summary.repositories.map((repository) => ({ ...repository, instances: { review: 0, "bug-fix": 2 } }));
    expect(runText({ ...summary, repositories }, "out", "kihon resume out")).toContain("\n  proven:  review 0, bug-fix 2\n");
  });
});

describe("how to go on", () => {
  it("repeats what the folder of a run does not hold", () => {
    expect(resumeCommand("data/ufo", { trusted: false })).toBe("kihon resume data/ufo");
    const given = { cache: "/fast disk", repositoriesGb: 5, dependenciesGb: 0, concurrency: 2, sandbox: "process", trusted: true } as const;
    expect(resumeCommand("data/ufo", { sandbox: "podman", image: "debian@sha256:0" })).toBe(
      "kihon resume data/ufo --sandbox podman --image debian@sha256:0",
    );
    expect(resumeCommand("data/ufo", { plain: true })).toBe("kihon resume data/ufo --plain");
    expect(resumeCommand("it's", given)).toBe(
      "kihon resume 'it'\\''s' --cache '/fast disk' --repositories-gb 5 --dependencies-gb 0 --concurrency 2 --sandbox process --i-trust-this-code",
    );
  });

  it("is told where records are left for trouble of the machine", () => {
    expect(runText({ ...summary, infrastructureFailures: 2 }, "out", "kihon resume out --cache c")).toContain(
      "2 records were not finished for trouble of the machine or the registry; to try them again: kihon resume out --cache c\n",
    );
  });
});

describe("the splits of a run", () => {
  const proof = (rows: readonly number[], groups: number) => ({
    splits: (["train", "validation", "test"] as const).map((split, at) => ({
      split,
      groups,
      rows: rows[at] ?? 0,
      target: [0.8, 0.1, 0.1][at] ?? 0,
    })),
    largestGroup: 5,
    repositories: { all: groups, crossing: 0 },
    groups: { all: groups, crossing: 0 },
    changes: { all: 5, crossing: 0 },
    nearDuplicates: { all: 0, crossing: 0 },
  });

  it("are told with what lies in two, and why one is empty", () => {
    const text = runText({ ...summary, splitProof: proof([5, 0, 0], 1) }, "out", "kihon resume out");
    expect(text).toContain("  train      5 rows of 1 repository group; asked for 80.0 %");
    expect(text).toContain("repository groups 1, in two splits 0");
    expect(text).toContain("warning: no row is in validation and test: there is one repository group");
    expect(runText({ ...summary, splitProof: proof([40, 5, 5], 9) }, "out", "kihon resume out")).not.toContain("warning:");
  });

  it("are not told where all rows are of train, as nobody asked for others", () => {
    const train = { ...proof([5], 1), splits: [{ split: "train" as const, groups: 1, rows: 5, target: 1 }] };
    expect(runText({ ...summary, splitProof: train }, "out", "kihon resume out")).not.toContain("splits:");
  });
});
