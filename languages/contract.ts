/**
 * The axis "language": how a language looks, how its tests are run and read, how it breaks.
 *
 * Everything here is pure: text in, values out. Nothing is executed, read from disk or fetched; a stage brings the texts and the sandbox runs the commands.
 * Offsets are UTF-16 code units, lines count from 1, paths are POSIX and relative to the repository's root.
 */
import type { Rng } from "../lib/rng.ts";
import type { Layer } from "../schemas/layer.ts";
import type { TestReport } from "../schemas/report.ts";

/** What a path is for. `config` covers everything on the protected list that is no test: runner configuration, manifests, lock files. */
export type Role = "source" | "test" | "config" | "generated" | "docs" | "other";

/** A function, method, class or other nameable piece of a file. */
export interface Unit {
  /** Dotted: `Class.method`, `outer.inner`. */
  readonly name: string;
  readonly kind: "function" | "method" | "class";
  readonly start: number;
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
  /** Where the body starts and ends (braces included), or the expression of an arrow function. */
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** The text before the body, in one line of white space. */
  readonly signature: string;
  /** The doc comment right before it, without its stars; "" when there is none. */
  readonly doc: string;
  /** Reachable by importing the file: exported itself, or a member of an exported unit. */
  readonly exported: boolean;
}

/** Where a unit is. */
export type UnitSpan = Pick<Unit, "name" | "start" | "end" | "startLine" | "endLine">;

/** A run of lines, both ends included. */
export interface Lines {
  readonly start: number;
  readonly end: number;
}

/** A test call in a test file. */
export interface TestCall {
  /** Suite titles and the test's own title; null for a part that is not a plain literal (`.each`, a template, a variable). */
  readonly path: readonly (string | null)[];
  readonly start: number;
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
  /** Made by loading the file alone: it does not stand in a function that only others call, as a shared suite's does. */
  readonly onLoad: boolean;
  /** Compares with a snapshot that the runner keeps under this file's name: in a file of another name there is none. */
  readonly stored: boolean;
}

/** What a file loads of its own tree. */
export interface Loads {
  /** Files that it names. */
  readonly files: readonly string[];
  /** It also loads what is not written in it: what it finds in a folder, or is told. */
  readonly byName: boolean;
  /** Where it loads by name: the folders whose names are written in it. */
  readonly folders: readonly string[];
}

/** A call seen in an assertion, with what it was compared to: raw material for a prompt. */
export interface Evidence {
  /** Source text of the call under test, `joinURL("a", "/b")`. */
  readonly call: string;
  /** Source text of the expected value, or null when the assertion gives none. */
  readonly expected: string | null;
  /** The call is made of imported names and literals alone, so it means the same outside its test. */
  readonly selfContained: boolean;
}

/** A piece of text that a program holds as data. */
export interface Wording {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Text edits of one mutation, sorted, not overlapping. */
export interface Mutation {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** A mutation and the number by which it is put in force. */
export interface NumberedMutation {
  readonly id: number;
  readonly mutation: Mutation;
}

export interface SwitchedText {
  readonly text: string;
  /** Numbers of those that the text holds; the others cannot stand beside what they replace. */
  readonly held: readonly number[];
}

export interface Mutator {
  readonly name: string;
  readonly version: number;
  /** One sentence: what it changes and what real mistake it stands for. */
  readonly about: string;
  /** What undoing it is called in an editing instruction, for example "comparison bound". */
  readonly noun: string;
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A project's files as the compiler sees them; `gate` answers for one mutated file at a time. */
export interface TypeGate {
  /** True where the project's own configuration type-checks clean; otherwise the gate lets everything pass and says why. */
  readonly active: boolean;
  readonly why: string;
  /** First new error message, or null when the mutated text type-checks as the clean one does. */
  check(path: string, text: string): string | null;
}

export interface Language {
  readonly name: string;
  readonly version: number;
  readonly extensions: readonly string[];
  readonly mutators: readonly Mutator[];
  roleOf(path: string): Role;
  /** True when the text parses without an error node. */
  parses(path: string, text: string): boolean;
  units(file: SourceFile): readonly Unit[];
  /** Of the units those that have one of these lines, for a file's texts as they come one after another in a history. */
  unitsOn(file: SourceFile, lines: readonly Lines[]): readonly UnitSpan[];
  /** Every place where an operator applies, in text order. */
  mutations(file: SourceFile, operators?: readonly string[]): readonly Mutation[];
  /** Does the mutated text compile to something else than the clean text? Comments, types and formatting do not count. */
  emitsDifferently(path: string, clean: string, mutated: string): boolean;
  /** The program without types and comments; a text that does not parse stands for itself. */
  compiled(file: SourceFile): string;
  /** A compiled copy of the program with what makes a text of it wrong, which it may have had before; null where a part of that has no place there. */
  transplant(file: SourceFile, wrong: string, copy: string): string | null;
  /** Does a text hold a stretch of the program, as code or within its strings? What is only written alike is too short, or steers nothing. */
  repeats(source: SourceFile, text: SourceFile): boolean;
  /** Text that reports each executed line's number, for the coverage map; null where nothing can be counted. `id` names the file in the report. */
  instrument(file: SourceFile, id: number): string | null;
  /** Lines reported by an instrumented run → every line of the clean file that ran with them, sorted. */
  expandLines(file: SourceFile, hitLines: readonly number[]): number[];
  /** One text that holds these mutants, of which none is in force until the harness says so; null where it can hold none of them. */
  switched(file: SourceFile, mutants: readonly NumberedMutation[]): SwitchedText | null;
  /** Text that reports calls from outside: arguments and outcome, for `calls-preload.cjs`; null where no function is reached. `id` names the file. */
  record(file: SourceFile, id: number): string | null;
  /** Same behaviour, other text: comments between tokens and renamed locals within the named units (all of the file where none is named). */
  rewrite(file: SourceFile, unitNames: readonly string[]): string;
  /**
   * One text that holds the file's own form and others of it, of which `inForce` (the own one where that is null) is what it does; null where it
   * cannot be made so. Which it is does not show in the text; the same chance gives texts that differ in digits alone.
   */
  disguise(file: SourceFile, others: readonly string[], inForce: number | null, rng: Rng): string | null;
  /** The file without the test calls for which `keep` says no (suites left empty go too). */
  reduceTests(file: SourceFile, keep: (call: TestCall) => boolean): string;
  testCalls(file: SourceFile): readonly TestCall[];
  /** `paths` are those of the whole tree. */
  loads(file: SourceFile, paths: readonly string[]): Loads;
  /** Names by which the code is reached from outside or reaches others: members, keys, what it imports and exports. No words of strings. */
  names(file: SourceFile): ReadonlySet<string>;
  /** Words within strings, templates, patterns and JSX, as they are written, in text order. */
  strings(file: SourceFile): readonly Wording[];
  /** The assertion around a line of a test file, if it is one we can read. */
  evidence(file: SourceFile, line: number): Evidence | null;
  /** The assertion on a line of a test file made to ask for the opposite; null where there is none that has one. */
  opposite(file: SourceFile, line: number): Mutation | null;
  /** The text of a unit with its body removed, as the decoy of an editing instance. Null where nothing sensible is left. */
  emptyBody(file: SourceFile, unit: Unit): string | null;
}

/** What a runner needs to know of a repository before anything runs. */
export interface ManifestFacts {
  /** Parsed `package.json` of the package folder. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Parsed `package.json` of the repository's root (the same object for a root package). */
  readonly rootManifest: Readonly<Record<string, unknown>>;
  /** Every tracked path, relative to the repository's root. */
  readonly paths: readonly string[];
  readonly packageDir: string;
  /** Text of a tracked file, or null. */
  read(path: string): string | null;
}

export interface Detection {
  /** 0 to 1. */
  readonly confidence: number;
  /** The text that decided: for the ledger and for `explain`. */
  readonly evidence: string;
  /** Words of the repository's own test command that the runner needs (`--require x`, `--import tsx`), in order. */
  readonly args: readonly string[];
}

export interface TestPlan {
  /** Test files relative to the repository's root, or "all". */
  readonly files: readonly string[] | "all";
  readonly packageDir: string;
  readonly args: readonly string[];
  /** Shuffle seed, where the runner can; null runs in the written order. */
  readonly seed: number | null;
  /**
   * Of the files, those that may share one process, where the runner can; absent or empty: each has its own, as the runner's users have it.
   * The ids are the same. What cannot be said for each file by itself for certain makes the report incomplete, with a stray that says why.
   */
  readonly together?: readonly string[];
  /** Judge mutants instead of running once: the files under test hold them, and `sift.cjs` of the harness is told which. */
  readonly sift?: true;
  /** So many files at a time, where the runner can be told; absent: as many as it has in every other run. */
  readonly workers?: number;
  /** Per test, milliseconds. */
  readonly testTimeoutMs: number;
  /** Guest path of the folder that holds the harness files. */
  readonly harness: string;
}

export interface RunnerCommand {
  /** The first word is a path or `node`; never `npx`, never a package manager. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the repository's root. */
  readonly cwd: string;
  /** What must be laid over the tree for this run (a generated configuration), usually nothing. */
  readonly layer: Layer;
}

export interface Runner {
  readonly name: string;
  readonly version: number;
  readonly language: string;
  /** The package that must be found in `node_modules`, or null for a built-in runner. */
  readonly package: string | null;
  readonly canShuffle: boolean;
  /** Does it run several files at a time, and can it be told how many? */
  readonly canParallel: boolean;
  /** Can it run files in one process that otherwise have one each? */
  readonly canShare: boolean;
  /** Can its tests be run again and again in a process that has loaded them once? */
  readonly canSift: boolean;
  /** Folders, relative to the package's, in which it keeps compiled sources by their content; they may be filled beforehand. */
  readonly cacheFolders: readonly string[];
  /** Is this repository mine, and how sure? Null: no. */
  detect(facts: ManifestFacts): Detection | null;
  command(plan: TestPlan): RunnerCommand;
  /** Nonce-marked lines of the harness → report. Lines without the nonce are counted, never believed. */
  parse(report: string, nonce: string): TestReport;
  /** Paths and patterns of its configuration, restored before grading (`vitest.config.*`). */
  readonly configFiles: readonly string[];
  /** Import lines that a new test file of this version of the runner starts with; ESM and CommonJS. */
  starter(style: "esm" | "cjs", version: string): string;
  /** Known-wrong test files, for decoys: bodies without imports of the tree. */
  readonly samples: {
    readonly pass: (style: "esm" | "cjs", version: string) => string;
    readonly fail: (style: "esm" | "cjs", version: string) => string;
  };
}
