import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CpuProfile, flameOf, flameSvg } from "../../pipeline/flame.ts";
import { Profile, stageTable, stageWatch } from "../../pipeline/profile.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-profile-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const nothing = { runs: 0, wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, retries: 0 };
const node = (id: number, functionName: string, children: number[] = [], url = "file:///home/me/kihon/pipeline/drive.ts") => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
});
const profile: CpuProfile = {
  nodes: [node(1, "(root)", [2, 4, 5], ""), node(2, "drive", [3]), node(3, "work"), node(4, "(idle)", [], ""), node(5, "")],
  startTime: 1_000,
  endTime: 1_100,
  samples: [3, 2, 4, 3, 5],
  timeDeltas: [10, 20, 30, 25, 15],
};
const spans = [
  { name: "mine", from: 1_000, to: 1_040 },
  { name: "prove", from: 1_050, to: 1_086 },
];

describe("a flame graph", () => {
  it("puts each sample below the stage of its moment, and leaves idle time out", () => {
    const all = flameOf(profile, spans);
    expect(all.total).toBe(70);
    expect([...all.children.values()].map(({ name, total }) => [name, total])).toEqual([
      ["mine", 30],
      ["prove", 25],
      ["(between)", 15],
    ]);
    const drive = all.children.get("mine")?.children.get("drive pipeline/drive.ts:10");
    expect(drive?.total).toBe(30);
    expect(drive?.children.get("work pipeline/drive.ts:10")?.total).toBe(10);
  });
  it("is a picture whose boxes are as wide as their time and never wider than what they lie under", () => {
    const svg = flameSvg(flameOf(profile, spans));
    const boxes = [...svg.matchAll(/<title>(.*?): .*?<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map((found) =>
      found.slice(1),
    );
    expect(boxes.map(([name]) => name)).toContain("(anonymous) pipeline/drive.ts:10");
    expect(boxes[0]).toEqual(["all", "0.0", "0", "1200.0"]);
    const [mine] = boxes.filter(([name]) => name === "mine");
    expect(Number(mine?.[3])).toBeCloseTo((1200 * 30) / 70, 0);
    for (const [, x, , wide] of boxes) expect(Number(x) + Number(wide)).toBeLessThanOrEqual(1200.2);
  });
  it("writes names that are markup as text", () => {
    const named = { ...profile, nodes: [node(1, "(root)", [3], ""), node(3, '<a href="x">&', [])] };
    const svg = flameSvg(flameOf(named, spans));
    expect(svg).toContain("&#60;a href=&#34;x&#34;&#62;&#38;");
    expect(svg).not.toContain("<a ");
  });
  it("stops below where code calls itself without end", () => {
    const deep = Array.from({ length: 200 }, (_, at) => node(at + 1, `f${at}`, at < 199 ? [at + 2] : []));
    const svg = flameSvg(flameOf({ nodes: deep, startTime: 0, endTime: 10, samples: [200], timeDeltas: [10] }, []));
    expect(svg).toContain("<title>f40 ");
    expect(svg).not.toContain("<title>f60 ");
  });
  it("of nothing is a picture of nothing", () => {
    expect(flameSvg(flameOf({ nodes: [], startTime: 0, endTime: 0 }, []))).toContain("</svg>");
  });
});

it("a table tells of each stage what it took, and of all together", () => {
  const time = (name: string, from: number, to: number, kept: number) => ({
    ...{ name, in: 10, kept, from, to, ownCpuMs: 500 },
    jobs: { runs: 4, wallMs: 4_000, cpuMs: 2_500 },
  });
  const lines = stageTable([time("observe", 0, 2_000, 8), time("prove", 2_000, 3_000, 5)])
    .trim()
    .split("\n");
  expect(lines.slice(2)).toEqual([
    "| observe | 10 | 8 | 2.0 | 0.5 | 4 | 2.5 | 2.0 | 160.0 |",
    "| prove | 10 | 5 | 1.0 | 0.5 | 4 | 2.5 | 4.0 | 100.0 |",
    "| all | 10 | 5 | 3.0 | 1.0 | 8 | 5.0 | 2.7 | 50.0 |",
  ]);
});

function burnForAWhile(ms: number): number {
  const end = performance.now() + ms;
  let sum = 0;
  while (performance.now() < end) sum += Math.sqrt(sum + 1);
  return sum;
}

it("a profile of this process names what it did in each stage", async () => {
  const measured = await Profile.start();
  burnForAWhile(50);
  const watch = stageWatch(() => nothing);
  burnForAWhile(400);
  const took = watch("prove", { in: 2, kept: 1 });
  expect(took.ownCpuMs).toBeGreaterThan(0);
  await measured.write(join(folder, "profile"), [took]);
  const read = (name: string): string => readFileSync(join(folder, "profile", name), "utf8");
  const raw = JSON.parse(read("main.cpuprofile")) as CpuProfile;
  const all = flameOf(raw, [{ name: "all of it", from: raw.startTime, to: raw.endTime + 1 }]);
  expect(all.children.get("all of it")?.total).toBeGreaterThan(0);
  const prove = read("flame.svg")
    .split("\n")
    .find((line) => line.includes("<title>prove: "));
  expect(prove).toBeDefined();
  expect(read("flame.svg")).toContain("burnForAWhile pipeline/profile.test.ts");
  expect(read("stages.md")).toContain("| prove | 2 | 1 | 0.");
  expect(existsSync(join(folder, "profile", "main.cpuprofile"))).toBe(true);
});
