/**
 * Where tests are made: in the runner's file, or in modules that it loads (`readdirSync(…).forEach(require)`, an index of the suite). A
 * runner's file and its modules are one thing to a solver: hidden together, and cut where the test stands.
 */
import type { TestCall } from "../languages/contract.ts";
import type { Failure } from "../schemas/report.ts";
import type { PoseContext } from "./contract.ts";

const squeeze = (text: string): string => text.replace(/\s+/g, " ").trim();

/**
 * Does a test call's path (null for a part that is not a literal) stand for this test id of a runner's file? A module is loaded within
 * suites of that file: there the path is the end of the title.
 */
export function standsFor(path: readonly (string | null)[], file: string, id: string, extent: "whole" | "within" = "whole"): boolean {
  const title = squeeze(id.slice(file.length + 3).replace(/ #\d+$/, ""));
  if (path.every((part) => part !== null)) {
    const words = squeeze(path.join(" > "));
    return title === words || (extent === "within" && title.endsWith(` > ${words}`));
  }
  const [first = "", ...others] = piecesOf(path);
  return isMadeOf(title, [first, ...others]) || (extent === "within" && isMadeOf(title, ["", ` > ${first}`, ...others]));
}

/** What is known of a title, with something unknown between each two. */
function piecesOf(path: readonly (string | null)[]): readonly string[] {
  const pieces = [""];
  for (const [at, part] of path.entries()) {
    pieces[pieces.length - 1] += at === 0 ? "" : " > ";
    if (part === null) pieces.push("");
    else pieces[pieces.length - 1] += squeeze(part);
  }
  return pieces;
}

/** Does the title have these pieces, in order, the first at its start, the last at its end, and something between each two? Linear in it. */
function isMadeOf(title: string, pieces: readonly string[]): boolean {
  const [first = "", ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return title === first;
  if (!title.startsWith(first) || !title.endsWith(last)) return false;
  let end = first.length;
  for (const piece of others) {
    const at = title.indexOf(piece, end + 1);
    if (at < 0) return false;
    end = at + piece.length;
  }
  return end < title.length - last.length;
}

/** The file in which tests stand, and the runner's file whose tests they are: the same, unless that one loads modules. */
export interface Place {
  readonly home: string;
  readonly file: string;
}

/** What is read of an environment's files, once for all of its questions. */
interface Known {
  readonly modules: Map<string, readonly string[]>;
  readonly named: Map<string, readonly string[]>;
  readonly calls: Map<string, readonly TestCall[]>;
  /** What the runner loads by itself. */
  readonly runners: ReadonlySet<string>;
}

const shelf = new WeakMap<PoseContext, Known>();

function knownOf(context: PoseContext): Known {
  const known = shelf.get(context);
  if (known !== undefined) return known;
  const runners = new Set(context.environment.testFiles.map((test) => test.file));
  const made = { modules: new Map(), named: new Map(), calls: new Map(), runners };
  shelf.set(context, made);
  return made;
}

function remembered<T>(shelf: Map<string, T>, key: string, make: () => T): T {
  const known = shelf.get(key);
  if (known !== undefined) return known;
  const made = make();
  shelf.set(key, made);
  return made;
}

/** Test calls that a file makes as it is loaded. */
const callsOnLoad = (file: string, context: PoseContext): readonly TestCall[] =>
  remembered(knownOf(context).calls, file, () => {
    const text = context.text(file);
    return text === null ? [] : context.language.testCalls({ path: file, text }).filter(({ onLoad }) => onLoad);
  });

const isRunners = (file: string, context: PoseContext): boolean => knownOf(context).runners.has(file);

/** A file of the tests that the runner does not load by itself. */
const mayBeModule = (file: string, context: PoseContext): boolean =>
  context.language.roleOf(file) === "test" &&
  context.language.extensions.some((ending) => file.endsWith(ending)) &&
  !isRunners(file, context);

interface Reached {
  /** By names that are written out, through other files of the tests. */
  readonly named: ReadonlySet<string>;
  /** Folders from which something is loaded by name. */
  readonly folders: readonly string[];
}

function reachedFrom(file: string, context: PoseContext): Reached {
  const named = new Set<string>();
  const folders = new Set<string>();
  let byName = false;
  for (const queue = [file]; queue.length > 0; ) {
    const path = queue.shift() ?? "";
    const text = context.text(path);
    if (text === null) continue;
    const found = context.language.loads({ path, text }, context.paths());
    byName ||= found.byName;
    for (const folder of found.folders) folders.add(folder);
    for (const next of found.files) {
      if (next === file || named.has(next)) continue;
      named.add(next);
      if (mayBeModule(next, context)) queue.push(next);
    }
  }
  const own = file.slice(0, file.lastIndexOf("/") + 1);
  return { named, folders: !byName ? [] : folders.size > 0 ? [...folders].map((folder) => `${folder}/`) : [own] };
}

/** Files that a file of the tests names, and that these name. */
const namedBy = (file: string, context: PoseContext): readonly string[] =>
  remembered(knownOf(context).named, file, () => [...reachedFrom(file, context).named]);

/**
 * The modules in which a runner's file has tests made: they hold a call that stands for one of its tests by its title, or, where titles
 * are made up as it runs, for one that no call of the file itself stands for. A helper, a shared suite that waits to be called, a fixture
 * with tests of its own and data are none.
 */
export const testModules = (file: string, context: PoseContext): readonly string[] =>
  remembered(knownOf(context).modules, file, () => {
    const { named, folders } = reachedFrom(file, context);
    const found = folders.length === 0 ? [] : context.paths().filter((path) => folders.some((folder) => path.startsWith(folder)));
    const files = [...new Set([...named, ...found])].filter((path) => path !== file && mayBeModule(path, context)).sort();
    if (files.length === 0) return [];
    const ids = context.environment.tests.flatMap((test) => (test.file === file ? [test.id] : []));
    const own = callsOnLoad(file, context);
    const open = ids.filter((id) => !own.some(({ path }) => standsFor(path, file, id)));
    const stands = ({ path }: TestCall): boolean => (isLiteral(path) ? ids : open).some((id) => standsFor(path, file, id, "within"));
    return files.filter((path) => callsOnLoad(path, context).some(stands));
  });

const isLiteral = (path: TestCall["path"]): boolean => path.every((part) => part !== null);

/**
 * The file in which a test of a runner's file stands. The outermost frame of its failure tells, among the files that hold a call for it;
 * without one, a call with the test's very title does.
 */
export function homeOf(id: string, file: string, failure: Failure | undefined, context: PoseContext): string {
  const modules = testModules(file, context);
  const callsFor = (path: string): readonly TestCall[] =>
    callsOnLoad(path, context).filter((call) => standsFor(call.path, file, id, path === file ? "whole" : "within"));
  const holds = (path: string): boolean => callsFor(path).length > 0;
  const passed = failure?.frames.map((frame) => frame.file) ?? [];
  if (modules.length === 0 && !passed.some((path) => path !== file && mayBeModule(path, context) && holds(path))) return file;
  const outermost = passed.findLast((path) => (path === file || mayBeModule(path, context)) && holds(path));
  if (outermost !== undefined) return outermost;
  const places = [file, ...modules];
  return places.find((path) => callsFor(path).some((call) => isLiteral(call.path))) ?? places.find(holds) ?? file;
}

/** Does this test compare with a snapshot that goes by its file's name? A call that stands for it says so. */
export const isStored = (id: string, { home, file }: Place, context: PoseContext): boolean =>
  callsOnLoad(home, context).some(({ path, stored }) => stored && standsFor(path, file, id, home === file ? "whole" : "within"));

/**
 * Files with everything that stands or falls with them: their modules, and other files of the runner that name one of those and could not
 * be loaded without it. What finds its modules by name goes on without them.
 */
export function withModules(files: readonly string[], context: PoseContext): string[] {
  const gone = new Set(files.flatMap((file) => [file, ...testModules(file, context)]));
  const modules = new Set([...gone].filter((file) => !isRunners(file, context)));
  const isLost = (file: string): boolean => !gone.has(file) && namedBy(file, context).some((named) => modules.has(named));
  for (let lost = true; lost && modules.size > 0; ) {
    const more = context.environment.testFiles.map((test) => test.file).filter(isLost);
    for (const file of more.flatMap((file) => [file, ...testModules(file, context)])) {
      gone.add(file);
      if (!isRunners(file, context)) modules.add(file);
    }
    lost = more.length > 0;
  }
  return [...gone].sort();
}
