/** A test file cut down to some of its tests: the known right answer of the skills whose answer is a test file. */
import type { PoseContext } from "./contract.ts";

const squeeze = (text: string): string => text.replace(/\s+/g, " ").trim();
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Does a test call's path (null for a part that is not a literal) stand for this test id? */
function matches(path: readonly (string | null)[], file: string, id: string): boolean {
  const title = id.slice(file.length + 3).replace(/ #\d+$/, "");
  if (path.every((part) => part !== null)) return squeeze(path.join(" > ")) === squeeze(title);
  const pattern = path.map((part) => (part === null ? ".+" : escaped(squeeze(part)))).join(" > ");
  return new RegExp(`^${pattern}$`, "s").test(squeeze(title));
}

/** `require(name)`, `import(name)`: what is tested stands in other files, and loading those is no test of one's own. */
const loadsByName = (text: string): boolean => /\b(?:require|import)\s*\((?!\s*["'`])/.test(text);

/**
 * The file's text with only the calls that stand for one of `ids`. Where the tests are made by a loop or a helper no call stands for them,
 * and the whole file is the cut. Null where the file is not there, has none of the ids, or only loads test modules that a solver can see.
 */
export function onlyTests(file: string, ids: readonly string[], context: PoseContext): string | null {
  const text = context.text(file);
  const own = ids.filter((id) => id.startsWith(`${file} > `));
  if (text === null || own.length === 0) return null;
  const wanted = context.language.testCalls({ path: file, text }).filter((call) => own.some((id) => matches(call.path, file, id)));
  if (wanted.length === 0) return loadsByName(text) ? null : text;
  return context.language.reduceTests({ path: file, text }, (call) => own.some((id) => matches(call.path, file, id)));
}

/** Does a test file's text hold a call that may stand for one of `ids`? */
export const holdsTests = (text: string, file: string, ids: readonly string[], context: PoseContext): boolean =>
  context.language
    .testCalls({ path: file, text })
    .some((call) => ids.some((id) => id.startsWith(`${file} > `) && matches(call.path, file, id)));
