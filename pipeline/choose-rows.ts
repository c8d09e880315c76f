/** Which rows of a dataset a command works on. */
import type { Instance, SkillName } from "../schemas/instance.ts";

export interface Choice {
  /** Only these rows. */
  readonly ids?: ReadonlySet<string>;
  /** Rows of each skill, at most: the first. */
  readonly limit?: number;
}

export async function* chooseRows(instances: AsyncIterable<Instance>, { ids, limit }: Choice): AsyncGenerator<Instance> {
  const taken = new Map<SkillName, number>();
  for await (const instance of instances) {
    const { id, skill } = instance.draft;
    if (ids !== undefined && !ids.has(id)) continue;
    const count = taken.get(skill) ?? 0;
    if (limit !== undefined && count >= limit) continue;
    taken.set(skill, count + 1);
    yield instance;
  }
}
