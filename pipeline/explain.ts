/** `kihon explain`: what happened to one record, from the ledger. */
import { Ledger } from "./ledger.ts";
import { ledgerFile } from "./work-folder.ts";

export interface Step {
  readonly stage: string;
  readonly id: string;
  readonly kept: boolean;
  readonly reason: string | null;
  readonly detail: string;
}

/** Forebears first, then the record itself, then what was made of it; empty where the run never saw the id. */
export function explain(folder: string, id: string): Step[] {
  const ledger = new Ledger(ledgerFile(folder), { write: false });
  try {
    return ledger.explain(id).map(({ stage, id: own, reason, detail }) => ({ stage, id: own, kept: reason === null, reason, detail }));
  } finally {
    ledger.close();
  }
}
