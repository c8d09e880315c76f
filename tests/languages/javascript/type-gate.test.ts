import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type OpenTypeGate, openTypeGate } from "../../../languages/javascript/type-gate.ts";

const open: { gate: OpenTypeGate; root: string }[] = [];

afterEach(() => {
  for (const { gate, root } of open.splice(0)) {
    gate.close();
    rmSync(root, { recursive: true });
  }
});

function gateOf(files: Readonly<Record<string, string>>): OpenTypeGate {
  const root = mkdtempSync(join(tmpdir(), "type-gate-"));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  const gate = openTypeGate({ root, tsconfigPath: "tsconfig.json" });
  open.push({ gate, root });
  return gate;
}

const STRICT = JSON.stringify({ compilerOptions: { strict: true, target: "es2022", noUnusedLocals: true, types: [] }, include: ["*.ts"] });
const TEXT = "export function f(a: string | null): number {\n  if (a === null) return 0;\n  return a.length;\n}\n";

describe("openTypeGate", () => {
  it("passes a mutant that type-checks and names the first error of one that does not", () => {
    const gate = gateOf({ "tsconfig.json": STRICT, "a.ts": TEXT });
    expect(gate.active).toBe(true);
    expect(gate.check("a.ts", TEXT.replace("return 0", "return 1"))).toBeNull();
    expect(gate.check("a.ts", TEXT.replace("=== null", "!== null"))).toMatch(/^TS\d+: .*never|null/);
    expect(gate.check("a.ts", TEXT.replace("return 0", "return 1"))).toBeNull();
  });

  it("refuses a text that does not parse", () => {
    expect(gateOf({ "tsconfig.json": STRICT, "a.ts": TEXT }).check("a.ts", "export const = 1;")).toMatch(/^TS\d+/);
  });

  it("sees the other files clean again after a mutant of one", () => {
    const user = 'import { f } from "./a.ts";\nexport const g: number = f("x");\n';
    const config = JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, allowImportingTsExtensions: true, module: "esnext", types: [] },
    });
    const gate = gateOf({ "tsconfig.json": config, "a.ts": TEXT, "b.ts": user });
    expect(gate.active, gate.why).toBe(true);
    expect(gate.check("a.ts", TEXT.replace("number", "string").replace("return 0", 'return ""'))).toContain("TS2322");
    expect(gate.check("b.ts", user)).toBeNull();
    expect(gate.check("b.ts", user.replace('"x"', "1"))).toContain("TS2345");
  });

  it("passes over code that a mutant leaves unused", () => {
    const text = "export function f(a: number): number {\n  const b = 1;\n  return a + b;\n}\n";
    expect(gateOf({ "tsconfig.json": STRICT, "a.ts": text }).check("a.ts", text.replace(" + b", ""))).toBeNull();
  });

  it("is inactive, and says which file fails, where the clean project does not type-check", () => {
    const gate = gateOf({ "tsconfig.json": STRICT, "a.ts": "export const a: number = 'b';" });
    expect(gate.active).toBe(false);
    expect(gate.why).toMatch(/ a\.ts does not type-check as it is: TS2322/);
    expect(gate.check("a.ts", "export const a: number = true;")).toBeNull();
  });

  it("is inactive without a configuration, or with one that includes nothing", () => {
    expect(gateOf({ "a.ts": TEXT }).active).toBe(false);
    expect(gateOf({ "tsconfig.json": STRICT }).active).toBe(false);
  });

  it("lets JavaScript pass unless the project checks it", () => {
    const files = { "a.js": "/** @type {number} */\nexport const a = 1;\n", "b.ts": "export {};" };
    const config = (checkJs: boolean) => JSON.stringify({ compilerOptions: { allowJs: true, checkJs, target: "es2022", types: [] } });
    const mutated = files["a.js"].replace("= 1", '= "x"');
    expect(gateOf({ ...files, "tsconfig.json": config(false) }).check("a.js", mutated)).toBeNull();
    expect(gateOf({ ...files, "tsconfig.json": config(true) }).check("a.js", mutated)).toContain("TS2322");
  });

  it("does not load the plug-ins of a configuration", () => {
    const config = JSON.stringify({ compilerOptions: { target: "es2022", types: [], plugins: [{ name: "./plugin.cjs" }] } });
    const gate = gateOf({ "tsconfig.json": config, "a.ts": TEXT, "plugin.cjs": "throw new Error('loaded');" });
    expect(gate.active, gate.why).toBe(true);
  });

  it("passes a file that is not part of the project", () => {
    expect(gateOf({ "tsconfig.json": STRICT, "a.ts": TEXT }).check("other.ts", "const a: number = 'b';")).toBeNull();
  });
});
