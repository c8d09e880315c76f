/**
 * Rows of SWE-bench: `<split>.jsonl`, with the lists of tests as JSON texts. Rows of tasks that are answered with a patch.
 *
 * The tree of a question is in no public repository: a mutant is in it, and the hidden tests are not. So each question's tree is a commit of its
 * own, without history, in `repositories/<repo>.fast-import`, which `git fast-import` reads; `base_commit` is that commit, on the branch
 * named like the instance. `patch` repairs it, `test_patch` brings the hidden tests, and both apply to it, as everywhere in the SWE family.
 * So these rows are for a harness, and none of them is for the eyes of a solver but `problem_statement`.
 *
 * Format: SWE-bench 7a21e057 (18 August 2026), swebench/types.py (`SWEbenchInstance`) and docs/guides/datasets.md. Test ids are Kihon's own
 * (`file > suite > title`), so a harness that runs the tests itself needs a log parser for them.
 */
import { join } from "node:path";
import { readTree } from "../../lib/archive.ts";
import { type FileChange, unifiedDiff } from "../../lib/diff.ts";
import { BrokenRecord } from "../../lib/errors.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { RowPair } from "../../schemas/row.ts";
import { PendingFile } from "../pending-file.ts";
import type { Projection, ProjectionInput } from "./contract.ts";
import { CommitStream } from "./git-objects.ts";
import { publicFacts, writeJsonRows } from "./row-files.ts";
import { solverTree, visibleLayer } from "./solver-tree.ts";

/** What the layer hides or changes of the healthy tree, other than what the gold patch itself brings back. */
function testPatch(pair: RowPair, healthy: ReadonlyMap<string, string>, repaired: ReadonlySet<string>): string {
  const changes = Object.entries(visibleLayer(pair.public))
    .filter(([path]) => !repaired.has(path))
    .map(([path, text]): FileChange => ({ path, before: text, after: healthy.get(path) ?? null }));
  return unifiedDiff(changes);
}

const pathsOf = (patch: string): ReadonlySet<string> =>
  new Set([...patch.matchAll(/^(?:---|\+\+\+) "?[ab]\/([^"\t\n]+)/gm)].map(([, path = ""]) => path));

function row(pair: RowPair, environment: Environment, healthy: ReadonlyMap<string, string>, commit: string) {
  const { public: open, private: hidden } = pair;
  return {
    repo: open.repo,
    instance_id: open.instance_id,
    base_commit: commit,
    patch: hidden.gold,
    test_patch: testPatch(pair, healthy, pathsOf(hidden.gold)),
    problem_statement: open.problem_statement,
    hints_text: "",
    created_at: environment.revision.committedAt,
    version: open.environment_id,
    FAIL_TO_PASS: JSON.stringify(hidden.FAIL_TO_PASS),
    PASS_TO_PASS: JSON.stringify(hidden.PASS_TO_PASS),
    environment_setup_commit: commit,
    kihon: { ...publicFacts(pair), split: open.split, interface: open.interface, repository: `repositories/${streamName(open.repo)}` },
  };
}

const streamName = (repo: string): string => `${repo.replaceAll("/", "__")}.fast-import`;

/** Text files of an environment's tree by path; the last one asked for is kept, since rows of an environment follow one another. */
function healthyTexts(input: ProjectionInput) {
  let last: { readonly id: string; readonly archive: Uint8Array; readonly texts: ReadonlyMap<string, string> } | null = null;
  return async (id: string) => {
    if (last?.id === id) return last;
    const archive = await input.archive(id);
    const texts = readTree(archive).flatMap((entry) =>
      entry.kind === "file" ? [[entry.path, Buffer.from(entry.bytes).toString("utf8")] as const] : [],
    );
    last = { id, archive, texts: new Map(texts) };
    return last;
  };
}

async function write(input: ProjectionInput, folder: string): Promise<void> {
  const healthy = healthyTexts(input);
  const files = new Map<string, PendingFile>();
  const streams = new Map<string, CommitStream>();
  const rows = new Map<string, unknown>();
  try {
    for await (const pair of input.pairs()) {
      const { repo, environment_id, instance_id } = pair.public;
      const name = streamName(repo);
      if (!files.has(name)) {
        const file = new PendingFile(join(folder, "repositories", name));
        files.set(name, file);
        streams.set(name, new CommitStream((chunk) => file.write(chunk)));
      }
      const { archive, texts } = await healthy(environment_id);
      const commit = streams.get(name)?.add(instance_id, `${instance_id}\n`, solverTree(archive, pair.public)) ?? "";
      rows.set(instance_id, row(pair, await input.environment(environment_id), texts, commit));
    }
    for (const [name, file] of files) {
      file.write(Buffer.from("done\n"));
      file.commit(join(folder, "repositories", name));
    }
  } finally {
    for (const file of files.values()) file.abandon();
  }
  await writeJsonRows(input, folder, ({ public: { instance_id } }) => {
    const found = rows.get(instance_id);
    if (found === undefined) throw new BrokenRecord(`the dataset changed while it was read: ${instance_id}`);
    return found as Readonly<Record<string, unknown>>;
  });
}

export const sweBench = {
  name: "swe-bench",
  version: 1,
  about: "SWE-bench: JSON lines with patch, test_patch and tests, and the trees as a stream for git fast-import",
  source: "SWE-bench/SWE-bench 7a21e057, swebench/types.py",
  holdsTree: true,
  holdsAnswers: true,
  refuses: ({ public: { skill, answer_form } }) =>
    answer_form === "patch"
      ? null
      : { code: "no-patch", why: `${skill} is not answered with a patch, which is all that this format grades` },
  write,
} as const satisfies Projection;
