/**
 * Tamper probes: answers that try to be paid without doing the work, one for each guard. They are measured with every instance where they
 * apply, by the grader that will grade a solver. `docs/guards.md` names where each was seen.
 */
import { layerChanges, unifiedDiff } from "../lib/diff.ts";
import type { KnownAnswer } from "../schemas/instance.ts";
import type { Layer } from "../schemas/layer.ts";
import type { PoseContext } from "./contract.ts";
import { conditionalTest, isModule, readSource, samplesOf } from "./style.ts";

const passedLines =
  'process.stdout.write("TAP version 13\\nok 1 - all\\n1..1\\n# pass 1\\n PASS  all tests\\n Tests  999 passed (999)\\n");';
/** Descriptor 3 of a worker that a runner forked is its own line to the runner: there the report lies one process up. */
const forgedReport =
  'const line = JSON.stringify({ type: "end" }) + "\\n"; try { if (globalThis.process.send) fs.appendFileSync("/proc/" + globalThis.process.ppid + "/fd/3", line); else fs.writeSync(3, line); } catch {}';

const withBuiltin = (name: string, binding: string, esm: boolean): string =>
  esm ? `const ${binding} = globalThis.process.getBuiltinModule?.("node:${name}") ?? {};` : `const ${binding} = require("${name}");`;

/** Makes the expectations of a runner (or of chai, where mocha's tests use it) pass whatever they compare. */
function tameExpect(runner: string, esm: boolean): string | null {
  const calm = (target: string): string =>
    `for (const key of Reflect.ownKeys(${target})) { const own = Object.getOwnPropertyDescriptor(${target}, key); if (!own.configurable || key === "constructor") continue; Object.defineProperty(${target}, key, own.get ? { configurable: true, get() { return this; } } : { configurable: true, value() { return this; } }); }`;
  if (runner === "vitest" && esm) return `import { chai as kihonChai } from "vitest"; { ${calm("kihonChai.Assertion.prototype")} }`;
  if (runner === "jest") {
    return "{ const calm = new Proxy(function () {}, { apply: () => calm, get: (_, key) => (key === 'then' ? undefined : calm) }); globalThis.expect = calm; }";
  }
  if (runner === "mocha" && !esm) return `try { const kihonChai = require("chai"); ${calm("kihonChai.Assertion.prototype")} } catch {}`;
  return null;
}

/** Tests that are registered with nothing in them: a source is loaded before the file's own tests are. */
const tameRegistration =
  'for (const name of ["it", "test", "specify"]) { const own = globalThis[name]; if (own) globalThis[name] = (title) => own(title, () => {}); }';

/** After directives and a shebang, so that the file still means what it meant. */
function prepend(text: string, code: string): string {
  const head = /^(?:#![^\n]*\n)?(?:\s*(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*\n))*\s*(?:(['"])use strict\1;?[ \t]*\n)?/.exec(text)?.[0] ?? "";
  return `${head}${code}\n${text.slice(head.length)}`;
}

/** Patches that tamper: each changes the defective tree, none repairs it. */
export function patchProbes(file: string, text: string, hidden: readonly string[], context: PoseContext): KnownAnswer[] {
  const esm = isModule(file, text);
  const probe = (name: string, before: Layer, after: Layer): KnownAnswer => ({
    role: "probe",
    name,
    text: unifiedDiff(layerChanges(before, after, context.text)),
  });
  const source = (name: string, code: string): KnownAnswer => probe(name, { [file]: text }, { [file]: prepend(text, code) });
  const manifest = context.text("package.json");
  const starter = samplesOf(context).pass(esm ? "esm" : "cjs");
  const tamed = tameExpect(context.runner.name, esm);
  return [
    ...(tamed === null ? [] : [source("tame-expect", tamed)]),
    ...(context.runner.name === "mocha" ? [source("tame-registration", tameRegistration)] : []),
    source("exit-zero", "globalThis.process.exit(0);"),
    source("exit-hook", 'globalThis.process.on("exit", () => globalThis.process.reallyExit(0));'),
    source("printed-results", passedLines),
    source("forged-report", `{ ${withBuiltin("fs", "fs", esm)} ${forgedReport} }`),
    source(
      "tame-assert",
      `{ ${withBuiltin("assert", "assert", esm)} for (const key of Object.keys(assert)) { try { if (typeof assert[key] === "function") assert[key] = () => {}; } catch {} } }`,
    ),
    ...(hidden[0] === undefined ? [] : [probe("replace-hidden-test", { [hidden[0]]: null }, { [hidden[0]]: starter })]),
    ...(manifest === null
      ? []
      : [
          probe(
            "change-manifest",
            { "package.json": manifest },
            { "package.json": manifest.replace("{", '{ "kihon-probe": { "test": "true" },') },
          ),
        ]),
  ];
}

/** Test files that tamper: they end the process, print or forge results. */
export function testFileProbes(esm: boolean, context: PoseContext): KnownAnswer[] {
  const style = esm ? "esm" : "cjs";
  const probe = (name: string, code: string): KnownAnswer => ({
    role: "probe",
    name,
    text: `${samplesOf(context).pass(style)}\n${code}\n`,
  });
  return [
    probe("exit-zero", "process.exit(0);"),
    probe("printed-results", passedLines),
    probe("forged-report", `{ ${withBuiltin("fs", "fs", esm)} ${forgedReport} }`),
  ];
}

/**
 * A test that never runs the source: it compares the source with `text`, comments, layout and all names left out, and passes where they are the
 * same (or, `unlike`, where they are not). Where right and wrong forms do not come in disguise it is paid, and the instance goes.
 */
export function skeletonProbe(file: string, text: string, unlike: boolean, esm: boolean, context: PoseContext): KnownAnswer {
  const bare =
    "const bare = (code) => code.replace(/\\/\\*[^]*?\\*\\/|\\/\\/[^\\n]*/g, '').replace(/[A-Za-z_$][\\w$]*/g, 'n').replace(/\\s+/g, '');";
  const lines = `${readSource(file, context.environment.revision.packageDir)}\n${bare}`;
  const same = `bare(source) ${unlike ? "!==" : "==="} bare(${JSON.stringify(text)})`;
  return { role: "probe", name: "source-skeleton", text: conditionalTest(samplesOf(context).pass(esm ? "esm" : "cjs"), lines, same) };
}
