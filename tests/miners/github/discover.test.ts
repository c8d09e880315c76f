import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryLater, StopRun } from "../../../lib/errors.ts";
import { discover, type Fitting, type Found, repositoryReasons, type Search } from "../../../miners/github/discover.ts";
import { faults, ScriptedGithub, type ScriptedResult } from "./scripted-github.ts";
import { Stand } from "./stand.ts";

let github: ScriptedGithub;
let stand: Stand;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  stand = new Stand();
});
afterEach(async () => {
  stand[Symbol.dispose]();
  await github.close();
  expect(github.unmet).toBe(0);
});

const fitting: Fitting = { languages: ["TypeScript", "JavaScript"], runners: ["vitest", "node --test"], now: Date.UTC(2025, 5, 1) };
const found = (more: Partial<Search> = {}, client = stand.client(github.api)): Promise<Found> =>
  discover({ query: "topic:sum", take: 10, look: 100, maxMegabytes: 500, ...more }, fitting, client);
const names = ({ chosen }: Found): string[] => chosen.map(({ name }) => name);
const manifest = (more: Readonly<Record<string, unknown>>): string => JSON.stringify({ name: "x", ...more });

describe("a repository that is found", () => {
  const told: [string, ScriptedResult | "other-form"][] = [
    ["unreadable", "other-form"],
    ["private", { name: "a/b", flags: ["isPrivate"] }],
    ["disabled", { name: "a/b", flags: ["isDisabled"] }],
    ["archived", { name: "a/b", flags: ["isArchived"] }],
    ["fork", { name: "a/b", flags: ["isFork"] }],
    ["mirror", { name: "a/b", flags: ["isMirror"] }],
    ["empty", { name: "a/b", flags: ["isEmpty"] }],
    ["too-big", { name: "a/b", kilobytes: 501_000 }],
    ["other-language", { name: "a/b", languages: { TypeScript: 49, Rust: 51 } }],
    ["no-license", { name: "a/b", license: null }],
    ["no-license", { name: "a/b", license: "NOASSERTION" }],
    ["no-manifest", { name: "a/b", manifest: null }],
    ["no-tests", { name: "a/b", manifest: "{" }],
    ["no-tests", { name: "a/b", manifest: manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }) }],
  ];
  it.each(told)("is passed over as %s", async (reason, result) => {
    github.results = [result];
    const { chosen, passedOver } = await found();
    expect([chosen, passedOver.map((one) => one.reason)]).toEqual([[], [reason]]);
  });

  it.each<[string, ScriptedResult]>([
    ["of the size that is allowed", { name: "a/b", kilobytes: 500_000 }],
    ["half of which is in our languages", { name: "a/b", languages: { TypeScript: 30, JavaScript: 20, Rust: 50 } }],
    ["whose tests something else starts", { name: "a/b", manifest: manifest({ scripts: { test: "turbo test" } }) }],
  ])("%s is taken", async (_, result) => {
    github.results = [result];
    expect(names(await found())).toEqual(["a/b"]);
  });

  it("has a case for each reason here", () => {
    expect(new Set([...told.map(([reason]) => reason), "lower-rank"])).toEqual(new Set(repositoryReasons));
  });
});

describe("the rank", () => {
  it.each<[string, Omit<ScriptedResult, "name">, Omit<ScriptedResult, "name">]>([
    ["more stars", { stars: 5000 }, { stars: 50 }],
    ["a later push", { pushedAt: "2025-05-30T00:00:00Z" }, { pushedAt: "2023-05-30T00:00:00Z" }],
    ["more merged pull requests", { merged: 3000 }, { merged: 3 }],
    ["more of our languages", {}, { languages: { TypeScript: 60, CSS: 40 } }],
    ["a runner that we know", {}, { manifest: manifest({ scripts: { test: "turbo test" } }) }],
    ["less to fetch", { kilobytes: 500 }, { kilobytes: 400_000 }],
  ])("is higher with %s", async (_, better, worse) => {
    github.results = [
      { name: "a/worse", ...worse },
      { name: "z/better", ...better },
    ];
    expect(names(await found())).toEqual(["z/better", "a/worse"]);
  });

  it("takes so many, and says of the others how far behind they are", async () => {
    github.results = [1, 2, 3].map((at) => ({ name: `a/r${at}`, stars: 10 ** at }));
    const { chosen, passedOver } = await found({ take: 1 });
    expect(chosen).toEqual([
      {
        name: "a/r3",
        detail: expect.stringMatching(/^score 0\.\d{3}: stars 0\.60, activity 0\.89, pulls 0\.50, share 1\.00, tests 1\.00, size 0\.84$/),
      },
    ]);
    expect(passedOver.map(({ name, reason, detail }) => [name, reason, detail.split(";")[0]])).toEqual([
      ["a/r2", "lower-rank", "rank 2, and 1 are taken"],
      ["a/r1", "lower-rank", "rank 3, and 1 are taken"],
    ]);
  });
});

describe("a search", () => {
  it("looks at so many, a point for 25 of them, and at each once", async () => {
    github.results = Array.from({ length: 80 }, (_, at) => ({ name: `a/r${at === 30 ? 0 : at}` }));
    const client = stand.client(github.api);
    const { chosen } = await found({ look: 60, take: 100 }, client);
    expect(chosen.length).toBe(59);
    expect(client.spent).toEqual({ requests: 3, notModified: 0, points: 3 });
    expect(github.asked.map(({ variables }) => variables["first"])).toEqual([25, 25, 10]);
  });

  it("asks for less where so much is too much", async () => {
    github.results = Array.from({ length: 30 }, (_, at) => ({ name: `a/r${at}` }));
    github.fail(faults.badGateway, 4);
    expect(names(await found({ take: 100 })).length).toBe(30);
  });

  it("that is not answered is tried later, and one that is refused stops the run", async () => {
    github.fail(faults.badGateway, 20);
    await expect(found()).rejects.toThrow(RetryLater);
    github.fail(faults.missing);
    await expect(found()).rejects.toThrow(StopRun);
  });
});
