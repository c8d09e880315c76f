/**
 * Rows of slime: JSON lines for `--prompt-data FILE --input-key prompt --label-key label --apply-chat-template`. Its remote reward
 * (`--rm-type remote_rm --rm-url URL`) posts prompt, response and label and no metadata, so the label is the instance's id;
 * a function of one's own (`--custom-rm-path`) gets the metadata too.
 *
 * Format: slime 624b824a (21 August 2026), slime/utils/data.py, slime/utils/arguments.py and slime/rollout/rm_hub/__init__.py.
 */
import type { RowPair } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { publicFacts, writeJsonRows } from "./row-files.ts";

const row = (pair: RowPair) => ({
  prompt: pair.public.prompt,
  label: pair.public.instance_id,
  metadata: { rm_type: "remote_rm", ...publicFacts(pair) },
});

export const slime = {
  name: "slime",
  version: 1,
  about: "slime: JSON lines with prompt, label and metadata",
  source: "THUDM/slime 624b824a, slime/utils/data.py",
  holdsTree: false,
  holdsAnswers: false,
  refuses: () => null,
  write: (input, folder) => writeJsonRows(input, folder, row),
} as const satisfies Projection;
