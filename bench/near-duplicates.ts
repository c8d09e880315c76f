/**
 * What it costs to find near-duplicates: `node bench/near-duplicates.ts [--documents 10000,100000,1000000]`.
 *
 * Synthetic defects of 160 tokens each, from a vocabulary in which, as in code, few words are most of a text. Every tenth is a copy of an earlier
 * one in which one token in fifty is another. The product's own search goes over them. Prints processor time by document, peak memory
 * above the start, files, and how many of the copies were found. Times are of the processor, for other work may share the machine.
 *
 * Exits 1 where a document of the largest set costs more than twice the time of one of the smallest, memory is more than 100 MB and 100
 * bytes a document, less than 95 % of the copies are found, or more than 1 % of what is found is no copy.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Rng, rngFor } from "../lib/rng.ts";
import { hashText } from "../lib/sketches.ts";
import type { Document } from "../pipeline/selection/document.ts";
import { NearDuplicates } from "../pipeline/selection/near-duplicates.ts";

const tokens = 160;
const vocabulary = Uint32Array.from({ length: 4000 }, (_, at) => hashText(`word ${at}`));
/** Of each ten documents, and one token in so many of a copy. */
const every = 10;
const changed = 50;
/** Kinds of edits: only documents of one kind are compared. */
const edits = 50;

const word = (rng: Rng): number => vocabulary[Math.floor(vocabulary.length * rng.next() ** 3)] as number;

/** A document depends on its number alone, so none need be kept. */
function wordsOf(number: number): Uint32Array {
  const source = number % every === every - 1 ? number - 1 : number;
  const rng = rngFor("bench", `${source}`, "words");
  const words = Uint32Array.from({ length: tokens }, () => word(rng));
  if (source !== number) for (let at = 0; at < tokens / changed; at++) words[(at + 1) * 40 - 20] = hashText(`${number} ${at}`);
  return words;
}

function documentOf(number: number): Document {
  const words = wordsOf(number);
  const kind = Math.floor(number / every) % edits;
  const half = tokens / 2;
  const hunk = { file: number, at: half, left: words.slice(0, half), right: words.slice(half) };
  return { kind: "defect", block: kind, edit: Uint32Array.of(kind), hunks: [hunk] };
}

interface Measured {
  readonly documents: number;
  readonly microseconds: number;
  readonly megabytes: number;
  readonly found: number;
  readonly wrong: number;
}

function measure(documents: number, folder: string): Measured {
  const start = process.cpuUsage();
  const memory = process.memoryUsage().rss;
  let peak = memory;
  const near = new NearDuplicates(folder);
  let made = 0;
  for (let number = 0; number < documents; number++) {
    const begun = process.cpuUsage();
    const document = documentOf(number);
    const spent = process.cpuUsage(begun);
    made += spent.user + spent.system;
    near.add(number, [document]);
    if (number % 5000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
  }
  let [found, wrong, seen] = [0, 0, 0];
  for (const [a, b] of near.pairs(() => true)) {
    if (Math.floor(a / every) === Math.floor(b / every) && Math.abs(a - b) === 1) found += 1;
    else wrong += 1;
    seen += 1;
    if (seen % 1000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
  }
  peak = Math.max(peak, process.memoryUsage().rss);
  near.close();
  const { user, system } = process.cpuUsage(start);
  return { documents, microseconds: (user + system - made) / documents, megabytes: (peak - memory) / 1e6, found, wrong };
}

const { values } = parseArgs({ options: { documents: { type: "string", default: "10000,100000" } } });
const sizes = values.documents.split(",").map(Number);
if (sizes.some((size) => !Number.isSafeInteger(size) || size < every))
  throw new TypeError(`--documents ${values.documents} is no list of sizes`);
const scratch = mkdtempSync(join(tmpdir(), "kihon-bench-near-"));
const all: Measured[] = [];
try {
  // What is compiled on the way is not measured.
  measure(2000, join(scratch, "warm"));
  for (const size of sizes) {
    const one = measure(size, join(scratch, `${size}`));
    all.push(one);
    const copies = Math.floor(size / every);
    process.stdout.write(
      `${size} documents: ${one.microseconds.toFixed(0)} µs of the processor each, ${one.megabytes.toFixed(0)} MB more memory, ${one.found} of ${copies} copies found, ${one.wrong} others\n`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const slowest = (all.at(-1)?.microseconds ?? 0) / (all[0]?.microseconds ?? 1);
const bad = all.filter(
  ({ documents, found, wrong, megabytes }) =>
    found < 0.95 * Math.floor(documents / every) || wrong > 0.01 * (found + wrong) || megabytes > 100 + (documents * 100) / 1e6,
);
if (slowest > 2 || bad.length > 0) process.exitCode = 1;
