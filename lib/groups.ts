/** What belongs together because somebody said so of two at a time (union-find, with path halving). */
export class Groups<T> {
  readonly #parents = new Map<T, T>();

  #root(one: T): T {
    let at = one;
    for (;;) {
      const parent = this.#parents.get(at) ?? at;
      if (parent === at) return at;
      const above = this.#parents.get(parent) ?? parent;
      this.#parents.set(at, above);
      at = above;
    }
  }

  join(a: T, b: T): void {
    const [left, right] = [this.#root(a), this.#root(b)];
    if (left !== right) this.#parents.set(right, left);
  }

  /** Those of each group, in the order in which they are given. */
  of(all: Iterable<T>): readonly (readonly T[])[] {
    return [...Map.groupBy(all, (one) => this.#root(one)).values()];
  }
}
