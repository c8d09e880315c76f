// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source text
/** Small programs with many constructs side by side, for what must hold of every operator. */
export const samples: readonly { readonly path: string; readonly text: string }[] = [
  {
    path: "queue.ts",
    text: `import { on, type Handler } from "./on.ts";

export interface Options { readonly limit?: number; mode: "fifo" | "lifo" }

@sealed("name", true)
export class Queue<T extends object = {}> extends Base<T> {
  static #count = 0;
  readonly items: T[] = [];
  constructor(private readonly options: Options = { mode: "fifo" }) {
    super(options?.limit ?? 10);
    this.limit ||= 5;
    Queue.#count++;
  }
  get size(): number { return this.items.length; }
  abstract peek?(): T | undefined;
  async add(item: T | null, ...rest: T[]): Promise<number> {
    if (item === null || !(item instanceof Object)) throw new TypeError(\`no item: \${String(item)}\`);
    if (typeof item.id !== "string" && "key" in item) return -1;
    const copy = { ...item, at: Date.now() } as unknown as T;
    try {
      await Promise.all([on(copy), ...rest.map((each) => on(each))]);
      return await this.push(copy!, true);
    } catch (error) {
      if ((error as Error).name !== "AbortError") throw error;
      console.error("aborted", 1 + 1);
    } finally {
      this.busy = !this.busy;
    }
    return this.items.indexOf(item) < 0 ? 0 : -(-this.size - 1);
  }
}
`,
  },
  {
    path: "view.tsx",
    text: `export const View = ({ items = [], title, ...rest }: Props): JSX.Element => {
  const [open, setOpen] = useState<boolean>(false);
  useEffect(() => { if (open && items.length > 0) track("open", items[0]); }, [open, items]);
  return (
    <section className="view" {...rest} hidden={!open || items.length === 0}>
      <h1 onClick={() => setOpen(!open)}>{title ?? "none"} text &amp; more</h1>
      {items.filter(Boolean).map((item, i) => (item?.hidden ? null : <Row key={item.id ?? i} {...item} even={i % 2 === 0} />))}
      <>{open && <Footer />}</>
    </section>
  );
};
`,
  },
  {
    path: "old.js",
    text: `"use strict";
var url = require("url"), cache = Object.create(null)

function parse (input, options) {
  options = options || {}
  var i = 0, out = [], m = /^([a-z]+):\\/\\/(?:[^@]*@)?(.+?)(?::(\\d{1,5}))?$/i.exec(input)
  if (!m) return null
  for (i = 0; i < m.length - 1; i++) {
    if (m[i] == null) continue
    out[out.length] = m[i + 1].slice(0, i - 1).toLowerCase()
  }
  label: while (i-- > 0) {
    switch (input.charAt(i)) {
      case "a":
      case "b":
        out.push(-i)
        break
      case "c": {
        break label
      }
      default:
        delete cache[input]
    }
  }
  do { i += 2 } while (i <= 10 && (i & 1 | 2) !== 3)
  ;[1, 2].forEach(function (n) { i -= n })
  return !!out.length && typeof input === "string" ? out : void 0
}

module.exports = parse
module.exports.parse = parse
`,
  },
  {
    path: "modern.mjs",
    text: `export * as ns from "./ns.mjs";
export default async function* pages({ start = 1, size: per = 20, ...query } = {}, fetchPage = get) {
  let page = start, seen = new Set([start]), last;
  while (true) {
    const { items, next } = (await fetchPage(\`/list?page=\${page}&per=\${per}\`, { ...query, per })) ?? {};
    yield* items?.[0]?.children ?? [];
    if (!next || seen.has(next)) return void 0;
    seen.add(next);
    last = page++ ** 2 - (per >>> 1);
    page = Math.max(next, Number(last) || 0);
    for (const key in query) if (Object.hasOwn(query, key)) query[key] ??= await query[key]?.();
    for await (const item of items) if (item.a?.b.c === undefined || !Number.isFinite(item.n)) break;
  }
}
const sum = (list) => [...list].sort((a, b) => a - b).reduce((a, b) => a + b, 0) / (list.length || 1);
export const half = (n) => (n % 2 ? (n - 1) / 2 : { n: n / 2, even: true });
`,
  },
];
