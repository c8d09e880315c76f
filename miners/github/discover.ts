/**
 * Repositories found by a search of GitHub's, judged without a clone and ranked.
 *
 * One question tells of a repository all that is judged: GraphQL's search gives sizes of languages, the licence, the top of the tree and the
 * manifest, for each of which REST would be asked by itself. 25 repositories cost one point.
 */
import { z } from "zod";
import { RetryLater, StopRun } from "../../lib/errors.ts";
import { readJson } from "../../lib/json.ts";
import type { GithubClient } from "./client.ts";
import type { UnavailableReason } from "./open.ts";
import { GithubTrouble } from "./trouble.ts";

export interface Search {
  /** In GitHub's own language: `language:typescript stars:>500 pushed:>2025-01-01`. */
  readonly query: string;
  /** Repositories that are taken, the best first. */
  readonly take: number;
  /** Repositories that are looked at, in GitHub's order. */
  readonly look: number;
  readonly maxMegabytes: number;
}

/** What the languages and runners of the house look like in GitHub's facts. */
export interface Fitting {
  /** As GitHub calls them. */
  readonly languages: readonly string[];
  /** Packages that run tests, or words of the command. */
  readonly runners: readonly string[];
  readonly now: number;
}

export const repositoryReasons = [
  "unreadable",
  "private",
  "disabled",
  "archived",
  "fork",
  "mirror",
  "empty",
  "too-big",
  "other-language",
  "no-license",
  "no-manifest",
  "no-tests",
  "lower-rank",
] as const;
export type RepositoryReason = (typeof repositoryReasons)[number];

export interface Found {
  readonly chosen: readonly { readonly name: string; readonly detail: string }[];
  readonly passedOver: readonly { readonly name: string; readonly reason: RepositoryReason | UnavailableReason; readonly detail: string }[];
}

const pageSize = 25;
/** GitHub shows no more of any search. */
export const mostFound = 1000;

const searchQuery = `query Search($query: String!, $first: Int!, $after: String) {
  rateLimit { cost }
  search(type: REPOSITORY, query: $query, first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ... on Repository {
    nameWithOwner stargazerCount pushedAt diskUsage
    isPrivate isDisabled isArchived isFork isMirror isEmpty
    licenseInfo { spdxId }
    languages(first: 20, orderBy: { field: SIZE, direction: DESC }) { totalSize edges { size node { name } } }
    pullRequests(states: MERGED) { totalCount }
    manifest: object(expression: "HEAD:package.json") { ... on Blob { text } }
  } } }
}`;

const repositorySchema = z.object({
  nameWithOwner: z.string(),
  stargazerCount: z.int(),
  pushedAt: z.iso.datetime({ offset: true }).nullable(),
  /** Kilobytes. */
  diskUsage: z.int().nullable(),
  isPrivate: z.boolean(),
  isDisabled: z.boolean(),
  isArchived: z.boolean(),
  isFork: z.boolean(),
  isMirror: z.boolean(),
  isEmpty: z.boolean(),
  licenseInfo: z.object({ spdxId: z.string().nullable() }).nullable(),
  languages: z
    .object({ totalSize: z.int(), edges: z.array(z.object({ size: z.int(), node: z.object({ name: z.string() }) }).nullable()).nullable() })
    .nullable(),
  pullRequests: z.object({ totalCount: z.int() }),
  manifest: z.object({ text: z.string().nullish() }).nullable(),
});
export type RepositoryFacts = z.infer<typeof repositorySchema>;
const pageSchema = z.object({
  search: z.object({ pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }), nodes: z.array(z.unknown()) }),
});
const nameSchema = z.object({ nameWithOwner: z.string() });
const words = z.record(z.string(), z.string()).optional();
const manifestSchema = z.object({ scripts: words, devDependencies: words, dependencies: words });

/** npm's own default for a project without tests. */
const noTest = /no test specified/;

/** 1 where the manifest names a runner of ours, a half where it has tests that something else starts, 0 where it has none. */
function testedness(text: string, runners: readonly string[]): number {
  const manifest = readJson(text, manifestSchema);
  const script = manifest?.scripts?.["test"] ?? "";
  if (script === "" || noTest.test(script)) return 0;
  const packages = Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies });
  return runners.some((runner) => packages.includes(runner) || script.includes(runner)) ? 1 : 0.5;
}

const shareOf = ({ languages }: RepositoryFacts, names: readonly string[]): number => {
  const own = (languages?.edges ?? []).reduce((sum, edge) => sum + (edge !== null && names.includes(edge.node.name) ? edge.size : 0), 0);
  return own / Math.max(1, languages?.totalSize ?? 0);
};

/** How much each counts; every part lies from 0 to 1, and so does the score. */
const weights = { stars: 0.2, activity: 0.2, pulls: 0.25, share: 0.15, tests: 0.1, size: 0.1 } as const;
type Part = keyof typeof weights;
const part = (value: number): number => Math.min(1, Math.max(0, value));
/** After so long without a push, activity counts for half. */
const halfLifeDays = 180;

/** The parts of a repository's score: 100,000 stars, 10,000 merged pull requests and a push today count in full. */
export function partsOf(facts: RepositoryFacts, { languages, runners, now }: Fitting): Readonly<Record<Part, number>> {
  const days = facts.pushedAt === null ? Number.POSITIVE_INFINITY : Math.max(0, now - Date.parse(facts.pushedAt)) / 86_400_000;
  return {
    stars: part(Math.log10(1 + facts.stargazerCount) / 5),
    activity: 0.5 ** (days / halfLifeDays),
    pulls: part(Math.log10(1 + facts.pullRequests.totalCount) / 4),
    share: part(shareOf(facts, languages)),
    tests: testedness(facts.manifest?.text ?? "", runners),
    size: part(1 - Math.log10(1 + (facts.diskUsage ?? 0) / 1000) / 3),
  };
}

/** Why a repository is not taken, whatever its rank; null where nothing speaks against it. */
export function objectionTo(facts: RepositoryFacts, search: Search, fitting: Fitting): readonly [RepositoryReason, string] | null {
  const megabytes = Math.round((facts.diskUsage ?? 0) / 1000);
  const share = shareOf(facts, fitting.languages);
  const license = facts.licenseInfo?.spdxId ?? null;
  if (facts.isPrivate) return ["private", "Kihon fetches without a credential"];
  if (facts.isDisabled) return ["disabled", "GitHub has disabled it"];
  if (facts.isArchived) return ["archived", "it is read-only"];
  if (facts.isFork) return ["fork", "its pull requests are those of another"];
  if (facts.isMirror) return ["mirror", "its pull requests are elsewhere"];
  if (facts.isEmpty) return ["empty", "it has no commits"];
  if (megabytes > search.maxMegabytes) return ["too-big", `${megabytes} MB, and ${search.maxMegabytes} are allowed`];
  if (share < 0.5) return ["other-language", `${Math.round(100 * share)}% of it is ${fitting.languages.join(" or ")}`];
  if (license === null || license === "NOASSERTION") return ["no-license", "GitHub recognises none"];
  if (typeof facts.manifest?.text !== "string") return ["no-manifest", "no package.json at its top"];
  if (testedness(facts.manifest.text, fitting.runners) === 0) return ["no-tests", "its package.json has no script named test"];
  return null;
}

/** Throws `StopRun` where GitHub refuses the query, `RetryLater` where it does not answer. */
export async function discover(search: Search, fitting: Fitting, client: GithubClient): Promise<Found> {
  const passedOver: Found["passedOver"][number][] = [];
  const ranked: { readonly name: string; readonly score: number; readonly told: string }[] = [];
  const seen = new Set<string>();
  for (const node of await looked(search, client)) {
    const { data: facts } = repositorySchema.safeParse(node);
    const name = nameSchema.safeParse(node).data?.nameWithOwner ?? `result ${seen.size + 1}`;
    // A repository whose rank changes between two pages comes twice.
    if (seen.has(name)) continue;
    seen.add(name);
    const objection =
      facts === undefined ? (["unreadable", "GitHub's answer has another form"] as const) : objectionTo(facts, search, fitting);
    if (facts === undefined || objection !== null) {
      const [reason, detail] = objection ?? ["unreadable", ""];
      passedOver.push({ name, reason, detail });
      continue;
    }
    const parts = partsOf(facts, fitting);
    const score = (Object.keys(weights) as Part[]).reduce((sum, key) => sum + weights[key] * parts[key], 0);
    const told = (Object.keys(weights) as Part[]).map((key) => `${key} ${parts[key].toFixed(2)}`).join(", ");
    ranked.push({ name, score, told: `score ${score.toFixed(3)}: ${told}` });
  }
  ranked.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
  const chosen = ranked.slice(0, search.take).map(({ name, told }) => ({ name, detail: told }));
  const behind = ranked.slice(search.take).map(({ name, told }, at) => {
    const detail = `rank ${search.take + at + 1}, and ${search.take} are taken; ${told}`;
    return { name, reason: "lower-rank" as const, detail };
  });
  return { chosen, passedOver: [...passedOver, ...behind] };
}

async function looked({ query, look }: Search, client: GithubClient): Promise<readonly unknown[]> {
  const nodes: unknown[] = [];
  let after: string | null = null;
  for (let size = pageSize; nodes.length < look; ) {
    const first: number = Math.min(size, look - nodes.length);
    try {
      const answer: unknown = await client.query(searchQuery, { query, first, after });
      const page = pageSchema.safeParse(answer).data?.search;
      if (page === undefined) throw new GithubTrouble("graphql-error", "an answer of another form");
      nodes.push(...page.nodes);
      if (!page.pageInfo.hasNextPage || page.pageInfo.endCursor === null) break;
      after = page.pageInfo.endCursor;
    } catch (error) {
      if (!(error instanceof GithubTrouble)) throw error;
      if (!error.passing) throw new StopRun(`GitHub does not search: ${error.message}`, { next: "look at the query of --github-search" });
      if (first === 1) throw new RetryLater(`GitHub does not answer the search: ${error.message}`);
      size = Math.floor(first / 2);
    }
  }
  return nodes;
}
