/**
 * Trees as git commits, without git: the ids that git gives them, and a stream that `git fast-import` turns into a repository with these commits.
 *
 * Object formats: git's own documentation, "Git Internals - Git Objects" and git-fast-import(1).
 */
import { createHash } from "node:crypto";
import type { ArchiveEntry } from "../../lib/archive.ts";

const idOf = (kind: "blob" | "tree" | "commit", content: Uint8Array): string =>
  createHash("sha1").update(`${kind} ${content.length}\0`).update(content).digest("hex");

const modeOf = (entry: ArchiveEntry): string => {
  if (entry.kind === "link") return "120000";
  return entry.executable ? "100755" : "100644";
};
const bytesOf = (entry: ArchiveEntry): Uint8Array => (entry.kind === "link" ? Buffer.from(entry.target) : entry.bytes);

interface Node {
  /** Relative to the folder whose id is wanted. */
  readonly path: string;
  readonly mode: string;
  readonly id: string;
}

/** Git compares bytes, and takes a folder's name as if it ended in a slash. */
const sortName = ({ path, mode }: Node): Buffer => Buffer.from(mode === "40000" ? `${path}/` : path);

function treeId(nodes: readonly Node[]): string {
  const groups = Map.groupBy(nodes, ({ path }) => path.split("/")[0] ?? "");
  const children = [...groups].map(([name, group]): Node => {
    const [first] = group;
    if (first !== undefined && first.path === name) return first;
    return { path: name, mode: "40000", id: treeId(group.map((node) => ({ ...node, path: node.path.slice(name.length + 1) }))) };
  });
  const parts = children
    .sort((a, b) => Buffer.compare(sortName(a), sortName(b)))
    .map(({ path, mode, id }) => Buffer.concat([Buffer.from(`${mode} ${path}\0`), Buffer.from(id, "hex")]));
  return idOf("tree", Buffer.concat(parts));
}

/** A commit without a parent. Author and moment are the same for all, so that equal trees under equal messages are equal commits. */
const person = "kihon <kihon@localhost> 0 +0000";

/** Whole numbers of seconds since 1970 are all that git's dates can be; this one is its first. */
function commitId(tree: string, message: string): string {
  return idOf("commit", Buffer.from(`tree ${tree}\nauthor ${person}\ncommitter ${person}\n\n${message}`));
}

/** A name as fast-import reads it whatever is in it. */
const quoted = (path: string): string => `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/** Commits for one repository; `write` takes the stream piece by piece. Each content is written once. */
export class CommitStream {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #marks = new Map<string, number>();

  constructor(write: (chunk: Uint8Array) => void) {
    this.#write = write;
  }

  /** Adds the tree as a branch of a single commit, and gives the commit's id. */
  add(branch: string, message: string, entries: readonly ArchiveEntry[]): string {
    const nodes = entries.map((entry) => ({ path: entry.path, mode: modeOf(entry), id: this.#blob(bytesOf(entry)) }));
    const text = Buffer.from(message);
    this.#say(`reset refs/heads/${branch}\ncommit refs/heads/${branch}\nauthor ${person}\ncommitter ${person}\ndata ${text.length}\n`);
    this.#write(text);
    this.#say(`\n${nodes.map(({ mode, id, path }) => `M ${mode} :${this.#marks.get(id)} ${quoted(path)}\n`).join("")}\n`);
    return commitId(treeId(nodes), message);
  }

  #blob(bytes: Uint8Array): string {
    const id = idOf("blob", bytes);
    if (this.#marks.has(id)) return id;
    this.#marks.set(id, this.#marks.size + 1);
    this.#say(`blob\nmark :${this.#marks.size}\ndata ${bytes.length}\n`);
    this.#write(bytes);
    this.#say("\n");
    return id;
  }

  #say(text: string): void {
    this.#write(Buffer.from(text));
  }
}
