import { afterAll, describe, expect, test } from "vitest";
import { RetryLater } from "../../lib/errors.ts";
import { registryTellsDates } from "../../sandbox/registry-dates.ts";
import { datedRegistry, scratch } from "./stand.ts";

const place = scratch();
afterAll(() => place.remove());

describe("a registry", () => {
  let caches = 0;
  const cache = () => `${place.path}/cache-${caches++}`;
  const told = async (packages: Parameters<typeof datedRegistry>[1]): Promise<boolean> => {
    const registry = await datedRegistry(place.path, packages);
    try {
      return await registryTellsDates(cache(), registry.url);
    } finally {
      registry.close();
    }
  };

  test("tells when its versions were published where it dates a known one rightly", async () => {
    expect(await told({ lodash: { "4.17.20": "2020-08-13T16:53:54.152Z", "4.17.21": "2021-02-20T15:42:16.891Z" } })).toBe(true);
  });
  test("does not where it dates it by the day on which it first fetched it", async () => {
    expect(await told({ lodash: { "4.17.21": "2024-12-13T04:57:28.810000+00:00" } })).toBe(false);
  });
  test("does not where it has no such package, or no dates", async () => {
    expect(await told({})).toBe(false);
    expect(await told({ lodash: {} })).toBe(false);
  });
  test("is asked once", async () => {
    const registry = await datedRegistry(place.path, { lodash: { "4.17.21": "2021-02-20T15:42:16.891Z" } });
    const folder = cache();
    expect(await registryTellsDates(folder, registry.url)).toBe(true);
    registry.close();
    expect(await registryTellsDates(folder, registry.url)).toBe(true);
    expect(registry.asked).toEqual(["lodash"]);
  });
  test("that cannot be reached has said nothing", async () => {
    await expect(registryTellsDates(cache(), "http://127.0.0.1:1/")).rejects.toThrow(RetryLater);
  });
});
