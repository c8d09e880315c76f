/** What a solver sees: the defective (or clean) tree without the test files that would give the answer. */
import type { Draft } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import type { Observed, PoseContext } from "./contract.ts";
import { homeOf, isStored, type Place, withModules } from "./test-modules.ts";

export const fileOfTest = (id: string): string => {
  const at = id.indexOf(" > ");
  return at < 0 ? id : id.slice(0, at);
};

/** The last words of a test's id, without what tells it from others of the same words. */
export const titleOfTest = (id: string): string => id.slice(id.lastIndexOf(" > ") + 3).replace(/ #\d+$/, "");

export const filesOf = (ids: readonly string[]): string[] => [...new Set(ids.map(fileOfTest))].sort();

/**
 * Where runners keep the snapshots of a file: jest and vitest in `__snapshots__`, ava beside the file or in a folder whose name goes by the file's own
 * (`04-snapshot-testing.md` of its docs), as text and packed, node:test beside the file.
 */
const snapshotFolders = ["", "__snapshots__/", "snapshots/"];
const snapshotEndings = [".snap", ".md", ".snapshot"];

/** Test files and the snapshots that a runner keeps of them. */
function withSnapshots(files: readonly string[], context: PoseContext): string[] {
  const snapshots = new Set(
    files.flatMap((file) => {
      const at = file.lastIndexOf("/") + 1;
      return snapshotFolders.flatMap((folder) =>
        snapshotEndings.map((ending) => `${file.slice(0, at)}${folder}${file.slice(at)}${ending}`),
      );
    }),
  );
  return [...files, ...context.paths().filter((path) => snapshots.has(path))];
}

/** The layer in which these test files are gone, with the modules that hold their tests. */
export const hide = (files: readonly string[], context: PoseContext): Layer =>
  Object.fromEntries(withSnapshots(withModules(files, context), context).map((path) => [path, null]));

type Homes = ReadonlyMap<string, Place>;
/** Every skill asks for them, of every change. */
const shelf = new WeakMap<PoseContext, Map<string, Homes>>();

/** Where each failing test of a change stands. */
function homesOf({ observation, candidate }: Observed, context: PoseContext): Homes {
  const known = shelf.get(context) ?? new Map<string, Homes>();
  shelf.set(context, known);
  const homes = known.get(candidate.id);
  if (homes !== undefined) return homes;
  const made: Homes = new Map(
    observation.failToPass.map((id) => {
      const file = fileOfTest(id);
      return [id, { home: homeOf(id, file, observation.failures[id], context), file }];
    }),
  );
  known.set(candidate.id, made);
  return made;
}

/** Failing tests that a file of another name can hold, by the file in which they stand, most of them first. */
export function testsByHome(observed: Observed, context: PoseContext): { readonly place: Place; readonly ids: readonly string[] }[] {
  const groups = new Map<string, { place: Place; ids: string[] }>();
  for (const [id, place] of homesOf(observed, context)) {
    if (isStored(id, place, context)) continue;
    const key = `${place.home}\0${place.file}`;
    const group = groups.get(key) ?? { place, ids: [] };
    group.ids.push(id);
    groups.set(key, group);
  }
  return [...groups.entries()]
    .sort(([a, one], [b, other]) => other.ids.length - one.ids.length || (a < b ? -1 : 1))
    .map(([, group]) => group);
}

/** The layer in which nothing is left that holds a failing test. */
export const hideFailing = (observed: Observed, context: PoseContext): Layer =>
  hide([...new Set([...homesOf(observed, context).values()].flatMap(({ home, file }) => [file, home]))], context);

/** The layer in which no test file is left: of those that are missing, none says which one shows a defect. */
export const hideTests = (context: PoseContext): Layer =>
  hide(
    context.environment.testFiles.map(({ file }) => file),
    context,
  );

/** What a commit changed beside the sources, as it was: its change log and its other tests tell of it. */
const earlierOf = ({ candidate }: Observed): Layer => (candidate.kind === "commit" ? (candidate.earlier ?? {}) : {});

/** The tree with the defect, without the files that hold its failing tests, and without what came with the change. */
export const defectiveTree = (observed: Observed, context: PoseContext): Layer =>
  mergeLayers(observed.candidate.before, earlierOf(observed), hideFailing(observed, context));

/** A file's path without what follows its name's first dot, and that. */
function divided(file: string): { stem: string; ending: string } {
  const at = file.lastIndexOf("/") + 1;
  const dot = file.indexOf(".", at + 1);
  return dot < 0 ? { stem: file, ending: "" } : { stem: file.slice(0, dot), ending: file.slice(dot) };
}

/**
 * Name of a new test file beside another: `url.test.ts` → `url-repro.test.ts`, or `url-repro-2.test.ts` where that is taken. Beside a
 * module it is marked as the runner's file is, which the runner may look for: `cases/url.js` of `all.test.js` → `cases/url-repro.test.js`.
 */
export const besides = ({ home, file }: Place, word: string, context: Pick<PoseContext, "text">): string => {
  const { stem, ending: own } = divided(home);
  const last = own.slice(own.lastIndexOf("."));
  const mark = divided(file).ending.replace(/\.[^.]*$/, "");
  const ending = home === file || mark === "" ? own : mark + last;
  const name = (number: number): string => `${stem}-${word}${number === 1 ? "" : `-${number}`}${ending}`;
  let number = 1;
  while (context.text(name(number)) !== null) number += 1;
  return name(number);
};

/** Source files of the environment that are not edited by the change. */
export const otherSources = (observed: Observed, context: PoseContext): readonly string[] =>
  context.environment.sourceFiles.filter((file) => !Object.hasOwn(observed.candidate.before, file));

/** Runs of the tests that every view of a change stands on. */
export const brokenPremise = (observed: Observed): Draft["premises"][number] => ({
  name: "before",
  layer: observed.candidate.before,
  answer: "none",
  files: observed.observation.files,
  expect: { kind: "tests", pass: observed.observation.passToPass, fail: observed.observation.failToPass },
});
