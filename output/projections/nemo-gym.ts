/**
 * Rows of NeMo Gym: JSON lines with a request of OpenAI's Responses API and what the resources server's `verify` needs. `agent_ref` is added by
 * `gym dataset collate`, as its documentation asks.
 *
 * Format: NeMo Gym 07d6b0d0 (22 August 2026), fern/versions/latest/pages/data/index.mdx and nemo_gym/base_resources_server.py.
 */
import type { RowPair } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { publicFacts, writeJsonRows } from "./row-files.ts";

const row = (pair: RowPair) => ({
  responses_create_params: { input: pair.public.prompt },
  id: pair.public.instance_id,
  ...publicFacts(pair),
});

export const nemoGym = {
  name: "nemo-gym",
  version: 1,
  about: "NeMo Gym: JSON lines with responses_create_params",
  source: "NVIDIA-NeMo/Gym 07d6b0d0, fern/versions/latest/pages/data/index.mdx",
  holdsTree: false,
  holdsAnswers: false,
  refuses: () => null,
  write: (input, folder) => writeJsonRows(input, folder, row),
} as const satisfies Projection;
