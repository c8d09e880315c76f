import { describe, expect, it } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { parseConfig } from "../../pipeline/config.ts";

const refusal = (given: unknown): StopRun => {
  try {
    parseConfig(given);
  } catch (error) {
    if (error instanceof StopRun) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("settings", () => {
  it("have a default each", () => {
    expect(parseConfig({})).toMatchObject({ seed: "1", revision: "HEAD", mutants: 200, repeats: 3 });
  });

  it("pose atomic skills unless a composite task is named, alone or beside a share that is held out", () => {
    expect(parseConfig({}).skills).toEqual(["localization", "editing", "unit-tests", "reproduction", "review"]);
    expect(parseConfig({ skills: ["bug-fix"] }).skills).toEqual(["bug-fix"]);
    const splitRatio = { train: 8, validation: 0, test: 2 };
    expect(parseConfig({ skills: ["editing", "bug-fix"], splitRatio }).skills).toEqual(["editing", "bug-fix"]);
  });

  it.each([
    [{ mutants: -1 }, /mutants/],
    [{ repeats: 0 }, /repeats/],
    [{ skills: ["cooking"] }, /skills/],
    [{ skills: ["editing", "bug-fix"] }, /never share a repository[\s\S]*skills/],
    [{ mutant: 3 }, /mutant/],
    [{ higherOrder: 2 }, /higherOrder/],
    [{ llm: { url: "file:///etc/passwd", model: "m" } }, /begins with http[\s\S]*llm\.url/],
    [{ llm: { url: "http://me:secret@host/v1", model: "m" } }, /KIHON_LLM_KEY[\s\S]*llm\.url/],
    [{ llm: { url: "http://host/v1?key=secret", model: "m" } }, /KIHON_LLM_KEY[\s\S]*llm\.url/],
    [{ llm: { url: "nowhere", model: "m" } }, /llm\.url/],
    [{ llm: { url: "http://host/v1", model: "" } }, /llm\.model/],
    [{ llm: { url: "http://host/v1", model: "m", key: "secret" } }, /key/],
    [{ github: { repositories: ["name"] } }, /owner\/name[\s\S]*github\.repositories/],
    [{ github: { repositories: ["../name"] } }, /owner\/name/],
    [{ github: { repositories: ["owner/.."] } }, /owner\/name/],
    [{ github: { repositories: [] } }, /neither a repository nor a search/],
    [{ github: { search: { query: " " } } }, /github\.search\.query/],
    [{ github: { search: { query: "x", look: 1001 } } }, /at most 1000/],
    [{ github: { repositories: ["o/n"], api: "http://example.com" } }, /https:\/\/ only/],
    [{ github: { repositories: ["o/n"], api: "https://me:secret@example.com" } }, /KIHON_GITHUB_TOKEN/],
    [{ github: { repositories: ["o/n"], since: "June" } }, /2025-06-30/],
    ["text", /object/],
  ])("%j is refused by name, with exit code 2", (given, named) => {
    const error = refusal(given);
    expect(error.message).toMatch(named);
    expect([error.exitCode, error.next]).toEqual([2, "kihon run --help lists the options"]);
    expect(error.message).not.toContain("secret");
  });

  it.each([
    [{ repeats: 50 }, /^the settings cannot be used: --repeats 50: .* → at repeats$/],
    [{ mutants: -1, perSkill: 0 }, /--mutants -1: [\s\S]*\n--per-skill 0: /],
    [{ permissive: { allow: [""] } }, /--licenses : .* → at permissive\.allow\[0\]/],
    [{ github: { repositories: ["o/n", "name"] } }, /--github name: .*at github\.repositories\[1\]/],
    [{ github: { search: { query: "x", look: 1001 } } }, /--github-look 1001: /],
    [{ github: { repositories: ["o/n"], since: "June" } }, /--github-since June: /],
    [{ selection: { cutoff: "June" } }, /--cutoff June: /],
    [{ llm: { url: "http://me:secret@host/v1", model: "m" } }, /--llm: the address has no name/],
  ])("%j is refused by the option that gives it, and by its value", (given, named) => {
    expect(refusal(given).message).toMatch(named);
  });

  it("take a language model by address and name, and need none", () => {
    expect(parseConfig({}).llm).toBeNull();
    const llm = { url: "http://127.0.0.1:8080/v1", model: "small-1" };
    expect(parseConfig({ llm }).llm).toEqual(llm);
  });

  it("take repositories of GitHub's with a default for the rest, and need none", () => {
    expect(parseConfig({}).github).toBeNull();
    const settings = { search: null, limit: 100, since: null, until: null, api: "https://api.github.com" };
    expect(parseConfig({ github: { repositories: ["o/.github"] } }).github).toEqual({ repositories: ["o/.github"], ...settings });
  });

  it("know the names of the operators, and list them", () => {
    expect(parseConfig({ operators: ["equality-flip"] }).operators).toEqual(["equality-flip"]);
    const error = refusal({ operators: ["equality-flip", "nonsense"] });
    expect(error.message).toBe("there is no operator named nonsense");
    expect(error.next).toContain("equality-flip");
  });

  it("allow licences of the SPDX list, with an exception or of one's own, and no others", () => {
    const allow = ["mit", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-own"];
    expect(parseConfig({ permissive: { allow } }).permissive.allow).toEqual(allow);
    const error = refusal({ permissive: { allow: ["MIT", "FOO", "Apache 2", "MIT OR ISC"] } });
    expect([error.message, error.exitCode]).toEqual(["there is no licence FOO, Apache 2, MIT OR ISC on the SPDX list", 2]);
    expect(error.next).toContain("--licenses");
  });

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true);
  });
});
