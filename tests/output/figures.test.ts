import { describe, expect, it } from "vitest";
import { figureFiles, figuresOf } from "../../output/figures.ts";
import { toRows } from "../../output/rows.ts";
import { type Statistics, StatisticsOf } from "../../output/statistics.ts";
import { context, environment, sampleInstance, summary } from "./samples.ts";

const statistics = ((): Statistics => {
  const all = new StatisticsOf();
  all.add(toRows(sampleInstance("editing"), environment, context));
  return all.finish();
})();
const rows = [
  { skill: "editing" as const, split: "train", rows: 30 },
  { skill: "editing" as const, split: "test", rows: 10 },
  { skill: "review" as const, split: "train", rows: 20 },
];
const figure = (name: string, more: Partial<Statistics> = {}): string =>
  figuresOf({ ...statistics, ...more }, rows, summary).find(({ file }) => file === `figures/${name}.svg`)?.svg ?? "";
const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect x="\d+" y="\d+" width="(\d+)" height="15"/g)].map((match) => Number(match[1]));

describe("figures", () => {
  it("have names that an export knows to remove, and are the same for the same rows", () => {
    const all = figuresOf(statistics, rows, summary);
    expect(all.map(({ file }) => file)).toEqual(figureFiles);
    expect(figuresOf(statistics, rows, summary)).toEqual(all);
  });

  it("draw bars as long as their share of the longest, split by split", () => {
    expect(widths(figure("rows"))).toEqual([270, 90, 180, 0]);
    expect(widths(figure("funnel"))).toEqual([200, 160]);
  });

  it("give each stage of the funnel its whole length, however much more another stage made", () => {
    const [stage] = summary.stages;
    if (stage === undefined) throw new Error("the sample has a stage");
    const stages = [
      { ...stage, name: "inject", in: 1, kept: 200, dropped: [{ reason: "inject/over-budget" as const, count: 14_200 }] },
      { ...stage, name: "sift", in: 4, kept: 3, dropped: [{ reason: "sift/survived" as const, count: 1 }] },
      { ...stage, name: "audit", in: 0, kept: 0, dropped: [] },
    ];
    const svg = figuresOf(statistics, rows, { ...summary, stages }).find(({ file }) => file === "figures/funnel.svg")?.svg ?? "";
    expect(widths(svg)).toEqual([5, 355, 270, 90, 0, 0]);
    expect(svg).toContain(">1 in, 200 kept, 14200 dropped</text>");
  });

  it("draw nothing where there is nothing", () => {
    expect(figuresOf(new StatisticsOf().finish(), [], { ...summary, stages: [] })).toEqual([]);
  });

  it("draw the twenty most frequent operators and the rest as one", () => {
    const operators = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`operator-${index}`, index + 1]));
    const svg = figure("operators", { operators });
    expect(svg).toContain(">10 others</text>");
    expect(widths(svg)).toHaveLength(21);
  });

  it("let no markup of foreign names take effect", () => {
    const svg = figure("operators", { operators: { '<script>"&': 1 } });
    expect(svg).toContain("&lt;script&gt;&quot;&amp;");
    expect(svg).not.toContain("<script");
  });
});
