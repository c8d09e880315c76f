/** The card's pictures: bars as SVG, drawn here, with nothing to load from anywhere. */
import { type SkillName, skills } from "../schemas/instance.ts";
import type { RunFacts } from "../schemas/run-summary.ts";
import type { RowCount } from "./contract.ts";
import { escapeHtml } from "./report.ts";
import type { Counts, Statistics } from "./statistics.ts";

export interface Figure {
  /** Relative to the dataset's folder. */
  readonly file: string;
  /** What it shows, for who does not see it. */
  readonly title: string;
  readonly svg: string;
}

/** Every name that a figure may have: what an earlier export drew and this one does not is removed. */
export const figureFiles = ["rows", "funnel", "prompts", "operators"].map((name) => `figures/${name}.svg`);

interface Bar {
  readonly name: string;
  /** In the order of the legend. */
  readonly parts: readonly number[];
  readonly text: string;
}

// Told apart in black and white too: from dark to light.
const shades = ["#1f4e79", "#5b9bd5", "#c9d9ec"];

export function figuresOf(statistics: Statistics, rows: readonly RowCount[], facts: RunFacts): Figure[] {
  const all = [
    draw("rows", "Rows of each skill, by split", ...bySkill(rows)),
    draw("funnel", "What each stage kept and dropped of the records it judged, as shares", funnel(facts), ["kept", "dropped"]),
    draw("prompts", "Length of the questions in characters: median and 90th percentile", prompts(statistics), [
      "median",
      "90th percentile",
    ]),
    draw("operators", "Rows of injected defects, by operator", operators(statistics.operators), []),
  ];
  return all.filter((figure) => figure !== null);
}

function bySkill(rows: readonly RowCount[]): [Bar[], string[]] {
  const splits = [...new Set(rows.map(({ split }) => split))];
  const count = (skill: SkillName, split: string): number =>
    rows.filter((each) => each.skill === skill && each.split === split).reduce((total, each) => total + each.rows, 0);
  const bars = skills.map((name) => {
    const parts = splits.map((split) => count(name, split));
    return { name, parts, text: String(sum(parts)) };
  });
  return [bars.filter(({ parts }) => sum(parts) > 0), splits];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Shares, for one stage may make more of a single record than all others are given. */
const funnel = ({ stages }: RunFacts): Bar[] =>
  stages.map(({ name, in: given, kept, dropped }) => {
    const gone = sum(dropped.map(({ count }) => count));
    const judged = Math.max(1, kept + gone);
    return { name, parts: [kept / judged, gone / judged], text: `${given} in, ${kept} kept, ${gone} dropped` };
  });

const prompts = ({ skills: each }: Statistics): Bar[] =>
  Object.entries(each).flatMap(([name, { prompt }]) =>
    prompt === null ? [] : [{ name, parts: [prompt.median, prompt.p90 - prompt.median], text: `${prompt.median}, ${prompt.p90}` }],
  );

/** The most frequent, and the rest as one. */
function operators(counts: Counts): Bar[] {
  const most = Object.entries(counts).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
  const rest = most.splice(20);
  const others: [string, number][] = rest.length === 0 ? [] : [[`${rest.length} others`, sum(rest.map(([, count]) => count))]];
  return [...most, ...others].map(([name, count]) => ({ name, parts: [count], text: String(count) }));
}

const line = 22;
const left = 200;
const length = 360;
const width = 800;

/** Null where there is nothing to draw. */
function draw(name: string, title: string, bars: readonly Bar[], legend: readonly string[]): Figure | null {
  if (bars.length === 0) return null;
  const full = Math.max(Number.EPSILON, ...bars.map(({ parts }) => sum(parts)));
  const top = legend.length > 1 ? 52 : 30;
  const height = top + bars.length * line + 8;
  const drawn = bars.map((bar, index) => row(bar, top + index * line, full));
  return {
    file: `figures/${name}.svg`,
    title,
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="13">
<title>${escapeHtml(title)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="8" y="20" font-weight="bold">${escapeHtml(title)}</text>
${legend.length > 1 ? `${legend.map(key).join("\n")}\n` : ""}${drawn.join("\n")}
</svg>
`,
  };
}

const key = (name: string, index: number): string =>
  `<rect x="${left + index * 140}" y="30" width="12" height="12" fill="${shades[index % shades.length]}"/><text x="${left + 18 + index * 140}" y="41">${escapeHtml(name)}</text>`;

function row({ name, parts, text }: Bar, y: number, full: number): string {
  let x = left;
  const rects = parts.map((part, index) => {
    const long = Math.round((part / full) * length);
    const rect = `<rect x="${x}" y="${y + 3}" width="${long}" height="15" fill="${shades[index % shades.length]}"/>`;
    x += long;
    return rect;
  });
  const short = name.length > 28 ? `${name.slice(0, 27)}…` : name;
  return `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escapeHtml(short)}</text>${rects.join("")}<text x="${x + 6}" y="${y + 15}">${escapeHtml(text)}</text>`;
}
