/** A dataset with a real tree: one row of each skill, and a second, held-out row of editing. Its secrets are words that stand nowhere else. */
import { packTree } from "../../../lib/archive.ts";
import { unifiedDiff } from "../../../lib/diff.ts";
import { sha256 } from "../../../lib/hash.ts";
import { writeDataset } from "../../../output/dataset-writer.ts";
import { toEnvironmentRow, toRows } from "../../../output/rows.ts";
import type { Environment } from "../../../schemas/environment.ts";
import { type Instance, type SkillName, skills } from "../../../schemas/instance.ts";
import { context, datasetInput, defective, healthy, environment as sampleEnvironment, sampleInstance } from "../samples.ts";

const file = (path: string, text: string, executable = false) => ({ path, kind: "file", executable, bytes: Buffer.from(text) }) as const;

export const hiddenTest = 'test("sums", () => expect(add(1, 2)).toBe(3)); // word-of-the-hidden-test\n';
export const tree = packTree([
  file("package.json", '{"name":"calc","type":"module"}\n'),
  file("package-lock.json", '{"lockfileVersion":3}\n'),
  file("bin/calc.js", "#!/usr/bin/env node\n", true),
  file("src/add.ts", healthy["src/add.ts"] ?? ""),
  file("src/add-more.ts", "export const more = 1;\n"),
  file("src/add/inner.ts", "export const inner = 1;\n"),
  file("tests/add.test.ts", hiddenTest),
  { path: "latest", kind: "link", target: "src/add.ts" },
]);
export const environment: Environment = { ...sampleEnvironment, archive: sha256(tree) };

/** The gold of patch tasks repairs the tree; that of the others is a word that nobody else says. */
export const goldWord = "word-of-the-gold-answer";
const repair = unifiedDiff([{ path: "src/add.ts", before: defective, after: healthy["src/add.ts"] ?? "" }]);

export function instance(skill: SkillName, id?: string): Instance {
  const bare = sampleInstance(skill, id === undefined ? {} : { id });
  const gold = bare.draft.answerForm === "patch" ? repair : goldWord;
  const answers = bare.draft.answers.map((answer) => (answer.role === "gold" ? { ...answer, text: gold } : answer));
  return { ...bare, draft: { ...bare.draft, answers } };
}

export const heldOut = instance("editing", "00000000000000b1");
export const instances: readonly Instance[] = [...skills.map((skill) => instance(skill)), heldOut];

export async function writeStand(folder: string): Promise<void> {
  const set = (skill: SkillName, split: string, one: Instance) => ({
    skill,
    split,
    pairs: () => [toRows(one, environment, { ...context, split })],
  });
  const sets = [...skills.map((skill) => set(skill, "train", instance(skill))), set("editing", "test", heldOut)];
  await writeDataset(datasetInput(folder, { sets, environments: () => [toEnvironmentRow(environment, tree)] }));
}
