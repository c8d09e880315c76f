/** `kihon explain`: what happened to one record, from the ledger; of an environment also which of its tests are quarantined, and why. */
import { join } from "node:path";
import { plural } from "../lib/plural.ts";
import { unsteadyText } from "../output/flakiness.ts";
import { type Environment, environmentSchema } from "../schemas/environment.ts";
import { Ledger } from "./ledger.ts";
import { prepareStage } from "./stages/3-prepare.ts";
import { Store } from "./store.ts";
import { ledgerFile, workFolder } from "./work-folder.ts";

export interface Step {
  readonly stage: string;
  readonly id: string;
  readonly kept: boolean;
  readonly reason: string | null;
  readonly detail: string;
}

/** Of more no more is said: the dataset's environments list them all. */
const mostTold = 20;

function steadinessOf({ tests, steadiness }: Environment): string {
  const { quarantine = [] } = steadiness ?? {};
  const told = quarantine.slice(0, mostTold).map((test) => `${test.id}: ${unsteadyText(test)}`);
  const more = quarantine.length > mostTold ? [`and ${quarantine.length - mostTold} more`] : [];
  return [`${plural(tests.length, "test")}, ${quarantine.length} quarantined`, ...told, ...more].join("; ");
}

/** Forebears first, then the record itself, then what was made of it; empty where the run never saw the id. */
export function explain(folder: string, id: string): Step[] {
  const ledger = new Ledger(ledgerFile(folder), { write: false });
  const store = new Store(join(workFolder(folder), "store"));
  try {
    return ledger.explain(id).map(({ stage, id: own, blob, reason, detail }) => ({
      ...{ stage, id: own, kept: reason === null, reason },
      detail:
        stage === prepareStage.name && blob !== null && store.has(blob) ? steadinessOf(store.getJson(blob, environmentSchema)) : detail,
    }));
  } finally {
    ledger.close();
  }
}
