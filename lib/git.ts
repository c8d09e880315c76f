/**
 * Foreign repositories, read without running anything of theirs.
 *
 * A source is opened into a bare repository of our own in the cache: fetched (URL, bundle) or, for a local path, holding only copies of the
 * refs and a pointer to the objects. So its configuration, hooks, filters and promisor remotes are never in force, and it is never written to.
 *
 * Of a remote, commits and trees are fetched without the files' contents where the server allows that. Contents are fetched by us, many at a
 * time, when they are read; git itself, which knows nothing of a remote but while it fetches, never does so.
 */
import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { GitError, type SimpleGit, simpleGit } from "simple-git";
import { BrokenRecord, RetryLater, StopRun } from "./errors.ts";
import { type ExecRequest, type ExecResult, exec } from "./exec.ts";
import { exists } from "./exists.ts";
import { GitHistory, nodeOf } from "./git-history.ts";
import { GitMerges } from "./git-merges.ts";
import { type GitObject, GitObjects, GitObjectsEnded, rawFormat } from "./git-objects.ts";
import { shortId } from "./hash.ts";
import { holdFolder } from "./held-folders.ts";
import { foldersOf, pathTrouble } from "./paths.ts";

export interface TreeEntry {
  readonly path: string;
  readonly kind: "file" | "executable" | "link" | "submodule";
  readonly sha: string;
  /** Bytes; null for a submodule and for a blob that is not here. */
  readonly size: number | null;
}

export interface Tree {
  readonly commit: string;
  /** Sorted by path. */
  readonly entries: readonly TreeEntry[];
  /** Paths that must not be laid on a disk, and why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

export interface LogChange {
  readonly path: string;
  readonly status: "added" | "removed" | "changed";
  /** Null on the side where the file is not there, or is no regular file. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface LogEntry {
  readonly commit: string;
  readonly parents: readonly string[];
  /** ISO 8601 in UTC. */
  readonly committedAt: string;
  /** Name of whoever wrote it. */
  readonly author: string;
  readonly subject: string;
  readonly body: string;
  /** Against the first parent, of paths that may be laid on a disk; a rename is a removal and an addition. */
  readonly changes: readonly LogChange[];
}

/** What came of a ref that was asked for: it is here, there is none, or it is at another commit than was expected. */
export type Brought = "brought" | "absent" | "moved";

export interface FirstParent {
  readonly commit: string;
  readonly parents: readonly string[];
  /** Whole, trimmed. */
  readonly message: string;
}

/** Commits that one line of history has and another has not, merges left out. */
export interface Branch {
  readonly commits: readonly string[];
  /** The newest commit that it and the other both stand on; null where it is not one line that left the other once. */
  readonly base: string | null;
}

const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.quotePath=false",
  "protocol.ext.allow=never",
  "gc.auto=0",
  "log.showSignature=false",
  "transfer.fsckObjects=false",
] as const;

/** What git and its transports may know of our own environment. */
const passedOn = [
  "PATH",
  "HOME",
  "TMPDIR",
  "SSH_AUTH_SOCK",
  "http_proxy",
  "https_proxy",
  "HTTPS_PROXY",
  "no_proxy",
  "NO_PROXY",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

const gitEnvironment = (): Record<string, string> => ({
  ...Object.fromEntries(passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]]))),
  LC_ALL: "C",
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_ATTR_NOSYSTEM: "1",
});

interface GitCall {
  readonly input?: string;
  readonly outputBytes?: number;
}

/** On one git folder, named outright: no discovery, so the owner of the folder does not matter. */
const commandOn = (gitDir: string, args: readonly string[]): Pick<ExecRequest, "argv" | "env"> => ({
  argv: ["git", `--git-dir=${gitDir}`, ...settings.flatMap((setting) => ["-c", setting]), ...args],
  env: gitEnvironment(),
});

/** One git command. */
function git(gitDir: string, args: readonly string[], call: GitCall = {}): Promise<ExecResult> {
  return exec({
    ...commandOn(gitDir, args),
    timeoutMs: 600_000,
    outputBytes: call.outputBytes ?? 256_000_000,
    ...(call.input === undefined ? {} : { input: call.input }),
  });
}

function explainEnd(result: Pick<ExecResult, "ended" | "stderr">): string {
  const { ended } = result;
  if (ended.kind === "not-started") return `git could not be started (${ended.code})`;
  const said = result.stderr.trim().split("\n").slice(-3).join(" | ").slice(0, 400);
  return `git ${ended.kind === "exited" ? `exited with ${ended.code}` : ended.kind}${said === "" ? "" : `: ${said}`}`;
}

const succeeded = (result: Pick<ExecResult, "ended">): boolean => result.ended.kind === "exited" && result.ended.code === 0;

/** Of a command that must work on a sound repository. */
const failed = (what: string, result: Pick<ExecResult, "ended" | "stderr">): StopRun | BrokenRecord =>
  result.ended.kind === "not-started"
    ? new StopRun(explainEnd(result), { next: "Install git (2.30 or newer) and make sure that it is on the PATH." })
    : new BrokenRecord(`${what}: ${explainEnd(result)}`);

/** Output of a command that must work on a sound repository. */
async function must(gitDir: string, args: readonly string[], what: string, call?: GitCall): Promise<string> {
  const result = await git(gitDir, args, call);
  if (!succeeded(result)) throw failed(what, result);
  return result.stdout;
}

/** What is read of objects that must be sound. */
async function reading<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof GitObjectsEnded ? failed(what, error.asked) : error;
  }
}

const scpLike = /^[\w.-]+@[\w.-]+:(?!\/\/)(.+)$/;
const isUrl = (source: string): boolean => /^(https?|ssh|git|file):\/\//.test(source) || scpLike.test(source);

/** A URL without user, password, query and fragment. */
export function cleanUrl(url: string): string {
  if (!URL.canParse(url)) return url.replace(/^[^@/]*@/, "");
  const parsed = new URL(url);
  const clean = `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  return clean.replace(/\/$/, "");
}

/** `owner/name` of a remote URL; null where the URL has no two parts or names a place on this machine. */
export function nameOfUrl(url: string): string | null {
  if (url.startsWith("file:")) return null;
  const path = URL.canParse(url) && url.includes("://") ? new URL(url).pathname : scpLike.exec(url)?.[1];
  const parts =
    path
      ?.replace(/\/$/, "")
      .replace(/\.git$/, "")
      .split("/")
      .filter((part) => part !== "") ?? [];
  return parts.length < 2 ? null : parts.slice(-2).join("/");
}

const folderName = (path: string): string => {
  const own = basename(path) === ".git" ? basename(dirname(path)) : basename(path);
  return own.replace(/\.(git|bundle)$/, "") || "repository";
};

/** The git folder of a work tree or bare repository, by looking and not by discovery; null where there is none. */
async function gitFolderOf(path: string): Promise<string | null> {
  const dotGit = join(path, ".git");
  if (await exists(dotGit)) {
    if ((await stat(dotGit)).isDirectory()) return dotGit;
    const target = /^gitdir: (.+)$/m.exec(await readFile(dotGit, "utf8"))?.[1];
    return target === undefined ? null : isAbsolute(target) ? target : resolve(path, target);
  }
  return (await exists(join(path, "HEAD"))) && (await exists(join(path, "objects"))) ? path : null;
}

async function initBare(folder: string, format: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await must(
    folder,
    ["init", "--quiet", "--bare", "--template=", `--object-format=${format}`, folder],
    "the cache repository cannot be made",
  );
}

/** Puts a whole folder in its place; where another process was first, that one stays. */
async function moveInto(fresh: string, place: string): Promise<void> {
  try {
    await rename(fresh, place);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST"))) throw error;
    await rm(fresh, { recursive: true, force: true });
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new-${randomUUID()}`;
  await writeFile(fresh, text);
  await rename(fresh, path);
}

/** Our own git folder over the objects of a local one. Another run may be reading it, so its files are replaced one by one. */
async function mirrorLocal(source: string, place: string): Promise<string> {
  const ask = async (...args: string[]): Promise<string> => (await must(source, args, "the repository cannot be read")).trim();
  const format = await ask("rev-parse", "--show-object-format");
  const gitDir = `${place}${format === "sha1" ? "" : `-${format}`}.git`;
  await holdFolder(gitDir);
  const [objects, shallow] = await Promise.all([ask("rev-parse", "--git-path", "objects"), ask("rev-parse", "--git-path", "shallow")]);
  const refs = await ask("for-each-ref", "--format=%(objectname) %(refname)");
  const head = await git(source, ["rev-parse", "--verify", "--quiet", "HEAD"]);
  if (!(await exists(gitDir))) {
    const fresh = `${gitDir}.new-${randomUUID()}`;
    await initBare(fresh, format);
    await mkdir(join(fresh, "objects", "info"), { recursive: true });
    await moveInto(fresh, gitDir);
  }
  await replaceFile(join(gitDir, "objects", "info", "alternates"), `${JSON.stringify(resolve(objects))}\n`);
  if (await exists(shallow)) await copyFile(shallow, join(gitDir, "shallow"));
  else await rm(join(gitDir, "shallow"), { force: true });
  await replaceFile(join(gitDir, "packed-refs"), refs === "" ? "" : `${refs}\n`);
  await replaceFile(join(gitDir, "HEAD"), succeeded(head) ? `${head.stdout.trim()}\n` : "ref: refs/heads/unborn\n");
  return gitDir;
}

/** What the place that a repository came from is called while git fetches; nothing of it is stored. */
const remoteName = "kihon";

/** With `source`, git may fetch from it without files' contents. */
function transport(folder: string, source?: string): SimpleGit {
  const remote =
    source === undefined
      ? []
      : [`remote.${remoteName}.url=${source}`, `remote.${remoteName}.promisor=true`, `remote.${remoteName}.partialCloneFilter=blob:none`];
  const env = gitEnvironment();
  const allowEnvironment = Object.keys(env).filter((name) => name.startsWith("GIT_"));
  // simple-git refuses such settings unless told, since they could also be used to run a program; here they forbid it.
  const unsafe = {
    allowUnsafeHooksPath: true,
    allowUnsafeFsMonitor: true,
    allowUnsafeProtocolOverride: true,
    allowUnsafeConfigPaths: true,
  };
  return simpleGit({ baseDir: folder, config: [...settings, ...remote], timeout: { block: 600_000 }, unsafe, allowEnvironment }).env(env);
}

/** What is said of a place that is unwell, limits us, answers with something else or was cut off: the same may go well a moment later. */
const passing = new RegExp(
  [
    "returned error: (?:429|5\\d\\d)|Could not resolve|Failed to connect|Connection (?:reset|refused|timed out)|Operation timed out",
    "RPC failed|hung up|Empty reply|transfer closed|recv failure|SSL_read|early EOF|unexpected (?:disconnect|EOF)",
    "not valid: is this a git|bad line length|expected (?:flush|'acknowledgments')|from promisor remote|index-pack|names no branch",
  ].join("|"),
  "i",
);
const maxTries = 4;
const defaultRetryMs = 1000;

/** Tries again what fails in passing, after once, four and nine times as long. */
async function patiently<T>(retryMs: number, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GitError) || !passing.test(error.message) || tries === maxTries) throw error;
      await setTimeout(retryMs * tries ** 2);
    }
  }
}

const hasHeads = async (gitDir: string): Promise<boolean> =>
  (await must(gitDir, ["for-each-ref", "--count=1", "refs/heads"], "the repository cannot be read")) !== "";

/**
 * The commit that HEAD names, after a fetch of heads and tags; undefined where it names none. Git takes a page of one line, or an empty one,
 * for a place without a branch, and would remove ours: so that is not believed at once, and never of a place that had branches.
 */
async function fetchRefs(remote: SimpleGit, source: string, folder: string, lean: boolean): Promise<string | undefined> {
  const had = await hasHeads(folder);
  const told = await remote.listRemote(["--", source, "HEAD", "refs/heads/*"]);
  const named = told.includes("\trefs/heads/");
  if (had && !named) throw new GitError(undefined, "it names no branch, though it had some");
  if (lean && told === "") throw new GitError(undefined, "it names no branch");
  const refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
  const from = lean ? ["--filter=blob:none", "--", remoteName] : ["--", source];
  await remote.raw(["fetch", "--quiet", "--prune", "--no-write-fetch-head", "--no-auto-gc", ...from, ...refs]);
  if (named && !(await hasHeads(folder))) throw new GitError(undefined, "it names no branch, though it has some");
  return /^([0-9a-f]{40,64})\tHEAD$/m.exec(told)?.[1];
}

/** Fetches heads and tags of a URL or bundle into our own git folder, without files' contents if `lean`; the URL is not stored. */
async function fetchInto(source: string, place: string, lean: boolean, retryMs: number): Promise<void> {
  const known = await exists(place);
  const folder = known ? place : `${place}.new-${randomUUID()}`;
  if (!known) await initBare(folder, "sha1");
  try {
    const remote = transport(folder, lean ? source : undefined);
    const head = await patiently(retryMs, () => fetchRefs(remote, source, folder, lean));
    if (head !== undefined) await writeFile(join(folder, "HEAD"), `${head}\n`);
  } catch (cause) {
    if (!known) await rm(folder, { recursive: true, force: true });
    if (!(cause instanceof GitError)) throw cause;
    const said = cause.message.replaceAll(source, cleanUrl(source)).trim().slice(0, 400);
    // A place that never named a branch may have none.
    if (lean && passing.test(cause.message) && (known || !cause.message.includes("names no branch")))
      throw new RetryLater(`the repository could not be fetched: ${said}`, { cause: new Error(said) });
    throw new StopRun(`the repository could not be fetched: ${said}`, {
      next: "Check the address, the network and the access rights, then run again.",
    });
  }
  if (!known) await moveInto(folder, place);
}

interface Place {
  readonly gitDir: string;
  readonly name: string;
  readonly origin: string;
  /** From where more of it can be fetched, with the credentials that the user put into it; null where all there is is here. */
  readonly address: string | null;
  /** Before a fetch that failed in passing is tried again, in milliseconds; 1000 where it is not said. */
  readonly retryMs?: number;
}

async function openUrl(source: string, cacheDir: string, retryMs: number): Promise<Place> {
  const clean = cleanUrl(source);
  const name = nameOfUrl(source) ?? folderName(clean);
  const gitDir = join(cacheDir, `${folderName(clean)}-${shortId(clean)}.git`);
  await holdFolder(gitDir);
  const far = !source.startsWith("file:");
  await fetchInto(source, gitDir, far, retryMs);
  return { gitDir, name, origin: far ? clean : "local", address: far ? source : null, retryMs };
}

async function openLocal(source: string, cacheDir: string): Promise<Place> {
  const path = resolve(source);
  const next = "Give the root of a git work tree, a bare repository, a .bundle file or a URL.";
  if (!(await exists(path))) throw new StopRun(`there is nothing at ${source}`, { next });
  const place = join(cacheDir, `${folderName(path)}-${shortId(path)}`);
  if ((await stat(path)).isFile()) {
    await holdFolder(`${place}.git`);
    await fetchInto(path, `${place}.git`, false, 0);
    return { gitDir: `${place}.git`, name: folderName(path), origin: "local", address: null };
  }
  const own = await gitFolderOf(path);
  if (own === null) throw new StopRun(`${source} is no git repository`, { next });
  const gitDir = await mirrorLocal(own, place);
  const remote = await git(own, ["config", "--get", "remote.origin.url"]);
  const url = succeeded(remote) ? remote.stdout.trim() : "";
  const name = isUrl(url) ? nameOfUrl(url) : null;
  return { gitDir, name: name ?? folderName(path), origin: name === null ? "local" : cleanUrl(url), address: null };
}

/**
 * Opens a work tree, a bare repository, a bundle or a URL. Throws `StopRun` where there is none, or none with a commit, `RetryLater` where a
 * server is unwell in every try.
 */
export async function openRepository(
  source: string,
  cacheDir: string,
  options: { readonly name?: string; readonly retryMs?: number } = {},
): Promise<GitRepository> {
  if (source.startsWith("-") || source.includes("\0"))
    throw new StopRun("the repository's address cannot begin with a dash", { next: "Give a path or a URL." });
  await mkdir(cacheDir, { recursive: true });
  const { retryMs = defaultRetryMs } = options;
  const place = isUrl(source) ? await openUrl(source, resolve(cacheDir), retryMs) : await openLocal(source, resolve(cacheDir));
  const refs = await must(place.gitDir, ["for-each-ref", "--count=1"], "the repository cannot be read");
  const head = await git(place.gitDir, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  if (refs === "" && !succeeded(head))
    throw new StopRun(`${place.name} has no commits`, { next: "Commit something first, or name another repository." });
  return new GitRepository({ ...place, name: options.name ?? place.name });
}

/** Of a tree's listing. Some hundred thousand paths; a few small objects can stand for a tree that has no end. */
const listingBytes = 100_000_000;

const kinds: Readonly<Record<string, TreeEntry["kind"]>> = {
  "100644": "file",
  "100664": "file",
  "100755": "executable",
  "120000": "link",
  "160000": "submodule",
};

/** Sorts the good paths from those that must not be laid on a disk. */
function sift(commit: string, all: readonly TreeEntry[]): Tree {
  const folded = new Set<string>();
  const leaves = new Set(all.map(({ path }) => path));
  const entries: TreeEntry[] = [];
  const refused: { path: string; reason: string }[] = [];
  for (const entry of all) {
    const key = entry.path.normalize("NFC").toLowerCase();
    // Git makes no tree in which one name is a file and a folder; a hand can.
    const through = foldersOf(entry.path).some((folder) => leaves.has(folder));
    const reason = pathTrouble(entry.path) ?? (folded.has(key) ? "case-duplicate" : through ? "through-a-leaf" : null);
    folded.add(key);
    if (reason === null) entries.push(entry);
    else refused.push({ path: entry.path, reason });
  }
  return { commit, entries, refused };
}

const isRegular = (mode: string): boolean => mode.startsWith("100");

/** The changes of a `--raw -z` listing from a token on: each is a line of modes and ids, and a path. */
function changesFrom(tokens: readonly string[], from: number): LogChange[] {
  const changes: LogChange[] = [];
  for (let at = from; tokens[at]?.replace(/^\n/, "").startsWith(":"); at += 2) {
    const [oldMode = "", newMode = "", oldSha = "", newSha = ""] = (tokens[at] ?? "").replace(/^\n?:/, "").split(" ");
    const status = /^0+$/.test(oldMode) ? "added" : /^0+$/.test(newMode) ? "removed" : "changed";
    changes.push({
      path: tokens[at + 1] ?? "",
      status,
      before: isRegular(oldMode) ? oldSha : null,
      after: isRegular(newMode) ? newSha : null,
    });
  }
  return changes;
}

/** Without those of paths that no tree of ours has: what is made of changes is laid over trees. */
function layable(changes: readonly LogChange[]): readonly LogChange[] {
  const onSide = (side: "before" | "after") => new Set(changes.flatMap((change) => (change[side] === null ? [] : [change.path])));
  const sides = { before: onSide("before"), after: onSide("after") };
  const runsThroughFile = (change: LogChange): boolean =>
    (["before", "after"] as const).some(
      (side) => change[side] !== null && foldersOf(change.path).some((folder) => sides[side].has(folder)),
    );
  return changes.filter((change) => pathTrouble(change.path) === null && !runsThroughFile(change));
}

/** The records of `git log --raw -z` with the format below. */
function* logEntries(output: string): Generator<LogEntry> {
  const tokens = output.split("\0");
  for (let at = 0; at + 6 < tokens.length; ) {
    const [commit = "", parents = "", date = "", author = "", subject = "", body = ""] = tokens.slice(at, at + 6);
    const changes = changesFrom(tokens, at + 7);
    at += 7 + 2 * changes.length;
    const committedAt = new Date(date).toISOString();
    yield {
      commit: commit.trim(),
      parents: parents.split(" ").filter((parent) => parent !== ""),
      committedAt,
      author,
      subject,
      body: body.trim(),
      changes: layable(changes),
    };
  }
}

/** The contents on both sides of changes. */
export const shasOf = (changes: readonly LogChange[]): readonly string[] =>
  changes.flatMap(({ before, after }) => [before, after].filter((sha) => sha !== null));

/** Text of a blob: null where it is not UTF-8 or holds a NUL byte. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : null;
}

const wholeId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The files of a tree object: a mode, a name and, in bytes, an id each. */
function* filesOfTree({ sha, bytes }: GitObject): Generator<{ readonly path: string; readonly sha: string }> {
  const idBytes = sha.length / 2;
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0) return;
    const id = bytes.toString("hex", end + 1, end + 1 + idBytes);
    if (bytes.toString("latin1", at, at + 3) === "100") yield { path: bytes.toString("utf8", space + 1, end), sha: id };
    at = end + 1 + idBytes;
  }
}

const batchBytes = 64_000_000;
/** Ids in one command: as words, well below what a command line holds. */
const idsAtOnce = 2000;

/** Git marks what it fetched without contents. */
async function isLean(gitDir: string): Promise<boolean> {
  const packs = join(gitDir, "objects", "pack");
  return (await exists(packs)) && (await readdir(packs)).some((name) => name.endsWith(".promisor"));
}

const fetchOptions = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--recurse-submodules=no"] as const;
const absentIn = (checks: readonly string[]): readonly string[] =>
  checks.flatMap((line) => (line.endsWith(" missing") ? [line.slice(0, line.indexOf(" "))] : []));
/** What a server says that gives no object by its id alone. */
const refusesIds = /not our ref|unadvertised object|does not allow request/i;

export class GitRepository {
  readonly gitDir: string;
  /** `owner/name` where a remote says so, else the folder's name. */
  readonly name: string;
  /** A URL without credentials, or `local`. */
  readonly origin: string;

  readonly #address: string | null;
  readonly #retryMs: number;
  readonly #objects: GitObjects;
  readonly #history: GitHistory;
  readonly #merges: GitMerges;
  readonly #expected = new Set<string>();
  /** Contents are asked for no more: they were all fetched. */
  #whole = false;

  constructor(place: Place) {
    this.gitDir = place.gitDir;
    const words = (...args: readonly string[]) => commandOn(place.gitDir, args);
    this.#objects = new GitObjects(words);
    this.#merges = new GitMerges(words);
    this.#history = new GitHistory((ids) => this.#objects.read(ids));
    this.#address = place.address;
    this.#retryMs = place.retryMs ?? defaultRetryMs;
    this.name = place.name;
    this.origin = place.origin;
  }

  /** The commit that a branch, tag or id names. Throws `StopRun` for an unknown one. */
  async resolve(revision = "HEAD"): Promise<{ readonly commit: string; readonly committedAt: string }> {
    return (wholeId.test(revision) ? await this.#commitOf(revision) : null) ?? this.#resolveName(revision);
  }

  /** By its id, or by a tag's; null where there is none, or its date is none. */
  async #commitOf(id: string): Promise<{ readonly commit: string; readonly committedAt: string } | null> {
    const [object] = await reading(`commit ${id} cannot be read`, this.#objects.read([`${id}^{commit}`]));
    const node = object ? nodeOf(object) : null;
    return node && { commit: node.id, committedAt: new Date(node.at * 1000).toISOString() };
  }

  async #resolveName(revision: string): Promise<{ readonly commit: string; readonly committedAt: string }> {
    const found = await git(this.gitDir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
    if (!succeeded(found)) {
      throw new StopRun(`${this.name} has no commit ${JSON.stringify(revision)}`, {
        next: "Give a branch, a tag or a commit id that is in the repository.",
      });
    }
    const commit = found.stdout.trim();
    const date = await must(
      this.gitDir,
      ["log", "-1", "--no-walk", "--format=%cI", "--end-of-options", commit],
      `commit ${commit} cannot be read`,
    );
    return { commit, committedAt: new Date(date.trim()).toISOString() };
  }

  /** Is this very commit here? */
  async has(commit: string): Promise<boolean> {
    return (await this.here([commit])).has(commit);
  }

  /** Those of these commits that are here. */
  async here(commits: readonly string[]): Promise<ReadonlySet<string>> {
    const checks = await this.#checks(commits);
    return new Set(checks.flatMap((line) => (line.split(" ")[1] === "commit" ? [line.slice(0, line.indexOf(" "))] : [])));
  }

  /** A commit and its first parents, at most `max` in all. */
  async firstParents(commit: string, max: number): Promise<readonly FirstParent[]> {
    const listed = await must(
      this.gitDir,
      ["log", "--first-parent", "-z", `--max-count=${max}`, "--format=%H %P%x00%B", "--end-of-options", commit],
      `the history of ${commit} cannot be read`,
    );
    const tokens = listed.split("\0");
    return tokens.flatMap((token, at): FirstParent[] => {
      const [own = "", ...parents] = token.split(" ");
      if (at % 2 === 1 || own === "") return [];
      return [{ commit: own, parents: parents.filter((parent) => parent !== ""), message: (tokens[at + 1] ?? "").trim() }];
    });
  }

  /** The newest commits that both stand on, none of which leads to another: one, as a rule. */
  async mergeBases(one: string, other: string): Promise<readonly string[]> {
    const fork = await reading("the history cannot be read", this.#history.fork(one, other));
    if (fork !== null) return fork.bases;
    const found = await git(this.gitDir, ["merge-base", "--all", one, other]);
    return succeeded(found) ? found.stdout.trim().split("\n") : [];
  }

  /** What git makes of two texts that came of one; null where both changed the same lines, in different ways. */
  async merge(base: string, ours: string, theirs: string): Promise<string | null> {
    return reading("two texts cannot be merged", this.#merges.merge(base, ours, theirs));
  }

  /** What differs between two commits at paths that may be laid on a disk; a rename is a removal and an addition. */
  async changesBetween(before: string, after: string): Promise<readonly LogChange[]> {
    const what = `${before} and ${after} cannot be compared`;
    const told = await reading(what, this.#objects.compare(before, after));
    if (told === null) throw new BrokenRecord(what);
    return layable(changesFrom(told.split("\0"), 0));
  }

  /** The commits that lead to `tip` and not to `onto`, from the newest on. */
  async branch(tip: string, onto: string): Promise<Branch> {
    const fork = await reading("the history cannot be read", this.#history.fork(tip, onto));
    if (fork === null) return this.#listedBranch(tip, onto);
    const plain = fork.own.filter(({ parents }) => parents.length < 2);
    // Without a merge the branch is one line, which leaves the other at one place.
    const isLine = plain.length === fork.own.length;
    return { commits: plain.map(({ id }) => id), base: isLine ? (plain.at(-1)?.parents[0] ?? null) : null };
  }

  async #listedBranch(tip: string, onto: string): Promise<Branch> {
    const listed = await must(this.gitDir, ["rev-list", "--parents", "--boundary", tip, `^${onto}`, "--"], "the history cannot be read");
    const lines = listed.split("\n").filter((line) => line !== "");
    const own = lines.filter((line) => !line.startsWith("-")).map((line) => line.split(" "));
    const plain = own.filter(({ length }) => length <= 2);
    const [base, ...more] = lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1).split(" ")[0]);
    const isLine = plain.length === own.length && more.length === 0;
    return { commits: plain.map(([commit = ""]) => commit), base: isLine ? (base ?? null) : null };
  }

  /**
   * Brings refs of the place that the repository came from, which neither branch nor tag leads to: each where it is at the commit that is
   * expected of it. Throws `RetryLater` where the place does not answer.
   */
  async bring(expected: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Brought>> {
    const came = new Map<string, Brought>([...expected.keys()].map((ref) => [ref, "absent"]));
    const address = this.#address;
    if (address === null || expected.size === 0) return came;
    const said = expected.size === 1 ? [...expected.keys()].join() : `${expected.size} refs`;
    try {
      const told = await this.#ask(async (remote) => {
        const own = await remote.listRemote(["--", address, "HEAD", ...expected.keys()]);
        // A page of one line is taken for a place that has nothing at all.
        if (own === "" && (await remote.listRemote(["--", address])) === "") throw new GitError(undefined, "it names no branch");
        return own;
      });
      for (const line of told.split("\n")) {
        const [at = "", ref = ""] = line.split("\t");
        if (expected.has(ref)) came.set(ref, at === expected.get(ref) ? "brought" : "moved");
      }
      const wanted = [...came].flatMap(([ref, how]) => (how === "brought" ? [`+${ref}:refs/kihon/${ref.replace(/^refs\//, "")}`] : []));
      if (wanted.length > 0)
        await this.#ask((remote) => remote.raw(["fetch", ...fetchOptions, "--filter=blob:none", "--", remoteName, ...wanted]));
    } catch (cause) {
      throw this.#notFetched(said, cause);
    }
    const here = await this.here([...expected.values()]);
    for (const [ref, how] of came) if (how === "brought" && !here.has(expected.get(ref) ?? "")) came.set(ref, "moved");
    return came;
  }

  /**
   * Brings commits by their ids, as heads of a branch that were pushed away. A place that gives nothing by its id alone gives none, and one that
   * has not got them all is asked for each. Throws `RetryLater` where it does not answer.
   */
  async bringCommits(commits: readonly string[]): Promise<void> {
    const here = await this.here(commits);
    const absent = [...new Set(commits)].filter((commit) => !here.has(commit));
    if (this.#address === null || absent.length === 0 || (await this.#fetchIds(absent)) || absent.length === 1) return;
    for (const commit of absent) await this.#fetchIds([commit]);
  }

  /** Contents that will be read soon: where one of them is not here, all are fetched at once. */
  expect(shas: Iterable<string>): void {
    if (this.#address !== null) for (const sha of shas) this.#expected.add(sha);
  }

  /** Of the place that the repository came from. */
  #ask(work: (remote: SimpleGit) => Promise<string>): Promise<string> {
    const remote = transport(this.gitDir, this.#address ?? "");
    return patiently(this.#retryMs, () => work(remote));
  }

  #notFetched(what: string, cause: unknown): unknown {
    if (!(cause instanceof GitError)) return cause;
    const said = cause.message
      .replaceAll(this.#address ?? "", this.origin)
      .trim()
      .slice(0, 400);
    return new RetryLater(`${what} of ${this.name} could not be fetched: ${said}`, { cause: new Error(said) });
  }

  /** False where the place gives nothing by its id alone, or has not got it. */
  async #fetchIds(ids: readonly string[]): Promise<boolean> {
    try {
      for (let at = 0; at < ids.length; at += idsAtOnce) {
        const some = ids.slice(at, at + idsAtOnce);
        await this.#ask((remote) => remote.raw(["fetch", ...fetchOptions, "--filter=blob:none", "--", remoteName, ...some]));
      }
      return true;
    } catch (cause) {
      if (cause instanceof GitError && refusesIds.test(cause.message)) return false;
      throw this.#notFetched("objects", cause);
    }
  }

  /** Fetches contents that are not here, and with them those that are expected; where the place gives none by id, all that it has. */
  async #fetchBlobs(absent: readonly string[]): Promise<boolean> {
    if (this.#address === null || this.#whole || !(await isLean(this.gitDir))) return false;
    const expected = absentIn(await this.#checks([...this.#expected]));
    this.#expected.clear();
    if (await this.#fetchIds([...new Set([...absent, ...expected])])) return true;
    this.#whole = true;
    try {
      const all = ["fetch", ...fetchOptions, "--refetch", "--no-filter", "--", remoteName, "+refs/heads/*:refs/heads/*"];
      await this.#ask((remote) => remote.raw(all));
    } catch (cause) {
      throw this.#notFetched("the contents", cause);
    }
    return true;
  }

  /** A line for each id: its type and size, or that it is missing. */
  async #checks(ids: readonly string[]): Promise<readonly string[]> {
    return reading("blobs cannot be read", this.#objects.checks(ids));
  }

  /** Every path of a commit. Throws `BrokenRecord` where its trees are not all here. */
  async treeOf(commit: string): Promise<Tree> {
    const output = await must(
      this.gitDir,
      ["ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", commit],
      `the tree of ${commit} cannot be read`,
      { outputBytes: listingBytes },
    );
    const entries = output.split("\0").flatMap((line): TreeEntry[] => {
      const match = /^(\d{6}) \w+ ([0-9a-f]+) +(\S+)\t([\s\S]+)$/.exec(line);
      if (match === null) return [];
      const [, mode = "", sha = "", size = "", path = ""] = match;
      return [{ path, kind: kinds[mode] ?? "file", sha, size: /^\d+$/.test(size) ? Number(size) : null }];
    });
    return sift(
      commit,
      entries.sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  }

  /** The regular files that lie in one folder of a commit (`.` for its top), with their paths. None where there is no such folder. */
  async filesIn(commit: string, folder = "."): Promise<readonly { readonly path: string; readonly sha: string }[]> {
    const what = `the tree of ${commit} cannot be read`;
    const name = folder === "." ? `${commit}^{tree}` : `${commit}:${folder}`;
    const [tree] = await reading(what, this.#objects.read([name]));
    if (!tree && folder === ".") throw new BrokenRecord(what);
    if (tree?.type !== "tree") return [];
    return [...filesOfTree(tree)].map(({ path, sha }) => ({ path: folder === "." ? path : `${folder}/${path}`, sha }));
  }

  /** Blobs by id, read in few batches; an id that is not here, is no blob or is larger than `maxBytes` is left out. */
  async readBlobs(shas: Iterable<string>, maxBytes = batchBytes): Promise<ReadonlyMap<string, Buffer>> {
    const wanted = [...new Set(shas)].filter((sha) => /^[0-9a-f]{40,64}$/.test(sha));
    const found = new Map<string, Buffer>();
    if (wanted.length === 0) return found;
    let checks = await this.#checks(wanted);
    const absent = absentIn(checks);
    if (absent.length > 0 && (await this.#fetchBlobs(absent))) checks = await this.#checks(wanted);
    let batch: string[] = [];
    let bytes = 0;
    for (const line of [...checks, ""]) {
      const [sha = "", type, size] = line.split(" ");
      if (line !== "" && (type !== "blob" || Number(size) > maxBytes)) continue;
      if (batch.length > 0 && (line === "" || bytes + Number(size) > batchBytes)) {
        await this.#readBatch(batch, found);
        [batch, bytes] = [[], 0];
      }
      if (line === "") continue;
      batch.push(sha);
      bytes += Number(size);
    }
    return found;
  }

  async #readBatch(shas: readonly string[], into: Map<string, Buffer>): Promise<void> {
    for (const object of await reading("blobs cannot be read", this.#objects.read(shas)))
      if (object !== null) into.set(object.sha, object.bytes);
  }

  /** Path → text of the entries that are regular files in UTF-8 of at most `maxBytes`. The others are not in the map. */
  async readTexts(
    entries: readonly Pick<TreeEntry, "path" | "kind" | "sha">[],
    maxBytes = 2_000_000,
  ): Promise<ReadonlyMap<string, string>> {
    const files = entries.filter((entry) => entry.kind === "file" || entry.kind === "executable");
    const blobs = await this.readBlobs(
      files.map((entry) => entry.sha),
      maxBytes,
    );
    const texts = new Map<string, string>();
    for (const entry of files) {
      const bytes = blobs.get(entry.sha);
      const text = bytes === undefined ? null : textOf(bytes);
      if (text !== null) texts.set(entry.path, text);
    }
    return texts;
  }

  async #listed(commit: string, { line, max }: { readonly line?: "all" | "mainline"; readonly max?: number }): Promise<readonly string[]> {
    const walk = [line === "mainline" ? "--first-parent" : "--no-merges", ...(max === undefined ? [] : [`--max-count=${max}`])];
    const listed = await must(this.gitDir, ["rev-list", ...walk, commit, "--"], "the history cannot be read");
    return listed.split("\n").filter((id) => id !== "");
  }

  /**
   * Commits from the newest on, with what each changed; what a merge changed is told against its first parent. `line` is all (merges left
   * out) or the mainline: first parents alone, merges among them. `without` gives the commits, merges left out, that do not lead to that one.
   */
  async *log(
    options:
      | { readonly from?: string; readonly without: string }
      | { readonly from?: string; readonly line?: "all" | "mainline"; readonly max?: number },
  ): AsyncGenerator<LogEntry> {
    const { commit } = await this.resolve(options.from);
    const commits =
      "without" in options
        ? (await this.branch(commit, (await this.resolve(options.without)).commit)).commits
        : await this.#listed(commit, options);
    const format = [...rawFormat, "--diff-merges=first-parent", "--format=%H%x00%P%x00%cI%x00%an%x00%s%x00%b%x00"];
    const read = async (at: number): Promise<string> => {
      const input = `${commits.slice(at, at + 200).join("\n")}\n`;
      return at < commits.length
        ? must(this.gitDir, ["log", "--no-walk=unsorted", "--stdin", ...format], "the history cannot be read", { input })
        : "";
    };
    // While some are looked at the next are read.
    let next = read(0);
    for (let at = 0; at < commits.length; at += 200) {
      const told = await next;
      next = read(at + 200);
      next.catch(() => undefined);
      const entries = [...logEntries(told)];
      // Whoever looks at a commit reads what it changed; commits that change more than this are seldom looked at.
      for (const { changes } of entries) if (changes.length <= 50) this.expect(shasOf(changes));
      yield* entries;
    }
  }
}
