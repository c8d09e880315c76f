/** A test file cut down to some of its tests: the known right answer of the skills whose answer is a test file. */
import type { TestCall } from "../languages/contract.ts";
import type { PoseContext } from "./contract.ts";
import { type Place, standsFor, testModules } from "./test-modules.ts";

const isFor = (call: TestCall, { home, file }: Place, ids: readonly string[]): boolean =>
  ids.some((id) => id.startsWith(`${file} > `) && standsFor(call.path, file, id, home === file ? "whole" : "within"));

/** What is tested stands in other files, and loading those is no test of one's own. */
const onlyLoads = (path: string, text: string, context: PoseContext): boolean =>
  context.language.loads({ path, text }, context.paths()).byName || testModules(path, context).length > 0;

/**
 * The text of the tests' home with only the calls that stand for one of `ids`. Where the tests are made by a loop or a helper no call stands
 * for them, and the file is the cut, without the tests that may fail by themselves or under another name. Null where the file is not there, has none of the ids, or only loads what has.
 */
export function onlyTests(place: Place, ids: readonly string[], context: PoseContext): string | null {
  const text = context.text(place.home);
  if (text === null || !ids.some((id) => id.startsWith(`${place.file} > `))) return null;
  const source = { path: place.home, text };
  if (!context.language.testCalls(source).some((call) => isFor(call, place, ids))) {
    if (onlyLoads(place.home, text, context)) return null;
    const shaky = context.environment.tests
      .filter(({ standing }) => standing === "quarantined" || standing === "failing")
      .map(({ id }) => id);
    return context.language.reduceTests(source, (call) => !call.stored && !isFor(call, place, shaky));
  }
  return context.language.reduceTests(source, (call) => isFor(call, place, ids));
}

/** Does a text of the tests' home hold a call that may stand for one of `ids`? */
export const holdsTests = (text: string, place: Place, ids: readonly string[], context: PoseContext): boolean =>
  context.language.testCalls({ path: place.home, text }).some((call) => isFor(call, place, ids));
