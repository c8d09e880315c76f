import { describe, expect, it } from "vitest";
import { StopRun } from "../../../lib/errors.ts";
import { repositoriesIn } from "../../../miners/github/named.ts";

const names = (text: string, api = "https://api.github.com"): readonly string[] => repositoriesIn(text, api, "list.txt");

describe("repositories in a list", () => {
  it("are names or addresses, with remarks and empty lines between, each once", () => {
    const lines = ["# ours", "", "owner/name", "https://github.com/Owner/Name.git  # again", "git@github.com:other/one.git", "a/b.git"];
    expect(names(lines.join("\r\n"))).toEqual(["owner/name", "other/one", "a/b"]);
  });

  it("of an Enterprise server lie at its host", () => {
    expect(names("https://git.example.com/a/b", "https://git.example.com/api/v3")).toEqual(["a/b"]);
  });

  it.each([
    [
      "an address of another host",
      "owner/name\nhttps://elsewhere.example/a/b\n",
      /^line 2 of list\.txt names no repository of github\.com$/,
    ],
    ["a name without an owner", "name", /^line 1 of list\.txt/],
    ["nothing", "# nothing\n", /^list\.txt names no repository$/],
  ])("that hold %s stop with a next step", (_, text, said) => {
    expect(() => names(text)).toThrow(said);
    expect(() => names(text)).toThrow(StopRun);
  });
});
