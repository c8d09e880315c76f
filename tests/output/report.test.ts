import { describe, expect, it } from "vitest";
import { escapeHtml, toReport } from "../../output/report.ts";
import { toRows } from "../../output/rows.ts";
import type { PublicRow } from "../../schemas/row.ts";
import { context, environment, sampleInstance, summary } from "./samples.ts";

const hostile = `<script>alert("x")</script>'&<img src=x onerror=alert(1)>`;
const report = (samples: readonly PublicRow[] = [], overrides: Partial<typeof summary> = {}): string =>
  toReport({ title: "Calc skills", summary: { ...summary, ...overrides }, rows: [], samples, baselines: [] });

describe("the report", () => {
  it("shows a hostile test name, repository, promise and prompt as text only", () => {
    const [repository] = summary.repositories;
    const [stage] = summary.stages;
    if (repository === undefined || stage === undefined) throw new Error("the sample has both");
    const row = toRows(sampleInstance("editing", { prompt: hostile }), environment, context).public;
    const text = report([{ ...row, repo: hostile, facts: [{ name: hostile, value: hostile }] }], {
      seed: hostile,
      repositories: [{ ...repository, name: hostile }],
      stages: [{ ...stage, name: hostile }],
      sandbox: { provider: hostile, promises: [{ name: hostile, holds: true, detail: hostile }] },
    });
    expect(text).not.toContain("<script");
    expect(text).not.toContain("<img");
    expect(text.split(escapeHtml(hostile)).length - 1).toBeGreaterThanOrEqual(9);
  });

  it("shows what the sift told of each environment, and why it told nothing", () => {
    const text = report();
    expect(text).toContain("<h2>Sift</h2>");
    expect(text).toContain(escapeHtml("a sift <died>"));
    expect(report([], { sifts: [] })).not.toContain("<h2>Sift</h2>");
  });

  it("lists the tests that did not agree with themselves, and under what", () => {
    const text = report();
    expect(text).toContain("<p>2 of 8 tests (25.0 %), under TZ 1, nothing 1, order 1</p>");
    expect(text).toContain("<td>tests/add.test.ts &gt; add &gt; today</td><td>1 of 2</td><td>order=1 TZ=Pacific/Chatham</td>");
    expect(text).toContain("<td>tests/add.test.ts &gt; add &gt; by chance</td><td>2 of 3</td><td>nothing</td>");
    const { flakiness: _, ...earlier } = summary;
    expect(toReport({ title: "t", summary: earlier, rows: [], samples: [], baselines: [] })).not.toContain("Quarantined tests");
  });

  it("lists each verdict that the whole suite did not confirm, and says where it said nothing", () => {
    const found = {
      ...{ repository: "acme/calc", candidateId: "00000000000000c1", environmentId: "00000000000000e1", by: "sift" as const },
      ...{ toPass: [], inCompany: [], toFail: ["<b> > late"], elsewhere: Array.from({ length: 7 }, (_, at) => `t${at}`), flaky: true },
    };
    const audit = { recomputed: 9, undecided: 2, disagreed: 1, disagreements: [found] };
    const text = report([], { audit });
    expect(text).toContain("9 verdicts recomputed the slow way, 1 came out differently; of 2 more the whole suite gave no whole report.");
    expect(text).toContain("<td>t0, t1, t2, t3, t4, and 2 more</td><td>&lt;b&gt; &gt; late</td><td>flickers</td>");
    expect(report([], { audit: null })).toContain("Audit: no verdict was recomputed.");
  });

  it("shows the lists of evaluation sets with what each dropped, or that they were off", () => {
    const list = { name: "our-evals", version: "2", source: "", sha256: "f".repeat(64), entries: 12, dropped: 3 };
    const text = report([], { contamination: { bundled: true, allowed: [], lists: [list] } });
    expect(text).toContain('<td>our-evals</td><td>2</td><td class="number">12</td><td class="number">3</td>');
    expect(report([], { contamination: { bundled: false, allowed: [], lists: [] } })).toContain("were not in force (--no-evaluation-sets)");
  });

  it("loads nothing from anywhere", () => {
    const text = report([toRows(sampleInstance("editing"), environment, context).public]);
    expect(text).not.toMatch(/(?:src|href)\s*=|url\(|@import|<link|<script/i);
    expect(text).toContain("default-src 'none'");
  });

  it("opens and closes every element", () => {
    const text = report([toRows(sampleInstance("review"), environment, context).public]);
    const open: string[] = [];
    for (const [, slash, name, end] of text.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
      if (slash === "/") expect(open.pop()).toBe(name);
      else if (end !== "/" && !["meta", "br"].includes(name ?? "")) open.push(name ?? "");
    }
    expect(open).toEqual([]);
  });

  it("gives wall time, processor time and peak memory of each repository, and says where the machine gave none", () => {
    const text = report();
    expect(text).toContain("1 min 1 s");
    expect(text).toContain("768 MiB");
    expect(text).toContain("1 h 2 min");
    expect(text).toContain("unknown");
  });

  it("tells what a stage took on the clock from the work of its jobs, which may be longer than the run", () => {
    const text = report();
    expect(text).toContain("<th>took</th><th>summed work time</th><th>processor</th>");
    expect(text).toContain("<td>0.9 s</td><td>1.2 s</td><td>unknown</td>");
    expect(text).toContain("it may be longer than the run");
  });

  it("names the mutants that sift and observe judged together, and gives no time of one repository among several", () => {
    const [repository] = summary.repositories;
    if (repository === undefined) throw new Error("the sample has a repository");
    const text = report();
    expect(text).toContain("<th>judged</th>");
    expect(text).not.toContain("<th>observed</th>");
    expect(text).toContain("Of these alone the funnel tells under observe.");
    expect(report([], { repositories: [repository, { ...repository, name: "acme/more" }] })).not.toContain("1 min 1 s");
  });

  it("marks a promise that does not hold", () => {
    const promises = [{ name: "no network", holds: false, detail: "reached" }];
    expect(report([], { sandbox: { provider: "p", promises } })).toContain('<span class="bad">does not hold</span>');
  });
});
