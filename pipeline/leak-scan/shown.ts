/**
 * All that lies open to whoever solves the questions of an environment, read once: which of its files holds which stretch of the healthy sources and
 * of the tests. Each question is then looked up.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Language, Role } from "../../languages/contract.ts";
import { textOf } from "../../lib/git.ts";
import { eachStretch, stretchesOf } from "../../lib/stretches.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import { squeezed } from "../../skills/scrub/fix.ts";

/** files: the tree; environment: what is installed beside it; caches: what tools keep, in hidden folders of what is installed or for runs of answers. */
export type Surface = "files" | "environment" | "caches";

export interface ShownFile {
  readonly surface: Surface;
  readonly path: string;
  readonly role: Role;
  /** Source of the tree of which a tool made it: no run sees it whose layer holds that source. */
  readonly madeOf: string | null;
}

/** A stretch that most of a text's others come with is no coincidence. */
const copyShare = 0.5;

/** Lines of this length are no coincidence outside of code. */
const leastLine = 24;

/** Lines of a text as they can be told from others: without space, and without the sign that a patch puts before them. */
export const tightLines = (text: string): readonly string[] => text.split("\n").map((line) => squeezed(line.replace(/^[+-]/, "")));

/** Which 32-bit halves occur, as bits: most stretches of what is installed are looked up here alone. */
class Sieve {
  readonly #bits = new Uint32Array(1 << 17);
  add(stretch: number): void {
    const at = this.#at(stretch);
    this.#bits[at >>> 5] = (this.#bits[at >>> 5] as number) | (1 << (at & 31));
  }
  has(stretch: number): boolean {
    const at = this.#at(stretch);
    return ((this.#bits[at >>> 5] as number) & (1 << (at & 31))) !== 0;
  }
  #at(stretch: number): number {
    return Math.floor(stretch / 0x200000) & 0x3fffff;
  }
}

/** `.cache`, `.vite`: where tools keep what they made. pnpm keeps the packages themselves in a hidden folder. */
const isKept = (path: string): boolean => path.split("/").some((name) => name.startsWith(".") && !/^\.{1,2}$|^\.pnpm$/.test(name));

/** Regular files below a folder; links are none. */
const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .flatMap((entry) => (entry.isFile() ? [relative(folder, join(entry.parentPath, entry.name))] : []))
    .sort();

/** As written, and as it is compiled: what was built of it has no types. */
function* formsOf(path: string, text: string, { extensions, compiled }: Language): Generator<string> {
  yield text;
  if (extensions.some((ending) => path.endsWith(ending))) yield compiled({ path, text });
}

/** Stretches of a text of the tree in each of its forms. */
export function codeStretches(path: string, text: string, language: Language): Set<number> {
  const found = new Set<number>();
  for (const form of formsOf(path, text, language)) for (const stretch of stretchesOf(form)) found.add(stretch);
  return found;
}

/** Words that could be the beginning of a commit's id. */
const commitWord = /(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])/gi;

export class Shown {
  readonly #workspace: Workspace;
  readonly #sieve = new Sieve();
  /** Null until somebody has it. */
  readonly #holders = new Map<number, ShownFile[] | null>();
  readonly #copies = new Map<string, readonly ShownFile[]>();
  /** Lines of healthy sources, and who else says them that is neither source nor test. */
  readonly #lines = new Map<string, ShownFile[]>();
  /** By their first seven digits. */
  readonly #commits = new Map<string, { readonly word: string; readonly file: ShownFile }[]>();
  /** All of the tree but sources and tests, and what tools keep. */
  readonly #spoken: { readonly file: ShownFile; readonly text: string }[] = [];
  #history: readonly ShownFile[] = [];

  private constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** In small steps: what waits for jobs and watches them goes on meanwhile. */
  static async of(workspace: Workspace): Promise<Shown> {
    const shown = new Shown(workspace);
    await shown.#readAll();
    return shown;
  }

  async #readAll(): Promise<void> {
    const workspace = this.#workspace;
    const { language } = workspace;
    const tree = workspace.paths().map((path): ShownFile => ({ surface: "files", path, role: language.roleOf(path), madeOf: null }));
    for (const { path, role } of tree) {
      await setImmediate();
      if (role === "source" || role === "test") for (const one of this.ownOf(path)) this.#know(one);
      if (role === "source")
        for (const line of tightLines(workspace.text(path) ?? "")) if (line.length >= leastLine) this.#lines.set(line, []);
    }
    for (const file of tree) {
      await setImmediate();
      const text = workspace.text(file.path);
      if (text === null) continue;
      this.#read(file, text);
      for (const [word] of text.matchAll(commitWord)) this.#hear(word.toLowerCase(), file);
      if (file.role !== "source" && file.role !== "test") this.#hearAll(file, text);
    }
    const beside = await this.#beside();
    for (const { file, folder, path } of beside) {
      const text = textOf(await readFile(join(folder, path)));
      if (text === null) continue;
      this.#read(file, text);
      if (file.surface === "caches") this.#hearAll(file, text);
    }
    this.#history = [...tree, ...beside.map(({ file }) => file)].filter(({ path }) => /(?:^|\/)\.git(?:\/|$)/.test(path));
  }

  /** What lies in folders beside the tree. */
  async #beside(): Promise<readonly { readonly file: ShownFile; readonly folder: string; readonly path: string }[]> {
    const found: { file: ShownFile; folder: string; path: string }[] = [];
    const { folders, bare = folders, ofSources } = this.#workspace.installed;
    const { roleOf } = this.#workspace.language;
    for (const folder of bare.slice(1)) {
      for (const path of await filesBelow(folder)) {
        if (path.startsWith(".kihon-")) continue;
        found.push({ file: { surface: isKept(path) ? "caches" : "environment", path, role: roleOf(path), madeOf: null }, folder, path });
      }
    }
    if (ofSources === undefined) return found;
    const madeOf = new Map(Object.entries(ofSources.paths).flatMap(([source, made]) => made.map((path) => [path, source] as const)));
    for (const path of await filesBelow(ofSources.folder)) {
      const file: ShownFile = { surface: "caches", path, role: roleOf(path), madeOf: madeOf.get(path) ?? null };
      found.push({ file, folder: ofSources.folder, path });
    }
    return found;
  }

  #know(stretch: number): void {
    this.#sieve.add(stretch);
    this.#holders.set(stretch, null);
  }

  #read(file: ShownFile, text: string): void {
    eachStretch(text, (stretch) => {
      if (!this.#sieve.has(stretch)) return;
      const known = this.#holders.get(stretch);
      if (known === undefined) return;
      if (known === null) this.#holders.set(stretch, [file]);
      else if (known.at(-1) !== file) known.push(file);
    });
  }

  #hearAll(file: ShownFile, text: string): void {
    this.#spoken.push({ file, text });
    for (const line of tightLines(text)) {
      const known = this.#lines.get(line);
      if (known !== undefined && known.at(-1) !== file) known.push(file);
    }
  }

  #hear(word: string, file: ShownFile): void {
    const key = word.slice(0, 7);
    const known = this.#commits.get(key) ?? [];
    this.#commits.set(key, known);
    if (known.at(-1)?.file !== file) known.push({ word, file });
  }

  /** Folders and files of a git repository's own. */
  get history(): readonly ShownFile[] {
    return this.#history;
  }

  /** Stretches of a source or a test of the healthy tree. */
  ownOf(path: string): ReadonlySet<number> {
    return codeStretches(path, this.#workspace.text(path) ?? "", this.#workspace.language);
  }

  /** Files with a stretch of a healthy source or test. */
  holders(stretch: number): readonly ShownFile[] {
    return this.#holders.get(stretch) ?? [];
  }

  /** Other files that hold half of what a source or test of the healthy tree holds. */
  copiesOf(path: string): readonly ShownFile[] {
    const known = this.#copies.get(path);
    if (known !== undefined) return known;
    const text = this.#workspace.text(path) ?? "";
    const forms = [...formsOf(path, text, this.#workspace.language)].map(stretchesOf).filter(({ size }) => size > 0);
    const found = new Set<ShownFile>();
    for (const form of forms) {
      const counts = new Map<ShownFile, number>();
      for (const one of form) for (const file of this.holders(one)) counts.set(file, (counts.get(file) ?? 0) + 1);
      for (const [file, count] of counts) if (count >= copyShare * form.size) found.add(file);
    }
    const others = [...found].filter((file) => file.surface !== "files" || file.path !== path);
    this.#copies.set(path, others);
    return others;
  }

  /** Files with a line of a healthy source, but sources and tests. */
  quoting(tightLine: string): readonly ShownFile[] {
    return this.#lines.get(tightLine) ?? [];
  }

  /** Files of the tree that name a commit, by seven digits of its id at least. */
  naming(commit: string): readonly ShownFile[] {
    return (this.#commits.get(commit.slice(0, 7)) ?? []).flatMap(({ word, file }) => (commit.startsWith(word) ? [file] : []));
  }

  /** Files that say a title, but sources and tests. */
  saying(title: string): readonly ShownFile[] {
    return this.#spoken.flatMap(({ file, text }) => (text.includes(title) ? [file] : []));
  }
}
