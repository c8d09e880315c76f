import { describe, expect, it } from "vitest";
import { wholeOf, wrongWithAnswer, wrongWithQuestion } from "./rest-description.ts";
import { pull, ScriptedGithub } from "./scripted-github.ts";

const repository = wholeOf("full-repository");

describe("an answer", () => {
  it.each([
    ["GET", "/repos/owner/name", 200, repository],
    ["GET", "/repositories/7", 200, repository],
    ["GET", "/repos/owner/name/pulls?state=closed", 200, [wholeOf("pull-request-simple")]],
    ["POST", "/app/installations/1/access_tokens", 201, wholeOf("installation-token")],
    ["GET", "/repos/owner/name", 301, { message: "Moved Permanently", url: "https://github.invalid/" }],
    ["GET", "/repos/owner/name", 304, undefined],
    ["GET", "/repos/owner/name", 401, { message: "Bad credentials" }],
  ])("of GitHub's form has nothing wrong: %s %s, %i", (method, address, status, body) => {
    expect(wrongWithAnswer(method, address, status, body)).toEqual([]);
  });

  it.each([
    ["a member that is missing", { clone_url: undefined }, /^must have required property 'clone_url'/],
    ["a member of another type", { id: "7" }, /^\/id must be integer/],
    ["a member that GitHub does not have", { fullName: "owner/name" }, /"additionalProperty":"fullName"/],
    ["null where there is always something", { owner: null }, /^\/owner must be object/],
    ["a moment of another form", { created_at: "yesterday" }, /^\/created_at must match format "date-time"/],
    ["a slip far inside", { owner: { ...wholeOf("simple-user"), site_admin: "no" } }, /^\/owner\/site_admin must be boolean/],
  ])("has %s", (_, more, said) => {
    const sent: unknown = JSON.parse(JSON.stringify({ ...repository, ...more }));
    expect(wrongWithAnswer("GET", "/repos/owner/name", 200, sent)).toEqual([expect.stringMatching(said)]);
  });

  it.each([
    ["has a status that its question never has", "/repos/owner/name", 206, repository],
    ["is to a question that there is not", "/repos/owner/name/nothing", 200, {}],
    ["has a body though nothing changed", "/repos/owner/name", 304, {}],
    ["is one object in place of many", "/repos/owner/name/pulls", 200, repository],
    ["refuses in other words", "/repos/owner/name", 404, { error: "Not Found" }],
  ])("%s", (_, address, status, body) => {
    expect(wrongWithAnswer("GET", address, status, body)).toHaveLength(1);
  });
});

describe("a question", () => {
  it("of GitHub's form has nothing wrong", () => {
    expect(wrongWithQuestion("GET", "/repos/owner/name/pulls?state=closed&sort=updated&direction=desc&per_page=1")).toEqual([]);
  });

  it.each(["state=merged", "sort=newest", "per_page=many", "page_size=1"])("has a parameter that GitHub does not take: %s", (given) => {
    expect(wrongWithQuestion("GET", `/repos/owner/name/pulls?${given}`)).toHaveLength(1);
  });
});

describe("a server that lies", () => {
  const closedAfter = async (more: Parameters<typeof pull>[1], address: string): Promise<unknown> => {
    const github = await ScriptedGithub.listen();
    github.pulls = [pull(1, more)];
    await fetch(`${github.api}${address}`, { headers: { authorization: "token x" } });
    return github.close().catch((error: unknown) => String(error));
  };
  const listing = "/repos/owner/name/pulls?state=closed&sort=updated&direction=desc&per_page=1";

  it("does not close in peace, whoever asked", async () => {
    expect(await closedAfter({ updatedAt: "yesterday" }, listing)).toMatch(/GET .*\(200\): \/0\/updated_at must match format "date-time"/);
    expect(await closedAfter({}, `${listing}&since=today`)).toMatch(/since is no parameter of GET/);
    expect(await closedAfter({}, listing)).toBeUndefined();
  });
});
