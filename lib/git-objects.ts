/** Git's objects, read and compared by processes that stay for the next question: to start one costs more than what most questions ask for. */
import { randomBytes } from "node:crypto";
import { type Asked, Talk } from "./talk.ts";

/** How git is started with these words, and by whom. */
export type GitWords = (...words: readonly string[]) => {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

export interface GitObject {
  readonly sha: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Git would not say; the caller knows what was wanted. */
export class GitObjectsEnded extends Error {
  readonly asked: Extract<Asked, { kind: "ended" }>;
  constructor(asked: Extract<Asked, { kind: "ended" }>) {
    super("git ended");
    this.asked = asked;
  }
}

const newline = 10;
/** Of what differs between two commits: whole ids, a rename as a removal and an addition, names as they are. */
export const rawFormat = ["-r", "--raw", "--no-abbrev", "--no-renames", "-z"] as const;
const timeoutMs = 600_000;
const idleMs = 2_000;

/** Takes the answers of `--batch` apart as they come: a line of id, type and size, the content, and a line's end; or a line that says why not. */
class Answers {
  readonly found: (GitObject | null)[] = [];
  readonly #wanted: number;
  #head: Buffer[] = [];
  #open: { sha: string; type: string; size: number; parts: Buffer[]; left: number } | null = null;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  readonly hear = (bytes: Buffer): boolean => {
    for (let at = 0; at < bytes.length; ) at = this.#open === null ? this.#readHead(bytes, at) : this.#readContent(bytes, at);
    return this.found.length === this.#wanted;
  };

  #readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(newline, at);
    this.#head.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    if (end < 0) return bytes.length;
    const [, sha, type, size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(Buffer.concat(this.#head).toString("utf8")) ?? [];
    this.#head = [];
    if (sha === undefined || type === undefined) this.found.push(null);
    // The line's end behind the content is read with it.
    else this.#open = { sha, type, size: Number(size), parts: [], left: Number(size) + 1 };
    return end + 1;
  }

  #readContent(bytes: Buffer, at: number): number {
    const open = this.#open;
    if (open === null) return at;
    const part = bytes.subarray(at, at + open.left);
    open.parts.push(part);
    open.left -= part.length;
    if (open.left === 0) {
      this.found.push({ sha: open.sha, type: open.type, bytes: Buffer.concat(open.parts).subarray(0, open.size) });
      this.#open = null;
    }
    return at + part.length;
  }
}

/** Of one git folder. A name is what git understands (`<id>`, `<id>^{tree}`, `<id>:path`) and has no line's end in it. */
export class GitObjects {
  readonly #contents: Talk;
  readonly #checks: Talk;
  readonly #comparisons: Talk;

  constructor(words: GitWords) {
    this.#contents = new Talk({ ...words("cat-file", "--batch"), timeoutMs, idleMs });
    this.#checks = new Talk({ ...words("cat-file", "--batch-check"), timeoutMs, idleMs });
    this.#comparisons = new Talk({ ...words("diff-tree", "--stdin", "--always", ...rawFormat), timeoutMs, idleMs });
  }

  /** Id, type and size of each in one line, or `<name> missing`. Throws `GitObjectsEnded`. */
  async checks(names: readonly string[]): Promise<readonly string[]> {
    if (names.length === 0) return [];
    const parts: Buffer[] = [];
    let lines = 0;
    const hear = (bytes: Buffer): boolean => {
      parts.push(bytes);
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
      return lines >= names.length;
    };
    await ask(this.#checks, names, hear);
    return Buffer.concat(parts).toString("utf8").trimEnd().split("\n");
  }

  /** The objects, in order; null for one that is not here. All are in memory at once. Throws `GitObjectsEnded`. */
  async read(names: readonly string[]): Promise<readonly (GitObject | null)[]> {
    if (names.length === 0) return [];
    const answers = new Answers(names.length);
    await ask(this.#contents, names, answers.hear);
    return answers.found;
  }

  /**
   * What differs between two commits, given by their whole ids: a `--raw -z` listing, or null where git could not read the second. Throws
   * `GitObjectsEnded`, also where it could not read the first.
   */
  async compare(before: string, after: string): Promise<string | null> {
    // A commit and another in place of its parent. A line that is no id is given back as it is, once what was asked before it is told.
    const end = `.${randomBytes(16).toString("hex")}\n`;
    const parts: Buffer[] = [];
    let last = "";
    const hear = (bytes: Buffer): boolean => {
      parts.push(bytes);
      last = (last + bytes.toString("latin1", Math.max(0, bytes.length - end.length))).slice(-end.length);
      return last === end;
    };
    await ask(this.#comparisons, [`${after} ${before}`, end.trimEnd()], hear);
    const told = Buffer.concat(parts).toString("utf8").slice(0, -end.length);
    return told.startsWith(`${after}\0`) ? told.slice(after.length + 1) : null;
  }
}

async function ask(talk: Talk, names: readonly string[], hear: (bytes: Buffer) => boolean): Promise<void> {
  const odd = names.find((name) => name.includes("\n"));
  if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd)} cannot be asked for in one line`);
  const asked = await talk.ask(`${names.join("\n")}\n`, hear);
  if (asked.kind === "ended") throw new GitObjectsEnded(asked);
}
