/**
 * Which of very many sets are alike: MinHash signatures, and bands of them to find the pairs that are worth a look (Broder 1997; Leskovec,
 * Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3). What is known of a set lies in files of a folder; in memory are 16 bytes a
 * set and, for the time of a look, 8 more. Time grows with the number of sets, and with the number of pairs that are found.
 */
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { rngFor } from "./rng.ts";

const permutations = 126;
/** Two sets with Jaccard index J meet in one band of 42 with probability 1 − (1 − J³)⁴²: 0.98 at 0.45, 0.29 at 0.2, 0.005 at 0.05. */
const bands = 42;
const rowsOfBand = permutations / bands;
/** Signature and block. */
const words = permutations + 1;
const page = 4096;
/** In larger crowds everybody is compared with so many that are unlike each other, and not with everybody. */
const crowd = 40;

const factors = new Int32Array(permutations);
const offsets = new Int32Array(permutations);
const rng = rngFor("kihon", "minhash", "permutations");
for (let at = 0; at < permutations; at++) {
  factors[at] = rng.below(2 ** 32) | 1;
  offsets[at] = rng.below(2 ** 32);
}

/** Mixes two words of 32 bits into one (the finish of MurmurHash3, public domain). */
export function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ (b + 0x9e3779b9 + (a << 6)), 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a over UTF-16 units, mixed: 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash, text.length);
}

/** Runs of `size` words as one word each; a text shorter than that gives one. */
export function shinglesOf(tokens: ArrayLike<number>, size: number): Uint32Array {
  const count = Math.max(tokens.length === 0 ? 0 : 1, tokens.length - size + 1);
  const shingles = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    let hash = 0;
    for (let next = at; next < Math.min(at + size, tokens.length); next++) hash = mix(hash, tokens[next] ?? 0);
    shingles[at] = hash;
  }
  return shingles;
}

/** For each permutation the least of the permuted shingles, in the order of signed words. */
export function signatureOf(shingles: Uint32Array, into: Int32Array = new Int32Array(permutations)): Int32Array {
  const { length } = shingles;
  for (let which = 0; which < permutations; which++) {
    const offset = offsets[which] as number;
    const factor = factors[which] as number;
    let least = 0x7fffffff;
    for (let at = 0; at < length; at++) {
      let hash = Math.imul((shingles[at] as number) ^ offset, factor);
      hash ^= hash >>> 15;
      if (hash < least) least = hash;
    }
    into[which] = least;
  }
  return into;
}

/** Share of the permutations that agree: an estimate of the Jaccard index with a standard error of at most 0.045. */
export function likeness(a: Int32Array, b: Int32Array): number {
  let same = 0;
  for (let at = 0; at < permutations; at++) if (a[at] === b[at]) same += 1;
  return same / permutations;
}

/** The bytes of a list with as much room again behind them; the list itself is empty then. */
export const doubled = ({ buffer, byteLength }: Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): ArrayBuffer =>
  buffer.transfer(2 * byteLength);

/** A file that is written to its end and read anywhere. */
class Tape {
  readonly #descriptor: number;
  readonly #pending: Buffer;
  #waiting = 0;
  #length = 0;

  constructor(path: string, pendingBytes: number) {
    this.#descriptor = openSync(path, "w+");
    this.#pending = Buffer.allocUnsafe(pendingBytes);
  }

  /** Gives the place where it begins. */
  append(values: Uint32Array | Int32Array): number {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const start = this.#length;
    if (this.#waiting + bytes.length > this.#pending.length) this.#flush();
    if (bytes.length > this.#pending.length) this.#write(bytes);
    else this.#waiting += bytes.copy(this.#pending, this.#waiting);
    this.#length += bytes.length;
    return start;
  }

  read<T extends Uint32Array | Int32Array>(into: T, start: number): T {
    this.#flush();
    const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(this.#descriptor, bytes, done, bytes.length - done, start + done);
      if (read === 0) throw new RangeError(`a sketch at ${start} lies behind the end of its file`);
      done += read;
    }
    return into;
  }

  #flush(): void {
    if (this.#waiting === 0) return;
    this.#write(this.#pending.subarray(0, this.#waiting));
    this.#waiting = 0;
  }

  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done, bytes.length - done);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** One of a run; its signature is read when it is asked for. */
class Seen {
  readonly number: number;
  readonly #room: Int32Array;
  readonly #read: (number: number, into: Int32Array) => Int32Array;
  #isRead = false;

  constructor(number: number, room: Int32Array, read: (number: number, into: Int32Array) => Int32Array) {
    this.number = number;
    this.#room = room;
    this.#read = read;
  }

  get signature(): Int32Array {
    if (!this.#isRead) this.#read(this.number, this.#room);
    this.#isRead = true;
    return this.#room;
  }
}

/** A look through all bands. */
interface Look {
  readonly scale: number;
  readonly least: number;
  /** Pairs that were given, as one figure each. */
  readonly given: Set<number>;
  /** For the signatures of a run, made as they are needed: one for each that others are compared with, and one more. */
  readonly rooms: Int32Array[];
}

const alike = (a: Int32Array, b: Int32Array, least: number): boolean => a[permutations] === b[permutations] && likeness(a, b) >= least;

export class Sketches {
  readonly #folder: string;
  readonly #signatures: Tape;
  readonly #bands: Tape;
  readonly #records: Tape;
  readonly #page = new Uint32Array(bands * page);
  readonly #signature = new Int32Array(words);
  /** Where each record begins, and its length in words. */
  #places = new Float64Array(1024);
  #lengths = new Uint32Array(1024);
  #size = 0;

  /** The folder is made, and goes when this is closed. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#signatures = new Tape(join(folder, "signatures"), 1 << 20);
    this.#bands = new Tape(join(folder, "bands"), 1 << 16);
    this.#records = new Tape(join(folder, "records"), 1 << 20);
  }

  get size(): number {
    return this.#size;
  }

  /** Gives its number, counted from 0. Only sets of the same block are ever compared. The record is what the caller needs for a closer look. */
  add(block: number, shingles: Uint32Array, record: Uint32Array = new Uint32Array()): number {
    const number = this.#size++;
    signatureOf(shingles, this.#signature.subarray(0, permutations));
    this.#signature[permutations] = block;
    this.#signatures.append(this.#signature);
    for (let band = 0; band < bands; band++) {
      let hash = mix(block, band);
      for (let row = 0; row < rowsOfBand; row++) hash = mix(hash, this.#signature[band * rowsOfBand + row] as number);
      this.#page[band * page + (number % page)] = hash;
    }
    if (this.#size % page === 0) this.#bands.append(this.#page);
    if (number === this.#places.length) this.#grow();
    this.#places[number] = this.#records.append(record);
    this.#lengths[number] = record.length;
    return number;
  }

  #grow(): void {
    this.#places = new Float64Array(doubled(this.#places));
    this.#lengths = new Uint32Array(doubled(this.#lengths));
  }

  record(number: number): Uint32Array {
    return this.#records.read(new Uint32Array(this.#lengths[number] ?? 0), this.#places[number] ?? 0);
  }

  readonly #readSignature = (number: number, into: Int32Array): Int32Array => this.#signatures.read(into, number * words * 4);

  /** Numbers of those that are looked at, sorted by their hash in a band: one figure each, hash first, in `keys`. `scale` parts the two. */
  #sorted(band: number, isWanted: (number: number) => boolean, scale: number, keys: Float64Array): Float64Array {
    const column = new Uint32Array(page);
    const shift = 2 ** Math.max(0, 32 + Math.log2(scale) - 53);
    let count = 0;
    for (let start = 0; start < this.#size; start += page) {
      const whole = start + page <= this.#size;
      const hashes = whole
        ? this.#bands.read(column, (start / page) * bands * page * 4 + band * page * 4)
        : this.#page.subarray(band * page, (band + 1) * page);
      const end = Math.min(page, this.#size - start);
      for (let at = 0; at < end; at++) {
        if (isWanted(start + at)) keys[count++] = Math.floor((hashes[at] as number) / shift) * scale + start + at;
      }
    }
    return keys.subarray(0, count).sort();
  }

  /** Pairs of the same block, the smaller number first, whose likeness is at least so much; each once. */
  *pairs(least: number, isWanted: (number: number) => boolean = () => true): Generator<readonly [number, number]> {
    const scale = 2 ** Math.ceil(Math.log2(Math.max(2, this.#size)));
    const look: Look = { scale, least, given: new Set(), rooms: [] };
    const room = new Float64Array(this.#size);
    for (let band = 0; band < bands; band++) {
      const keys = this.#sorted(band, isWanted, scale, room);
      for (let start = 0; start < keys.length; ) {
        const hash = Math.floor((keys[start] as number) / scale);
        let end = start + 1;
        while (end < keys.length && Math.floor((keys[end] as number) / scale) === hash) end += 1;
        if (end - start > 1) yield* this.#pairsWithin(keys.subarray(start, end), look);
        start = end;
      }
    }
  }

  /** Each is compared with those before it; in a crowd with those alone that were like none before them, and only until one is alike. */
  *#pairsWithin(run: Float64Array, { scale, least, given, rooms }: Look): Generator<readonly [number, number]> {
    const before: Seen[] = [];
    for (const key of run) {
      rooms[before.length] ??= new Int32Array(words);
      const one = new Seen(key % scale, rooms[before.length] as Int32Array, this.#readSignature);
      let found = false;
      for (const other of before) {
        const pair = other.number * scale + one.number;
        const known = given.has(pair);
        if (!known && !alike(other.signature, one.signature, least)) continue;
        found = true;
        if (!known) {
          given.add(pair);
          yield [other.number, one.number];
        }
        if (run.length > crowd) break;
      }
      if (run.length <= crowd || (!found && before.length < crowd)) before.push(one);
    }
  }

  close(): void {
    for (const tape of [this.#signatures, this.#bands, this.#records]) tape.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
