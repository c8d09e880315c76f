import type { Table } from "./table.ts";

export const arithmetic: Table = {
  arithmetic: [
    ["a + b", "a - b"],
    ["a * b + c", "a / b + c", "a * b - c"],
    ["a ** b * c", "a * b * c", "a ** b / c"],
    ["a ** b ** c", "a * b ** c", "a ** (b * c)"],
    ["2 * a ** b", "2 / a ** b", "2 * (a * b)"],
    ["'a' + b"],
    ["a + b + 'c'"],
    ["`a` + b + c"],
    ["a & b"],
  ],
  bitwise: [
    ["a & b", "a | b"],
    ["a << 2 | b", "a >> 2 | b", "a << 2 & b"],
    ["a | b & c", "a & (b & c)", "a | (b | c)"],
    ["a >>> 0", "a >> 0"],
    ["a && b"],
  ],
  "operand-order": [
    ["a - b", "b - a"],
    ["(a + b) / c", "c / (a + b)"],
    ["a % b", "b % a"],
    ["a + b"],
    ["a - b - c", "b - a - c"],
    ["a - a"],
  ],
  "term-dropped": [["a - 1", "a"], ["f(a.b + 2)", "f(a.b)"], ["(a + 1) * b", "a * b"], ["a * 2"], ["1 + a"]],
  sign: [
    ["-a", "a"],
    ["x = +a;", "x = a;"],
    ["return-a;", "return a;"],
    ["~a.indexOf(b)", "a.indexOf(b)"],
    ["a - -b", "a - b"],
    ["!a"],
    ["+a * 2"],
  ],
  "update-direction": [["a++", "a--"], ["--a.b", "++a.b"], ["a += 1"]],
};
