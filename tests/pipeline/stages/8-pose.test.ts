import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toRows } from "../../../output/rows.ts";
import type { Bench } from "../../../pipeline/bench.ts";
import { drive, type Item } from "../../../pipeline/drive.ts";
import { Ledger } from "../../../pipeline/ledger.ts";
import { createLog } from "../../../pipeline/log.ts";
import { type Posable, poseStage } from "../../../pipeline/stages/8-pose.ts";
import { Store } from "../../../pipeline/store.ts";
import { Width } from "../../../sandbox/width.ts";
import { configSchema, type LlmSettings } from "../../../schemas/config.ts";
import { contextOf, environment, everything } from "../../skills/stand.ts";
import { LlmServer, raw, says } from "../llm-server.ts";

const key = "sk-never-written-down";
let folder = "";
let server: LlmServer;
let ledger: Ledger;
let said = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-pose-"));
  server = await LlmServer.listen();
  ledger = new Ledger(join(folder, "ledger.sqlite"), { write: true });
  said = "";
});
afterEach(async () => {
  ledger.close();
  await server.close();
  rmSync(folder, { recursive: true });
  expect(server.left).toEqual({ unscripted: 0, unused: 0 });
});

const items: Item<Posable>[] = [
  {
    id: environment.id,
    sha: "1",
    load: () => ({
      environment,
      observed: everything.map((observed) => ({ ...observed, environmentId: environment.id })),
      audits: [],
    }),
  },
];
function pose(llm: LlmSettings | null) {
  const log = createLog({
    json: true,
    terminal: false,
    now: () => 0,
    write: (text) => {
      said += text;
    },
  });
  const { language, runner, text, paths } = contextOf(everything);
  const workspace = async () => ({ language, runner, text, paths });
  // What the driver and this stage ask of a bench.
  const bench = {
    config: configSchema.parse({ llm }),
    store: new Store(join(folder, "store")),
    place: { cache: join(folder, "cache") },
    llmKey: key,
    log,
    workspace,
  };
  return drive(poseStage, items, bench as unknown as Bench, { ledger, width: new Width([1, 1]), mode: "go-on" });
}
const model = (): LlmSettings => ({ url: server.url, model: "small-1" });

/** Every byte below the folder, blobs unpacked. */
const written = (): string =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path))
    .map((bytes) => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("latin1"))
    .join("\n");

describe("the stage pose", () => {
  it("asks no model unless one is configured", async () => {
    const { kept } = await pose(null);
    expect(kept.length).toBeGreaterThan(5);
    expect(server.asked).toEqual([]);
    expect(kept.some((item) => "llm" in item.load().draft.facts)).toBe(false);
  });

  it("gives the same drafts in the same order, with the model's name in their public facts", async () => {
    const plain = await pose(null);
    server.always(says((text) => `Hello.\n\n${text}`));
    const worded = await pose(model());
    expect(worded.kept.map(({ id }) => id)).toEqual(plain.kept.map(({ id }) => id));
    expect(worded.tally.dropped).toEqual(plain.tally.dropped);
    for (const [at, item] of worded.kept.entries()) {
      const [before, after] = [plain.kept[at]?.load(), item.load()];
      expect(after.draft.prompt).toBe(`Hello.\n\n${before?.draft.prompt}`);
      expect({ ...after, draft: { ...after.draft, prompt: "", facts: {} } }).toEqual({
        ...before,
        draft: { ...before?.draft, prompt: "", facts: {} },
      });
    }
    const [first] = worded.kept;
    if (!first) throw new Error("nothing was posed");
    const proof = { repeats: 1, premisesHeld: 1, gold: [1], blank: 0, decoys: [], probes: [], goldComponents: {}, quarantined: [] };
    const rows = toRows({ ...first.load(), proof }, environment, {
      split: "train",
      group: "acme/calc",
      healthyText: contextOf(everything).text,
      protectedPaths: [],
      verifierVersion: "1",
      network: "none",
      provenance: { tool: "kihon", toolVersion: "0", configHash: "0" },
    });
    expect(rows.public.facts).toContainEqual({ name: "llm", value: "small-1" });
  });

  it("asks again for another model, and not for the same", async () => {
    server.always(says((text) => text));
    await pose(model());
    const before = server.asked.length;
    await pose(model());
    expect(server.asked.length).toBe(before);
    await pose({ ...model(), model: "small-2" });
    expect(server.asked.length).toBe(2 * before);
  });

  it("says how many were reworded and why the others were not", async () => {
    server.next(says(() => "no"));
    server.always(says((text) => text));
    const { kept } = await pose(model());
    const short = kept.filter((item) => item.load().draft.facts["llm"] === "kept original: length").length;
    expect(short).toBeGreaterThan(0);
    expect(said).toContain(
      `${kept.length} prompts were given to a language model: ${short} kept original: length, ${kept.length - short} small-1`,
    );
  });

  it("has no verdict while the server fails, and tries again the next time", async () => {
    server.always(raw(500, key, { "retry-after": "0" }));
    const failed = await pose(model());
    expect([failed.kept.length, failed.tally.failed]).toEqual([0, 1]);
    expect(ledger.troubles()).toMatchObject([{ stage: "pose", message: expect.stringContaining("in 3 tries: status 500") }]);
    server.always(says((text) => text));
    expect((await pose(model())).kept.length).toBeGreaterThan(5);
  });

  it("sends the key and writes it nowhere", async () => {
    server.next(raw(429, key, { "retry-after": "0" }), raw(400, `{"error":"${key}"}`));
    server.always(says((text) => text));
    await pose(model());
    expect(new Set(server.asked.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${key}`]));
    expect(said).toContain("language model");
    expect(said).not.toContain(key);
    expect(written()).toContain("small-1");
    expect(written()).not.toContain(key);
  });
});
