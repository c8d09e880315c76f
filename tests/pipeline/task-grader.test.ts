/** How a task's grader reads what a solver left, and what it writes. The grading itself runs in built images: `bench/harbor.ts`. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileAnswer, plainFiles, readPlain, rewardFiles } from "../../pipeline/task-grader.ts";
import { mountPoints } from "../../sandbox/container.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-left-"));
  for (const path of ["tree/src", "tree/node_modules/a", "tree/.git", "tree/tests", "secret"])
    mkdirSync(join(folder, path), { recursive: true });
  for (const path of ["tree/src/a.js", "tree/node_modules/a/index.js", "tree/.git/config", "secret/answer.json"])
    writeFileSync(join(folder, path), path);
  writeFileSync(join(folder, "tree/large.js"), "x".repeat(1024 * 1024 + 1));
  symlinkSync("../../secret/answer.json", join(folder, "tree/src/link.js"));
  symlinkSync("../secret", join(folder, "tree/way"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("what a solver left", () => {
  const read = (path: string): string | null => {
    const bytes = readPlain(join(folder, "tree"), path);
    return bytes === null ? null : Buffer.from(bytes).toString();
  };

  it("is read from plain files, never through a link, and not without a limit", () => {
    expect(read("src/a.js")).toBe("tree/src/a.js");
    for (const path of ["src/link.js", "way/answer.json", "src", "absent.js", "src/a.js/b", "large.js"])
      expect(read(path), path).toBe(null);
  });

  it("is looked for beside what is installed and what git keeps", () => {
    expect(plainFiles(join(folder, "tree"))).toEqual(["large.js", "src/a.js"]);
  });

  it("is no answer where the file is missing or a link", () => {
    const form = { answerForm: "review", answerPath: null } as const;
    expect(fileAnswer(form, join(folder, "tree"), join(folder, "secret"))).toBe("secret/answer.json");
    expect(fileAnswer(form, join(folder, "tree"), join(folder, "tree/way"))).toBe("secret/answer.json");
    expect(fileAnswer(form, join(folder, "tree"), join(folder, "tree"))).toBe("");
    expect(fileAnswer({ answerForm: "test-file", answerPath: "src/link.js" }, join(folder, "tree"), "")).toBe("");
  });
});

describe("the reward files", () => {
  it("hold the same number, alone and flat beside the components", () => {
    const files = rewardFiles({ reward: 1, components: { "kill-share": 0.5 }, reason: null, detail: "" });
    expect(files["reward.txt"]).toBe("1\n");
    expect(JSON.parse(files["reward.json"] ?? "")).toEqual({ "kill-share": 0.5, reward: 1 });
    expect(Object.values(JSON.parse(files["reward.json"] ?? "") as object).every(Number.isFinite)).toBe(true);
  });

  it("say why there is none in a file that nobody takes for a reward", () => {
    const files = rewardFiles({ reward: 0, components: {}, reason: "no-answer", detail: "the patch is empty" });
    expect(files["reward.txt"]).toBe("0\n");
    expect(JSON.parse(files["reward-details.json"] ?? "")).toMatchObject({ reason: "no-answer" });
  });
});

describe("the places where a job may leave something", () => {
  it("are the mounts that hold files, by their names", () => {
    const text = [
      "22 1 0:21 / / rw - overlay overlay rw,lowerdir=/a",
      "23 22 0:22 / /proc rw,nosuid - proc proc rw",
      "24 22 0:23 / /dev/shm rw shared:3 - tmpfs shm rw,size=65536k",
      "25 22 0:24 / /with\\040space rw - ext4 /dev/vda rw",
      "26 22 0:25 / /sys/fs/cgroup ro - cgroup2 cgroup rw",
      "",
    ].join("\n");
    expect(mountPoints(text)).toEqual(["/", "/dev/shm", "/with space"]);
  });
});
