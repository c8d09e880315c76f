/**
 * Do the tests still bite, whatever the answer did to `expect`, `assert` or the runner? A file beside the hidden one loads it, and the answer with
 * it, and then holds a check that is right and checks that are wrong: the first must pass and each of the others must fail.
 */

import type { Trial } from "../schemas/instance.ts";
import type { Layer } from "../schemas/layer.ts";
import { mergeLayers } from "../schemas/layer.ts";
import type { PoseContext } from "./contract.ts";
import { isModule, relativeImport, samplesOf } from "./style.ts";
import { besides } from "./visible.ts";

/** Ways of asserting that are not the runner's own: how a test names one, and a wrong check by it. */
const others = [
  {
    name: "assert",
    from: "assert",
    named: /["'](?:node:)?assert(?:\/strict)?["']/,
    check: "(kihonAssert.default ?? kihonAssert).equal(1 + 1, 3);",
  },
  { name: "chai", from: "chai", named: /["']chai["']/, check: "(kihonChai.default ?? kihonChai).expect(1 + 1).to.equal(3);" },
] as const;

const capital = (word: string): string => (word[0] ?? "").toUpperCase() + word.slice(1);

/** Node's own type stripping wants the ending; compilers of TypeScript do not allow it. */
const specifier = (from: string, to: string, runner: string): string => {
  const path = relativeImport(from, to);
  return runner === "node-test" ? path : path.replace(/\.[mc]?tsx?$/, "");
};

export function brokenChecks(hidden: string, before: Layer, context: PoseContext): Trial | null {
  const text = context.text(hidden);
  if (text === null) return null;
  const { runner } = context;
  const esm = isModule(hidden, text);
  const style = esm ? "esm" : "cjs";
  const path = besides({ home: hidden, file: hidden }, "checks", context);
  const load = (name: string, module: string): string =>
    esm ? `import * as ${name} from ${JSON.stringify(module)};` : `const ${name} = require(${JSON.stringify(module)});`;
  const first = JSON.stringify(specifier(path, hidden, runner.name));
  const samples = samplesOf(context);
  const sample = (kind: "pass" | "fail"): string => samples[kind](style).slice(samples.starter(style).length);
  const also = others.filter(({ named }) => named.test(text));
  const wrong = also.map(({ name, check }) =>
    sample("fail")
      .replace("fails", `fails by ${name}`)
      .replace(/^.*\(1 \+ 1\b.*$/m, () => check),
  );
  const code = [
    esm ? `import ${first};` : `require(${first});`,
    samples.starter(style),
    ...also.map(({ name, from }) => load(`kihon${capital(name)}`, from)),
    sample("pass"),
    sample("fail"),
    ...wrong,
  ].join("\n");
  const ids = context.language.testCalls({ path, text: code }).map((call) => `${path} > ${call.path.join(" > ")}`);
  const [right = "", ...failing] = ids;
  return {
    name: "checks-bite",
    layer: mergeLayers(before, { [path]: code }),
    answer: "patch",
    files: [path],
    expect: { kind: "tests", pass: [right], fail: failing },
  };
}
