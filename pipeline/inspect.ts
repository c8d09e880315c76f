/** `kihon inspect` and `kihon stats`: a dataset, read. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { openDataset } from "../output/dataset-reader.ts";
import { type Instance, type SkillName, skills } from "../schemas/instance.ts";

export interface InspectOptions {
  readonly rows: number;
  readonly hidden: boolean;
  readonly id?: string;
  readonly skill?: SkillName;
}

export interface Inspected {
  readonly json: unknown;
  readonly text: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: foreign text must not steer a terminal
const plain = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");

function show({ draft, proof, candidate }: Instance, hidden: boolean): Inspected {
  const { skill, id, environmentId, changeId, prompt, answerForm, answerPath, facts } = draft;
  const gold = draft.answers.find((answer) => answer.role === "gold")?.text ?? "";
  const open = {
    instance_id: id,
    skill,
    change_id: changeId,
    environment_id: environmentId,
    answer_form: answerForm,
    answer_path: answerPath,
    facts,
    prompt,
  };
  const closed = {
    gold,
    proof,
    judgement: draft.judgement,
    trials: draft.trials.map((trial) => trial.name),
    fail_to_pass: draft.failToPass,
    candidate: candidate.kind,
  };
  const measured = `gold ${proof.gold.join(" ")}, blank ${proof.blank}, ${proof.decoys.length} decoys and ${proof.probes.length} probes at 0`;
  const head = `${skill}  ${id}  (${Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")})\nmeasured: ${measured}`;
  const body = plain(prompt)
    .split("\n")
    .map((line) => `  | ${line}`)
    .join("\n");
  const answer = hidden
    ? `\ngold answer:\n${plain(gold)
        .split("\n")
        .map((line) => `  > ${line}`)
        .join("\n")}`
    : "";
  return { json: hidden ? { ...open, ...closed } : open, text: `${head}\n${body}${answer}` };
}

/** The first rows of each skill in turn, so that three rows show three skills. */
export async function inspect(folder: string, options: InspectOptions): Promise<Inspected[]> {
  const data = await openDataset(folder);
  if (options.id !== undefined) {
    const one = await data.instance(options.id);
    if (one === null)
      throw new StopRun(`the dataset has no instance ${options.id}`, { next: "list ids with: kihon inspect DATASET --json", exitCode: 1 });
    return [show(one, options.hidden)];
  }
  const wanted = options.skill === undefined ? skills : [options.skill];
  const bySkill: Instance[][] = [];
  for (const skill of wanted) {
    const rows: Instance[] = [];
    for await (const instance of data.instances({ skill })) {
      rows.push(instance);
      if (rows.length >= options.rows) break;
    }
    bySkill.push(rows);
  }
  const turns = Array.from({ length: options.rows }, (_, at) => bySkill.flatMap((rows) => rows[at] ?? []));
  return turns
    .flat()
    .slice(0, options.rows)
    .map((instance) => show(instance, options.hidden));
}

export interface Stats {
  readonly rows: number;
  readonly skills: Readonly<Record<string, { rows: number; trials: number; decoys: number; probes: number; promptCharacters: number }>>;
  readonly repositories: Readonly<Record<string, number>>;
  readonly operators: Readonly<Record<string, number>>;
  readonly environments: number;
  /** Funnel as the card gives it; null where the dataset has no card. */
  readonly card: string | null;
}

const add = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

export async function stats(folder: string): Promise<Stats> {
  const data = await openDataset(folder);
  const found: Record<string, { rows: number; trials: number; decoys: number; probes: number; promptCharacters: number }> = {};
  const [repositories, operators]: Record<string, number>[] = [{}, {}];
  let rows = 0;
  for await (const { draft, proof, candidate } of data.instances()) {
    rows += 1;
    const own = found[draft.skill] ?? { rows: 0, trials: 0, decoys: 0, probes: 0, promptCharacters: 0 };
    found[draft.skill] = own;
    own.rows += 1;
    own.trials += draft.trials.length + draft.premises.length;
    own.decoys += proof.decoys.length;
    own.probes += proof.probes.length;
    own.promptCharacters += draft.prompt.length;
    add(repositories ?? {}, candidate.revision.repository.name);
    if (candidate.kind === "mutant") for (const site of candidate.sites) add(operators ?? {}, site.operator);
  }
  const card = join(folder, "README.md");
  const environments = (await data.environmentIds()).length;
  return {
    rows,
    skills: found,
    repositories: repositories ?? {},
    operators: operators ?? {},
    environments,
    card: existsSync(card) ? readFileSync(card, "utf8") : null,
  };
}

export function statsText(found: Stats): string {
  const lines = [`${found.rows} rows, ${found.environments} environments`, ""];
  lines.push("skill            rows  trials/row  decoys/row  probes/row  prompt (characters)");
  for (const [skill, own] of Object.entries(found.skills)) {
    const per = (count: number): string => (count / own.rows).toFixed(1);
    lines.push(
      `${skill.padEnd(15)} ${String(own.rows).padStart(5)} ${per(own.trials).padStart(11)} ${per(own.decoys).padStart(11)} ${per(own.probes).padStart(11)} ${per(own.promptCharacters).padStart(20)}`,
    );
  }
  const list = (title: string, counts: Readonly<Record<string, number>>): void => {
    lines.push("", title);
    const sorted = Object.entries(counts).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
    for (const [name, count] of sorted.slice(0, 20)) lines.push(`  ${String(count).padStart(5)}  ${name}`);
    if (sorted.length > 20) lines.push(`         and ${sorted.length - 20} more`);
  };
  list("repositories", found.repositories);
  list("operators", found.operators);
  const funnel = /^## [^\n]*[Ff]unnel[\s\S]*?(?=^## |$(?![\s\S]))/m.exec(found.card ?? "")?.[0];
  if (funnel) lines.push("", funnel.trim());
  return lines.join("\n");
}
