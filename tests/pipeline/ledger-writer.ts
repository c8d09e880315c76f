/** Records batches into a ledger and a store until it is killed; says each batch's number once it is recorded. */
import { join } from "node:path";
import { Ledger } from "../../pipeline/ledger.ts";
import { Store } from "../../pipeline/store.ts";

const folder = process.argv[2] ?? "";
const ledger = new Ledger(join(folder, "ledger.sqlite"), { write: true });
const store = new Store(join(folder, "store"));
for (let at = Number(process.argv[3] ?? 0); ; at++) {
  const blobs = [0, 1, 2].map((index) => store.put(`blob ${at}.${index} ${"x".repeat(2_000)}`));
  const verdicts = blobs.map((blob, index) => ({ id: `${at}.${index}`, parent: null, blob, reason: null, detail: "" }));
  ledger.record({ stage: "test", version: 1, input: String(at), settings: "s" }, verdicts, { wallMs: 0, tries: 1 });
  process.stdout.write(`${at}\n`);
}
