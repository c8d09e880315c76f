import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { disguise } from "../../../languages/javascript/disguise.ts";
import { mutationsOf } from "../../../languages/javascript/mutators/index.ts";
import { initSyntax, parsesCleanly } from "../../../languages/javascript/syntax.ts";
import { rngFor } from "../../../lib/rng.ts";
import { programs } from "./programs.ts";

beforeAll(initSyntax);

const rng = () => rngFor("1", "item", "disguise");

/** What a program logs, and how it ends. */
function run(text: string, timeout: number): readonly unknown[] {
  const logged: unknown[] = [];
  try {
    runInNewContext(text, { log: (...values: unknown[]) => void logged.push(values.join()) }, { timeout });
    return [...logged, "end"];
  } catch (error) {
    return (error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? ["endless"] : [...logged, (error as Error).name];
  }
}

describe("a disguised source", () => {
  const right = "export function clamp(value, low) {\n  if (value < low) return low;\n  return value;\n}\n";
  const wrong = [right.replace("<", "<="), right.replace("return low", "return value")];
  const shown = (inForce: number | null) => disguise({ path: "a.js", text: right }, wrong, inForce, rng());

  it("is not told from the wrong ones by what its digits add up to", () => {
    const clean = "export const f = (a, b) => (a < b ? a + 1 : b - 1);\n";
    const mutants = mutationsOf("a.js", clean).map(({ start, end, replacement }) => clean.slice(0, start) + replacement + clean.slice(end));
    const sum = (text: string): number => [...text].reduce((all, sign) => all + (/\d/.test(sign) ? Number(sign) : 0), 0);
    const apart = Array.from({ length: 40 }, (_, seed) => {
      const make = (inForce: number | null) =>
        disguise({ path: "a.js", text: clean }, mutants.slice(0, 4), inForce, rngFor(`${seed}`, "item", "disguise"));
      const own = sum(make(null) ?? "");
      return [0, 1, 2, 3].map((inForce) => (sum(make(inForce) ?? "") - own) % 2 === 0);
    });
    const share = apart.flat().filter(Boolean).length / apart.flat().length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
    expect(apart.filter((same) => same.every((one) => !one)).length).toBeLessThan(10);
  });

  it("has all forms in it, and shows in nothing but digits which is in force", () => {
    const texts = [null, 0, 1].map((inForce) => shown(inForce) ?? "");
    expect(new Set(texts).size).toBe(3);
    expect(new Set(texts.map((text) => text.replace(/\d/g, "9"))).size).toBe(1);
    for (const text of texts) {
      expect(text).toContain("value < low");
      expect(text).toContain("value <= low");
      expect(parsesCleanly("a.js", text)).toBe(true);
    }
  });
  it("does what the form in force does", () => {
    const given = (inForce: number | null): unknown =>
      runInNewContext(`${(shown(inForce) ?? "").replace("export ", "")}; [clamp(0, 1), clamp(1, 1), clamp(2, 1)].join()`);
    expect([given(null), given(0), given(1)]).toEqual(["1,1,2", "1,1,2", "0,1,2"]);
  });
  it("holds a form that only leaves something out", () => {
    const text = "f = (a, b) => a && b;\n";
    const made = disguise({ path: "a.js", text }, ["f = (a, b) => b;\n"], 0, rng()) ?? "";
    expect(runInNewContext(`${made}; f(0, 1)`)).toBe(1);
    expect(made).toContain("(a && b)");
  });
  it("cannot be made where the form that is asked for cannot stand beside the other, or is the same", () => {
    const file = { path: "a.js", text: 'import "./b.js";\nf();\n' };
    expect(disguise(file, ['import "./c.js";\nf();\n'], 0, rng())).toBeNull();
    expect(disguise(file, [file.text], null, rng())).toBeNull();
    expect(disguise({ path: "a.js", text: "f(" }, ["g("], 0, rng())).toBeNull();
  });
});

it("of any program and mutant does what the one in force does", () => {
  fc.assert(
    fc.property(programs, fc.nat(), (text, pick) => {
      const mutations = mutationsOf("a.js", text);
      const mutation = mutations[pick % Math.max(1, mutations.length)];
      if (mutation === undefined) return;
      const mutant = text.slice(0, mutation.start) + mutation.replacement + text.slice(mutation.end);
      const [own, other] = [null, 0].map((inForce) => disguise({ path: "a.js", text }, [mutant], inForce, rng()));
      for (const [made, plain] of [
        [own, text],
        [other, mutant],
      ]) {
        const does = run(plain ?? "", 150);
        // What does not end in a moment is no matter here; what does, does so however slow the machine is.
        if (typeof made === "string" && does[0] !== "endless") expect({ plain, does: run(made, 20_000) }).toEqual({ plain, does });
      }
    }),
    { numRuns: 40, seed: 5 },
  );
});
