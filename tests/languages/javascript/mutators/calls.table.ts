// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are source text
import type { Table } from "./table.ts";

export const calls: Table = {
  "argument-swap": [
    ["f(a, b)", "f(b, a)"],
    ["new A(a, b, c)", "new A(b, a, c)", "new A(a, c, b)"],
    ["f(a, a)"],
    ["f(a, () => b)"],
    ["Math.max(a, b)"],
    ["f(...a, b)"],
  ],
  "argument-omission": [
    ["f(a, b)", "f(a)"],
    ["new A(a, { b })", "new A(a)"],
    ["f(\n  a,\n  b,\n)", "f(\n  a,\n)"],
    ["f(a)"],
    ["f(a, () => b)"],
  ],
  "ordering-dropped": [
    ["x = a.sort(b);", "x = a;"],
    ["return [...a].reverse().map(b);", "return [...a].map(b);"],
    ["a.sort();"],
    ["x = a.order();"],
  ],
  "step-dropped": [
    ["x = a.filter(b).map(c);", "x = a.map(c);"],
    ["return (a || b).trim();", "return a || b;"],
    ["x = (a?.b).trim().c;", "x = a?.b.c;"],
    ["a.catch(b);"],
    ["x = trim(a);"],
  ],
  "conversion-dropped": [
    ["x = Number(a);", "x = a;"],
    ["f(Math.abs(a - b) * 2)", "f((a - b) * 2)"],
    ["x = `${String(a)}`;"],
    ["x = Number(a) * 2;"],
    ["if (Boolean(a)) b();"],
    ["x = Number.isNaN(a);"],
    ["x = String(a, b);"],
  ],
  "copy-dropped": [
    ["x = [...a];", "x = a;"],
    ["f({ ...a })", "f(a)"],
    ["x = a.slice();", "x = a;"],
    ["x = structuredClone(a.b);", "x = a.b;"],
    ["x = [...a, b];"],
    ["x = a.slice(1);"],
  ],
};
