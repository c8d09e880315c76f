/** Fills a small disk through the store and says how that ended. */

import { randomBytes } from "node:crypto";
import { StopRun } from "../../lib/errors.ts";
import { Store } from "../../pipeline/store.ts";

const store = new Store(process.argv[2] ?? "");
const kept: [sha: string, hex: string][] = [];
try {
  for (;;) {
    const hex = randomBytes(20_000).toString("hex");
    kept.push([store.put(hex), hex]);
  }
} catch (error) {
  if (!(error instanceof StopRun)) throw error;
  for (const [sha, hex] of kept) if (store.get(sha).toString() !== hex) throw new Error("a blob is not what was put", { cause: error });
  process.stdout.write(JSON.stringify({ message: error.message, next: error.next, kept: kept.length }));
}
