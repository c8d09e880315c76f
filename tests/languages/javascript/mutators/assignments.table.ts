import type { Table } from "./table.ts";

export const assignments: Table = {
  "assignment-operator": [["a += b;", "a -= b;"], ["a.b *= 2;", "a.b /= 2;"], ["a += 'x';"], ["a += b + 'x';"], ["a = b;"]],
  accumulation: [["a += b;", "a = b;"], ["a ??= b;", "a = b;"], ["a &&= b;"], ["a = b;"]],
  "logical-assignment": [["a ??= b;", "a ||= b;"], ["a ||= b;", "a ??= b;"], ["a &&= b;", "a ||= b;"], ["a += b;"]],
  "assignment-removal": [
    ["this.a = b;\nc();\n", "c();\n"],
    ["if (a) b[c] += 1;", "if (a) {}"],
    ["a = b;"],
    ["module.exports = a;"],
    ["A.prototype.b = c;"],
    ["x = a.b = c;"],
  ],
  "update-position": [["x = a++;", "x = ++a;"], ["f(--a.b)", "f(a.b--)"], ["x = -a++;", "x = -++a;"], ["a++;"], ["for (;; i++) {}"]],
};
