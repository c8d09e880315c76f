/**
 * A tree as one file and back: a tar archive (ustar, with pax records for long or non-ASCII names) in gzip, the same bytes for the same tree.
 *
 * What is unpacked is not trusted: a path that leaves the folder, a link that leads out of it, a name given twice, or more bytes or files than
 * the caps is an `ArchiveError`, found before anything of the archive is written.
 */
import { constants } from "node:fs";
import { mkdir, open, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { linkStaysInside, pathTrouble } from "./paths.ts";

export type ArchiveEntry =
  | { readonly path: string; readonly kind: "file"; readonly executable: boolean; readonly bytes: Uint8Array }
  | { readonly path: string; readonly kind: "link"; readonly target: string };

export interface ArchiveCaps {
  /** Of the whole archive after gunzip. */
  readonly bytes: number;
  readonly entries: number;
}

export const archiveCaps: ArchiveCaps = { bytes: 1_000_000_000, entries: 200_000 };

/** The archive or the tree cannot be taken as it is: damaged, hostile or too large. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

const block = 512;
const padded = (size: number): number => Math.ceil(size / block) * block;

interface Member {
  readonly name: string;
  readonly link: string;
  readonly type: "0" | "2" | "x";
  readonly mode: number;
  readonly size: number;
}

function header(member: Member): Buffer {
  const bytes = Buffer.alloc(block);
  const number = (value: number, at: number, width: number): void => {
    bytes.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  };
  bytes.write(member.name, 0, 100, "utf8");
  number(member.mode, 100, 8);
  number(0, 108, 8);
  number(0, 116, 8);
  number(member.size, 124, 12);
  number(0, 136, 12);
  bytes.write("        ", 148, "latin1");
  bytes.write(member.type, 156, "latin1");
  bytes.write(member.link, 157, 100, "utf8");
  bytes.write("ustar\x0000", 257, "latin1");
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

const isPlain = (name: string): boolean => /^[\x20-\x7e]{1,100}$/.test(name);

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length++;
  return `${length} ${key}=${value}\n`;
}

function* member(entry: ArchiveEntry): Generator<Buffer> {
  const link = entry.kind === "link" ? entry.target : "";
  const records = [
    isPlain(entry.path) ? "" : paxRecord("path", entry.path),
    link === "" || isPlain(link) ? "" : paxRecord("linkpath", link),
  ].join("");
  if (records !== "") {
    const bytes = Buffer.from(records);
    yield header({ name: "pax", link: "", type: "x", mode: 0o644, size: bytes.length });
    yield Buffer.concat([bytes], padded(bytes.length));
  }
  const name = isPlain(entry.path) ? entry.path : "see-pax-record";
  const shownLink = link === "" || isPlain(link) ? link : "see-pax-record";
  if (entry.kind === "link") {
    yield header({ name, link: shownLink, type: "2", mode: 0o777, size: 0 });
    return;
  }
  yield header({ name, link: "", type: "0", mode: entry.executable ? 0o755 : 0o644, size: entry.bytes.length });
  yield Buffer.concat([entry.bytes], padded(entry.bytes.length));
}

/** Throws `ArchiveError` where two entries cannot both be in one folder, or one of them must not be there at all. */
function admit(entries: readonly ArchiveEntry[]): void {
  const leaves = new Set<string>();
  for (const entry of entries) {
    const trouble = pathTrouble(entry.path);
    if (trouble !== null) throw new ArchiveError(`a path is refused (${trouble}): ${JSON.stringify(entry.path.slice(0, 200))}`);
    if (leaves.has(entry.path)) throw new ArchiveError(`a path is there twice: ${entry.path}`);
    if (entry.kind === "link" && !linkStaysInside(entry.path, entry.target))
      throw new ArchiveError(`a link leads out of the tree: ${entry.path}`);
    leaves.add(entry.path);
  }
  for (const entry of entries) {
    for (let parent = dirname(entry.path); parent !== "."; parent = dirname(parent)) {
      if (leaves.has(parent)) throw new ArchiveError(`a path runs through a file or a link: ${entry.path}`);
    }
  }
}

/** Entries in any order → the archive. Times, owners and the order of the entries leave no trace in it. */
export function packTree(entries: readonly ArchiveEntry[]): Buffer {
  admit(entries);
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  const tar = Buffer.concat([...sorted.flatMap((entry) => [...member(entry)]), Buffer.alloc(2 * block)]);
  const bytes = gzipSync(tar, { level: 6 });
  // The tenth byte of gzip names the operating system: 255 is "unknown", everywhere.
  bytes[9] = 255;
  return bytes;
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (String(error.code).startsWith("Z_") || error.code === "ERR_BUFFER_TOO_LARGE");

function gunzip(bytes: Uint8Array, caps: ArchiveCaps): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: caps.bytes });
  } catch (cause) {
    if (isZlibError(cause)) throw new ArchiveError("the archive is damaged, or larger than the cap", { cause });
    throw cause;
  }
}

const field = (bytes: Buffer, from: number, length: number): string => {
  const end = bytes.indexOf(0, from);
  return bytes.toString("utf8", from, end === -1 || end > from + length ? from + length : end);
};

const octal = (bytes: Buffer, from: number, length: number): number => {
  const text = field(bytes, from, length).trim();
  if (!/^[0-7]+$/.test(text)) throw new ArchiveError("a header holds no number where one must be");
  return Number.parseInt(text, 8);
};

function paxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number(/^(\d{1,9}) /.exec(bytes.toString("latin1", at, at + 10))?.[1] ?? Number.NaN);
    const record = bytes.toString("utf8", at, at + length);
    const split = record.indexOf("=");
    if (!(length > 0) || at + length > bytes.length || !record.endsWith("\n") || split === -1)
      throw new ArchiveError("a pax record is damaged");
    records.set(record.slice(record.indexOf(" ") + 1, split), record.slice(split + 1, -1));
    at += length;
  }
  return records;
}

function checkHeader(head: Buffer): void {
  let sum = 8 * 32;
  for (const [index, byte] of head.entries()) sum += index >= 148 && index < 156 ? 0 : byte;
  if (octal(head, 148, 8) !== sum) throw new ArchiveError("a header's checksum does not hold");
}

/** Archive → entries, in its own order. Folders are passed over; anything but files and symbolic links is refused. */
export function readTree(archive: Uint8Array, caps: ArchiveCaps = archiveCaps): readonly ArchiveEntry[] {
  const tar = gunzip(archive, caps);
  const entries: ArchiveEntry[] = [];
  let pax: ReadonlyMap<string, string> = new Map();
  let ended = false;
  for (let at = 0; at + block <= tar.length && !ended; ) {
    const head = tar.subarray(at, at + block);
    if (head.every((byte) => byte === 0)) {
      ended = true;
      continue;
    }
    checkHeader(head);
    const size = octal(head, 124, 12);
    const type = String.fromCharCode(head[156] ?? 0);
    if (at + block + size > tar.length) throw new ArchiveError("the archive ends in the middle of a file");
    const body = tar.subarray(at + block, at + block + size);
    const prefix = field(head, 345, 155);
    const path = pax.get("path") ?? `${prefix === "" ? "" : `${prefix}/`}${field(head, 0, 100)}`;
    if (type === "0" || type === "\0") entries.push({ path, kind: "file", executable: (octal(head, 100, 8) & 0o111) !== 0, bytes: body });
    else if (type === "2") entries.push({ path, kind: "link", target: pax.get("linkpath") ?? field(head, 157, 100) });
    else if (type !== "x" && type !== "g" && type !== "5") throw new ArchiveError(`an entry of type ${JSON.stringify(type)} is refused`);
    pax = type === "x" ? paxRecords(body) : new Map();
    if (entries.length > caps.entries) throw new ArchiveError(`the archive holds more than ${caps.entries} entries`);
    at += block + padded(size);
  }
  if (!ended) throw new ArchiveError("the archive has no end mark");
  admit(entries);
  return entries;
}

/** Writes a tree into an empty (or not yet existing) folder. Links come last, so that nothing is ever written through one. */
export async function writeTree(entries: readonly ArchiveEntry[], folder: string): Promise<void> {
  admit(entries);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new ArchiveError(`the folder is not empty: ${folder}`);
  const made = new Set<string>(["."]);
  const links = entries.filter((entry) => entry.kind === "link");
  for (const entry of [...entries.filter((candidate) => candidate.kind === "file"), ...links]) {
    const parent = dirname(entry.path);
    if (!made.has(parent)) await mkdir(join(folder, parent), { recursive: true });
    made.add(parent);
    if (entry.kind === "link") {
      await symlink(entry.target, join(folder, entry.path));
      continue;
    }
    const mode = entry.executable ? 0o755 : 0o644;
    await writeNew(join(folder, entry.path), entry.bytes, mode);
  }
}

async function writeNew(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, mode);
  try {
    await file.writeFile(bytes);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

/** `readTree`, then `writeTree`. */
export async function unpackTree(archive: Uint8Array, folder: string, caps: ArchiveCaps = archiveCaps): Promise<void> {
  await writeTree(readTree(archive, caps), folder);
}
