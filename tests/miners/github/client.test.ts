import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StopRun } from "../../../lib/errors.ts";
import { GithubClient } from "../../../miners/github/client.ts";
import { credentialsFrom } from "../../../miners/github/credentials.ts";
import { faults, ScriptedGithub } from "./scripted-github.ts";
import { Stand } from "./stand.ts";

let github: ScriptedGithub;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
});
afterEach(async () => {
  await github.close();
  expect(github.unmet).toBe(0);
});
const question = "query { rateLimit { cost } }";
const tokensAsked = (): string[] => github.asked.map(({ token }) => token);
const minute = 60_000;

describe("limits", () => {
  it("let the next token go on, without a wait", async () => {
    using stand = new Stand("ghp_one,ghp_two");
    const client = stand.client(github.api);
    github.fail(faults.primary(stand.now, 10 * minute), 1, ({ token }) => token === "ghp_one");
    await client.query(question, {});
    await client.query(question, {});
    expect(tokensAsked()).toEqual(["ghp_one", "ghp_two", "ghp_two"]);
    expect(stand.slept).toEqual([]);
    expect(stand.said).toEqual(["GitHub's primary limit of token 1 of 2 is reached: it rests for 10 min 1 s"]);
  });

  it("are spared: of several tokens the one with most of its quota left is asked", async () => {
    using stand = new Stand("ghp_one,ghp_two,ghp_three");
    const client = stand.client(github.api);
    const left: Record<string, number> = { ghp_one: 40, ghp_two: 60, ghp_three: 50 };
    github.fail((response, { token }) => {
      left[token] = (left[token] ?? 0) - 10;
      response.writeHead(200, { "content-type": "application/json", "x-ratelimit-remaining": String(left[token]) });
      response.end('{"data":{}}');
    }, 7);
    for (let at = 0; at < 7; at++) await client.query(question, {});
    // Each once, since nothing is known of them yet; then whichever has most, the earlier of two that have as much.
    expect(tokensAsked()).toEqual(["ghp_one", "ghp_two", "ghp_three", "ghp_two", "ghp_two", "ghp_three", "ghp_one"]);
  });

  it("of all tokens are waited for until the first of them may ask again, in sight", async () => {
    using stand = new Stand("ghp_one,ghp_two");
    github.fail(faults.primary(stand.now, 10 * minute), 1, ({ token }) => token === "ghp_one");
    github.fail(faults.primary(stand.now, 2 * minute), 1, ({ token }) => token === "ghp_two");
    await stand.client(github.api).query(question, {});
    expect(tokensAsked()).toEqual(["ghp_one", "ghp_two", "ghp_two"]);
    expect(stand.waitedMs).toBe(2 * minute + 1000);
    expect(stand.countdown.slice(0, 2)).toEqual([
      "waiting for GitHub's limit: going on in 2 min 1 s",
      "waiting for GitHub's limit: going on in 2 min 0 s",
    ]);
    expect(stand.countdown.at(-1)).toBe("waiting for GitHub's limit: going on in 1 s");
  });

  it("are never waited for longer than their hour", async () => {
    using stand = new Stand();
    github.fail(faults.primary(stand.now, 100 * 60 * minute));
    await stand.client(github.api).query(question, {});
    expect(stand.waitedMs).toBe(60 * minute + 1000);
  });

  it("that do not say how long are waited for a minute, then for longer", async () => {
    using stand = new Stand();
    github.fail(faults.secondary(403, null), 3);
    await stand.client(github.api).query(question, {});
    expect(stand.waitedMs).toBe((1 + 2 + 4) * minute);
  });

  it("that do not end are given up", async () => {
    using stand = new Stand();
    github.fail(faults.secondary(403, 1), Number.POSITIVE_INFINITY);
    await expect(stand.client(github.api).query(question, {})).rejects.toThrow(/limits did not end in 25 waits/);
  });

  it("are seen in the pace that octokit keeps, too", async () => {
    using stand = new Stand();
    github.fail(faults.secondary(403, 5));
    await stand.client(github.api, { paced: true }).query(question, {});
    expect(stand.waitedMs).toBe(5000);
  });
});

describe("credentials", () => {
  it("that GitHub refuses are left out, by their place and not by their text", async () => {
    using stand = new Stand("ghp_one, ghp_two");
    const client = stand.client(github.api);
    github.fail(faults.refused, 1, ({ token }) => token === "ghp_one");
    await client.query(question, {});
    await client.query(question, {});
    expect(tokensAsked()).toEqual(["ghp_one", "ghp_two", "ghp_two"]);
    expect(stand.said).toEqual(["GitHub refuses token 1 of 2 (401): going on without it"]);
  });

  it("that are all refused stop the run", async () => {
    using stand = new Stand("ghp_one,ghp_two");
    github.fail(faults.refused, 2);
    const error = await stand
      .client(github.api)
      .query(question, {})
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StopRun);
    expect((error as StopRun).message).toBe("GitHub refuses every credential (401)");
    expect((error as StopRun).next).toContain("KIHON_GITHUB_TOKEN");
  });

  it("are taken from KIHON_GITHUB_TOKEN before GITHUB_TOKEN", () => {
    const tokens = (environment: Record<string, string>) =>
      credentialsFrom(environment).map((one) => (one.kind === "token" ? one.token : one.kind));
    expect(tokens({ KIHON_GITHUB_TOKEN: "a, b,", GITHUB_TOKEN: "c" })).toEqual(["a", "b"]);
    expect(tokens({ KIHON_GITHUB_TOKEN: "", GITHUB_TOKEN: "c" })).toEqual(["c"]);
  });

  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const app = { KIHON_GITHUB_APP_ID: "12", KIHON_GITHUB_APP_PRIVATE_KEY: key, KIHON_GITHUB_APP_INSTALLATION_ID: "34" };
  it.each([
    ["no credential", {}, /nobody without a token/],
    ["a token with a space in it", { GITHUB_TOKEN: "a b" }, /characters that no token has/],
    ["half an app", { KIHON_GITHUB_APP_ID: "12" }, /needs KIHON_GITHUB_APP_PRIVATE_KEY and KIHON_GITHUB_APP_INSTALLATION_ID too/],
    ["an app's key that is none", { ...app, KIHON_GITHUB_APP_PRIVATE_KEY: "secret" }, /private key of the GitHub App cannot be read/],
    ["an installation that is no number", { ...app, KIHON_GITHUB_APP_INSTALLATION_ID: "x" }, /is a number/],
  ])("%s is said with a next step", (_, environment, said) => {
    expect(() => credentialsFrom(environment)).toThrow(said);
    expect(() => credentialsFrom(environment)).toThrow(StopRun);
    expect(() => credentialsFrom(environment)).not.toThrow("secret");
  });

  it.each([
    ["as it is", key],
    ["without its line breaks", key.replaceAll("\n", "\\n")],
  ])("of a GitHub App with its key %s are exchanged for a token of the installation, once", async (_, text) => {
    using stand = new Stand();
    const credentials = credentialsFrom({ ...app, KIHON_GITHUB_APP_PRIVATE_KEY: text });
    const client = new GithubClient({ api: github.api, credentials, outside: stand.outside, retryMs: 1, paced: false });
    await client.query(question, {});
    await client.query(question, {});
    expect(github.asked.map(({ path }) => path)).toEqual(["/app/installations/34/access_tokens", "/graphql", "/graphql"]);
    expect(tokensAsked().slice(1)).toEqual(["ghs_installation", "ghs_installation"]);
  });

  it("of an app that is not installed are refused as credentials", async () => {
    using stand = new Stand();
    github.fail(faults.missing, 1, ({ path }) => path.startsWith("/app/"));
    const client = new GithubClient({
      api: github.api,
      credentials: credentialsFrom(app),
      outside: stand.outside,
      retryMs: 1,
      paced: false,
    });
    await expect(client.query(question, {})).rejects.toThrow("GitHub refuses the credential (404)");
  });
});

describe("addresses", () => {
  it("of a GitHub Enterprise server have GraphQL beside REST", async () => {
    using stand = new Stand();
    const enterprise = await ScriptedGithub.listen("/api/v3");
    const client = stand.client(`${enterprise.api}/`);
    await client.query(question, {});
    await client.get("/repos/owner/name", null);
    expect(enterprise.asked.map(({ path, status }) => [path, status])).toEqual([
      ["/api/graphql", 200],
      ["/api/v3/repos/owner/name", 200],
    ]);
    await enterprise.close();
  });

  it("that answer with a redirect are not followed, so no token goes there", async () => {
    using stand = new Stand();
    github.fail((response) => response.writeHead(302, { location: "/elsewhere" }).end(), 2);
    expect(await stand.client(github.api).get("/repos/owner/name", null)).toMatchObject({ status: 302, location: "/elsewhere" });
    await expect(stand.client(github.api).query(question, {})).rejects.toThrow("from elsewhere (302)");
    expect(github.asked.length).toBe(2);
  });

  it("where nobody listens are named", async () => {
    using stand = new Stand();
    await expect(stand.client("http://127.0.0.1:9").query(question, {})).rejects.toThrow(/no connection/);
  });
});

it("an invalid question is told in GraphQL's words", async () => {
  using stand = new Stand();
  await expect(stand.client(github.api).query("query { nonsense }", {})).rejects.toThrow(/Cannot query field "nonsense"/);
});
