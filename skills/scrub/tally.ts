/** What was taken out of a text, by kind. */

export const removalKinds = [
  "cut",
  "not-text",
  "html-comment",
  "image",
  "template",
  "checklist",
  "trailer",
  "signature",
  "section",
  "patch",
  "fix-code",
  "test-name",
  "closing",
  "fixed-by",
  "hint",
  "link",
  "host",
  "reference",
  "commit-id",
  "mention",
  "e-mail",
  "credential",
  "path",
] as const;
export type RemovalKind = (typeof removalKinds)[number];

export class Tally {
  readonly #counts = new Map<RemovalKind, number>();
  add(kind: RemovalKind, count = 1): void {
    if (count > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }
  /** In the order of `removalKinds`; only what was found. */
  counts(): Readonly<Partial<Record<RemovalKind, number>>> {
    return Object.fromEntries(removalKinds.flatMap((kind) => (this.#counts.has(kind) ? [[kind, this.#counts.get(kind)]] : [])));
  }
}
