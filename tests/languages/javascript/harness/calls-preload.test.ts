import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { record } from "../../../../languages/javascript/record.ts";
import { initSyntax } from "../../../../languages/javascript/syntax.ts";

beforeAll(initSyntax);
const preload = fileURLToPath(new URL("../../../../languages/javascript/harness/calls-preload.cjs", import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Ran {
  readonly out: string;
  /** Call, `=` or `!` for what it threw, outcome; `~` before a call that is not self-contained. */
  readonly told: string[];
}

function ran(library: string, program: string, mode: "plain" | "recorded", format: "cjs" | "mjs" = "cjs"): Ran {
  const folder = mkdtempSync(join(tmpdir(), "kihon-calls-"));
  folders.push(folder);
  const path = join(folder, `library.${format}`);
  const target = join(folder, "calls");
  const recorded = record({ path: `lib/library.${format}`, text: library }, 4);
  if (recorded === null) throw new Error("nothing is recorded");
  writeFileSync(path, mode === "plain" ? library : recorded);
  const load = format === "cjs" ? 'const library = require("./library.cjs");' : 'import * as library from "./library.mjs";';
  writeFileSync(join(folder, `program.${format}`), `${load}\n${program}`);
  const env = {
    PATH: process.env["PATH"] ?? "",
    ...(mode === "plain" ? {} : { NODE_OPTIONS: `--require="${preload}"`, KIHON_CALLS_FILE: target }),
  };
  const out = execFileSync(process.execPath, [join(folder, `program.${format}`)], { env, encoding: "utf8" });
  const lines = existsSync(target) ? readFileSync(target, "utf8").trim().split("\n") : [];
  const told = lines
    .filter((line) => line !== "")
    .map((line) => {
      const [id, , call, contained, how, outcome] = JSON.parse(line) as [number, string, string, boolean, string, string];
      expect(id).toBe(4);
      return `${contained ? "" : "~"}${call} ${how === "value" ? "=" : "!"} ${outcome}`;
    });
  return { out, told };
}

/** The calls told, after a look at whether telling them changed what the program does. */
function told(library: string, program: string, format: "cjs" | "mjs" = "cjs"): string[] {
  const recorded = ran(library, program, "recorded", format);
  expect(recorded.out).toBe(ran(library, program, "plain", format).out);
  return recorded.told;
}

describe("calls from outside", () => {
  it("are told once, with what they gave", () => {
    expect(told("exports.f = (a, b) => a + b", "library.f(1, 2); library.f(1, 2); library.f('a', null)")).toEqual([
      "f(1, 2) = 3",
      'f("a", null) = "anull"',
    ]);
  });

  it("hide the calls within them, and recursion", () => {
    const library =
      "function up(n) { return n > 3 ? n : up(n + 1) }\nfunction twice(n) { return up(n) * 2 }\nmodule.exports = { up, twice }";
    expect(told(library, "console.log(library.twice(1), library.up(2))")).toEqual(["twice(1) = 8", "up(2) = 4"]);
  });

  it("are told as they were made, whatever became of the arguments", () => {
    expect(told("exports.f = (list) => list.push(2)", "library.f([1])")).toEqual(["f([1]) = 2"]);
  });

  it("may throw", () => {
    const library = "export function f(a) { throw new RangeError('no ' + a + '\\nat all') }";
    expect(told(library, "try { library.f('x') } catch (error) { console.log(error.name) }", "mjs")).toEqual(['f("x") ! RangeError: no x']);
  });

  it("settle later", () => {
    const library = "export async function f(a) { if (a) throw new Error('late'); return a }\nexport const g = (a) => Promise.resolve(a)";
    const program = "console.log(await library.f(0), await library.f(1).catch(String), await library.g({ a: 1 }))";
    expect(told(library, program, "mjs")).toEqual(["await f(0) = 0", "await f(1) ! Error: late", "await g({ a: 1 }) = { a: 1 }"]);
  });

  it("of a class are self-contained where nothing but the class is needed", () => {
    const library =
      "exports.Box = class Box { static of(a) { return a } constructor(a) { this.a = a } open(b) { return this.a + b } _no() {} }";
    const program =
      "const box = new library.Box(1); console.log(library.Box.of(2), box.open(3), box.constructor === library.Box); box._no()";
    expect(told(library, program)).toEqual(["Box.of(2) = 2", "~new Box(…).open(3) = 4"]);
  });

  it("of a plain object's functions are made from its name", () => {
    expect(told("const api = { f(a) { return this.g(a) }, g: (a) => -a }\nmodule.exports = api", "library.f(1)")).toEqual([
      "api.f(1) = -1",
    ]);
  });
});

describe("a recorded function", () => {
  it("has the name, the arity, the prototype and the members that it had", () => {
    const library = `
function Old(a) { this.a = a }
Old.prototype.get = function () { return this.a }
exports.Old = Old
exports.arrow = (a, b) => a
exports.make = function (a) { this.a = a }
exports.object = { m(a) { return arguments.length } }`;
    const program = `
const { Old, arrow, make, object } = library;
console.log(Object.keys(library), arrow.name, arrow.length, make.name, Object.keys(object), object.m.name, object.m(1, 2));
console.log(new Old(1).get(), new Old(1) instanceof Old, new Old(2).constructor === Old, new make(3).constructor === make, new make(4));
for (const key in new Old(1)) console.log(key);`;
    expect(told(library, program)).toContain("~new Old(…).get() = 1");
  });

  it("has the receiver and the arguments that it was given", () => {
    const library = "function f() { return [this === undefined || this === globalThis, arguments.length] }\nexports.f = f";
    expect(
      told(library, "console.log(library.f.call(undefined, 1, 2), f(3)); function f(a) { return library.f.apply({}, [a]) }"),
    ).toHaveLength(2);
  });

  it("yields what it yielded", () => {
    const library = "export const f = function* (n) { yield n; yield n + 1 }\nexport const g = (a) => a";
    expect(told(library, "console.log([...library.f(1)], library.g(2))", "mjs")).toContain("g(2) = 2");
  });
});

describe("a value", () => {
  const shown = (value: string): string[] => told("exports.f = (a) => typeof a", `library.f(${value})`);

  it.each([
    ["'a\\n\"b\\u2028'", '"a\\n\\"b\u2028"'],
    ["-0", "-0"],
    ["NaN", "NaN"],
    ["10n", "10n"],
    ["undefined", "undefined"],
    ["/a\\/b/gi", "/a\\/b/gi"],
    ["new Date(0)", 'new Date("1970-01-01T00:00:00.000Z")'],
    ["new Date(NaN)", "new Date(NaN)"],
    ["[1, ['a']]", '[1, ["a"]]'],
    ["{ a: 1, 'b-c': { d: null }, ['__proto__']: 2 }", '{ a: 1, "b-c": { d: null }, ["__proto__"]: 2 }'],
    ["Object.assign(Object.create(null), { a: 1 })", "{ __proto__: null, a: 1 }"],
    ["new Map([[1, { a: 2 }]])", "new Map([[1, { a: 2 }]])"],
    ["new Set(['a'])", 'new Set(["a"])'],
    ["new Uint8Array([1, 2])", "new Uint8Array([1, 2])"],
    ["Buffer.from('a')", "Buffer.from([97])"],
  ])("%s is told as source", (value, text) => {
    expect(shown(value)).toEqual([expect.stringContaining(`f(${text}) = `)]);
    expect(shown(value)[0]).not.toMatch(/^~/);
  });

  it.each([
    ["() => 1", "() => …", "function"],
    ["Symbol('a')", "a symbol", "symbol"],
    ["Promise.resolve()", "a promise", "object"],
    ["new (class Box { a = 1 })()", "Box { a: 1 }", "object"],
    ["new TypeError('no')", "TypeError: no", "object"],
    ["{ get a() { console.log('looked') } }", "{ a: a getter }", "object"],
    ["new Proxy({}, { ownKeys: () => console.log('looked'), getPrototypeOf: () => console.log('looked') })", "a proxy", "object"],
    ["(() => { const a = {}; a.b = a; return a })()", "{ b: a cycle }", "object"],
    ["[, 1]", "[a hole, 1]", "object"],
  ])("%s is told as far as it can be", (value, text, type) => {
    expect(shown(value)).toEqual([`~f(${text}) = "${type}"`]);
  });

  it("is cut where it is long, and never looked through", () => {
    const [long = ""] = shown("'x'.repeat(1e7)");
    expect(long.length).toBeLessThan(350);
    expect(long).toMatch(/^~f\("xxx.*…\) = "string"$/);
    expect(shown("Array(1e6).fill(1)")[0]?.length).toBeLessThan(350);
  });
});

it("tells no more of a function than its share", () => {
  const lines = told("exports.f = (a) => a\nexports.g = (a) => a", "for (let i = 0; i < 9000; i++) library.f(i); library.g(1)");
  expect(lines.length).toBeGreaterThan(1000);
  expect(lines.length).toBeLessThan(4000);
  expect(lines.at(-1)).toBe("g(1) = 1");
});
