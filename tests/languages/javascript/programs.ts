/** Small programs for property tests: statements that write to `log`, with and without semicolons, put together at random. */
import fc from "fast-check";

const statements = [
  "log(1)",
  "log(2);",
  "if (log(3)) log(4)\nelse if (!log(5)) log(6)\nelse log(7)",
  "for (const item of [1, 2]) log(item)",
  "for (let i = 0; i < 2; i++) { if (i) continue; log(i) }",
  "outer: for (const a of [1, 2]) for (const b of [3, 4]) { if (b === 4) continue outer\n log(a, b) }",
  "{ const double = (x) => x * 2\n log(double(4)) }",
  "{ const pair = (first, second = first) => ({ first, sum: first + second })\n log(JSON.stringify(pair(1))) }",
  "switch (log(8)) { case undefined: log('u'); break\n default: log('d') }",
  "try { log(9); throw new Error('x') } catch (error) { log(error.message) } finally { log('f') }",
  "{ class Base { constructor(v) { this.v = v } get w() { return this.v } }\n class Sub extends Base { up = () => this.w + 1; constructor() { super(5) } }\n log(new Sub().up()) }",
  "do log('once')\nwhile (false)",
  "{ let count = 0\n while (count < 2) count++\n ;[1].forEach((one) => log(one + count)) }",
  "(function () { 'use strict'\n log(this === undefined) })()",
  "[1, 2].map(n => n + 1).forEach(function (n) { log(n) })",
  "{ function* walk(list) { for (const it of list) yield it * 3 }\n log([...walk([1, 2])].join()) }",
  "{ var total = 0\n const add = (by) => { total += by\n return total }\n log(add(2), add(3)) }",
  ["log(`t$", "{((x) => x + 1)(1)}`)"].join(""),
  "{ const { a, b: c } = { a: 1, b: 2 }\n log(a, c) }",
];

export const programs = fc.array(fc.constantFrom(...statements), { minLength: 1, maxLength: 6 }).map((parts) => parts.join("\n;"));
