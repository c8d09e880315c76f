import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RetryLater } from "../../lib/errors.ts";
import { RegistryUpstream } from "../../sandbox/registry-upstream.ts";
import { newestOn } from "../../sandbox/registry-versions.ts";

const versions = {
  "1.0.0": {},
  "1.2.0": { engines: "anything" },
  "2.0.0": { engines: { node: ">=12" } },
  "2.1.0": { engines: { node: ">=12" }, deprecated: "broken" },
  "3.0.0": { engines: { node: ">=20" } },
  "4.0.0-beta.1": { engines: { node: ">=12" } },
};
const server = createServer((request, response) => {
  if (request.url === "/@scope%2ftool") return response.end(JSON.stringify({ versions }));
  if (request.url === "/late") return response.writeHead(503).end();
  return response.writeHead(404).end("{}");
});
let registry: RegistryUpstream;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  registry = new RegistryUpstream(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, tmpdir());
});
afterAll(() => server.close());

describe("the newest release for a Node", () => {
  it.each([
    ["8.17.0", "1.2.0"],
    ["14.21.3", "2.0.0"],
    ["24.0.0", "3.0.0"],
  ])("of %s is what its manifests allow, %s, and neither deprecated nor a preview", async (node, version) => {
    expect(await newestOn(registry, "@scope/tool", node)).toBe(version);
  });

  it("is none of a package that is not there, and is asked again of a registry in trouble", async () => {
    expect(await newestOn(registry, "nothing", "24.0.0")).toBeNull();
    await expect(newestOn(registry, "late", "24.0.0")).rejects.toThrow(RetryLater);
  });
});
