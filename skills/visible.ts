/** What a solver sees: the defective (or clean) tree without the test files that would give the answer. */
import type { Draft } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import type { Observed, PoseContext } from "./contract.ts";

export const fileOfTest = (id: string): string => {
  const at = id.indexOf(" > ");
  return at < 0 ? id : id.slice(0, at);
};

export const filesOf = (ids: readonly string[]): string[] => [...new Set(ids.map(fileOfTest))].sort();

/** A test file and the snapshots that a runner keeps beside it. */
const withSnapshot = (file: string, context: PoseContext): string[] => {
  const at = file.lastIndexOf("/") + 1;
  const snapshot = `${file.slice(0, at)}__snapshots__/${file.slice(at)}.snap`;
  return context.text(snapshot) === null ? [file] : [file, snapshot];
};

/** The layer in which these test files are gone. */
export const hide = (files: readonly string[], context: PoseContext): Layer =>
  Object.fromEntries(files.flatMap((file) => withSnapshot(file, context)).map((path) => [path, null]));

/** The tree with the defect, without the files that hold its failing tests. */
export const defectiveTree = (observed: Observed, context: PoseContext): Layer =>
  mergeLayers(observed.candidate.before, hide(filesOf(observed.observation.failToPass), context));

/** Name of a new test file beside another: `url.test.ts` → `url-repro.test.ts`, or `url-repro-2.test.ts` where that is taken. */
export const besides = (file: string, word: string, context: Pick<PoseContext, "text">): string => {
  const at = file.lastIndexOf("/") + 1;
  const base = file.slice(at);
  const dot = base.indexOf(".", 1);
  const [stem, ending] = dot < 0 ? [file, ""] : [file.slice(0, at + dot), base.slice(dot)];
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
