/** What a sift said of an environment's mutants, in figures; or why it said nothing of any. */
import type { Environment } from "../schemas/environment.ts";
import type { SiftSummary } from "../schemas/run-summary.ts";
import type { Verdict } from "./ledger.ts";
import type { Sifted } from "./stages/5-sift.ts";

/** `siftedOf` gives what was kept of a mutant, by its id. */
export function siftSummary(environment: Environment, verdicts: readonly Verdict[], siftedOf: (id: string) => Sifted | null): SiftSummary {
  const counts = { survived: 0, endless: 0, killed: 0, unsure: 0, "not-sifted": 0 };
  const why = new Map<string, number>();
  for (const { id, reason } of verdicts) {
    const sifted = reason === null ? siftedOf(id) : null;
    if (reason === "sift/survived") counts.survived += 1;
    else if (reason === "sift/endless") counts.endless += 1;
    if (sifted === null) continue;
    counts[sifted.verdict] += 1;
    if (sifted.verdict !== "killed") why.set(sifted.said, (why.get(sifted.said) ?? 0) + 1);
  }
  const { survived, endless, killed, unsure } = counts;
  const [most] = [...why].sort((a, b) => b[1] - a[1]);
  const nothing = survived + endless + killed === 0 ? (most?.[0] ?? null) : null;
  const { id: environmentId, revision } = environment;
  return { repository: revision.repository.name, environmentId, mutants: verdicts.length, survived, endless, killed, unsure, nothing };
}
