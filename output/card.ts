/** The dataset card: `README.md` with the Hub's YAML. It tells what is in the files and how they came about, and no times, so that equal runs give equal cards. */
import { stringify } from "yaml";
import { isManifest } from "../lib/license.ts";
import { plural } from "../lib/plural.ts";
import type { Baseline } from "../schemas/baselines.ts";
import { atomicSkills, composites, type SkillName, skills } from "../schemas/instance.ts";
import { type ConfigName, columnsOf, configNames } from "../schemas/row.ts";
import type { RunFacts } from "../schemas/run-summary.ts";
import type { ModelRates } from "../schemas/solve-rates.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import { baselineHead, baselineRows, baselineSentence } from "./baselines-text.ts";
import { columnsMarkdown, hubFeaturesOf } from "./columns.ts";
import type { RowCount, WrittenFile } from "./contract.ts";
import type { Figure } from "./figures.ts";
import { flakinessText } from "./flakiness.ts";
import { listHead, listRows, listSentence } from "./lists-in-force.ts";
import { rateHead, rateRows, rateSentence } from "./solve-rates-text.ts";
import { splitRows, splitSentence } from "./split-proof.ts";
import { sameRows, settingsText } from "./split-settings.ts";
import type { Rewarded, Spread, Statistics } from "./statistics.ts";
import type { WithdrawnFile } from "./withdrawn.ts";

export interface CardInput {
  readonly title: string;
  /** Where a repository's owner asks for rows to be taken down. */
  readonly contact: string;
  readonly summary: RunFacts;
  readonly files: readonly WrittenFile[];
  /** Rows that are not withdrawn; `files` count what lies in them. */
  readonly rows: readonly RowCount[];
  /** Of the same rows. */
  readonly statistics: Statistics;
  /** Those that hold what reviewers said. */
  readonly remarked: number;
  readonly figures: readonly Figure[];
  /** What rules without a model earned on these rows. */
  readonly baselines: readonly Baseline[];
  /** How often language models solved them. */
  readonly solveRates: readonly ModelRates[];
  /** The manifest's hash over what the rows say: what a citation pins. */
  readonly rowHashes: string;
  /** Absent where the dataset was made in one go. */
  readonly refreshed?: { readonly edition: number; readonly withdrawn: WithdrawnFile | null; readonly left: readonly Withdrawal[] };
}

// Identifiers that the Hub knows (hub-docs, "Licenses") among those that name one licence of code or text; anything else is `other` there.
const hubLicenses = new Set(
  "mit apache-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear isc unlicense cc0-1.0 cc-by-4.0 cc-by-sa-4.0 mpl-2.0 zlib artistic-2.0 afl-3.0 bsl-1.0 ms-pl ncsa ofl-1.1 osl-3.0 postgresql wtfpl ecl-2.0 eupl-1.1 eupl-1.2 epl-1.0 epl-2.0 lppl-1.3c lgpl-2.1 lgpl-3.0 gpl-2.0 gpl-3.0 agpl-3.0".split(
    " ",
  ),
);

export function hubLicense(spdx: string | null): string {
  if (spdx === null) return "unknown";
  const name = spdx.toLowerCase().replace(/-(?:only|or-later)$/, "");
  return hubLicenses.has(name) ? name : "other";
}

export function toCard(input: CardInput): string {
  const parts = [
    `---\n${stringify(hubMetadata(input), { lineWidth: 0, aliasDuplicateObjects: false })}---`,
    `# ${inline(input.title)}`,
    introduction(input.summary),
    `${skillTable(input.rows)}${picture(input, "rows")}`,
    ...sources(input.statistics),
    ...languages(input.statistics),
    ...splitsOfRows(input.summary),
    statistics(input),
    `${funnel(input.summary)}${picture(input, "funnel")}`,
    ...openness(input.statistics),
    figures(input.summary),
    baselines(input.baselines),
    ...rates(input.solveRates),
    contamination(input.summary),
    ...editions(input),
    usage(),
    grading(input.summary),
    columns(),
    limits(input),
    licenses(input),
    takedown(input.contact),
    cite(input),
  ];
  return `${parts.join("\n\n")}\n`;
}

const parquetOf = (files: readonly WrittenFile[]): WrittenFile[] => files.filter(({ format }) => format === "parquet");
const splitsOf = (files: readonly WrittenFile[], config: ConfigName): string[] => [
  ...new Set(files.filter((file) => file.config === config).map(({ split }) => split)),
];
const rowsOf = (files: readonly WrittenFile[], config: ConfigName, split?: string): number =>
  sum(files.filter((file) => file.config === config && (split === undefined || file.split === split)).map(({ rows }) => rows));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Composite tasks that have rows. */
const made = (counts: readonly RowCount[]): SkillName[] =>
  composites.filter((task) => counts.some(({ skill, rows }) => skill === task && rows > 0));

function hubMetadata({ title, summary, files, rows }: CardInput): Record<string, unknown> {
  const parquet = parquetOf(files);
  const present = configNames.filter((config) => rowsOf(parquet, config) > 0);
  const total = sum(rows.map((count) => count.rows));
  return {
    pretty_name: title,
    ...licenseFields(summary),
    language: ["en"],
    task_categories: ["text-generation"],
    tags: ["code", "software-engineering", "verifiable-rewards", "reinforcement-learning", ...atomicSkills, ...made(rows)],
    size_categories: [sizeCategory(total)],
    configs: present.map((config, index) => ({
      config_name: config,
      ...(index === 0 ? { default: true } : {}),
      data_files: splitsOf(parquet, config).map((split) => ({ split, path: `${config}/${split}-*.parquet` })),
    })),
    dataset_info: present.map((config) => ({
      config_name: config,
      features: hubFeaturesOf(columnsOf(config)),
      ...sizes(parquet.filter((file) => file.config === config)),
    })),
  };
}

/** Bytes of the values are told where they are known of every file. */
function sizes(files: readonly WrittenFile[]): Record<string, unknown> {
  const raw = (some: readonly WrittenFile[]): number | null =>
    some.every(({ rawBytes }) => rawBytes !== undefined) ? sum(some.map(({ rawBytes = 0 }) => rawBytes)) : null;
  const splits = [...Map.groupBy(files, ({ split }) => split)].map(([name, own]) => ({
    name,
    ...(raw(own) === null ? {} : { num_bytes: raw(own) }),
    num_examples: sum(own.map(({ rows }) => rows)),
  }));
  const downloaded = sum(files.map(({ bytes }) => bytes));
  return { splits, download_size: downloaded, ...(raw(files) === null ? {} : { dataset_size: raw(files) }) };
}

/** Where the Hub has no name for a licence, it asks for one of ours and for the file that tells of it. */
function licenseFields({ repositories }: RunFacts): Record<string, unknown> {
  const license = [...new Set(repositories.map((one) => hubLicense(one.license)))].sort();
  const named = { license: license.length === 0 ? ["unknown"] : license };
  if (!license.includes("other")) return named;
  const others = repositories.flatMap((one) => (hubLicense(one.license) === "other" ? [one.license ?? ""] : []));
  const slug = [...new Set(others)]
    .sort()
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^-|-$/g, "");
  return { ...named, license_name: slug || "other", license_link: licenseFile };
}

/** As the Hub's "Licenses" asks of a dataset under other licences than it knows. */
export const licenseFile = "LICENSE.md";

const powers = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"];
const sizeCategory = (rows: number): string => powers[Math.max(0, Math.floor(Math.log10(Math.max(rows, 1))) - 2)] ?? "n>1T";

/** Text of others in one Markdown line: no markup of theirs takes effect. */
const inline = (text: string): string => text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|#&~]/g, (sign) => `\\${sign}`);
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

function introduction(facts: RunFacts): string {
  const { tool, toolVersion, seed, configHash, repositories, isolated = true } = facts;
  return [
    `Training instances of five coding skills, made from ${plural(repositories.length, "repository", "repositories")}.`,
    "Each starts from one change whose effect was observed by running tests, and each was let in only after its own trials,",
    `${isolated ? "run in a sandbox without network" : "run on the machine itself, with its network and without a sandbox"}, gave 1 to the known good answer every time and 0 to the empty answer, to every decoy and to every attempt to cheat the grader.`,
    "Rewards come from running tests and from comparing with labels that tests confirmed; no model judges anything.",
    `\n\nMade by ${inline(tool)} ${inline(toolVersion)}, seed \`${seed.replaceAll("`", "")}\`, configuration \`${configHash}\`. ${sameRows(facts)}`,
  ].join(" ");
}

const asks: Readonly<Record<SkillName, readonly [string, string]>> = {
  localization: ["Where is the defect?", "JSON list of files and symbols"],
  editing: ["Make this change here.", "unified diff"],
  "unit-tests": ["Write tests for this symbol.", "a test file"],
  reproduction: ["Show the bug with a test.", "a test file"],
  review: ["Would you merge this diff?", "JSON verdict with findings"],
  "bug-fix": ["Repair what was reported.", "unified diff"],
};

function skillTable(counts: readonly RowCount[]): string {
  const rowsIn = (skill: SkillName, split?: string): number =>
    sum(counts.filter((count) => count.skill === skill && (split === undefined || count.split === split)).map(({ rows }) => rows));
  const splits = [...new Set(skills.flatMap((skill) => counts.filter((count) => count.skill === skill).map(({ split }) => split)))];
  const rowsFor = (names: readonly SkillName[]) =>
    names.map((name) => [`\`${name}\``, ...asks[name], ...splits.map((split) => rowsIn(name, split)), rowsIn(name)]);
  const head = ["asked", "answer", ...splits, "all"];
  const tasks = rowsFor(made(counts));
  return [
    `## What is in it\n\n${table(["skill", ...head], rowsFor(atomicSkills))}`,
    "A skill without rows has no config. Questions about one change share `change_id` and a split.",
    ...(tasks.length === 0
      ? []
      : [
          `### Composite tasks\n\n${table(["task", ...head], tasks)}`,
          "A composite task takes several skills at once and measures what was learnt: its rows are never in `train`, and no repository of theirs has rows there. The reports are texts of others, as they stood in issues, pull requests and messages; addresses, ids, names of people, credentials and whatever told of the repair were taken out, and the facts `removed-…` count it.",
        ]),
  ].join("\n\n");
}

/** Nothing where there are no rows. */
function sources({ skills: found }: Statistics): string[] {
  const each = Object.entries(found);
  if (each.length === 0) return [];
  const head = ["skill", "injected mutants", "commits of the history", "of these, pull requests", "changes of the history taken back"];
  const rows = each.map(([skill, { sources: kinds, pullRequests }]) => [
    `\`${inline(skill)}\``,
    ...[kinds["injected"] ?? 0, kinds["commit"] ?? 0, pullRequests ?? "not looked at", kinds["mirrored"] ?? 0],
  ]);
  return [`### Where the changes come from\n\n${table(head, rows)}\n\nThe column \`source_kind\` says it of each row.`];
}

function languages({ rows, languages: found }: Statistics): string[] {
  const counts = Object.entries(found).map(([language, count]) => [inline(language), count, percent(count / rows)]);
  return counts.length === 0 ? [] : [`### Languages\n\n${table(["language", "rows", "share"], counts)}`];
}

/** Nothing for a dataset of which it was not looked at. */
function splitsOfRows({ splitProof, splitSettings }: RunFacts): string[] {
  if (splitProof === undefined) return [];
  const head = ["split", "repository groups", "rows", "share", "asked for"];
  const told = "A group is a repository under all its names with its forks, mirrors and copies, and lies in one split, whole.";
  return [
    `## Splits\n\n${table(head, splitRows(splitProof))}\n\n${told} ${splitSentence(splitProof)}`,
    ...(splitSettings === undefined ? [] : [settingsText(splitSettings)]),
  ];
}

function funnel({ stages, infrastructureFailures }: RunFacts): string {
  if (stages.length === 0) return "## How it came about\n\nThe figures of the run are not kept with this dataset.";
  const rows = stages.map(({ name, in: given, kept, dropped }) => [
    inline(name),
    given,
    kept,
    sum(dropped.map(({ count }) => count)),
    [...dropped]
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
      .map(({ reason, count }) => `\`${reason}\` ${count}`)
      .join(", ") || "none",
  ]);
  const trouble =
    infrastructureFailures === 0
      ? "No record was given up because of the machine."
      : `${plural(infrastructureFailures, "record was", "records were")} given up because the sandbox or the registry failed, in none of the figures above.`;
  return `## How it came about\n\n${table(["stage", "in", "kept", "dropped", "why dropped"], rows)}\n\nOne record may give several, so a stage can keep more than came in. ${trouble}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function figures({ reviewCue, audit }: RunFacts): string {
  const lines: string[] = [];
  if (reviewCue !== null)
    lines.push(
      `- A classifier over diff tokens alone tells the two arms of the review pairs apart with accuracy ${percent(reviewCue.accuracy)} on ${reviewCue.rows} rows (chance is 50 %).`,
    );
  if (audit !== null)
    lines.push(
      `- ${plural(audit.recomputed, "verdict was", "verdicts were")} computed a second time from a fresh workspace and the whole suite; ${audit.disagreed} came out differently.`,
    );
  return `## Checks on the whole\n\n${lines.length === 0 ? "None was made in this run." : lines.join("\n")}`;
}

const labelsTold: readonly (readonly [string, string])[] = [
  ["hidden-name", "a name that only hidden tests know"],
  ["exact-message", "an exact text is needed"],
  ["ambiguous-location", "another place fits as well"],
];

/** Nothing where no private row was read. */
function openness({ skills: found }: Statistics): string[] {
  const each = Object.entries(found).filter(([, { leakScans }]) => Object.keys(leakScans).length > 0);
  if (each.length === 0) return [];
  const of = (count: number, rows: number): string => (rows === 0 ? "not looked at" : `${count} (${percent(count / rows)})`);
  const rows = each.map(([skill, { leakScans, specified, labels }]) => [
    `\`${inline(skill)}\``,
    leakScans["clean"] ?? 0,
    leakScans["noted"] ?? 0,
    leakScans["not scanned"] ?? 0,
    ...labelsTold.map(([label]) => of(labels[label] ?? 0, specified)),
  ]);
  const head = ["skill", "clean", "noted", "not scanned", ...labelsTold.map(([label]) => label)];
  return [
    `## What lies open, and what is left unsaid\n\n${table(head, rows)}`,
    `Before a row was proven, all that its solver can open (prompt, tree, what is installed, caches) was searched for code and names of the repair, hidden tests and ids of commits; what gives an answer away is no row, and \`leak_scan_json\` says what was noted. The labels are computed, with their evidence in \`specification_json\`: ${labelsTold.map(([label, about]) => `\`${label}\`, ${about}`).join("; ")}. A label counts once a row; ambiguity is known only between defects that were observed, so it is a lower bound.`,
  ];
}

const baselinesTitle = "## What rules without a model earn";

function baselines(measured: readonly Baseline[]): string {
  if (measured.length === 0) {
    return `${baselinesTitle}\n\nThis was not measured on these rows: \`kihon solve DATASET --record\` answers each by rules of a few lines, and writes here what they earn.`;
  }
  const safe = measured.map((one) => ({ ...one, baseline: inline(one.baseline), about: inline(one.about) }));
  return `${baselinesTitle}\n\n${table(baselineHead, baselineRows(safe))}\n\n${baselineSentence(safe)}`;
}

const contaminationTitle = "## Contamination";

const ratesTitle = "## How often models solve them";

function rates(measured: readonly ModelRates[]): string[] {
  if (measured.length === 0) return [];
  const safe = measured.map((one) => ({ ...one, model: inline(one.model) }));
  return [`${ratesTitle}\n\n${table(rateHead, rateRows(safe))}\n\n${rateSentence(safe)} By question: \`solve-rates.json\`.`];
}

/** The card with a section in place of the one of that title, before the first of these titles that it has; null where it has none. */
function sectionIn(card: string, title: string, section: readonly string[], before: readonly string[]): string | null {
  const bare = card.replace(new RegExp(`^${title}\n[\\s\\S]*?(?=^## )`, "m"), "");
  const at = before.map((next) => bare.search(new RegExp(`^${next}$`, "m"))).find((place) => place !== -1);
  return at === undefined ? null : `${bare.slice(0, at)}${section.map((text) => `${text}\n\n`).join("")}${bare.slice(at)}`;
}

/** A card that was written before, with these figures in place of those that it tells; null where it has no place for them. */
export const cardWith = (card: string, measured: readonly Baseline[]): string | null =>
  sectionIn(card, baselinesTitle, [baselines(measured)], [ratesTitle, contaminationTitle]);

export const cardWithRates = (card: string, measured: readonly ModelRates[]): string | null =>
  sectionIn(card, ratesTitle, rates(measured), [contaminationTitle]);

function contamination({ contamination: facts }: RunFacts): string {
  if (facts === undefined) return `${contaminationTitle}\n\nWhich lists of evaluation sets were in force is not kept with this dataset.`;
  const rows = listRows(facts).map((cells) => cells.map((cell) => (typeof cell === "string" ? inline(cell) : cell)));
  const told = rows.length === 0 ? "No list was in force." : table(listHead, rows);
  return `${contaminationTitle}\n\n${told}\n\n${listSentence({ ...facts, allowed: facts.allowed.map(inline) })}`;
}

/** Nothing for a dataset made in one go. */
function editions({ refreshed, files, rows }: CardInput): string[] {
  if (refreshed === undefined) return [];
  const { edition, withdrawn, left } = refreshed;
  const gone = left.filter((one) => one.kind === "row");
  const stored = sum(skills.map((skill) => rowsOf(parquetOf(files), skill))) - sum(rows.map((count) => count.rows));
  const reasons = [...Map.groupBy(gone, ({ reason }) => reason)].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [`This is edition ${edition}: a refresh adds files and leaves those of earlier editions as they are.`];
  if (gone.length > 0) {
    lines.push(
      `Rows were withdrawn: ${reasons.map(([reason, { length }]) => `\`${reason}\` ${length}`).join(", ")}; \`${withdrawn?.file}\` names each.`,
    );
  }
  if (stored > 0) {
    lines.push(
      `**${stored} of them still lie in the files**, where \`kihon\` passes over them: leave out every row whose \`instance_id\` and \`content_hash\` that file names. \`kihon refresh --compact\` writes the files without them.`,
    );
  }
  return [`## Editions\n\n${lines.join(" ")}`];
}

function usage(): string {
  return `## Use

\`\`\`python
from datasets import load_dataset

questions = load_dataset("PATH_OR_NAME", "editing")            # what a solver may see
answers = load_dataset("PATH_OR_NAME", "editing-private")      # what only the grader may see
trees = load_dataset("PATH_OR_NAME", "environments", split="train")
\`\`\`

Give a solver the columns of the plain config and nothing else. Its tree is the environment's archive with \`visible_layer_json\` over it: lay the layer before the solver starts, for the bare archive is the healthy tree with all tests in it.

\`manifest.json\` holds the sha256 of every data file. The config \`environments\` is not cut into splits: all its rows are under \`train\`, the Hub's name for a dataset without splits.`;
}

function grading({ tool, toolVersion }: RunFacts): string {
  return `## How to grade

\`\`\`sh
kihon grade DATASET --answers FILE   # rewards of answers, JSON lines {"instance_id","answer"}
kihon verify DATASET                 # proves every row again: gold 1; blank, decoys and probes 0
\`\`\`

\`reward\` is 0 or 1 and strict; \`components\` are figures from 0 to 1, for who wants a denser signal. The grader needs the \`-private\` configs and \`environments\`; it runs answers in a sandbox without network, in trees that it builds from these files. Trouble of the sandbox itself is an error and never a reward of 0.

\`kihon\` is the command of the package \`${tool.replaceAll("`", "")}\`, version ${inline(toolVersion)}, under Apache-2.0, for Linux with Node 22.18 or later. In a copy of its source \`make setup\` fetches what it needs, and \`./kihon\` stands for \`kihon\`. This card knows of no address where it is published: ask whoever gave you the dataset.`;
}

function columns(): string {
  return [
    "## Columns",
    "### Plain configs (solver)",
    columnsMarkdown(columnsOf("editing")),
    "### `-private` configs (grader)",
    columnsMarkdown(columnsOf("editing-private")),
    "### `environments`",
    columnsMarkdown(columnsOf("environments")),
  ].join("\n\n");
}

/** What this dataset is, where that narrows what it can teach or measure. */
function narrowness({ statistics: found, summary: { audit }, rows }: Pick<CardInput, "statistics" | "summary" | "rows">): string[] {
  if (found.rows === 0) return [];
  const [repository, ...others] = Object.keys(found.repositories);
  const files = Object.entries(found.files).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
  const [file] = files;
  const injected = sum(Object.values(found.skills).map(({ sources: kinds }) => kinds["injected"] ?? 0));
  const of = `of the ${plural(found.rows, "row")}`;
  const splits = new Set(rows.flatMap((count) => (count.rows > 0 ? [count.split] : [])));
  return [
    ...(repository === undefined
      ? []
      : [
          others.length === 0
            ? `All rows are of one repository, ${inline(repository)}: they say nothing of how a model does elsewhere.`
            : `The rows are of ${others.length + 1} repositories.`,
        ]),
    ...(file === undefined
      ? []
      : [
          files.length === 1
            ? `Every change edits one and the same source file, ${inline(file[0])}.`
            : `The changes edit ${files.length} source files; the one that most rows edit, ${inline(file[0])}, is in ${percent(file[1] / found.rows)} ${of}.`,
        ]),
    injected === found.rows
      ? "Every defect was injected: there is no real defect in this dataset, and none of its questions comes from a change that somebody made."
      : injected === 0
        ? "No defect was injected: every change is of the history."
        : `${percent(injected / found.rows)} ${of} are about injected defects.`,
    ...(splits.size === 1
      ? [
          `All rows are in the split \`${[...splits].join("")}\`: ${splits.has("train") ? "nothing is held out" : "there is nothing to train on"}.`,
        ]
      : []),
    ...(audit === null ? ["No verdict was computed a second time."] : []),
  ];
}

function limits(input: CardInput): string {
  const { repositories, flakiness } = input.summary;
  const quarantined = sum(repositories.flatMap(({ environments }) => environments.map((each) => each.quarantined)));
  const unsteady = flakiness === undefined ? `${quarantined} in this dataset` : flakinessText(flakiness);
  const kinds = Object.values(input.statistics.skills).map(({ sources: counts }) => counts);
  const hasInjected = kinds.some((counts) => (counts["injected"] ?? 0) > 0);
  const written = made(input.rows).length === 0 ? "Prompts" : "Prompts of the five skills";
  return [
    "## Known limits",
    [
      ...narrowness(input).map((line) => `- ${line}`),
      "- A verdict is as good as the tests behind it: a wrong answer that no test of the repository notices scores 1.",
      ...(hasInjected ? ["- Injected defects are small and local; they are not drawn from the distribution of real bugs."] : []),
      `- ${written} are written from templates and observed behaviour, not by people; they are more regular than real issues.`,
      `- Tests that did not always end the same way were set aside (${unsteady}) and decide nothing; the config \`environments\` lists them under \`quarantine\`.`,
      "- What is public a model may have read before: the healthy state of the repositories, and the changes of their history.",
      "- Evaluation sets are kept out as far as lists name them (Contamination). SWE-bench-Live, which changes every month and names hundreds of repositories, and Terminal-Bench, whose tasks are of no repository, are on none of the bundled lists: who measures by them gives their instances with `--deny-list`.",
    ].join("\n"),
  ].join("\n\n");
}

const licenseTable = ({ repositories }: RunFacts): string =>
  table(
    ["repository", "address", "commit", "licence", "read in"],
    repositories.map(({ name, address, commit, license, licenseFrom }) => [
      inline(name),
      address === undefined ? "none known" : `<${address}>`,
      `\`${commit}\``,
      license === null ? "none found" : inline(license),
      licenseFrom === undefined ? "not kept" : licenseFrom.map(inline).join(", ") || "nothing",
    ]),
  );

/** Of which repositories a text of the licence lies in the trees, and of which it does not. */
function licenseTexts({ repositories }: RunFacts): string {
  const known = repositories.filter(({ licenseFrom }) => licenseFrom !== undefined);
  const bare = known.filter(({ licenseFrom = [] }) => licenseFrom.every(isManifest));
  const [stated, silent] = [bare.filter(({ license }) => license !== null), bare.filter(({ license }) => license === null)];
  const names = (some: typeof repositories): string => some.map(({ name }) => inline(name)).join(", ");
  return [
    ...(known.length > bare.length
      ? [
          `${bare.length === 0 && known.length === repositories.length ? "Each tree in `environments`" : `In \`environments\` each tree of ${names(known.filter((one) => !bare.includes(one)))}`} has the repository's own licence file in it.`,
        ]
      : []),
    ...(stated.length > 0 ? [`The manifest alone names a licence of ${names(stated)}: no file with its text was found.`] : []),
    ...(silent.length > 0 ? [`No licence was found of ${names(silent)}: without one, nothing is allowed beyond what the law allows.`] : []),
  ].join(" ");
}

/** Of texts that no licence of a repository covers; nothing where there are none. */
function foreignTexts({ rows, remarked }: Pick<CardInput, "rows" | "remarked">): string[] {
  const reports = sum(rows.filter(({ skill }) => skill === "bug-fix").map((count) => count.rows));
  const held = [
    ...(reports > 0 ? [`the reports that ${plural(reports, "row")} of \`bug-fix\` ask from`] : []),
    ...(remarked > 0 ? [`what reviewers said, in \`human_findings_json\` of ${plural(remarked, "row")}`] : []),
  ];
  if (held.length === 0) return [];
  return [
    `Not under these licences: ${held.join(", and ")}. These are texts of the people who wrote them in issues, pull requests and messages. They gave no licence with them that was read here; the terms of the site where they wrote hold, and their own rights. Nothing is claimed of these texts, and what their authors ask to have taken down is.`,
  ];
}

const licenses = (input: CardInput): string =>
  [
    "## Licences",
    `The rows hold source text of these repositories, each under its own licence; the columns \`repo\`, \`base_commit\` and \`license_spdx\` say which. ${licenseTexts(input.summary)}`.trim(),
    licenseTable(input.summary),
    ...foreignTexts(input),
  ].join("\n\n");

/** `LICENSE.md`. */
export function toLicenseFile(input: Pick<CardInput, "summary" | "rows" | "remarked">): string {
  const held = input.summary.repositories.flatMap(({ name, licenseFrom = [], copyright = [] }) =>
    copyright.length === 0
      ? []
      : [
          `${inline(name)}, in ${licenseFrom
            .filter((path) => !isManifest(path))
            .map(inline)
            .join(", ")}:\n\n${copyright.map((line) => `- ${inline(line)}`).join("\n")}`,
        ],
  );
  const parts = [
    "# Licences",
    `This dataset holds source text of the repositories below. Each part of it stays under the licence of the repository that it is from, as that licence stood at the commit named here. ${licenseTexts(input.summary)}`.trim(),
    licenseTable(input.summary),
    ...(held.length === 0 ? [] : ["## Copyright lines of the licence files", ...held]),
    ...foreignTexts(input),
  ];
  return `${parts.join("\n\n")}\n`;
}

const takedown = (contact: string): string => `## Takedown

To have rows of your repository taken down, write to ${inline(contact)}. Name the repository, pull request or \`instance_id\`; what is taken down is named in \`withdrawn-*.jsonl\` and left out of the files when they are next written whole.`;

function cite({ title, summary, rowHashes, refreshed }: CardInput): string {
  const { citation } = summary;
  const plain = (text: string): string => text.replace(/\s+/g, " ").replace(/[{}\\"`$%&#_^~]/g, "");
  return `## How to cite

\`\`\`bibtex
@misc{kihon-${rowHashes.slice(0, 12)},
${citation?.author ? `  author = {${plain(citation.author)}},\n` : ""}  title = {${plain(title)}},
${citation?.year ? `  year = {${citation.year}},\n` : ""}  howpublished = {Verified training instances made by ${plain(summary.tool)} ${plain(summary.toolVersion)}},
  note = {Edition ${refreshed?.edition ?? 1}, row hash ${rowHashes}}
}
\`\`\`

The row hash covers what every row says: two datasets with the same one are the same.`;
}

/** Nothing where that figure was not drawn. */
function picture({ figures }: CardInput, name: string): string {
  const figure = figures.find(({ file }) => file === `figures/${name}.svg`);
  return figure === undefined ? "" : `\n\n![${figure.title}](${figure.file})`;
}

const spread = (numbers: Spread | null): string => (numbers === null ? "" : `${numbers.min} / ${numbers.median} / ${numbers.max}`);

function statistics(input: CardInput): string {
  const { statistics: found } = input;
  const each = Object.entries(found.skills);
  if (each.length === 0) return "## Figures\n\nThere are no rows.";
  const facts = each.flatMap(([skill, own]) =>
    Object.entries(own.facts).map(([name, numbers]) => [inline(skill), inline(name), numbers.count, spread(numbers)]),
  );
  return [
    `## Figures\n\n${plural(found.rows, "question")} about ${plural(found.changes, "change")}. Three numbers are the least, the median and the greatest. Graded to prove a row were its gold answer in each repeat, the blank answer, the decoys and the probes.`,
    table(
      ["skill", "rows", "characters of the question", "answers graded to prove a row", "test files in its premises and trials"],
      each.map(([skill, own]) => [inline(skill), own.rows, spread(own.prompt), spread(own.gradings), spread(own.testFiles)]),
    ) + picture(input, "prompts"),
    ...(facts.length === 0
      ? []
      : [
          `What was counted of the questions, as the column \`facts\` has it:\n\n${table(["skill", "fact", "rows", "least / median / greatest"], facts)}`,
        ]),
    `What the known answers scored when the rows were proven:\n\n${table(
      ["skill", "gold", "blank", "wrong answers (decoys)", "attempts to cheat (probes)"],
      each.map(([skill, { rewards }]) => [
        inline(skill),
        ...(["gold", "blank", "decoy", "probe"] as const).map((role) => scored(rewards, role)),
      ]),
    )}`,
    ...(Object.keys(found.operators).length === 0 ? [] : [picture(input, "operators").trim()]),
  ].join("\n\n");
}

/** How many answers, of how many kinds, and between what they scored. */
function scored(rewards: readonly Rewarded[], role: Rewarded["role"]): string {
  const own = rewards.filter((one) => one.role === role);
  if (own.length === 0) return "none";
  const least = Math.min(...own.map((one) => one.least));
  const greatest = Math.max(...own.map((one) => one.greatest));
  const kinds = own.length === 1 ? "" : ` of ${own.length} kinds`;
  return `${sum(own.map((one) => one.rows))}${kinds}: ${least === greatest ? `all ${least}` : `${least} to ${greatest}`}`;
}
