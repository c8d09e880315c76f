import { describe, expect, it } from "vitest";
import { initLanguages, runnerNamed } from "../../../languages/index.ts";
import { conditionsOf, inWords, isMoved, suspects, usual } from "../../../pipeline/environment/conditions.ts";
import { recipeOf } from "../../sandbox/stand.ts";

await initLanguages();
function wordsOf(repeats: number, name = "jest", env: Record<string, string> = {}): string[] {
  const runner = runnerNamed(name);
  if (runner === null || runner === undefined) throw new Error(`${name} is not listed`);
  return Array.from({ length: repeats }, (_, repeat) =>
    inWords(conditionsOf(repeat, { repeats, runner, recipe: recipeOf({ env }) })).join(" "),
  );
}

describe("the runs of a baseline", () => {
  it("are one as all others are, one at another place and one at another time on a busy machine", () => {
    expect(wordsOf(3)).toEqual(["", "order=1 TZ=Pacific/Chatham LANG=tr_TR.UTF-8 workers=1", "order=2 clock=+500d12h load=1"]);
  });
  it("are all of that in the second where there are two, and nothing of it where there is one", () => {
    expect(wordsOf(2)).toEqual(["", "order=1 TZ=Pacific/Chatham LANG=tr_TR.UTF-8 workers=1 clock=+500d12h load=1"]);
    expect(wordsOf(1)).toEqual([""]);
    expect([isMoved(usual), inWords(usual)]).toEqual([false, []]);
  });
  it("are at several places where there are more", () => {
    expect(wordsOf(5).map((words) => /TZ=\S+ LANG=\S+/.exec(words)?.[0])).toEqual([
      undefined,
      "TZ=Pacific/Chatham LANG=tr_TR.UTF-8",
      "TZ=America/St_Johns LANG=ar_EG.UTF-8",
      "TZ=Pacific/Chatham LANG=tr_TR.UTF-8",
      undefined,
    ]);
  });
  it("differ in nothing that a runner does not have", () => {
    expect(wordsOf(3, "mocha")[1]).toBe("order=1 TZ=Pacific/Chatham LANG=tr_TR.UTF-8");
    expect(wordsOf(3, "node-test")[1]).toBe("TZ=Pacific/Chatham LANG=tr_TR.UTF-8 workers=1");
  });
  it.each([
    [{ TZ: "America/New_York" }, "LANG=tr_TR.UTF-8"],
    [{ LC_ALL: "C" }, "TZ=Pacific/Chatham"],
    [{ LANG: "en_US.utf8", TZ: "UTC" }, ""],
    [{ NODE_ENV: "test" }, "TZ=Pacific/Chatham LANG=tr_TR.UTF-8"],
  ])("leave what the repository itself fixes: %j", (env, words) => {
    expect(wordsOf(3, "jest", env)[1]).toBe(["order=1", words, "workers=1"].filter(Boolean).join(" "));
  });
});

describe("what may have made a test come out otherwise", () => {
  const runs = [[], ["order=1", "TZ=X"], ["order=2", "load=1"]];
  it.each([
    [
      ["passed", "failed", "passed"],
      ["order=1", "TZ=X"],
    ],
    [
      ["failed", "failed", "passed"],
      ["order=2", "load=1"],
    ],
    [
      ["passed", undefined, "failed"],
      ["order=1", "TZ=X", "order=2", "load=1"],
    ],
    [
      [undefined, "passed", "passed"],
      ["order=1", "TZ=X", "order=2", "load=1"],
    ],
  ] as const)("is what these runs had: %j", (statuses, words) => {
    expect(suspects(statuses, runs)).toEqual(words);
  });
  it("is not what a run had that came out as the first", () => {
    expect(suspects(["passed", "failed", "passed"], [[], ["TZ=X", "LANG=Y"], ["TZ=X"]])).toEqual(["LANG=Y"]);
  });
  it("is nothing where nothing was changed", () => {
    expect(suspects(["passed", "failed"], [[], []])).toEqual([]);
  });
});
