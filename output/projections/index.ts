/** The projections. A new format is one file and one line. */
import type { Projection } from "./contract.ts";
import { harbor } from "./harbor.ts";
import { nemoGym } from "./nemo-gym.ts";
import { sft } from "./sft.ts";
import { skyrl } from "./skyrl.ts";
import { slime } from "./slime.ts";
import { sweBench } from "./swe-bench.ts";
import { trl } from "./trl.ts";
import { verifiers } from "./verifiers.ts";
import { verl } from "./verl.ts";

export const projections: readonly Projection[] = Object.freeze([harbor, sweBench, verl, skyrl, trl, nemoGym, slime, verifiers, sft]);
