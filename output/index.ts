/** The exporters. */
import type { Exporter } from "./contract.ts";
import { jsonl } from "./jsonl.ts";
import { parquet } from "./parquet.ts";

export const exporters: readonly Exporter[] = [parquet, jsonl];
