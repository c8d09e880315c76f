/** Identity: sha256 over canonical JSON. */
import { createHash } from "node:crypto";

/** JSON with sorted keys and no white space; undefined members are left out. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

export const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** 16 hex digits over the canonical form: the ids of candidates, environments and instances. */
export const shortId = (value: unknown): string => sha256(canonical(value)).slice(0, 16);
