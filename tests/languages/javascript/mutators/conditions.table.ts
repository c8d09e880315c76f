import type { Table } from "./table.ts";

export const conditions: Table = {
  "condition-negation": [
    ["if (a) b();", "if (!a) b();"],
    ["while (a && b) c();", "while (!(a && b)) c();"],
    ["x = a.b() ? c : d;", "x = !a.b() ? c : d;"],
    ["if (a || b) c();", "if (!(a || b)) c();"],
    ["if (!a) b();"],
    ["if (a < b) c();"],
    ["if (a.includes(b)) c();"],
  ],
  "condition-true": [
    ["if (a) b();", "if (true) b();"],
    ["if ((a && b)) c();", "if (true) c();"],
    ["if (a) b(); else if (c) d();", "if (true) b(); else if (c) d();", "if (a) b(); else if (true) d();"],
    ["if (true) a();"],
    ["while (a) b();"],
  ],
  "condition-false": [
    ["if (a) b();", "if (false) b();"],
    ["while (a < b) c();", "while (false) c();"],
    ["if (false) a();"],
    ["do a(); while (b);"],
  ],
  "ternary-swap": [["a ? b : c", "a ? c : b"], ["a ? b : c ? d : e", "a ? c ? d : e : b", "a ? b : c ? e : d"], ["a ? b : b"]],
  "ternary-branch": [
    ["x = a ? b : c;", "x = b;", "x = c;"],
    ["(a ? b : c).d", "b.d", "c.d"],
    ["f(a ? b + 1 : { c })", "f(b + 1)", "f({ c })"],
    ["!(a ? b || c : d)", "!d", "!(b || c)"],
    ["() => (a ? { b } : c)", "() => ({ b })", "() => c"],
    ["if (a) b(); else c();"],
  ],
  "else-removal": [
    ["if (a) b(); else c();", "if (a) b();"],
    ["if (a) {\n  b();\n} else {\n  c();\n}\n", "if (a) {\n  b();\n}\n"],
    ["if (a) b(); else if (c) d();", "if (a) b();"],
    ["if (a) if (b) c(); else d();"],
    ["if (a) b();"],
  ],
};
