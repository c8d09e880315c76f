import type { Table } from "./table.ts";

export const guards: Table = {
  "guard-removal": [
    ["function f(a) {\n  if (!a) return 0;\n  return g(a);\n}\n", "function f(a) {\n  return g(a);\n}\n"],
    ["for (const a of b) {\n  if (skip(a)) { continue; }\n  use(a);\n}\n", "for (const a of b) {\n  use(a);\n}\n"],
    ["function f(a) { if (!a) return; g(a); }", "function f(a) { g(a); }"],
    ["if (a) return b; else return c;"],
    ["if (a) g();"],
    ["a\nif (b) return\n(c)()\n"],
  ],
  "check-removal": [
    ["function f(a) {\n  if (a < 0) {\n    throw new RangeError('low');\n  }\n  return a;\n}\n", "function f(a) {\n  return a;\n}\n"],
    ["if (!a) throw b;\nc();\n", "c();\n"],
    ["if (a) { b(); throw c; }"],
    ["if (!a) return;"],
  ],
  "narrowing-inverted": [
    ["if (typeof a === 'string') b();", "if (typeof a !== 'string') b();"],
    [
      "const c = a instanceof Error && 'code' in a;",
      "const c = !(a instanceof Error) && 'code' in a;",
      "const c = a instanceof Error && !('code' in a);",
    ],
    ["if (Array.isArray(a)) b();", "if (!Array.isArray(a)) b();"],
    ["if (!(a instanceof B)) c();"],
    ["if (#a in b) c();"],
    ["a === b"],
  ],
  "narrowing-forced": [
    ["if (typeof a === 'string') b();", "if (true) b();"],
    ["return Array.isArray(a) ? a : [a];", "return true ? a : [a];"],
    ["x = a && (b in c);", "x = a && true;"],
    ["f(a instanceof B);"],
  ],
  "predicate-negation": [
    ["return a.includes(b);", "return !a.includes(b);"],
    ["if (!a.has(b) || isNaN(c)) d();", "if (!a.has(b) || !isNaN(c)) d();"],
    ["const e = /x/.test(a) ? 1 : 2;", "const e = !/x/.test(a) ? 1 : 2;"],
    ["a.test(b);"],
    ["if (Array.isArray(a)) b();"],
    ["a.b();"],
  ],
  "rethrow-removal": [
    ["try {\n  a();\n} catch (e) {\n  b();\n  throw e;\n}\n", "try {\n  a();\n} catch (e) {\n  b();\n}\n"],
    ["try { a(); } catch (e) { if (e.x) throw e; }", "try { a(); } catch (e) { if (e.x) {} }"],
    ["throw a;"],
    ["try { throw a; } catch {}"],
    ["try { a(); } catch (e) { return () => { throw e; }; }"],
  ],
};
