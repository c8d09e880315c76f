/**
 * `kihon push` and `kihon pull`: a dataset brought to the Hugging Face Hub and back, by the Hub's own client.
 *
 * Only what is new moves: files are compared by the hashes that the Hub lists (sha256 of large ones, git's of small ones). Files of earlier editions
 * never change, so a refresh moves its own. The manifest goes with the last commit, and comes last.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, openAsBlob, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  type CommitOperation,
  commit,
  createRepo,
  datasetInfo,
  downloadFile,
  HubApiError,
  InvalidApiResponseFormatError,
  type ListFileEntry,
  listFiles,
} from "@huggingface/hub";
import { RetryLater, StopRun } from "../lib/errors.ts";
import { baselinesFile } from "../output/baselines.ts";
import { licenseFile } from "../output/card.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { figureFiles } from "../output/figures.ts";
import { type Manifest, manifestName, parseManifest } from "../output/manifest.ts";
import { PendingFile, writing } from "../output/pending-file.ts";
import { solveRatesFile } from "../output/solve-rates.ts";
import { timingsFile } from "../output/timings.ts";
import { configNames } from "../schemas/row.ts";
import type { Log } from "./log.ts";

export interface HubPlace {
  /** `owner/name`. */
  readonly repo: string;
  /** Null reads what everybody may read. Never logged. */
  readonly token: string | null;
  /** Address of the Hub: `HF_ENDPOINT`, or https://huggingface.co. */
  readonly hub: string;
  readonly log: Log;
}

export interface PushOptions {
  readonly branch?: string;
  /** Make the dataset on the Hub where it is not there: private or public. */
  readonly create?: "private" | "public";
  /** Only say what would move. */
  readonly dryRun?: boolean;
}

export interface Pushed {
  /** Null where nothing had to move. */
  readonly commit: string | null;
  readonly uploaded: readonly string[];
  readonly bytes: number;
  readonly deleted: readonly string[];
  readonly unchanged: number;
}

export interface Pulled {
  readonly commit: string;
  readonly downloaded: readonly string[];
  readonly bytes: number;
  readonly removed: readonly string[];
  readonly unchanged: number;
}

/** As the Hub's own tools find it: `HF_TOKEN`, then the file that `HF_TOKEN_PATH` names, then the one in `HF_HOME` or `~/.cache/huggingface`. */
export function tokenFrom(env: Readonly<Record<string, string | undefined>>, file?: string): string | null {
  const home = env["HF_HOME"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "huggingface");
  const path = file ?? env["HF_TOKEN_PATH"] ?? join(home, "token");
  const named = file !== undefined;
  const text = named ? null : env["HF_TOKEN"]?.trim();
  const token = text || (existsSync(path) ? readFileSync(path, "utf8").trim() : null) || null;
  if (token === null && named) throw new StopRun(`there is no token in ${path}`, { next: "write it there, or set HF_TOKEN" });
  if (token !== null && !/^hf_\w+$/.test(token)) {
    throw new StopRun("the token is none of the Hub's: those begin with hf_", {
      next: "make one at https://huggingface.co/settings/tokens, and set HF_TOKEN",
    });
  }
  return token;
}

/** What the client's functions share. */
interface Client {
  readonly repo: { readonly type: "dataset"; readonly name: string };
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
  readonly accessToken?: string;
}

function clientOf({ repo, token, hub, log }: HubPlace): Client {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo)) throw new StopRun(`${repo} names no dataset of the Hub`, { next: "give OWNER/NAME" });
  const url = URL.canParse(hub) ? new URL(hub) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new StopRun(`${hub} is no address of a Hub`, { next: "set HF_ENDPOINT to https://HOST" });
  // A token that goes over a wire in plain text is everybody's.
  if (token !== null && url.protocol === "http:" && !/^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)) {
    throw new StopRun(`${hub} is not encrypted, and the token would go there`, { next: "set HF_ENDPOINT to an https address" });
  }
  return {
    repo: { type: "dataset", name: repo },
    hubUrl: hub.replace(/\/$/, ""),
    fetch: patient(log),
    ...(token === null ? {} : { accessToken: token }),
  };
}

const waits: readonly number[] = [500, 2000, 8000];
const longestWaitMs = 300_000;

/** `fetch` that asks again what may be asked again: where the Hub is busy or unwell, and where the connection broke and nothing was changed by the request. */
function patient(log: Log): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? "GET";
    // A commit whose answer is lost may have been made: it is not asked for twice.
    const harmless = method !== "POST" || !/\/commit\//.test(String(input));
    for (let attempt = 0; ; attempt += 1) {
      const wait = waits[attempt];
      let response: Response;
      try {
        response = await fetch(input, init);
      } catch (error) {
        if (!(error instanceof TypeError) || !harmless || wait === undefined) throw error;
        log.warn(`the connection to the Hub broke, trying again in ${wait / 1000} s`);
        await pause(wait);
        continue;
      }
      if (wait === undefined || (response.status !== 429 && response.status < 500)) return response;
      const ms = askedFor(response) ?? wait;
      await response.body?.cancel();
      log.warn(`the Hub answers ${response.status}, trying again in ${Math.ceil(ms / 1000)} s`);
      await pause(ms);
    }
  };
}

/** `Retry-After` in seconds, or the `t` of the Hub's `RateLimit` header (hub-docs, rate-limits.md); null where neither says. */
function askedFor({ headers }: Response): number | null {
  const seconds = headers.get("retry-after") ?? /(?:^|;)\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1] ?? null;
  const ms = seconds === null ? Number.NaN : Number(seconds) * 1000;
  return Number.isNaN(ms) ? null : Math.min(ms, longestWaitMs);
}

/** What the client throws, told by what it means for the user. */
async function told<T>({ repo, token }: HubPlace, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof HubApiError) throw refusal(repo, token !== null, error);
    if (error instanceof InvalidApiResponseFormatError) {
      throw new StopRun(`the Hub's answer is not understood: ${error.message}`, {
        next: "see whether HF_ENDPOINT is a Hub",
        exitCode: 1,
        cause: error,
      });
    }
    if (error instanceof TypeError) {
      const code = error.cause instanceof Error && "code" in error.cause ? String(error.cause.code) : error.message;
      throw new RetryLater(`the connection to the Hub broke (${code}); run the same command again: it goes on with what is missing`, {
        cause: error,
      });
    }
    throw error;
  }
}

function refusal(repo: string, hasToken: boolean, error: HubApiError): Error {
  const more = { exitCode: 1, cause: error } as const;
  const credential = "set HF_TOKEN to a token with write access, from https://huggingface.co/settings/tokens";
  switch (error.statusCode) {
    case 401:
      return new StopRun(hasToken ? "the Hub does not accept the token" : `the Hub wants a token for ${repo}`, {
        next: credential,
        cause: error,
      });
    case 403:
      return new StopRun(`the token may not do that with ${repo}`, {
        next: `${credential}, of somebody who may write to ${repo}`,
        cause: error,
      });
    case 404:
      return new StopRun(`the Hub has no dataset ${repo}, or no such revision of it, or does not show it to this token`, {
        next: "see whether the name is right; kihon push --create makes it",
        ...more,
      });
    case 409:
    case 412:
      return new StopRun(`${repo} was changed by somebody else meanwhile (${error.statusCode})`, {
        next: "run the same command again: it compares anew",
        ...more,
      });
    default:
      if (error.statusCode === 429 || error.statusCode >= 500)
        return new RetryLater(`the Hub answers ${error.statusCode}, ${waits.length + 1} times in a row`, { cause: error });
      return new StopRun(`the Hub refuses: ${error.message}`, { next: "mend what it names, and run the same command again", ...more });
  }
}

/** Beside data and manifest. */
const companions = ["README.md", licenseFile, "report.html", timingsFile, baselinesFile, solveRatesFile, ...figureFiles];
const dataName = new RegExp(
  `^(?:(?:${configNames.join("|")})/\\w+(?:-e\\d+)?-\\d{5}-of-\\d{5}\\.parquet|jsonl/(?:${configNames.join("|")})/[\\w-]+\\.jsonl|withdrawn-e\\d+\\.jsonl)$`,
);
const isOurs = (path: string): boolean => path === manifestName || companions.includes(path) || dataName.test(path);

interface LocalFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const dataFiles = (manifest: Manifest): string[] => [
  ...manifest.configs.map(({ file }) => file),
  ...(manifest.withdrawn === null ? [] : [manifest.withdrawn.file]),
];

async function hashed(path: string, hash: ReturnType<typeof createHash>): Promise<string> {
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** Is this what the Hub lists? Large files are known there by their sha256, small ones by git's hash of them. */
async function isSame(folder: string, { path, bytes, sha256 }: LocalFile, remote: ListFileEntry | undefined): Promise<boolean> {
  if (remote === undefined || remote.size !== bytes) return false;
  if (remote.lfs !== undefined) return remote.lfs.oid === sha256;
  return remote.oid === (await hashed(join(folder, path), createHash("sha1").update(`blob ${bytes}\0`)));
}

async function listed(client: Client, revision: string): Promise<Map<string, ListFileEntry>> {
  const entries = new Map<string, ListFileEntry>();
  for await (const entry of listFiles({ ...client, recursive: true, revision })) if (entry.type === "file") entries.set(entry.path, entry);
  return entries;
}

const headOf = async (client: Client, revision: string): Promise<string> =>
  (await datasetInfo({ ...client, name: client.repo.name, revision, additionalFields: ["sha"] })).sha;

// hub-docs, storage-limits.md: 50 to 100 files a commit.
const filesPerCommit = 50;

export async function push(
  folder: string,
  place: HubPlace,
  { branch = "main", create, dryRun = false }: PushOptions = {},
): Promise<Pushed> {
  const client = clientOf(place);
  const data = await openDataset(folder);
  const { manifest, withdrawn } = data;
  await refuseTakenDown(data);
  const local = await filesOf(folder, manifest);
  return told(place, async () => {
    const head = await headOrNew(client, branch, dryRun ? undefined : create);
    const remote = head === null ? new Map<string, ListFileEntry>() : await listed(client, head);
    const moving: LocalFile[] = [];
    for (const file of local) if (!(await isSame(folder, file, remote.get(file.path)))) moving.push(file);
    const here = new Set(local.map(({ path }) => path));
    const deleted = [...remote.keys()].filter((path) => isOurs(path) && !here.has(path)).sort();
    const moved = {
      uploaded: moving.map(({ path }) => path),
      bytes: moving.reduce((total, { bytes }) => total + bytes, 0),
      deleted,
      unchanged: local.length - moving.length,
    };
    if (dryRun || (moving.length === 0 && deleted.length === 0)) return { commit: null, ...moved };
    place.log.info(`${moving.length} files of ${local.length} are new on the Hub (${moved.bytes} bytes), ${deleted.length} go`);
    const title = `Edition ${manifest.edition}: ${manifest.row_hashes.slice(0, 12)}${withdrawn.length > 0 ? `, ${withdrawn.length} withdrawn` : ""}`;
    return { commit: await commitAll(client, { folder, branch, head, moving, deleted, title }), ...moved };
  });
}

/** Null where a dry run finds no dataset. */
async function headOrNew(client: Client, branch: string, create: PushOptions["create"]): Promise<string | null> {
  try {
    return await headOf(client, branch);
  } catch (error) {
    if (create === undefined || client.accessToken === undefined || !(error instanceof HubApiError) || error.statusCode !== 404)
      throw error;
    await createRepo({ ...client, accessToken: client.accessToken, visibility: create });
    return headOf(client, branch);
  }
}

/** Large files first; card, manifest and removals in the last commit, so that no manifest names what is not there. */
async function commitAll(
  client: Client,
  given: { folder: string; branch: string; head: string | null; moving: readonly LocalFile[]; deleted: readonly string[]; title: string },
): Promise<string> {
  const { folder, branch, moving, deleted, title } = given;
  const last = new Set([manifestName, ...companions]);
  const [data, rest] = [moving.filter(({ path }) => !last.has(path)), moving.filter(({ path }) => last.has(path))];
  const rounds: LocalFile[][] = [];
  for (let at = 0; at + filesPerCommit < data.length; at += filesPerCommit) rounds.push(data.slice(at, at + filesPerCommit));
  rounds.push([...data.slice(rounds.length * filesPerCommit), ...rest]);
  let head = given.head;
  for (const [index, files] of rounds.entries()) {
    const adds = await Promise.all(
      files.map(
        async ({ path }): Promise<CommitOperation> => ({ operation: "addOrUpdate", path, content: await openAsBlob(join(folder, path)) }),
      ),
    );
    const removals = index < rounds.length - 1 ? [] : deleted.map((path): CommitOperation => ({ operation: "delete", path }));
    const made = await commit({
      ...client,
      branch,
      title: rounds.length === 1 ? title : `${title} (${index + 1} of ${rounds.length})`,
      operations: [...adds, ...removals],
      ...(head === null ? {} : { parentCommit: head }),
    });
    head = made?.commit.oid ?? null;
  }
  if (head === null) throw new InvalidApiResponseFormatError("a commit without an id");
  return head;
}

async function filesOf(folder: string, manifest: Manifest): Promise<LocalFile[]> {
  const known = new Map(manifest.configs.map(({ file, sha256 }) => [file, sha256]));
  const names = [...dataFiles(manifest), ...companions.filter((name) => existsSync(join(folder, name))), manifestName];
  return Promise.all(
    names.map(async (path) => {
      const at = join(folder, path);
      return { path, bytes: statSync(at).size, sha256: known.get(path) ?? (await hashed(at, createHash("sha256"))) };
    }),
  );
}

/** What was asked to be taken down must not be published by a push. */
async function refuseTakenDown(data: Dataset): Promise<void> {
  const down = new Set(
    data.withdrawn.flatMap((one) =>
      one.kind === "row" && /^(?:takedown|license)\//.test(one.reason) ? [`${one.instance_id} ${one.content_hash}`] : [],
    ),
  );
  if (down.size === 0) return;
  for await (const { public: open, private: hidden } of data.pairs({ withdrawn: true })) {
    if (!down.has(`${open.instance_id} ${hidden.provenance.content_hash}`)) continue;
    throw new StopRun(`${open.instance_id} was taken down and still lies in the files`, {
      next: `write them without it: kihon refresh ${data.folder} --withdraw-only --compact`,
      exitCode: 1,
    });
  }
}

export async function pull(folder: string, place: HubPlace, { revision = "main" }: { readonly revision?: string } = {}): Promise<Pulled> {
  const client = clientOf(place);
  return told(place, async () => {
    const head = await headOf(client, revision);
    const remote = await listed(client, head);
    const blob = remote.has(manifestName) ? await downloadFile({ ...client, path: manifestName, revision: head }) : null;
    const text = blob === null ? null : await blob.text();
    const manifest = parseManifest(text, `${place.repo} on the Hub`, { asStored: true });
    const before = localManifest(folder, manifest);
    const known = new Map<string, { bytes?: number; sha256: string }>(
      manifest.configs.map(({ file, bytes, sha256 }) => [file, { bytes, sha256 }]),
    );
    if (manifest.withdrawn !== null) known.set(manifest.withdrawn.file, { sha256: manifest.withdrawn.sha256 });
    // The manifest comes last: a folder that was not brought whole is still what it was.
    const names = [...known.keys(), ...companions.filter((name) => remote.has(name)), manifestName];
    const absent = names.find((name) => !remote.has(name));
    if (absent !== undefined)
      throw new StopRun(`${place.repo} lacks ${absent}, which its manifest names`, { next: "push the dataset again", exitCode: 1 });
    const downloaded: string[] = [];
    let bytes = 0;
    for (const path of names) {
      const entry = remote.get(path) as ListFileEntry;
      if (await isHere(folder, path, entry, known.get(path)?.sha256)) continue;
      await download(client, { folder, path, head, entry, sha256: known.get(path)?.sha256, log: place.log });
      downloaded.push(path);
      bytes += entry.size;
    }
    const removed = (before === null ? [] : [...dataFiles(before), ...companions]).filter(
      (path) => !names.includes(path) && existsSync(join(folder, path)),
    );
    for (const path of removed) writing(join(folder, path), () => rmSync(join(folder, path), { force: true }));
    return { commit: head, downloaded, bytes, removed, unchanged: names.length - downloaded.length };
  });
}

/** Null for a folder that is new. Throws `StopRun` where pulling would lose what lies there. */
function localManifest(folder: string, remote: Manifest): Manifest | null {
  if (!existsSync(join(folder, manifestName))) {
    const others = existsSync(folder) ? readdirSync(folder).filter((name) => !isPartOfPull(name)) : [];
    if (others.length > 0)
      throw new StopRun(`${folder} holds other things (${others[0]})`, { next: "give a new folder, or one that was pulled before" });
    return null;
  }
  const here = parseManifest(readFileSync(join(folder, manifestName), "utf8"), folder, { asStored: true });
  const files = new Set(remote.configs.map(({ sha256 }) => sha256));
  const related = here.row_hashes === remote.row_hashes || here.configs.some(({ sha256 }) => files.has(sha256));
  if (!related) throw new StopRun(`${folder} holds another dataset, or one that was written anew`, { next: "give a new folder" });
  if (here.edition > remote.edition) {
    throw new StopRun(`${folder} has edition ${here.edition}, the Hub edition ${remote.edition}`, {
      next: "push it, or give a new folder",
    });
  }
  return here;
}

/** What a pull that was interrupted leaves. */
const isPartOfPull = (name: string): boolean =>
  (configNames as readonly string[]).includes(name) ||
  ["jsonl", "figures", ...companions].includes(name.replace(/\.part$/, "")) ||
  /^withdrawn-e\d+\.jsonl(?:\.part)?$/.test(name);

async function isHere(folder: string, path: string, remote: ListFileEntry, sha256: string | undefined): Promise<boolean> {
  const at = join(folder, path);
  if (!existsSync(at) || statSync(at).size !== remote.size) return false;
  const own = await hashed(at, createHash("sha256"));
  return sha256 === undefined ? isSame(folder, { path, bytes: remote.size, sha256: own }, remote) : own === sha256;
}

interface Download {
  readonly folder: string;
  readonly path: string;
  readonly head: string;
  readonly entry: ListFileEntry;
  /** Of data files. */
  readonly sha256: string | undefined;
  readonly log: Log;
}

/** Piece by piece; a piece that broke off is asked for again. A file that is not what the manifest names does not get its name. */
async function download(client: Client, { folder, path, head, entry, sha256, log }: Download): Promise<void> {
  const blob = await downloadFile({ ...client, path, revision: head });
  if (blob === null) throw new StopRun(`the Hub lists ${path} and does not give it`, { next: "run the same command again", exitCode: 1 });
  const hash = createHash("sha256");
  const file = new PendingFile(join(folder, path));
  try {
    for (let from = 0; from < entry.size; from = file.bytes) {
      const bytes = await piece(blob, from, Math.min(from + pieceBytes, entry.size), path, log);
      file.write(bytes);
      hash.update(bytes);
    }
    if (sha256 !== undefined && hash.digest("hex") !== sha256) {
      throw new StopRun(`${path} on the Hub is not the file that the manifest names`, {
        next: "push the dataset again, whole",
        exitCode: 1,
      });
    }
    file.commit(join(folder, path));
  } finally {
    file.abandon();
  }
}

// What is in memory at once, and lost where a connection breaks.
const pieceBytes = 16 * 2 ** 20;

async function piece(blob: Blob, from: number, to: number, path: string, log: Log): Promise<Uint8Array> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const bytes = new Uint8Array(await blob.slice(from, to).arrayBuffer());
      if (bytes.length === to - from) return bytes;
      throw new TypeError(`${bytes.length} of ${to - from} bytes came`);
    } catch (error) {
      const wait = waits[attempt];
      if (!(error instanceof TypeError) || wait === undefined) throw error;
      log.warn(`${path} broke off, going on at byte ${from} in ${wait / 1000} s`);
      await pause(wait);
    }
  }
}

/** For the command: what moved, in a line or two. */
export const pushText = ({ commit: made, uploaded, bytes, deleted, unchanged }: Pushed): string =>
  `${uploaded.length} files (${bytes} bytes) ${made === null && uploaded.length > 0 ? "would move" : "moved"}, ${deleted.length} ${made === null && deleted.length > 0 ? "would be removed" : "removed"}, ${unchanged} were there${made === null ? "" : `: commit ${made}`}`;
export const pullText = ({ commit: head, downloaded, bytes, removed, unchanged }: Pulled): string =>
  `${downloaded.length} files (${bytes} bytes) fetched, ${removed.length} removed, ${unchanged} were there: commit ${head}`;
