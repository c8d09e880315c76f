import type { Table } from "./table.ts";

export const modern: Table = {
  "optional-chain": [["a?.b", "a.b"], ["a?.[b]", "a[b]"], ["a?.(b)", "a(b)"], ["a?.b?.c", "a.b?.c", "a?.b.c"], ["a.b"], ["a ? .5 : b"]],
  "return-await": [
    ["async () => { try { return await a(); } catch { b(); } }", "async () => { try { return a(); } catch { b(); } }"],
    ["async () => { try { return await (a || b); } finally { c(); } }", "async () => { try { return a || b; } finally { c(); } }"],
    ["async () => { return await a(); }"],
    ["async () => { try { b(); } catch { return await a(); } }"],
  ],
  "await-removal": [
    ["async () => { const a = await b(); }", "async () => { const a = b(); }"],
    ["async () => (await a()).b", "async () => a().b"],
    ["async () => { if (await a) b(); }", "async () => { if (a) b(); }"],
    ["async () => { return await a(); }"],
    ["async () => await a()"],
  ],
  "yield-delegation": [
    ["function* f() { yield* a; }", "function* f() { yield a; }"],
    ["function* f() { x = yield *a; }", "function* f() { x = yield a; }"],
    ["function* f() { yield a; }"],
  ],
  "spread-order": [["({ ...a, b: 1 })", "({ b: 1, ...a })"], ["[a, ...b, c]", "[...b, a, c]", "[a, c, ...b]"], ["({ a, b })"], ["[...a]"]],
  "spread-removal": [
    ["({ ...a, b: 1 })", "({ b: 1 })"],
    ["[a, ...b]", "[a]"],
    ["({\n  a,\n  // all of it\n  ...b,\n})"],
    ["[...a]"],
    ["f(a, ...b)"],
  ],
  "property-removal": [
    ["({ a: 1, b })", "({ b })", "({ a: 1 })"],
    ["f({\n  a: 1,\n  b: 2,\n  c,\n})", "f({\n  b: 2,\n  c,\n})", "f({\n  a: 1,\n  c,\n})", "f({\n  a: 1,\n  b: 2,\n})"],
    ["({ a })"],
    ["({ a, /* first */ b })"],
    ["const { a, b } = c;"],
  ],
  "parameter-default": [
    ["function f(a = 1, b) {}", "function f(a, b) {}"],
    ["const f = (a: number = 1, { b } = {}) => a;", "const f = (a: number, { b } = {}) => a;", "const f = (a: number = 1, { b }) => a;"],
    ["function f(a = undefined) {}"],
    ["const { a = 1 } = b;"],
  ],
  "destructuring-default": [
    ["const { a = 1, b: c = 2 } = d;", "const { a, b: c = 2 } = d;", "const { a = 1, b: c } = d;"],
    ["const [a = 1] = b;", "const [a] = b;"],
    ["function f({ a = true }) {}", "function f({ a }) {}"],
    ["function f(a = 1) {}"],
    ["const { a = undefined } = b;"],
  ],
  "void-dropped": [["x = void a();", "x = a();"], ["() => void a()", "() => a()"], ["void a();"], ["x = void 0;"], ["x = typeof a;"]],
};
