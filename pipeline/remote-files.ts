/**
 * Files of a dataset at an http or https address, of which only the parts that are asked for are fetched (RFC 9110, range requests).
 *
 * A server without ranges gives the whole file, once. What goes wrong is said by what it is: an address without such a file, one that asks for
 * a credential, an answer that was cut short, a file that changed while it was read. What may pass (no connection, a busy server) is tried again.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { AsyncBuffer } from "hyparquet";
import { RetryLater, StopRun } from "../lib/errors.ts";
import type { DatasetFiles } from "../output/dataset-files.ts";

/** Waits between tries, in milliseconds: one try more than there are waits. */
const waits: readonly number[] = [250, 1000, 4000];
// A server that is busy may ask for more; longer than this the user should know.
const longestWaitMs = 60_000;
// Without ranges a file is held whole in memory.
const wholeLimit = 512 * 2 ** 20;

/** Throws `StopRun` for an address that is none, or that holds a password: that would stand in logs. */
function addressOf(text: string): URL {
  const next = "give an address such as https://HOST/DATASET, below which manifest.json lies, or of a Parquet file";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw new StopRun(`${text} is no address`, { next });
  if (url.username !== "" || url.password !== "") throw new StopRun("the address holds a password, which is not read from there", { next });
  return url;
}

/** The files below an address. */
export function filesAt(address: string): DatasetFiles {
  const base = addressOf(address.replace(/\/?(?:manifest\.json)?$/, ""));
  // The page of a dataset on the Hub: its files lie below.
  if (/^\/datasets\/[^/]+\/[^/]+$/.test(base.pathname)) base.pathname += "/resolve/main";
  const urlOf = (file: string): URL => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, "")}/${file.split("/").map(encodeURIComponent).join("/")}`;
    return url;
  };
  return {
    name: base.href.replace(/\/$/, ""),
    async text(file) {
      const read = async (response: Response): Promise<string | null> => {
        if (response.status !== 404) return response.text();
        await response.body?.cancel();
        return null;
      };
      return tried(urlOf(file), {}, read, [404]);
    },
    open: (file) => openAt(urlOf(file).href),
  };
}

/** One file at an address. */
export async function openAt(address: string): Promise<AsyncBuffer> {
  const url = addressOf(address);
  const first = await tried(url, { range: "bytes=0-0" }, async (response) => {
    const total = totalOf(response);
    if (total !== null) {
      await response.arrayBuffer();
      return total;
    }
    const length = Number(response.headers.get("content-length") ?? 0);
    if (length > wholeLimit) {
      await response.body?.cancel();
      throw new StopRun(`${url.href} has ${length} bytes, and its server gives no parts of files`, {
        next: "download the dataset, and give its folder",
      });
    }
    return response.arrayBuffer();
  });
  if (first instanceof ArrayBuffer) return { byteLength: first.byteLength, slice: (start, end) => first.slice(start, end) };
  return { byteLength: first, slice: (start, end = first) => part(url, start, Math.min(end, first), first) };
}

async function part(url: URL, start: number, end: number, total: number): Promise<ArrayBuffer> {
  if (end <= start) return new ArrayBuffer(0);
  return tried(url, { range: `bytes=${start}-${end - 1}` }, async (response) => {
    const now = totalOf(response);
    if (now !== total) {
      await response.body?.cancel();
      throw new StopRun(`${url.href} changed while it was read`, { next: "start the command again", exitCode: 1 });
    }
    const bytes = await response.arrayBuffer();
    if (bytes.byteLength !== end - start) throw new CutShort(`${bytes.byteLength} of ${end - start} bytes came`);
    return bytes;
  });
}

/** The file's whole size where the answer is a part of it; null for a whole one. */
function totalOf(response: Response): number | null {
  const total = response.status === 206 ? /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1] : undefined;
  return total === undefined ? null : Number(total);
}

class CutShort extends Error {}

/** Asks until it is answered; `read` takes the body. `expected` are refusals that it takes itself. */
async function tried<T>(
  url: URL,
  headers: Record<string, string>,
  read: (response: Response) => Promise<T>,
  expected: readonly number[] = [],
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const last = waits[attempt] === undefined;
    try {
      const response = await fetch(url, { headers: { ...headers, "accept-encoding": "identity" } });
      if (response.ok || expected.includes(response.status)) return await read(response);
      await response.body?.cancel();
      if (last || !passing(response.status)) throw refusal(url, response.status);
      await pause(waitOf(response, attempt));
    } catch (error) {
      // What `fetch` throws of the network is a TypeError; so is what a body throws that breaks off.
      if (!(error instanceof TypeError) && !(error instanceof CutShort)) throw error;
      if (last) throw broken(url, error);
      await pause(waits[attempt] ?? 0);
    }
  }
}

const passing = (status: number): boolean => status === 429 || status >= 500;

function waitOf(response: Response, attempt: number): number {
  const asked = Number(response.headers.get("retry-after") ?? Number.NaN) * 1000;
  return Number.isNaN(asked) ? (waits[attempt] ?? 0) : Math.min(asked, longestWaitMs);
}

function refusal(url: URL, status: number): Error {
  if (status === 404 || status === 410) {
    return new StopRun(`there is nothing at ${url.href} (${status})`, {
      next: "give the address of a Parquet file, or the one below which manifest.json lies",
    });
  }
  if (status === 401 || status === 403) {
    return new StopRun(`${url.href} is not open to everybody (${status})`, {
      next: "download the dataset with your credential (from the Hugging Face Hub: kihon pull OWNER/NAME FOLDER), and give its folder",
    });
  }
  if (passing(status)) return new RetryLater(`${url.href} answers ${status}, ${waits.length + 1} times in a row`);
  return new StopRun(`${url.href} answers ${status}`, { next: "see whether the address is right", exitCode: 1 });
}

function broken(url: URL, error: Error): RetryLater {
  const cause = error.cause instanceof Error && "code" in error.cause ? String(error.cause.code) : error.message;
  return new RetryLater(`${url.href} could not be read to its end: ${cause}`, { cause: error });
}
