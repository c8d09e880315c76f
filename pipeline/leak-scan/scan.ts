/**
 * Is the answer lying about? Each question is held against all that its solver can open: prompt, tree, what is installed, what tools keep. Looked for
 * is the repair (stretches of its code, names that it brings), the hidden tests (their titles, copies of them), ids of its commits and git's own files.
 *
 * What the question itself tells on purpose is no secret, and what stood elsewhere in the sources all along is no leak: it is noted in the row.
 */
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Draft, LeakFinding, LeakScan, SkillName } from "../../schemas/instance.ts";
import { readOver } from "../../schemas/layer.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import { hasWord } from "../../skills/interface.ts";
import { hiddenTestsOf } from "../../skills/leak.ts";
import { squeezed } from "../../skills/scrub/fix.ts";
import { titleOfTest } from "../../skills/visible.ts";
import { codeStretches, Shown, type ShownFile, tightLines } from "./shown.ts";

/** Raised when other things are looked for, or count. */
export const leakScanVersion = 1;
export const leakScanReasons = ["gold", "identifier", "hidden-test", "commit-id", "history"] as const;

/** Its question says each line of the repair: code of it is no secret anywhere. */
const tellsRepair = (skill: SkillName): boolean => skill === "editing";
/** Of the repair a question may show a diff, and does not say whether it is right. */
const showsCode = (skill: SkillName): boolean => skill === "review";

/** Shorter lines are everywhere. */
const leastLine = 12;
/** In a prompt a title of this length counts; in files, where much is written, one of several words. */
const leastTitle = 12;
const leastSpoken = { characters: 16, words: 3 };
/** A name of an everyday word says nothing: one that was made for a program has a capital, a digit or a mark within. */
const isMade = (name: string): boolean => name.length >= 6 && /[a-z\d][A-Z]|[^_$][_$]|\d/.test(name);

interface Found extends LeakFinding {
  readonly isLeak: boolean;
}

/** Questions come environment by environment; what was read of one is some ten megabytes, and a history has hundreds of them. */
const mostShelved = 6;
const shelf = new Map<Workspace, Promise<Shown>>();
/** Read when an environment's first question comes. */
function shownOf(workspace: Workspace): Promise<Shown> {
  const shown = shelf.get(workspace) ?? Shown.of(workspace);
  shelf.delete(workspace);
  shelf.set(workspace, shown);
  shown.catch(() => shelf.delete(workspace));
  const [oldest] = shelf.keys();
  if (oldest !== undefined && shelf.size > mostShelved) shelf.delete(oldest);
  return shown;
}

/** A question, and what is open beside it. */
class Scan {
  readonly #draft: Draft;
  readonly #candidate: Candidate;
  readonly #workspace: Workspace;
  readonly #shown: Shown;
  readonly #changed: readonly string[];
  /** Texts that the question lays over the tree, without those that hold the defect; old ones are those of before the change. */
  readonly #laid: readonly { readonly file: ShownFile; readonly text: string; readonly isOld: boolean }[];
  readonly #titles: readonly string[];
  /** Text of a path as the solver has it. */
  readonly #text: (path: string) => string | null;

  constructor(draft: Draft, candidate: Candidate, workspace: Workspace, shown: Shown) {
    this.#draft = draft;
    this.#candidate = candidate;
    this.#workspace = workspace;
    this.#shown = shown;
    this.#changed = Object.keys(candidate.before);
    const { roleOf } = workspace.language;
    const { earlier = {} } = candidate.kind === "commit" ? candidate : {};
    this.#laid = Object.entries(draft.visible).flatMap(([path, text]) =>
      text === null || Object.hasOwn(candidate.before, path)
        ? []
        : [{ file: { surface: "files", path, role: roleOf(path), madeOf: null } as const, text, isOld: earlier[path] === text }],
    );
    this.#titles = [...new Set(hiddenTestsOf(draft).map(titleOfTest))];
    this.#text = readOver(draft.visible, (path) => workspace.text(path));
  }

  /** A file of the environment as it is, which this solver has too. */
  #isOpen({ surface, path, madeOf }: ShownFile): boolean {
    if (surface === "files") return !Object.hasOwn(this.#draft.visible, path);
    // A tool's form of a source says what that source of the tree says; runs that lay another over the tree do not have it.
    return madeOf === null || (this.#changed.includes(madeOf) && this.#isKeptFor(madeOf));
  }

  #isKeptFor(source: string): boolean {
    const answered = this.#draft.trials.filter(({ answer }) => answer !== "none");
    return answered.length > 0 && !answered.some(({ layer }) => Object.hasOwn(layer, source));
  }

  /** A published copy that the runner needs: where a trial gives it the very defect, who trusts it is not paid. */
  #isSpoilt({ surface, path }: ShownFile): boolean {
    return surface === "environment" && this.#draft.trials.some(({ layer }) => Object.hasOwn(layer, path));
  }

  /** What the repair writes and the solver's own form of these files does not have. */
  #gold(): ReadonlySet<number> {
    const gold = new Set(this.#changed.flatMap((path) => [...this.#shown.ownOf(path)]));
    for (const path of this.#changed) {
      const text = this.#text(path);
      if (text !== null) for (const one of codeStretches(path, text, this.#workspace.language)) gold.delete(one);
    }
    return gold;
  }

  *#code(): Generator<Found> {
    const gold = this.#gold();
    const copies = new Set(this.#changed.flatMap((path) => this.#shown.copiesOf(path)));
    const holders = new Set([...gold].flatMap((one) => this.#shown.holders(one)));
    for (const file of holders) {
      // A function that stands in two sources stood there before; a file that is half of another was made of it.
      const isMade = file.surface !== "files" || file.role !== "source" || copies.has(file);
      const isLeak = isMade && !this.#isSpoilt(file);
      if (this.#isOpen(file)) yield { kind: "gold", surface: file.surface, path: file.path, isLeak };
    }
    for (const { file, text, isOld } of this.#laid) {
      if ([...codeStretches(file.path, text, this.#workspace.language)].some((one) => gold.has(one)))
        yield { kind: "gold", surface: "files", path: file.path, isLeak: !isOld };
    }
  }

  /** Lines that the repair adds, wherever they are quoted: in a prompt that does not tell the repair, a patch that was left, notes. */
  *#lines(): Generator<Found> {
    const { prompt: words, skill } = this.#draft;
    const prompt = showsCode(skill) ? "" : squeezed(words);
    for (const path of this.#changed) {
      const own = new Set(tightLines(this.#text(path) ?? ""));
      for (const line of tightLines(this.#workspace.text(path) ?? "")) {
        if (line.length < leastLine || !/\w/.test(line) || own.has(line)) continue;
        if (prompt.includes(line)) yield { kind: "gold", surface: "prompt", path, isLeak: true };
        // A document may show a signature as it should be.
        for (const { surface, path: place, role } of this.#shown.quoting(line).filter((file) => this.#isOpen(file)))
          yield { kind: "gold", surface, path: place, isLeak: role !== "docs" };
      }
    }
  }

  /** Names that the repair brings. A change log or a test of the visible tree may speak of what was taken back: it does not say how it is made. */
  *#names(): Generator<Found> {
    const { language } = this.#workspace;
    const [own, healthy] = [this.#namesIn(this.#text), this.#namesIn((path) => this.#workspace.text(path))];
    const isElsewhere = (name: string): boolean =>
      this.#workspace.environment.sourceFiles.some((path) => hasWord(this.#text(path) ?? "", name));
    for (const name of [...healthy].filter((one) => !own.has(one) && isMade(one)).filter((one) => !isElsewhere(one))) {
      const files = this.#shown.saying(name).filter((file) => this.#isOpen(file));
      const laid = this.#laid.filter(({ file, text }) => language.roleOf(file.path) !== "source" && text.includes(name));
      for (const { surface, path, role } of [...files, ...laid.map(({ file }) => file)])
        yield { kind: "identifier", surface, path, isLeak: surface !== "files" || role === "generated" };
    }
  }

  #namesIn(read: (path: string) => string | null): ReadonlySet<string> {
    const { names, extensions } = this.#workspace.language;
    const files = this.#changed.filter((path) => extensions.some((ending) => path.endsWith(ending)));
    return new Set(files.flatMap((path) => [...names({ path, text: read(path) ?? "" })]));
  }

  *#tests(): Generator<Found> {
    const { prompt, visible } = this.#draft;
    if (this.#titles.some((title) => title.length >= leastTitle && prompt.includes(title)))
      yield { kind: "hidden-test", surface: "prompt", path: "", isLeak: true };
    for (const title of this.#titles) {
      if (title.length < leastSpoken.characters || title.split(/\s+/).length < leastSpoken.words) continue;
      const laid = this.#laid.filter(({ file, text }) => file.role !== "source" && file.role !== "test" && text.includes(title));
      for (const { surface, path, role } of [...this.#shown.saying(title), ...laid.map(({ file }) => file)].filter((file) =>
        this.#isOpen(file),
      ))
        yield { kind: "hidden-test", surface, path, isLeak: role !== "docs" };
    }
    const hidden = Object.keys(visible).filter((path) => visible[path] === null && this.#workspace.language.roleOf(path) === "test");
    for (const file of new Set(hidden.flatMap((path) => this.#shown.copiesOf(path))))
      if (this.#isOpen(file)) yield { kind: "hidden-test", surface: file.surface, path: file.path, isLeak: true };
  }

  *#commits(): Generator<Found> {
    const candidate = this.#candidate;
    const ofChange =
      candidate.kind === "commit" ? [candidate.mirrorOf, ...(candidate.attempts ?? []).flatMap(({ commits }) => commits)] : [];
    for (const id of [candidate.revision.commit, ...ofChange].filter((one) => one !== undefined)) {
      if (this.#draft.prompt.includes(id.slice(0, 7))) yield { kind: "commit-id", surface: "prompt", path: "", isLeak: true };
      for (const { surface, path } of this.#shown.naming(id).filter((file) => this.#isOpen(file)))
        yield { kind: "commit-id", surface, path, isLeak: true };
      for (const { file, text } of this.#laid)
        if (text.includes(id.slice(0, 7))) yield { kind: "commit-id", surface: "files", path: file.path, isLeak: true };
    }
  }

  *found(): Generator<Found> {
    if (!tellsRepair(this.#draft.skill)) {
      yield* this.#lines();
      yield* this.#code();
      yield* this.#names();
    }
    yield* this.#tests();
    yield* this.#commits();
    for (const { surface, path } of this.#shown.history) yield { kind: "history", surface, path, isLeak: true };
  }
}

const surfaces = ["prompt", "files", "environment", "caches"] as const;

/** Kept is what was looked at and what is no leak but was noted. */
export async function scanLeaks(draft: Draft, candidate: Candidate, workspace: Workspace): Promise<Outcome<LeakScan>> {
  const found = [...new Scan(draft, candidate, workspace, await shownOf(workspace)).found()];
  const leak = found.find(({ isLeak }) => isLeak);
  if (leak !== undefined) {
    const others = new Set(found.filter(({ isLeak }) => isLeak).map(({ surface, path }) => `${surface} ${path}`)).size - 1;
    const place = leak.path === "" ? leak.surface : `${leak.surface}: ${leak.path}`;
    return drop(`leak-scan/${leak.kind}`, others > 0 ? `${place}, and ${others} more` : place);
  }
  const noted = new Map(found.map(({ kind, surface, path }) => [`${kind}\0${surface}\0${path}`, { kind, surface, path }]));
  const told = [...noted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  return keep({ verdict: told.length === 0 ? "clean" : "noted", scanned: surfaces, noted: told });
}
