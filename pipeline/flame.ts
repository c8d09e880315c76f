/** A CPU profile as a picture: a flame graph, one box a function, as wide as its time, the caller above the called. */

/** Of V8's profile, as the inspector gives it (chromedevtools.github.io/devtools-protocol/v8/Profiler, type Profile). Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** What a part of the time is called, and when it was, on the clock of the profile. */
export interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Frame {
  readonly name: string;
  /** Microseconds in it and in what it called. */
  total: number;
  readonly children: Map<string, Frame>;
}

const frameOf = (name: string): Frame => ({ name, total: 0, children: new Map() });

/** V8's own words for time in which no script ran. */
const idle = "(idle)";
/** Its roots say nothing. */
const roots: ReadonlySet<string> = new Set(["(root)"]);

/** `function file:line`, the file by its last two names. */
function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name} ${decodeURI(url).split("/").slice(-2).join("/")}:${lineNumber + 1}`;
}

/** The samples as a tree whose first level is the spans; what was sampled outside of them is `(between)`. Idle time is left out. */
export function flameOf(profile: CpuProfile, spans: readonly Span[]): Frame {
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const stacks = new Map<number, readonly string[]>();
  const stackOf = (id: number): readonly string[] => {
    const known = stacks.get(id);
    if (known) return known;
    const [parent, name] = [parents.get(id), names.get(id) ?? "(unknown)"];
    const stack = [...(parent === undefined ? [] : stackOf(parent)), ...(roots.has(name) ? [] : [name])];
    stacks.set(id, stack);
    return stack;
  };
  const all = frameOf("all");
  let now = profile.startTime;
  for (const [at, id] of (profile.samples ?? []).entries()) {
    const took = profile.timeDeltas?.[at] ?? 0;
    now += took;
    if (names.get(id) === idle) continue;
    const span = spans.find(({ from, to }) => now >= from && now < to)?.name ?? "(between)";
    let frame = all;
    frame.total += took;
    for (const name of [span, ...stackOf(id)]) {
      const child = frame.children.get(name) ?? frameOf(name);
      frame.children.set(name, child);
      child.total += took;
      frame = child;
    }
  }
  return all;
}

const [width, height] = [1200, 18];
/** Narrower boxes are not drawn. */
const thinnest = 0.6;
/** Nor deeper ones: parsers call themselves hundreds deep. */
const deepest = 48;
/** Pixels of a letter of the font below, about. */
const letter = 6.6;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const seconds = (micros: number): string => `${(micros / 1e6).toFixed(micros < 1e7 ? 2 : 1)} s`;

/** The same name has the same colour in every picture. */
function colourOf(name: string): string {
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + sign.charCodeAt(0)) % 3600;
  return `hsl(${20 + (sum % 36)} ${60 + (sum % 25)}% ${62 + (sum % 14)}%)`;
}

/** The frames as SVG that stands alone; a box tells its whole name and its time when it is pointed at. */
export function flameSvg(all: Frame): string {
  const boxes: string[] = [];
  let depth = 0;
  const draw = (frame: Frame, x: number, level: number): void => {
    const wide = (frame.total / Math.max(1, all.total)) * width;
    if (wide < thinnest || level > deepest) return;
    depth = Math.max(depth, level);
    const share = `${((frame.total / Math.max(1, all.total)) * 100).toFixed(1)}%`;
    const letters = Math.floor((wide - 6) / letter);
    const text = letters < 3 ? "" : frame.name.slice(0, letters);
    boxes.push(
      `<g><title>${escaped(frame.name)}: ${seconds(frame.total)}, ${share}</title><rect x="${x.toFixed(1)}" y="${level * height}" width="${wide.toFixed(1)}" height="${height - 1}" rx="2" fill="${colourOf(frame.name)}"/>${text === "" ? "" : `<text x="${(x + 3).toFixed(1)}" y="${level * height + 13}">${escaped(text)}</text>`}</g>`,
    );
    let at = x;
    for (const child of [...frame.children.values()].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1))) {
      draw(child, at, level + 1);
      at += (child.total / Math.max(1, all.total)) * width;
    }
  };
  draw(all, 0, 0);
  const tall = (depth + 1) * height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" font-family="ui-monospace, monospace" font-size="11">`,
    `<rect width="${width}" height="${tall}" fill="#ffffff"/>`,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}
