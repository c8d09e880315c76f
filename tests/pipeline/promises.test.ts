import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { promisesOf } from "../../pipeline/promises.ts";
import type { SandboxPromise, SandboxProvider } from "../../sandbox/contract.ts";

let cache = "";
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "kihon-promises-"));
});
afterEach(() => rmSync(cache, { recursive: true }));

/** A provider that says each of these in turn when it is tried. */
function providerOf(said: readonly boolean[]): SandboxProvider & { readonly tried: () => number } {
  let tried = 0;
  const examine = async (): Promise<readonly SandboxPromise[]> => [
    { name: "memory is held", holds: true, detail: "" },
    { name: "the network is cut", holds: said[tried++] ?? false, detail: `try ${tried}` },
  ];
  return {
    ...{ name: "scripted", version: "1", isolates: true, examine, tried: () => tried },
    available: async () => ({ ok: true, reason: "" }),
    adopt: async () => undefined,
    run: () => Promise.reject(new Error("nothing is run here")),
  };
}
const detail = (promises: readonly SandboxPromise[]): string | undefined => promises.at(-1)?.detail;

it("promises that hold are tried once, and again only of another version", async () => {
  const provider = providerOf([true, true]);
  expect(detail(await promisesOf(provider, cache))).toBe("try 1");
  expect(detail(await promisesOf(provider, cache))).toBe("try 1");
  expect(detail(await promisesOf({ ...provider, version: "2" }, cache))).toBe("try 2");
});

it("promises of which one did not hold are told, and tried again by the next run", async () => {
  const provider = providerOf([false, true, false]);
  expect((await promisesOf(provider, cache)).map(({ holds }) => holds)).toEqual([true, false]);
  expect((await promisesOf(provider, cache)).map(({ holds }) => holds)).toEqual([true, true]);
  expect(detail(await promisesOf(provider, cache))).toBe("try 2");
  expect(provider.tried()).toBe(2);
});
