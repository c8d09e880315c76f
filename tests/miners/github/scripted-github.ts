/**
 * A server that speaks GitHub's REST, GraphQL and git for one scripted repository. GraphQL is answered by graphql-js over GitHub's published
 * schema, so a question or an answer that does not fit the schema cannot come to be. REST questions and answers are held against GitHub's
 * published description: where one does not fit, the server does not close in peace. It notes what it was asked, and fails on command.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join, normalize } from "node:path";
import { schema as published } from "@octokit/graphql-schema";
import { buildSchema, type DocumentNode, execute, parse, type SelectionSetNode, validate } from "graphql";
import { wholeOf, wrongWithAnswer, wrongWithQuestion } from "./rest-description.ts";

const schema = buildSchema(published.idl, { assumeValid: true });

export interface ScriptedComment {
  readonly body: string;
  readonly createdAt: string;
  readonly editedAt?: string;
  /** Type and login; null for an account that is gone. */
  readonly author?: readonly [type: string, login: string] | null;
}
export interface ScriptedIssue extends ScriptedComment {
  readonly number: number;
  readonly title: string;
  /** When it was called otherwise until, and how. */
  readonly renames?: readonly { readonly at: string; readonly from: string }[];
  readonly comments?: readonly ScriptedComment[];
}
export interface ScriptedThread extends ScriptedComment {
  readonly path: string;
  readonly line?: number | null;
  readonly originalLine?: number;
  /** The first of several lines. */
  readonly originalStartLine?: number;
  /** On a line that the diff took away. */
  readonly left?: boolean;
  readonly commit?: string;
  readonly resolved?: boolean;
  readonly outdated?: boolean;
}
export interface ScriptedReview {
  readonly state: "PENDING" | "COMMENTED" | "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED";
  /** Null while it is not submitted. */
  readonly at: string | null;
  readonly body?: string;
  readonly author?: ScriptedComment["author"];
  /** The head where it is not said, null where it is gone. */
  readonly commit?: string | null;
}
export interface ScriptedPull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly createdAt: string;
  readonly mergedAt: string;
  /** As `mergedAt` where it is absent. */
  readonly updatedAt?: string;
  readonly author: readonly [type: string, login: string] | null;
  readonly base: { readonly ref: string; readonly oid: string };
  readonly head: { readonly ref: string; readonly oid: string; readonly fork: string | null };
  readonly merge: { readonly oid: string; readonly message: string; readonly parents: readonly string[] } | null;
  readonly commits: readonly { readonly message: string; readonly authoredDate: string; readonly oid?: string }[];
  readonly forcePushes?: readonly { readonly at: string; readonly before: string | null; readonly after: string | null }[];
  readonly labels: readonly string[];
  readonly issues: readonly ScriptedIssue[];
  readonly threads: readonly ScriptedThread[];
  readonly reviews?: readonly ScriptedReview[];
}

/** What a search gives, as far as it is not as usual. */
export interface ScriptedResult {
  readonly name: string;
  readonly stars?: number;
  readonly pushedAt?: string | null;
  readonly kilobytes?: number;
  readonly flags?: readonly ("isPrivate" | "isDisabled" | "isArchived" | "isFork" | "isMirror" | "isEmpty")[];
  readonly license?: string | null;
  /** Bytes of each language. */
  readonly languages?: Readonly<Record<string, number>>;
  readonly merged?: number;
  /** Text of its package.json. */
  readonly manifest?: string | null;
}
const testedManifest = JSON.stringify({ scripts: { test: "vitest run" }, devDependencies: { vitest: "1" } });
const flagNames = ["isPrivate", "isDisabled", "isArchived", "isFork", "isMirror", "isEmpty"] as const;

const oid = (text: string): string => createHash("sha1").update(text).digest("hex");
const day = (number: number): string => new Date(Date.UTC(2024, 0, 1) + number * 3_600_000).toISOString().replace(".000Z", "Z");

/** A squashed pull request with nothing special about it. */
export const pull = (number: number, more: Partial<ScriptedPull> = {}): ScriptedPull => ({
  number,
  title: `Fix number ${number}`,
  body: `It closes what it closes.`,
  createdAt: day(number),
  mergedAt: day(number + 5),
  author: ["User", "ann"],
  base: { ref: "main", oid: oid(`base ${number}`) },
  head: { ref: `fix-${number}`, oid: oid(`head ${number}`), fork: "ann/name" },
  merge: { oid: oid(`merge ${number}`), message: `Fix number ${number} (#${number})`, parents: [oid(`base ${number}`)] },
  commits: [{ message: `work on ${number}`, authoredDate: day(number - 1) }],
  labels: ["bug"],
  issues: [],
  threads: [],
  ...more,
});

const createdAt = (one: ScriptedPull): string => one.createdAt;
const updatedAt = (one: ScriptedPull): string => one.updatedAt ?? one.mergedAt;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  /** The operation's text and variables, for GraphQL. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** 0 while it is not answered. */
  status: number;
}
/** Answers in its own way; what gives "go on" leaves the answer to the server. */
export type Fault = (response: ServerResponse, asked: Asked) => unknown;

const json = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
};
const seconds = (ms: number): string => String(Math.ceil(ms / 1000));

/** An answer of the REST API. */
interface Told {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
const refusal = (status: number, message: string): Told => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) },
});

/** What can go wrong. `skewMs` is how far GitHub's clock is ahead of ours. */
export const faults = {
  secondary:
    (status: 403 | 429, retryAfter: number | null): Fault =>
    (response) =>
      json(
        response,
        status,
        { message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again." },
        retryAfter === null ? {} : { "retry-after": String(retryAfter) },
      ),
  primary:
    (now: () => number, inMs: number, skewMs = 0): Fault =>
    (response) =>
      json(
        response,
        403,
        { message: "API rate limit exceeded" },
        {
          date: new Date(now() + skewMs).toUTCString(),
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset": seconds(now() + skewMs + inMs),
        },
      ),
  graphqlLimit:
    (now: () => number, inMs: number, skewMs = 0): Fault =>
    (response) =>
      json(
        response,
        200,
        { errors: [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }] },
        {
          date: new Date(now() + skewMs).toUTCString(),
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset": seconds(now() + skewMs + inMs),
        },
      ),
  /** The secondary limit as GraphQL may tell of it. */
  graphqlSecondary: ((response) =>
    json(response, 200, { errors: [{ message: "You have exceeded a secondary rate limit. Please wait." }] })) satisfies Fault,
  badGateway: ((response) => {
    response.writeHead(502, { "content-type": "text/html" }).end("<html><body>Unicorn!</body></html>");
  }) satisfies Fault,
  serverError: ((response) => json(response, 500, { message: "Server Error" })) satisfies Fault,
  html: ((response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!DOCTYPE html><html>maintenance</html>");
  }) satisfies Fault,
  /** The connection ends before the body does. */
  cutOff: ((response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "5000" });
    response.write('{"data":{"node":{"pullRequests"', () => response.destroy());
  }) satisfies Fault,
  /** The body ends before the JSON does. */
  halfJson: ((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"node":{"pullRequests":{"nodes":[');
  }) satisfies Fault,
  /** The connection ends in the middle of what would have been the answer. */
  halfAnswer: ((response) => {
    const { end } = response;
    response.end = ((body: Buffer | string = "") => {
      response.end = end;
      if (body.length < 2) response.destroy();
      else response.write(body.slice(0, body.length >> 1), () => response.destroy());
    }) as typeof end;
    return "go on";
  }) satisfies Fault,
  empty: ((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end();
  }) satisfies Fault,
  nothing: ((response) => json(response, 200, null)) satisfies Fault,
  timeout: ((response) =>
    json(response, 200, {
      data: null,
      errors: [
        { message: "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug." },
      ],
    })) satisfies Fault,
  reset: ((response) => {
    response.destroy();
  }) satisfies Fault,
  refused: ((response) => json(response, 401, { message: "Bad credentials" })) satisfies Fault,
  sso: ((response) => json(response, 403, { message: "Resource protected by organization SAML enforcement." })) satisfies Fault,
  blocked: ((response) => json(response, 451, { message: "Repository access blocked" })) satisfies Fault,
  missing: ((response) => json(response, 404, { message: "Not Found" })) satisfies Fault,
};

/** What GitHub would charge for a question: a request for each page of each connection, a hundred to the point. */
function pointsOf(document: DocumentNode, variables: Readonly<Record<string, unknown>>): number {
  const count = (set: SelectionSetNode | undefined, times: number): number => {
    let sum = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === "FragmentSpread") throw new Error("named fragments are not counted");
      const sized = selection.kind === "Field" ? selection.arguments?.find(({ name }) => /^(?:first|last)$/.test(name.value)) : undefined;
      const value = sized?.value;
      const size =
        value?.kind === "IntValue" ? Number(value.value) : value?.kind === "Variable" ? Number(variables[value.name.value]) : null;
      sum += (size === null ? 0 : times) + count(selection.selectionSet, times * (size ?? 1));
    }
    return sum;
  };
  const total = document.definitions.reduce((sum, one) => sum + (one.kind === "OperationDefinition" ? count(one.selectionSet, 1) : 0), 0);
  return Math.max(1, Math.round(total / 100));
}

type Sized = { first?: number; last?: number; after?: string | null };
/** A connection whose cursors are keys of its items, as GitHub's are: they stay valid when items come before them. */
const connection =
  <T>(all: readonly T[], keyOf: (item: T, at: number) => string, nodeOf: (item: T) => unknown) =>
  ({ first, last, after }: Sized) => {
    const from = typeof after === "string" ? all.findIndex((item, at) => keyOf(item, at) === after) + 1 : 0;
    const slice = last === undefined ? all.slice(from, from + (first ?? 0)) : all.slice(-last);
    const end = slice.length === 0 ? null : keyOf(slice.at(-1) as T, from + slice.length - 1);
    return {
      totalCount: all.length,
      nodes: slice.map(nodeOf),
      pageInfo: { hasNextPage: last === undefined && from + slice.length < all.length, endCursor: end },
    };
  };
const byPlace = (_: unknown, at: number): string => `at ${at}`;
const actor = (author: readonly [string, string] | null | undefined) =>
  author === null ? null : { __typename: author?.[0] ?? "User", login: author?.[1] ?? "ann" };
const commentNode = (comment: ScriptedComment) => ({ ...comment, lastEditedAt: comment.editedAt ?? null, author: actor(comment.author) });

export class ScriptedGithub {
  readonly asked: Asked[] = [];
  pulls: ScriptedPull[] = [];
  results: (ScriptedResult | "other-form")[] = [];
  name = "owner/name";
  /** Earlier names, which are redirected. */
  readonly formerly = new Set<string>();
  #hidden = false;
  stars = 1;
  points = 0;
  /** How far its clock is ahead of the machine's. */
  skewMs = 0;
  /** A bare repository that is served as the remote. */
  remote: string | null = null;
  /** Whether git is spoken to, or only its files are given; and how much it answered. */
  smart = false;
  gitBytes = 0;
  /** Below what path the API lies, as `/api/v3`. */
  readonly base: string;
  /** Numbers for which whatever else is asked than the number fails, in a way. */
  readonly broken = new Map<number, Fault | "null-node" | "other-form">();
  /** What GitHub would not have asked for or said, in words. */
  readonly #untrue: string[] = [];
  readonly #faults: { readonly fault: Fault; readonly when: (asked: Asked) => boolean; left: number }[] = [];
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => void this.#answer(request, Buffer.concat(parts), response));
  });

  private constructor(base: string) {
    this.base = base;
  }
  static async listen(base = ""): Promise<ScriptedGithub> {
    const made = new ScriptedGithub(base);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }
  get host(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get api(): string {
    return `${this.host}${this.base}`;
  }
  /** The next so many questions that fit fail so. */
  fail(fault: Fault, times = 1, when: (asked: Asked) => boolean = ({ path }) => !path.includes(".git/")): void {
    this.#faults.push({ fault, when, left: times });
  }
  show(): void {
    this.#hidden = false;
  }
  hide(): void {
    this.#hidden = true;
  }
  /** Faults that were scripted and never met. */
  get unmet(): number {
    return this.#faults.reduce((sum, { left }) => sum + (Number.isFinite(left) ? left : 0), 0);
  }
  /** Throws where a question or an answer was not of GitHub's form. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#untrue.length > 0) throw new Error(`GitHub's description does not know this:\n${this.#untrue.join("\n")}`);
  }

  async #answer(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const graphql = path.endsWith("/graphql")
      ? (JSON.parse(body.toString()) as { query: string; variables: Record<string, unknown> })
      : null;
    const token = request.headers.authorization?.replace(/^(?:token|bearer) /i, "") ?? "";
    const asked: Asked = {
      method: request.method ?? "",
      path,
      token,
      query: graphql?.query ?? "",
      variables: graphql?.variables ?? {},
      status: 0,
    };
    this.asked.push(asked);
    response.once("finish", () => {
      asked.status = response.statusCode;
    });
    response.setHeader("date", new Date(Date.now() + this.skewMs).toUTCString());
    const met = this.#faults.find(({ left, when }) => left > 0 && when(asked));
    if (met) {
      met.left -= 1;
      if (met.fault(response, asked) !== "go on") return;
    }
    const old = [...this.formerly].find((name) => path.startsWith(`/${name}.git/`));
    if (old !== undefined)
      return void response.writeHead(301, { location: `${this.host}/${this.name}${path.slice(old.length + 1)}` }).end();
    if (path.includes(".git/")) return this.smart ? this.#smartGit(request, body, response) : this.#git(path, response);
    if (graphql !== null && path === `${this.base.replace("/v3", "")}/graphql`) {
      return token === "" ? json(response, 401, { message: "Requires authentication" }) : this.#graphql(asked, response);
    }
    if (!path.startsWith(`${this.base}/`)) return json(response, 404, { message: "Not Found" });
    const own = path.slice(this.base.length);
    this.#tell(own, this.#rest(asked.method, own, token), request, response);
  }

  /** The "dumb" protocol: files of the bare repository, after `git update-server-info`. */
  #git(path: string, response: ServerResponse): void {
    const [own = "", inside = ""] = path.split(".git/");
    const file = join(this.remote ?? "/nowhere", normalize(inside.split("?")[0] ?? ""));
    if (own !== `/${this.name}` || !existsSync(file)) response.writeHead(404).end();
    else response.end(readFileSync(file));
  }

  /** The protocol that GitHub speaks, by git itself. */
  async #smartGit(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const header = (name: string): string => String(request.headers[name] ?? "");
    const remote = this.remote ?? "/nowhere/git";
    const env = {
      PATH: process.env["PATH"] ?? "",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_PROJECT_ROOT: dirname(remote),
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: path.replace(`/${this.name}.git`, remote.slice(dirname(remote).length)),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? "",
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
    };
    const child = spawn("git", ["http-backend"], { env, stdio: ["pipe", "pipe", "ignore"] });
    // It may end before it has read the whole question: what it answers is what counts.
    child.stdin.on("error", () => undefined);
    child.stdin.end(body);
    const parts: Buffer[] = [];
    for await (const part of child.stdout) parts.push(part as Buffer);
    const told = Buffer.concat(parts);
    const at = told.indexOf("\r\n\r\n");
    const headers = told
      .subarray(0, at)
      .toString()
      .split("\r\n")
      .map((line) => line.split(": ", 2) as [string, string]);
    const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
    this.gitBytes += told.length;
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers)).end(told.subarray(at + 4));
  }

  #rest(method: string, path: string, token: string): Told {
    if (token === "") return refusal(401, "Requires authentication");
    if (method === "POST" && /^\/app\/installations\/\d+\/access_tokens$/.test(path)) return this.#installation(token);
    const old = [...this.formerly].find((name) => path.toLowerCase().startsWith(`/repos/${name.toLowerCase()}`));
    if (old !== undefined) {
      const location = `${this.api}/repositories/7${path.slice(`/repos/${old}`.length)}`;
      return { status: 301, body: { message: "Moved Permanently", url: location }, headers: { location } };
    }
    if (path === "/repositories/7" || path.toLowerCase() === `/repos/${this.name.toLowerCase()}`)
      return { status: 200, body: this.#repository("full-repository") };
    if (path.startsWith(`/repos/${this.name}/pulls?`)) {
      const newest = this.pulls.toSorted((a, b) => (updatedAt(a) < updatedAt(b) ? 1 : -1)).slice(0, 1);
      return { status: 200, body: newest.map((one) => this.#listed(one)) };
    }
    return refusal(404, "Not Found");
  }

  /** An app signs with its own clock what must be valid by GitHub's, for ten minutes at most. */
  #installation(signed: string): Told {
    const { iat, exp } = JSON.parse(Buffer.from(signed.split(".")[1] ?? "", "base64url").toString()) as { iat: number; exp: number };
    const now = (Date.now() + this.skewMs) / 1000;
    if (iat > now) return refusal(401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
    if (exp <= now)
      return refusal(
        401,
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      );
    if (exp > now + 600) return refusal(401, "'Expiration time' claim ('exp') is too far in the future");
    const expires_at = new Date((now + 3600) * 1000).toISOString();
    return { status: 201, body: { ...wholeOf("installation-token"), token: "ghs_installation", expires_at } };
  }

  #repository(form: "full-repository" | "repository"): unknown {
    const [owner, name] = this.name.split("/");
    return {
      ...wholeOf(form),
      id: 7,
      node_id: "R_7",
      name,
      full_name: this.name,
      owner: { ...wholeOf("simple-user"), login: owner },
      private: this.#hidden,
      clone_url: `${this.host}/${this.name}.git`,
      default_branch: "main",
      stargazers_count: this.stars,
    };
  }

  #listed(one: ScriptedPull): unknown {
    const { number, title, body, createdAt: created_at, mergedAt, author, base, head, merge } = one;
    const repo = this.#repository("repository");
    return {
      ...wholeOf("pull-request-simple"),
      number,
      title,
      body,
      state: "closed",
      user: author === null ? null : { ...wholeOf("simple-user"), type: author[0], login: author[1] },
      created_at,
      updated_at: updatedAt(one),
      closed_at: mergedAt,
      merged_at: mergedAt,
      merge_commit_sha: merge?.oid ?? null,
      base: { label: `owner:${base.ref}`, ref: base.ref, sha: base.oid, user: null, repo },
      head: { label: `ann:${head.ref}`, ref: head.ref, sha: head.oid, user: null, repo: head.fork === null ? null : repo },
    };
  }

  /** Sends it, or 304 where it is known, and notes where GitHub could not have said so. */
  #tell(path: string, told: Told, request: IncomingMessage, response: ServerResponse): void {
    const method = request.method ?? "";
    const etag = `"${oid(JSON.stringify(told.body))}"`;
    const { status, body }: Told = told.status === 200 && request.headers["if-none-match"] === etag ? { status: 304 } : told;
    const headers = { ...told.headers, ...(told.status === 200 ? { etag } : {}) };
    const wrong = [...wrongWithQuestion(method, path), ...wrongWithAnswer(method, path, status, body)];
    this.#untrue.push(...wrong.map((one) => `${method} ${path} (${status}): ${one}`));
    if (body === undefined) response.writeHead(status, headers).end();
    else json(response, status, body, headers);
  }

  async #graphql(asked: Asked, response: ServerResponse): Promise<void> {
    const document = parse(asked.query);
    const invalid = validate(schema, document);
    if (invalid.length > 0)
      return json(response, 200, { errors: invalid.map(({ message }) => ({ message: `invalid question: ${message}` })) });
    const cost = pointsOf(document, asked.variables);
    this.points += cost;
    const full = asked.query.includes("closingIssuesReferences(first: 5)");
    let fault: Fault | null = null;
    const nodeOf = (one: ScriptedPull): unknown => {
      const how = full ? this.broken.get(one.number) : undefined;
      if (how === "null-node") return null;
      if (typeof how === "function") fault = how;
      return this.#pullNode(one);
    };
    const momentOf = (asked.variables["orderBy"] as { field?: string } | undefined)?.field === "UPDATED_AT" ? updatedAt : createdAt;
    const newestFirst = this.pulls.toSorted((a, b) => (momentOf(a) < momentOf(b) ? 1 : -1));
    const repository = {
      __typename: "Repository",
      id: "R_7",
      pullRequests: connection(newestFirst, ({ number }) => `after ${number}`, nodeOf),
    };
    const node = ({ id }: { id: string }): unknown => {
      if (this.#hidden) return null;
      if (id === "R_7") return repository;
      const [kind, number] = id.split("_");
      const own = this.pulls.find((one) => String(one.number) === number);
      if (kind === "PR") return own ? this.#pullNode(own) : null;
      const issue = this.pulls.flatMap(({ issues }) => issues).find((one) => String(one.number) === number);
      return issue ? this.#issueNode(issue) : null;
    };
    const search = connection(this.results, byPlace, (one) => this.#resultNode(one));
    const rateLimit = {
      cost,
      limit: 5000,
      remaining: 5000 - this.points,
      resetAt: new Date(0).toISOString(),
      nodeCount: 0,
      used: this.points,
    };
    const told = await execute({ schema, document, variableValues: asked.variables, rootValue: { node, rateLimit, search } });
    // What is not there, or not to be seen, is null in the data and is told among the errors, in a form of GitHub's own.
    const gone = told.data?.["node"] === null ? [{ type: "NOT_FOUND", path: ["node"], message: "Could not resolve to a node" }] : [];
    const answer = gone.length > 0 ? { ...told, errors: gone } : told;
    if (fault !== null) return void (fault as Fault)(response, asked);
    let text = JSON.stringify(answer);
    for (const [number, how] of this.broken) {
      if (full && how === "other-form") text = text.replace(`"number":${number},"title":"Fix`, `"number":${number},"title":5,"was":"Fix`);
    }
    response
      .writeHead(200, { "content-type": "application/json; charset=utf-8", "x-ratelimit-remaining": String(5000 - this.points) })
      .end(text);
  }

  #resultNode(one: ScriptedResult | "other-form"): unknown {
    if (one === "other-form") return { __typename: "User" };
    const languages = Object.entries(one.languages ?? { TypeScript: 1000 });
    return {
      __typename: "Repository",
      nameWithOwner: one.name,
      stargazerCount: one.stars ?? 100,
      pushedAt: one.pushedAt === undefined ? "2025-05-01T00:00:00Z" : one.pushedAt,
      diskUsage: one.kilobytes ?? 2000,
      ...Object.fromEntries(flagNames.map((flag) => [flag, one.flags?.includes(flag) ?? false])),
      licenseInfo: one.license === null ? null : { spdxId: one.license ?? "MIT" },
      languages: {
        totalSize: languages.reduce((sum, [, size]) => sum + size, 0),
        edges: languages.map(([name, size]) => ({ size, node: { name } })),
      },
      pullRequests: { totalCount: one.merged ?? 100 },
      object: one.manifest === null ? null : { __typename: "Blob", text: one.manifest ?? testedManifest },
    };
  }

  #issueNode(issue: ScriptedIssue): unknown {
    return {
      __typename: "Issue",
      ...commentNode(issue),
      id: `I_${issue.number}`,
      repository: { nameWithOwner: this.name },
      comments: connection(issue.comments ?? [], byPlace, commentNode),
      timelineItems: connection(issue.renames ?? [], byPlace, ({ at, from }) => ({
        __typename: "RenamedTitleEvent",
        createdAt: at,
        previousTitle: from,
      })),
    };
  }

  #pullNode(one: ScriptedPull): unknown {
    const { base, head, merge } = one;
    const commits = one.commits.map((commit) => ({ commit: { oid: oid(commit.message), ...commit } }));
    const thread = (its: ScriptedThread): unknown => ({
      path: its.path,
      line: its.line === undefined ? 3 : its.line,
      originalLine: its.originalLine ?? 3,
      originalStartLine: its.originalStartLine ?? null,
      diffSide: its.left === true ? "LEFT" : "RIGHT",
      isResolved: its.resolved ?? false,
      isOutdated: its.outdated ?? false,
      comments: connection([its], byPlace, (comment) => ({ ...commentNode(comment), originalCommit: { oid: its.commit ?? head.oid } })),
    });
    return {
      __typename: "PullRequest",
      id: `PR_${one.number}`,
      number: one.number,
      title: one.title,
      body: one.body,
      createdAt: one.createdAt,
      mergedAt: one.mergedAt,
      updatedAt: updatedAt(one),
      author: actor(one.author),
      baseRefName: base.ref,
      baseRefOid: base.oid,
      headRefName: head.ref,
      headRefOid: head.oid,
      headRepository: head.fork === null ? null : { nameWithOwner: head.fork },
      baseRepository: { nameWithOwner: this.name },
      mergeCommit: merge && { ...merge, parents: connection(merge.parents, byPlace, (parent) => ({ oid: parent })) },
      labels: connection(one.labels, byPlace, (name) => ({ name })),
      commits: connection(commits, byPlace, (commit) => commit),
      timelineItems: connection(one.forcePushes ?? [], byPlace, ({ at, before, after }) => ({
        __typename: "HeadRefForcePushedEvent",
        createdAt: at,
        beforeCommit: before === null ? null : { oid: before },
        afterCommit: after === null ? null : { oid: after },
      })),
      closingIssuesReferences: connection(one.issues, byPlace, (issue) => this.#issueNode(issue)),
      reviews: connection(one.reviews ?? [], byPlace, ({ state, at, body, author, commit = head.oid }) => ({
        state,
        submittedAt: at,
        body: body ?? "",
        author: actor(author),
        commit: commit === null ? null : { oid: commit },
      })),
      reviewThreads: connection(one.threads, byPlace, thread),
    };
  }
}
