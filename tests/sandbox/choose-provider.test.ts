import { expect, test } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { chooseProvider, listProviders } from "../../sandbox/index.ts";

const nextOf = async (choice: Parameters<typeof chooseProvider>[0]): Promise<string> => {
  try {
    await chooseProvider(choice);
  } catch (error) {
    if (error instanceof StopRun) return error.next;
    throw error;
  }
  throw new Error("a provider was chosen");
};

test("every provider has a name of its own, and the first isolates", () => {
  const names = listProviders().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(listProviders()[0]?.isolates).toBe(true);
});
test("a provider that does not isolate needs the user's trust", async () => {
  expect(await nextOf({ name: "process", trusted: false })).toContain("--i-trust-this-code");
});
test("a provider that nobody knows is answered with those that there are", async () => {
  expect(await nextOf({ name: "magic", trusted: true })).toContain("bubblewrap, podman, process");
});
test("an image for a provider without containers is answered, and not passed over", async () => {
  expect(await nextOf({ name: "bubblewrap", image: "debian@sha256:0", trusted: false })).toContain("--sandbox podman");
});
test("with an image no provider without containers is chosen", async () => {
  await expect(chooseProvider({ image: `nowhere/none@sha256:${"0".repeat(64)}`, trusted: false })).rejects.toThrow(/podman: /);
});
test("trust alone chooses no provider that does not isolate", async () => {
  const chosen = await chooseProvider({ trusted: true }).catch((error: unknown) => {
    if (error instanceof StopRun) return null;
    throw error;
  });
  expect(chosen === null || chosen.isolates).toBe(true);
});
