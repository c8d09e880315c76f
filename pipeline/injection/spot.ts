import type { Site } from "../../schemas/candidate.ts";

/** A place where an operator applies, with the unit around it: what a sample is drawn from. */
export interface Spot {
  /** Of the mutant that it alone would make. */
  readonly id: string;
  readonly site: Site;
}
