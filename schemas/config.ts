/** The configuration of a run: one schema, every field with a default, a unit and a sentence. Its hash is in every ledger line. */
import { z } from "zod";
import { contaminationSchema } from "./contamination.ts";
import { testTimeoutMs } from "./environment.ts";
import { atomicSkills, composites, skills } from "./instance.ts";
import { permissiveSchema } from "./permissive.ts";
import { selectionSchema, splitRatioSchema } from "./selection.ts";
import { takedownSchema } from "./takedown.ts";

/** The address is stored with the run, so nothing secret may be in it. */
const isBare = (address: string): boolean => {
  const { username, password, search, hash } = new URL(address);
  return username + password + search + hash === "";
};
export const llmSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "the address begins with http:// or https://", abort: true })
      .refine(isBare, { error: "the address has no name, password, query or fragment; the key is read from KIHON_LLM_KEY" }),
    model: z.string().min(1).describe("Name of the model, as its server knows it."),
  })
  .readonly();
export type LlmSettings = z.infer<typeof llmSchema>;

/** A token is sent there, so the way is encrypted, or does not leave the machine. */
const isGuarded = (address: string): boolean => {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
};
/** `owner/name`: a part of an address, so neither is `.` or `..`. */
export const githubName = /^(?!\.+\/)[\w.-]+\/(?!\.+$)[\w.-]+$/;
const momentSchema = z.iso.datetime({ offset: true, error: "a moment is written like 2025-06-30T00:00:00Z" }).nullable().default(null);
const searchSchema = z
  .strictObject({
    query: z.string().trim().min(1).describe("In GitHub's own language, such as `language:typescript stars:>500`."),
    take: z.int().positive().default(10).describe("Repositories that are taken, the best first."),
    look: z
      .int()
      .positive()
      .max(1000, "GitHub shows at most 1000 repositories of a search")
      .default(100)
      .describe("Repositories that are judged."),
    maxMegabytes: z.int().positive().default(500).describe("Larger repositories are passed over, in megabytes as GitHub counts them."),
  })
  .readonly();
const githubSchema = z
  .strictObject({
    repositories: z
      .array(z.string().regex(githubName, "a repository of GitHub's is given as owner/name"))
      .default([])
      .describe("Repositories whose merged pull requests are mined, as owner/name."),
    search: searchSchema.nullable().default(null).describe("More repositories, found by a search and ranked."),
    limit: z.int().positive().default(100).describe("Merged pull requests of each, the newest first, at most."),
    since: momentSchema.describe("Only those merged at or after this moment, ISO 8601."),
    until: momentSchema.describe("Only those merged before this moment, ISO 8601."),
    api: z
      .url({ protocol: /^https?$/, error: "the address begins with https://", abort: true })
      .refine(isBare, {
        error: "the address has no name, password, query or fragment; tokens are read from KIHON_GITHUB_TOKEN",
        abort: true,
      })
      .refine(isGuarded, { error: "a token is sent to https:// only" })
      .default("https://api.github.com")
      .describe("Base address of the REST API; https://HOST/api/v3 for a GitHub Enterprise server."),
  })
  .refine(({ repositories, search }) => repositories.length > 0 || search !== null, { error: "neither a repository nor a search is given" })
  .readonly();

const mixes = (asked: readonly string[]): boolean =>
  composites.some((task) => asked.includes(task)) && atomicSkills.some((skill) => asked.includes(skill));

export const configSchema = z
  .object({
    seed: z.coerce.string().default("1").describe("Seed of every random choice."),
    repos: z.array(z.string()).default([]).describe("Paths, URLs or bundles of git repositories."),
    github: githubSchema
      .nullable()
      .default(null)
      .describe("Pull requests to mine; the history of their repositories is mined as that of any other."),
    revision: z.string().default("HEAD").describe("The revision into which mutants are injected."),
    alsoAt: z.array(z.string().min(1)).default([]).describe("Further revisions of each repository into which mutants are injected."),
    mutants: z.int().nonnegative().default(200).describe("Mutants tried per environment, at most."),
    history: z
      .int()
      .nonnegative()
      .default(0)
      .describe("Newest changes of sources and tests together that are tried as fixes; 0 tries none."),
    historyEnvironments: z
      .int()
      .positive()
      .default(100)
      .describe("Environments made of each repository for changes whose tests tell their trees apart, the newest first, at most."),
    perSkill: z.int().positive().default(1000).describe("Proven instances per environment and skill, at most."),
    higherOrder: z.number().min(0).max(1).default(0.1).describe("Share of the mutants that combine 2 or 3 sites."),
    operators: z.array(z.string()).default([]).describe("Names of the mutators to use; empty uses all."),
    skills: z
      .array(z.enum(skills))
      .default([...atomicSkills])
      .describe("Skills that are posed; composite tasks only where they are named."),
    repeats: z.int().min(1).max(20).default(3).describe("Runs of the baseline, of each premise and of each gold answer."),
    testTimeoutMs: z.int().positive().default(testTimeoutMs).describe("Limit of one test, in milliseconds."),
    runTimeoutMs: z.int().positive().default(300_000).describe("Limit of one run of the whole suite, in milliseconds."),
    installTimeoutMs: z.int().positive().default(600_000).describe("Limit of an install, in milliseconds."),
    llm: llmSchema
      .nullable()
      .default(null)
      .describe("Base address and model of an OpenAI-compatible server that may rewrite prompts; null leaves them as they are."),
    sift: z.boolean().default(true).describe("Judge the mutants by hundreds first, and look only at those that a test may notice."),
    audit: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe("Share of the verdicts on candidates that are computed a second time, by the whole suite in a fresh workspace."),
    auditLimit: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("Share of these that may have been wrong, flaky tests aside, before nothing of the environment is believed."),
    typeCheck: z.boolean().default(true).describe("Drop mutants that do not type-check where the project type-checks."),
    splitRatio: splitRatioSchema
      .default({ train: 1, validation: 0, test: 0 })
      .describe("Shares of the rows in each split, as near as whole repository groups come."),
    contamination: contaminationSchema.prefault({}).describe("What is kept out since evaluation sets are made of it."),
    permissive: permissiveSchema.prefault({}).describe("Under which licences code is taken."),
    takedown: takedownSchema.prefault({}).describe("What is not used since its owners asked for that."),
    selection: selectionSchema.prefault({}).describe("Which of the proven instances the dataset holds, and where."),
    jsonl: z.boolean().default(false).describe("Write JSONL beside Parquet."),
    codec: z.enum(["snappy", "zstd"]).default("snappy").describe("Compression of the Parquet files."),
    takedownContact: z
      .string()
      .trim()
      .min(1)
      .default("the maintainers of this dataset")
      .describe("Whom to write to for a takedown; printed in the card."),
    author: z.string().trim().min(1).nullable().default(null).describe("Who is cited for the dataset."),
    year: z.int().positive().nullable().default(null).describe("The year under which it is cited."),
  })
  .strict()
  .refine(({ skills: asked, splitRatio }) => !mixes(asked) || splitRatio.validation + splitRatio.test > 0, {
    path: ["skills"],
    error: `${composites.join(", ")}: composite tasks never share a repository with what is trained on; pose them in a run of their own, or give splitRatio (--ratio) a share that is held out`,
  })
  .readonly();
export type Config = z.infer<typeof configSchema>;

/** What may differ between two runs that must give the same rows: where things lie and how fast they are worked on. */
export const placeSchema = z
  .object({
    out: z.string().describe("Folder of the dataset."),
    cache: z.string().describe("Folder of mirrors, toolchains and environments; shared by runs."),
    concurrency: z.int().positive().describe("Jobs in the sandbox at once."),
    idleConcurrency: z.int().positive().describe("Jobs in the sandbox at once, at most, while processors are idle because jobs wait."),
    repositoriesGb: z
      .number()
      .nonnegative()
      .describe("Copies of repositories in the cache, in gigabytes; those used longest ago go first."),
    dependenciesGb: z
      .number()
      .nonnegative()
      .describe("Installed dependencies in the cache when a run begins, in gigabytes; those used longest ago go first."),
    sandbox: z.string().nullable().describe("Name of a sandbox provider; null takes the first that works here."),
    image: z
      .string()
      .nullable()
      .describe("Image of a provider with containers, by digest; null where jobs have the machine's own programs."),
    plain: z
      .boolean()
      .describe(
        "Nothing is made faster: each run is of the whole suite, built anew, and no run is kept, shared, cut short or done without.",
      ),
    trusted: z.boolean().describe("The user trusts the repositories' code, so a provider that does not isolate may run it."),
  })
  .readonly();
export type Place = z.infer<typeof placeSchema>;
