/** Where a question says less than its judgement asks: told from the trees and from what was seen in them, never from how the question reads. */
import { canonical } from "../lib/hash.ts";
import type { Draft, Specification } from "../schemas/instance.ts";
import { readOver } from "../schemas/layer.ts";
import type { Observed, PoseContext } from "./contract.ts";
import { hasWord, interfaceOf } from "./interface.ts";
import { filesOf } from "./visible.ts";

/** Raised when a label is given for something else. */
export const specificationVersion = 1;

/** Shorter texts are in every program. */
const leastWording = 4;

/** The tree as a question's solver has it. */
class VisibleTree {
  readonly #visible: Draft["visible"];
  readonly #context: PoseContext;
  readonly text: (path: string) => string | null;
  constructor({ visible }: Pick<Draft, "visible">, context: PoseContext) {
    this.#visible = visible;
    this.#context = context;
    this.text = readOver(visible, (path) => context.text(path));
  }
  /** Hidden, or not yet there. */
  lacks(path: string): boolean {
    return this.text(path) === null;
  }
  some(holds: (text: string) => boolean): boolean {
    return [...new Set([...this.#context.paths(), ...Object.keys(this.#visible)])].some((path) => {
      const text = this.text(path);
      return text !== null && holds(text);
    });
  }
}

/** What the question says beside the list of names. */
const withoutList = ({ prompt, interface: names }: Draft): string =>
  names.reduce((text, name) => text.replaceAll(`- \`${name}\``, ""), prompt);

/** `slug(text, limit)` and `Box.open` go by `slug` and `open`; a path by itself. */
const bareName = (name: string): string => (name.includes("/") ? name : name.replace(/\(.*$/s, ""));

/** Names and files that the hidden tests use and that neither the visible tree nor the question's own words give. */
function hiddenNames(draft: Draft, { candidate }: Observed, tree: VisibleTree, context: PoseContext): Specification[] {
  const hidden = Object.keys(draft.visible).filter(
    (path) => tree.lacks(path) && !Object.hasOwn(candidate.before, path) && context.text(path) !== null,
  );
  const given = new Set(draft.interface.map(bareName));
  return interfaceOf(candidate, hidden, withoutList(draft), context)
    .filter((name) => tree.lacks(name) && !tree.some((text) => hasWord(text, bareName(name))))
    .map((name) => ({
      label: "hidden-name",
      evidence: `${name}: ${given.has(bareName(name)) ? "stated in the question's list of names" : "stated nowhere"}`,
    }));
}

/**
 * Texts that the repair writes, that a hidden test writes too, and that nothing visible gives. Whether a test fails where they are worded otherwise is
 * for a run to say: without one this is a suspicion.
 */
export function wordings(draft: Draft, { candidate }: Pick<Observed, "candidate">, context: PoseContext): string[] {
  const { language } = context;
  const tree = new VisibleTree(draft, context);
  const said = (path: string, text: string | null): string[] =>
    text === null || !language.extensions.some((ending) => path.endsWith(ending))
      ? []
      : language.strings({ path, text }).map((one) => one.text.trim());
  const changed = Object.keys(candidate.before);
  const old = new Set(changed.flatMap((path) => said(path, tree.text(path))));
  const written = [...new Set(changed.flatMap((path) => said(path, context.text(path))))];
  const isNew = (text: string): boolean => text.length >= leastWording && /\p{L}/u.test(text) && !old.has(text);
  const tested = filesOf(draft.failToPass).flatMap((path) => said(path, context.text(path)));
  const isTested = (text: string): boolean =>
    tested.some((other) => other.includes(text) || (other.length >= leastWording && text.includes(other)));
  return written
    .filter((text) => isNew(text) && isTested(text))
    .filter((text) => !draft.prompt.includes(text) && !tree.some((other) => other.includes(text)));
}

/** All that a question could be written from: which tests fail and how, and the calls that come out otherwise. */
const seenOf = ({ observation: { failToPass, failures, calls, ended } }: Observed): string =>
  canonical([[...failToPass].sort(), failures, calls, ended]);

/** Where a defect lies, as far as the question asks for it. */
function placeOf({ judgement }: Pick<Draft, "judgement">, { candidate }: Observed): string {
  const byFile = judgement.kind === "locations" && judgement.symbols === undefined;
  return [...new Set(candidate.edits.map(({ file, symbol }) => (byFile || symbol === null ? file : `${file}#${symbol}`)))]
    .sort()
    .join(" + ");
}

/** Places of other defects that were seen to do to every test exactly what this one does. */
function rivalPlaces(draft: Draft, observed: Observed, alike: readonly Observed[]): Specification[] {
  const own = placeOf(draft, observed);
  const places = new Set(alike.map((other) => placeOf(draft, other)).filter((place) => place !== own));
  return [...places]
    .sort()
    .map((place) => ({ label: "ambiguous-location", evidence: `a defect in ${place} fails the same tests in the same way` }));
}

const shelf = new WeakMap<PoseContext, ReadonlyMap<string, readonly Observed[]>>();
function alikeOf(observed: Observed, context: PoseContext): readonly Observed[] {
  const known = shelf.get(context) ?? Map.groupBy(context.all, seenOf);
  shelf.set(context, known);
  return known.get(seenOf(observed)) ?? [];
}

/** Questions that are judged by hidden tests, and those that do not tell the place; undefined for the others, of which there is nothing to say. */
export function specificationOf(draft: Draft, observed: Observed, context: PoseContext): readonly Specification[] | undefined {
  const { skill, answerForm } = draft;
  const isPatch = answerForm === "patch";
  const asksPlace = skill === "localization" || skill === "bug-fix";
  if (!isPatch && !asksPlace) return undefined;
  const tree = new VisibleTree(draft, context);
  return [
    ...(isPatch ? hiddenNames(draft, observed, tree, context) : []),
    ...(isPatch ? wordings(draft, observed, context).map((evidence): Specification => ({ label: "exact-message", evidence })) : []),
    ...(asksPlace ? rivalPlaces(draft, observed, alikeOf(observed, context)) : []),
  ];
}
