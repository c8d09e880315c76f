#!/usr/bin/env node
/** The command. It reads words, calls the library, prints, and is the only place that exits: 0 done, 1 what was asked does not hold, 2 configuration, 70 a bug. */
import { readFile } from "node:fs/promises";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { BrokenRecord, RetryLater, StopRun } from "./lib/errors.ts";
import { plural } from "./lib/plural.ts";
import type { GradeLine } from "./pipeline/grade.ts";
import type { HubPlace } from "./pipeline/hub.ts";
import { createLog, type Log, printableJson, printableLines } from "./pipeline/log.ts";
import { defaultPlace } from "./pipeline/place.ts";
import type { ProjectOptions } from "./pipeline/project.ts";
import type { RefreshOptions } from "./pipeline/refresh.ts";
import type { Config, LlmSettings, Place } from "./schemas/config.ts";
import { type SkillName, skills } from "./schemas/instance.ts";
import type { RunSummary } from "./schemas/run-summary.ts";
import { stageNames } from "./schemas/stages.ts";

/** Empty text is no number, though JavaScript takes it for 0. */
const numberIn = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));
const whole =
  (name: string, least: number) =>
  (text: string): number => {
    const value = numberIn(text);
    if (!Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`${name} is a whole number from ${least}.`);
    return value;
  };
/** Told in seconds, kept in milliseconds. */
const seconds =
  (name: string) =>
  (text: string): number =>
    1000 * whole(name, 1)(text);
const share = (text: string): number => {
  const value = numberIn(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("A share is a number from 0 to 1.");
  return value;
};
const listOf =
  (allowed: readonly string[]) =>
  (text: string): string[] => {
    const words = text.split(",").map((word) => word.trim());
    const unknown = words.find((word) => !allowed.includes(word));
    if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${allowed.join(", ")}.`);
    return [...new Set(words)];
  };
const collect = (value: string, all: string[]): string[] => [...all, value];

type Words = Readonly<Record<string, unknown>>;

const isEmpty = (value: unknown): boolean =>
  typeof value === "string" ? value.trim() === "" : Array.isArray(value) && value.some(isEmpty);

/** An empty folder would be the current one, an empty name all or none. */
function refuseEmpty(command: Command): void {
  const option = command.options.find((one) => isEmpty(command.getOptionValue(one.attributeName())));
  const argument = command.registeredArguments.find((_, at) => isEmpty(command.processedArgs[at]));
  const name = option?.long ?? (argument === undefined ? undefined : `<${argument.name()}>`);
  if (name !== undefined) throw new StopRun(`${name} is empty`, { next: "give it a value, or leave it out; the current folder is ." });
}

/** Asked of the words themselves: they may be wrong, which is then said as JSON too. */
const asJson = process.argv.includes("--json");

/** How it ended, on standard error: a line of JSON where that was asked for. */
function sayEnd(message: string, next: string, exit: number): void {
  const text = asJson
    ? printableJson(JSON.stringify({ level: "error", message, next, exit }))
    : printableLines(`kihon: ${message}\n  next: ${next}`);
  process.stderr.write(`${text}\n`);
}

/** What to type after an interruption; empty for commands that earn nothing. */
let goOnWith = "";

const logFor = (words: Words): Log =>
  createLog({
    json: words["json"] === true,
    terminal: process.stderr.isTTY === true && process.env["CI"] === undefined,
    write: (text) => process.stderr.write(text),
    now: () => performance.now(),
  });

const print = (text: string): void => {
  process.stdout.write(`${printableLines(text)}\n`);
};
const printJson = (value: unknown): void => print(printableJson(JSON.stringify(value, null, 2)));
const printLine = (value: unknown): void => print(printableJson(JSON.stringify(value)));

const withCache = (command: Command): Command =>
  command.option("--cache <folder>", `mirrors, toolchains and environments, shared by runs (default: ${defaultPlace({ out: "." }).cache})`);

/** Options of every command that runs jobs. */
const withPlace = (command: Command): Command =>
  withCache(command)
    .option("--repositories-gb <n>", "copies of repositories kept in the cache, in gigabytes (default: 20)", whole("--repositories-gb", 0))
    .option(
      "--dependencies-gb <n>",
      "installs kept in the cache from run to run, in gigabytes (default: 40)",
      whole("--dependencies-gb", 0),
    )
    .option(
      "--concurrency <n>",
      "jobs in the sandbox at once (default: the number of processors; more while these are idle because tests wait)",
      whole("--concurrency", 1),
    )
    .addOption(
      new Option("--sandbox <name>", "sandbox provider (default: the first that isolates here)").choices([
        "bubblewrap",
        "podman",
        "process",
      ]),
    )
    .option("--image <name@sha256:digest>", "image that is here already, whose containers jobs run in (with --sandbox podman)")
    .option("--i-trust-this-code", "allow a provider that does not isolate to run the repositories' code", false)
    .option("--plain", "make nothing faster: the whole suite in every run, nothing kept or shared; the rows are the same", false)
    .option("--json", "machine-readable output and log lines", false);

/** Options of every command that deals rows to splits; `ratio` is what it deals by where nothing is said. */
const withSplits = (command: Command, ratio: string): Command =>
  command
    .option("--ratio <a:b:c>", "shares of the rows in train, validation and test", ratio)
    .option("--pin <repository=split>", "where a repository and all of its group goes; may be repeated", collect, [])
    .option("--same <repository=repository>", "two that belong together beyond what is seen by itself; may be repeated", collect, [])
    .option("--cutoff <moment>", "what is older is for train alone, what is newer for the others, such as 2025-06-30T00:00:00Z")
    .option("--per-repository <n>", "rows of one skill and one repository group, at most", whole("--per-repository", 1))
    .option("--per-operator <n>", "rows of one skill and one mutation operator, at most", whole("--per-operator", 1))
    .option("--per-file <n>", "rows of one skill and one file, at most", whole("--per-file", 1))
    .option("--per-difficulty <n>", "rows of one skill and one level of difficulty, at most", whole("--per-difficulty", 1))
    .option("--no-near-duplicates", "keep rows that ask what others ask");

const program = new Command("kihon")
  .description("Verified training instances of five coding skills, made from real repositories.")
  .version((await import("./pipeline/identity.ts")).tool.version)
  .showHelpAfterError(asJson ? false : "(kihon --help lists the commands)")
  .configureOutput(asJson ? { outputError: () => undefined } : {})
  .exitOverride()
  .hook("preAction", (_, command) => refuseEmpty(command));

withSplits(withPlace(program.command("run")), "1:0:0")
  .description("mine, observe, pose, prove and export: from git repositories to a Parquet dataset")
  .option("--repo <path|url|bundle>", "a git repository; may be repeated", collect, [])
  .option(
    "--github <owner/name>",
    "a repository on GitHub whose merged pull requests are mined; may be repeated; tokens are read from KIHON_GITHUB_TOKEN or GITHUB_TOKEN",
    collect,
    [],
  )
  .option("--github-file <file>", "more of them, one owner/name or address a line; # begins a remark")
  .option("--github-search <query>", "more of them, found by GitHub's search, such as 'language:typescript stars:>500', and ranked")
  .option("--github-take <n>", "repositories of the search that are taken, the best first (default: 10)", whole("--github-take", 1))
  .option("--github-look <n>", "repositories of the search that are judged (default: 100)", whole("--github-look", 1))
  .option("--github-max-mb <n>", "larger repositories of the search are passed over (default: 500)", whole("--github-max-mb", 1))
  .option("--github-limit <n>", "merged pull requests of each, the newest first, at most (default: 100)", whole("--github-limit", 1))
  .option("--github-since <moment>", "only those merged at or after, such as 2025-06-30T00:00:00Z")
  .option("--github-until <moment>", "only those merged before")
  .option("--github-api <url>", "base address of the API (default: https://api.github.com)")
  .requiredOption("--out <folder>", "folder of the dataset")
  .option("--rev <revision>", "revision into which mutants are injected", "HEAD")
  .option("--also-at <revision>", "a further revision into which mutants are injected; may be repeated", collect, [])
  .option("--mutants <n>", "mutants tried per environment, at most", whole("--mutants", 0), 200)
  .option("--history <n>", "newest changes of sources and tests together that are tried as fixes", whole("--history", 0), 0)
  .option(
    "--history-environments <n>",
    "environments made of each repository for such changes, at most (default: 100)",
    whole("--history-environments", 1),
  )
  .option("--per-skill <n>", "proven instances per environment and skill, at most (default: 1000)", whole("--per-skill", 1))
  .option("--skills <names>", `comma-separated, of: ${skills.join(", ")}`, listOf(skills))
  .option("--operators <names>", "comma-separated mutator names (default: all)", (text: string) => text.split(","))
  .option("--higher-order <share>", "share of mutants that combine 2 or 3 sites (default: 0.1)", share)
  .option("--repeats <n>", "runs of the baseline, of premises and of gold answers (default: 3)", whole("--repeats", 1))
  .option("--test-timeout <seconds>", "longest run of one test (default: 20)", seconds("--test-timeout"))
  .option("--run-timeout <seconds>", "longest run of a whole suite (default: 300)", seconds("--run-timeout"))
  .option("--install-timeout <seconds>", "longest install (default: 600)", seconds("--install-timeout"))
  .option("--seed <seed>", "seed of every random choice", "1")
  .option("--no-sift", "look at every mutant by itself, also at those that no test notices")
  .option("--audit <share>", "share of the verdicts that the whole suite gives a second time (default: 0.05)", share)
  .option(
    "--audit-limit <share>",
    "share of these that may have been wrong before nothing of a repository is believed (default: 0.1)",
    share,
  )
  .option("--no-type-check", "keep mutants that do not type-check")
  .option(
    "--llm <url>",
    "OpenAI-compatible server that may reword prompts, such as http://127.0.0.1:8080/v1; its key is read from KIHON_LLM_KEY",
  )
  .option("--llm-model <name>", "model that --llm asks")
  .option("--deny-list <file>", "keep out what this list names: docs/selection.md says how it is written; may be repeated", collect, [])
  .option("--allow <owner/name>", "use this repository although a list names it; may be repeated", collect, [])
  .option("--no-evaluation-sets", "do not keep out what the bundled lists of evaluation sets name")
  .option("--licenses <names>", "SPDX ids that code may be under, comma-separated (default: those that ask for notices alone)")
  .option("--require-license", "leave out revisions in which no licence is found", false)
  .option("--takedown <file>", "leave out what it lists, one a line: repositories, commits, addresses of pull requests, instance ids")
  .option("--takedown-contact <text>", "whom to write to for a takedown: an address, printed in the card")
  .option("--author <text>", "who is cited for the dataset")
  .option("--year <n>", "the year under which it is cited", whole("--year", 1))
  .option("--jsonl", "write JSONL beside Parquet", false)
  .addOption(new Option("--codec <codec>", "compression of the Parquet files").choices(["snappy", "zstd"]).default("snappy"))
  .option("--replace", "give up the rows of another run's dataset that lies in the folder", false)
  .option("--profile", "write where the time went: a table of the stages and a flame graph of this process", false)
  .addOption(new Option("--only <stage>", "do one stage again from what the one before stored, then stop").choices(stageNames))
  .action(async (words: Words) => {
    const { profileFolder, run } = await import("./pipeline/run.ts");
    goOnWith = await resumeWith(String(words["out"]), words);
    const summary = await run(await configOf(words), placeOf(words), {
      log: logFor(words),
      ...pick(words, ["only", "profile", "replace"]),
    });
    await printRun(summary, words);
    if (words["profile"] === true && words["json"] !== true) print(`profile:  ${profileFolder(String(words["out"]))}`);
  });

withPlace(program.command("resume"))
  .description("go on with an interrupted run, with the configuration it was started with")
  .argument("<folder>", "folder of the dataset")
  .action(async (folder: string, words: Words) => {
    const { resume } = await import("./pipeline/run.ts");
    goOnWith = await resumeWith(folder, words);
    await printRun(await resume(placeOf({ ...words, out: folder }), { log: logFor(words) }), { ...words, out: folder });
  });

withPlace(program.command("refresh"))
  .description("bring a dataset up to date: what is new is added in files of its own, what must go is withdrawn")
  .argument("<dataset>", "folder of the dataset, with its work folder .kihon")
  .option("--repo <path|url|bundle>", "where a repository lies now, in place of the stored addresses; may be repeated", collect, [])
  .option("--mutants-at-head", "inject into the newest revision too (default: mutants stay at the revisions they are of)", false)
  .option("--takedown <file>", "withdraw what it lists, one a line: instance ids, repositories, commits, addresses of pull requests")
  .option(
    "--licenses <names>",
    "withdraw rows of repositories whose newest revision is under none of these SPDX ids, comma-separated (default: those of the run, where the licence changed); expressions are weighed as by run",
    (text) => text.split(",").map((word) => word.trim()),
  )
  .option("--reverify", "prove every row again first; rows that fail twice are withdrawn", false)
  .option("--compact", "write all files anew without the rows that were withdrawn: before publishing", false)
  .option("--withdraw-only", "mine nothing: only take down, verify again and compact; needs no work folder", false)
  .action(async (folder: string, words: Words) => {
    const { refresh } = await import("./pipeline/refresh.ts");
    goOnWith = `kihon refresh ${folder} with the same options`;
    const given = {
      repos: words["repo"],
      ...pick(words, ["mutantsAtHead", "takedown", "licenses", "reverify", "compact", "withdrawOnly"]),
    };
    const result = await refresh(placeOf({ ...words, out: folder }), { log: logFor(words), ...given } as RefreshOptions);
    if (result.infrastructureFailures > 0 || result.unmatched.length > 0 || (result.summary !== null && isUnsound(result.summary)))
      process.exitCode = 1;
    if (words["json"]) return printJson(result);
    const { refreshText } = await import("./pipeline/run-text.ts");
    print(refreshText(result, folder));
  });

withSplits(program.command("split"), "8:1:1")
  .description("the rows of a dataset in other splits, by repository group, as a new dataset; nothing is proven again")
  .argument("<dataset>", "folder of the dataset")
  .requiredOption("--out <folder>", "new folder")
  .option("--like <folder>", "an earlier split of the dataset: what stands in it stays in its split, and only what is new is dealt")
  .option("--json", "machine-readable output", false)
  .action(async (folder: string, words: Words) => {
    const { split, splitText } = await import("./pipeline/split.ts");
    const { splitSettings } = await import("./pipeline/split-settings.ts");
    const result = await split(folder, {
      log: logFor(words),
      out: String(words["out"]),
      ...splitSettings(words),
      ...pick(words, ["like"]),
    });
    if (words["json"]) printJson(result);
    else print(splitText(result, String(words["out"])));
  });

program
  .command("diff")
  .description("what a newer dataset has added, removed and changed, and why; exit code 0 where they are the same, 1 where not")
  .argument("<old>", "folder of a dataset")
  .argument("<new>", "folder of another")
  .option("--json", "a JSON line for each difference, the counts last", false)
  .action(async (older: string, newer: string, words: Words) => {
    const { diff, differenceText, diffText } = await import("./pipeline/diff.ts");
    const json = words["json"] === true;
    const summary = await diff(older, newer, (one) => (json ? printLine(one) : print(differenceText(one))));
    if (json) printLine(summary);
    else print(diffText(summary));
    if (!summary.same) process.exitCode = 1;
  });

program
  .command("migrate")
  .description("write a dataset of an earlier row schema anew in the current one; the old one stays as it is")
  .argument("<dataset>", "folder of the dataset")
  .requiredOption("--out <folder>", "folder of the new dataset")
  .option("--json", "machine-readable output", false)
  .action(async (dataset: string, words: Words) => {
    const { migrate } = await import("./pipeline/migrate.ts");
    const done = await migrate(dataset, String(words["out"]));
    if (words["json"]) return printJson(done);
    print(
      `${plural(done.rows, "row")} and ${plural(done.environments, "environment")} of row schema ${done.from} written in ${done.to}: ${String(words["out"])}`,
    );
    if (done.unmatched > 0)
      print(
        `${plural(done.unmatched, "withdrawn row is", "withdrawn rows are")} in no file: refresh with --reverify proves such rows again before they come back`,
      );
  });

program
  .command("schema")
  .description("JSON Schema of a dataset's rows")
  .option("--row-schema <version>", "of an earlier version (default: the current one)")
  .option("--json", "machine-readable output, as it is without it", false)
  .action(async (words: Words) => {
    const { rowSchemaText } = await import("./output/row-json-schema.ts");
    process.stdout.write(rowSchemaText(words["rowSchema"] as string | undefined));
  });

const hubOf = async (repo: string, words: Words): Promise<HubPlace> => {
  const { tokenFrom } = await import("./pipeline/hub.ts");
  const token = tokenFrom(process.env, words["tokenFile"] as string | undefined);
  return { repo, token, hub: process.env["HF_ENDPOINT"] ?? "https://huggingface.co", log: logFor(words) };
};

program
  .command("push")
  .description("bring a dataset to the Hugging Face Hub; only files that are new there move. The token is read from HF_TOKEN")
  .argument("<dataset>", "folder of the dataset")
  .argument("<owner/name>", "dataset on the Hub")
  .option("--branch <name>", "branch that is committed to (default: main)")
  .addOption(new Option("--create <visibility>", "make the dataset on the Hub where it is not there").choices(["private", "public"]))
  .option("--token-file <file>", "read the token from there")
  .option("--dry-run", "only say what would move", false)
  .option("--json", "machine-readable output and log lines", false)
  .action(async (folder: string, repo: string, words: Words) => {
    const { push, pushText } = await import("./pipeline/hub.ts");
    const done = await push(folder, await hubOf(repo, words), pick(words, ["branch", "create", "dryRun"]));
    if (words["json"]) printJson(done);
    else print(pushText(done));
  });

program
  .command("pull")
  .description("bring a dataset from the Hugging Face Hub; only files that are new here move")
  .argument("<owner/name>", "dataset on the Hub")
  .argument("<folder>", "where it comes to")
  .option("--revision <name>", "branch, tag or commit (default: main)")
  .option("--token-file <file>", "read the token from there")
  .option("--json", "machine-readable output and log lines", false)
  .action(async (repo: string, folder: string, words: Words) => {
    const { pull, pullText } = await import("./pipeline/hub.ts");
    const done = await pull(folder, await hubOf(repo, words), pick(words, ["revision"]));
    if (words["json"]) printJson(done);
    else print(pullText(done));
  });

withPlace(program.command("verify"))
  .description("prove every row again, from the Parquet files alone")
  .argument("<dataset>", "folder of the dataset")
  .option("--skill <names>", `only these, comma-separated, of: ${skills.join(", ")}`, listOf(skills))
  .option("--limit <n>", "at most so many rows of each skill", whole("--limit", 1))
  .option("--repeats <n>", "runs of premises and gold answers (default: as stored)", whole("--repeats", 1))
  .action(async (dataset: string, words: Words) => {
    const { verify } = await import("./pipeline/verify.ts");
    const result = await verify(dataset, placeOf({ ...words, out: dataset }), {
      log: logFor(words),
      ...pick(words, ["skill", "limit", "repeats"]),
    });
    if (words["json"]) printJson(result);
    else {
      for (const failure of result.failures) print(`failed ${failure.skill} ${failure.id}: ${failure.reason} ${failure.detail}`);
      print(
        `${result.proven} of ${plural(result.rows, "row")} proven again, ${result.failures.length} failed, ${result.infrastructure} not tried for trouble of the machine`,
      );
    }
    if (result.proven < result.rows || result.rows === 0) process.exitCode = 1;
  });

withPlace(program.command("grade"))
  .description("score a solver's answers with the code that admitted the instances")
  .argument("<dataset>", "folder of the dataset")
  .requiredOption(
    "--answers <file>",
    'JSON lines {"instance_id","answer"}, with an "id" of yours where results must be told apart; - reads standard input',
  )
  .addHelpText(
    "after",
    `
Each answer gives a JSON line with its instance_id and its id, in the order in which they are done: what the machine still works on comes later.
Where reward is null nothing was graded, for infra_error (grade it again) or because the dataset has no such instance (reason); the exit code is then 1.`,
  )
  .action(async (dataset: string, words: Words) => {
    const { gradeFile } = await import("./pipeline/grade.ts");
    const write = (line: GradeLine): void => printLine(line);
    const { ungraded } = await gradeFile(dataset, String(words["answers"]), placeOf({ ...words, out: dataset }), {
      log: logFor(words),
      write,
    });
    if (ungraded > 0) process.exitCode = 1;
  });

withPlace(program.command("solve"))
  .description(
    "answer a dataset, and say what that earns: by rules without a model, how much of a skill's reward needs no skill, or by a model",
  )
  .argument("<dataset>", "folder of the dataset")
  .addOption(new Option("--baseline <name>", "one of the rules; may be repeated").default([], "all").argParser(collect))
  .option("--llm <url>", "ask an OpenAI-compatible server in place of the rules: how often it solves each question")
  .option("--llm-model <name>", "model that --llm asks")
  .option("--samples <n>", "answers of the model to each question, the k of solve@k (default: 4)", whole("--samples", 1))
  .option("--temperature <n>", "at which the model is asked (default: 0.8)", Number)
  .option("--context <n>", "characters of the tree's files beside a question, at most (default: 60000)", whole("--context", 0))
  .option("--out <file>", "write the answers of the model, or of the one rule that is named, as kihon grade reads them")
  .option("--limit <n>", "at most so many rows of each skill", whole("--limit", 1))
  .option("--record", "write what they earn into the dataset (baselines.json), its card and its report", false)
  .addHelpText(
    "after",
    `
--record takes all rows, and keeps what was recorded of other rules before. A figure of which the machine could not grade a row is not recorded; the exit
code is then 1. Other rows need other figures: a refresh that changes any row removes them.

A model is asked in one message, without tools: the question, the names of the tree's files and the texts of those that match it. Its key is read from
KIHON_LLM_KEY. Answers are kept in the cache, so that going on asks for none twice; --record writes solve-rates.json, by question, and the card.`,
  )
  .action(async (dataset: string, words: Words) => {
    const { llm } = llmOf(words);
    if (llm !== undefined) return solveByModel(dataset, llm, words);
    const alone = ["samples", "temperature", "context"].find((name) => words[name] !== undefined);
    if (alone !== undefined) throw new StopRun(`--${alone} says how a model is asked`, { next: "add --llm URL --llm-model NAME" });
    const { solve, solveText } = await import("./pipeline/solve.ts");
    const given = { baselines: words["baseline"] as string[], ...pick(words, ["out", "limit", "record"]) };
    const result = await solve(dataset, placeOf({ ...words, out: dataset }), { log: logFor(words), ...given });
    if (words["json"]) printJson(result);
    else print(solveText(result));
    if (result.recorded !== null && result.recorded < result.figures.length) process.exitCode = 1;
  });

async function solveByModel(dataset: string, llm: LlmSettings, words: Words): Promise<void> {
  if ((words["baseline"] as string[]).length > 0)
    throw new StopRun("--baseline names a rule, and --llm asks a model", { next: "give one of them" });
  const { sample, sampleText } = await import("./pipeline/sample.ts");
  const given = pick(words, ["samples", "temperature", "context", "out", "limit", "record"]);
  const result = await sample(dataset, placeOf({ ...words, out: dataset }), { log: logFor(words), llm, ...given });
  if (words["json"]) printJson(result);
  else print(sampleText(result));
  if (result.recorded === false) process.exitCode = 1;
}

program
  .command("project")
  .description(
    "a dataset in a format that trainers and harnesses load: Harbor tasks, SWE-bench, verl, SkyRL, TRL, NeMo Gym, slime, verifiers, SFT",
  )
  .argument("<dataset>", "folder of the dataset")
  .requiredOption("--to <format>", "harbor, swe-bench, verl, skyrl, trl, nemo-gym, slime, verifiers or sft")
  .requiredOption("--out <folder>", "folder that is made; an earlier projection in it is replaced, anything else is left alone")
  .option("--skill <names>", `comma-separated, of: ${skills.join(", ")}`, listOf(skills))
  .option("--split <name>", "only this split: train, validation or test")
  .option("--limit <n>", "at most so many rows of each skill", whole("--limit", 1))
  .option("--json", "machine-readable output and log lines", false)
  .action(async (dataset: string, words: Words) => {
    const { project, projectText } = await import("./pipeline/project.ts");
    const given = { to: String(words["to"]), out: String(words["out"]), skills: words["skill"], ...pick(words, ["split", "limit"]) };
    const result = await project(dataset, { log: logFor(words), ...given } as ProjectOptions);
    if (words["json"]) printJson(result);
    else print(projectText(result));
  });

program
  .command("inspect")
  .description("show rows of a dataset, whole")
  .argument("<dataset>", "folder or http(s) address of the dataset, or of one of its Parquet files")
  .option("--rows <n>", "how many rows", whole("--rows", 1), 3)
  .option("--id <id>", "one instance")
  .option("--ids", "list every row's id, skill and split in place of rows", false)
  .option("--skill <names>", `only these, comma-separated, of: ${skills.join(", ")}`, listOf(skills))
  .option("--private", "show gold answers and trials too", false)
  .option("--json", "machine-readable output", false)
  .action(async (dataset: string, words: Words) => {
    const { inspect, rowNames } = await import("./pipeline/inspect.ts");
    if (words["ids"] === true) {
      const names = await rowNames(dataset, words["skill"] as SkillName[] | undefined);
      if (words["json"]) return printJson(names);
      return print(names.map(({ id, skill, split }) => [id, skill, split].filter((part) => part !== undefined).join("  ")).join("\n"));
    }
    const rows = await inspect(dataset, {
      rows: Number(words["rows"]),
      hidden: words["private"] === true,
      ...pick(words, ["id", "skill"]),
    });
    if (words["json"]) printJson(rows.map((row) => row.json));
    else print(rows.map((row) => row.text).join("\n\n"));
  });

program
  .command("stats")
  .description("counts, balance, yields, times, lengths, measured rewards and quarantined tests of a dataset")
  .argument("<dataset>", "folder or http(s) address of the dataset, or of one of its Parquet files")
  .option("--json", "machine-readable output", false)
  .action(async (dataset: string, words: Words) => {
    const { stats, statsText } = await import("./pipeline/stats.ts");
    const found = await stats(dataset);
    if (words["json"]) printJson(found);
    else print(statsText(found));
  });

program
  .command("explain")
  .description("what happened to one candidate, draft or instance, and why")
  .argument("<id>", "16 hex digits, as printed by the other commands")
  .requiredOption("--out <folder>", "folder of the run")
  .option("--json", "machine-readable output", false)
  .action(async (id: string, words: Words) => {
    const { explain } = await import("./pipeline/explain.ts");
    const story = explain(String(words["out"]), id);
    if (words["json"]) printJson(story);
    else
      for (const step of story)
        print(
          `${step.stage.padEnd(8)} ${step.id}  ${step.kept ? "kept" : `dropped: ${step.reason}`}${step.detail ? `  (${step.detail})` : ""}`,
        );
    if (story.length > 0) return;
    process.exitCode = 1;
    if (words["json"] !== true) print(`nothing is known of ${id} in this run`);
  });

withCache(program.command("doctor"))
  .description("try what Kihon needs on this machine: sandbox, limits, network cut, Node, git")
  .option("--image <name@sha256:digest>", "image in which containers are tried, too")
  .option("--json", "machine-readable output", false)
  .action(async (words: Words) => {
    const { doctor } = await import("./pipeline/doctor.ts");
    const checks = await doctor(placeOf({ ...words, out: "." }));
    if (words["json"]) printJson(checks);
    else for (const check of checks) print(`${check.ok ? "ok  " : check.needed ? "FAIL" : "no  "} ${check.name}: ${check.detail}`);
    if (checks.some((check) => check.needed && !check.ok)) process.exitCode = 1;
  });

const pick = (words: Words, names: readonly string[]): Record<string, never> =>
  Object.fromEntries(names.flatMap((name) => (words[name] === undefined ? [] : [[name, words[name]]]))) as Record<string, never>;

const givenPlace = (words: Words): Partial<Place> => ({
  trusted: words["iTrustThisCode"] === true,
  plain: words["plain"] === true,
  ...pick(words, ["cache", "repositoriesGb", "dependenciesGb", "concurrency", "sandbox", "image"]),
});
const placeOf = (words: Words): Place => defaultPlace({ out: String(words["out"]), ...givenPlace(words) });

async function resumeWith(out: string, words: Words): Promise<string> {
  const { resumeCommand } = await import("./pipeline/run-text.ts");
  return resumeCommand(out, givenPlace(words));
}

/** Checked by the run itself. */
async function configOf(words: Words): Promise<Config> {
  const { repo, rev, sift, typeCheck, testTimeout: testTimeoutMs, runTimeout: runTimeoutMs, installTimeout: installTimeoutMs } = words;
  const { splitSettings } = await import("./pipeline/split-settings.ts");
  const { ratio: splitRatio, selection } = splitSettings(words);
  const named = [
    "alsoAt",
    "mutants",
    "history",
    "historyEnvironments",
    "perSkill",
    "skills",
    "operators",
    "higherOrder",
    "repeats",
    "audit",
    "auditLimit",
    "seed",
    "takedownContact",
    "author",
    "year",
    "jsonl",
    "codec",
  ];
  return {
    repos: repo,
    ...(await githubOf(words)),
    revision: rev,
    sift,
    typeCheck,
    testTimeoutMs,
    runTimeoutMs,
    installTimeoutMs,
    splitRatio,
    selection,
    ...llmOf(words),
    contamination: await contaminationOf(words),
    ...(await takedownOf(words)),
    permissive: {
      missing: words["requireLicense"] === true ? "drop" : "keep",
      ...(words["licenses"] === undefined
        ? {}
        : {
            allow: String(words["licenses"])
              .split(",")
              .map((name) => name.trim()),
          }),
    },
    ...pick(words, named),
  } as unknown as Config;
}

async function githubOf(words: Words): Promise<Record<string, unknown>> {
  const { githubLimit: limit, githubSince: since, githubUntil: until, githubApi: api } = words;
  const given = { limit, since, until, api };
  const search = searchOf(words);
  const named = Array.isArray(words["github"]) ? words["github"] : [];
  const repositories = [...named, ...(await githubFileOf(words))];
  const settings = pick(given, Object.keys(given));
  if (repositories.length > 0 || search !== null) return { github: { repositories, ...(search ? { search } : {}), ...settings } };
  if (Object.values(given).some((value) => value !== undefined)) {
    throw new StopRun("--github-limit, --github-since, --github-until and --github-api say how --github is mined", {
      next: "add --github OWNER/NAME, --github-file FILE or --github-search QUERY",
    });
  }
  return {};
}

function searchOf({ githubSearch: query, githubTake: take, githubLook: look, githubMaxMb: maxMegabytes }: Words) {
  const given = { take, look, maxMegabytes };
  if (query !== undefined) return { query, ...pick(given, Object.keys(given)) };
  if (Object.values(given).every((value) => value === undefined)) return null;
  throw new StopRun("--github-take, --github-look and --github-max-mb say what is taken of a search", {
    next: "add --github-search QUERY",
  });
}

async function contaminationOf({ denyList, allow, evaluationSets }: Words): Promise<Record<string, unknown>> {
  const { readDenyLists } = await import("./pipeline/deny-lists.ts");
  return { bundled: evaluationSets, allow, lists: await readDenyLists(denyList as string[]) };
}

async function takedownOf({ takedown }: Words): Promise<Record<string, unknown>> {
  if (takedown === undefined) return {};
  const { readTakedowns } = await import("./pipeline/takedown.ts");
  return { takedown: { targets: readTakedowns(String(takedown)) } };
}

async function githubFileOf({ githubFile, githubApi }: Words): Promise<readonly string[]> {
  if (githubFile === undefined) return [];
  const file = String(githubFile);
  const { repositoriesIn } = await import("./miners/github/named.ts");
  const next = "name a file with one owner/name or address a line";
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new StopRun(`the list ${file} cannot be read (${cause.code})`, { next, cause });
  });
  const api = String(githubApi ?? "https://api.github.com");
  if (!URL.canParse(api)) throw new StopRun(`${api} is no address`, { next: "give --github-api https://HOST/api/v3" });
  return repositoriesIn(text, api, file);
}

function llmOf({ llm, llmModel }: Words): { readonly llm?: LlmSettings } {
  if (llm === undefined && llmModel === undefined) return {};
  if (llm === undefined || llmModel === undefined) {
    throw new StopRun("--llm and --llm-model belong together", { next: "give both, or neither: nothing needs a language model" });
  }
  return { llm: { url: String(llm), model: String(llmModel) } };
}

/** An audit found verdicts of a repository wrong beyond the limit that was set. */
const isUnsound = ({ leftOut = [] }: RunSummary): boolean => leftOut.some(({ reason }) => reason === "audit/unsound");

/** It went the whole road, and no row came of it. */
function isEmptyHanded({ stages }: RunSummary): boolean {
  const last = stages.at(-1);
  return last?.name === "export" && last.kept === 0;
}

async function printRun(summary: RunSummary, words: Words): Promise<void> {
  const { infrastructureFailures, unmatched = [] } = summary;
  if (infrastructureFailures > 0 || unmatched.length > 0 || isUnsound(summary) || isEmptyHanded(summary)) process.exitCode = 1;
  if (words["json"] === true) return printJson(summary);
  const { runText } = await import("./pipeline/run-text.ts");
  print(runText(summary, String(words["out"] ?? ""), goOnWith));
}

/** Only runs and refreshes have something to keep. */
const earned = (): string => (goOnWith === "" ? "" : "; what was earned is kept");

/** The file system's refusals, where no part that was writing has said it better, and what to do. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: "make room on that disk",
  EDQUOT: "the quota of that disk is used up",
  EROFS: "that place is read-only: choose others with --out and --cache",
  EACCES: "choose folders that can be written with --out and --cache",
  EMFILE: "allow more open files (ulimit -n), or lower --concurrency",
  ENOMEM: "free memory, or lower --concurrency",
};

/** Says what ended it, and gives the exit code. */
function failure(error: unknown): number {
  const ended = (message: string, next: string, exit: number): number => {
    sayEnd(message, next, exit);
    return exit;
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // The library of the command line has said it to people by itself.
    return asJson ? ended(error.message.replace(/^error: /, ""), "kihon --help lists the commands", 2) : 2;
  }
  if (error instanceof StopRun) return ended(error.message, error.next, error.exitCode);
  if (error instanceof RetryLater || error instanceof BrokenRecord) {
    return ended(error.message, goOnWith === "" ? "see that what it names is there and whole, and try again" : `try again${earned()}`, 1);
  }
  const next = error instanceof Error && "code" in error ? refusals[String(error.code)] : undefined;
  if (next !== undefined) return ended((error as Error).message, `${next}${earned()}${goOnWith === "" ? "" : `, then: ${goOnWith}`}`, 2);
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return ended(`a bug: ${what}`, "report it with the command and this text", 70);
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    // Off the line on which a terminal has put ^C.
    if (!asJson) process.stderr.write("\n");
    sayEnd(`interrupted${earned()}`, goOnWith === "" ? "start it again" : goOnWith, code);
    process.exit(code);
  });
}

// Who reads may stop reading: `kihon inspect DATASET | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : failure(error)));
for (const event of ["uncaughtException", "unhandledRejection"] as const) process.once(event, (error) => process.exit(failure(error)));

if (!asJson) for (const command of program.commands) command.showHelpAfterError(`(kihon ${command.name()} --help lists its options)`);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failure(error);
}
