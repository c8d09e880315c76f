/** Each format as its consumer documents it, and that every row leads back to the instance that it was made of. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readTree } from "../../../lib/archive.ts";
import { openDataset } from "../../../output/dataset-reader.ts";
import { projections } from "../../../output/projections/index.ts";
import { contentHashOf, fromRows } from "../../../output/rows.ts";
import { createLog } from "../../../pipeline/log.ts";
import { project } from "../../../pipeline/project.ts";
import type { PrivateRow, PublicRow } from "../../../schemas/row.ts";
import { defective } from "../samples.ts";
import { goldWord, hiddenTest, instances, writeStand } from "./stand.ts";

const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
let scratch = "";
const out = (format: string): string => join(scratch, format);
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kihon-projections-"));
  await writeStand(join(scratch, "data"));
  for (const { name } of projections) await project(join(scratch, "data"), { log, to: name, out: out(name) });
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true }));

const chat = z.array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string().min(1) })).min(1);
const facts = {
  instance_id: z.string().regex(/^[0-9a-f]{16}$/),
  content_hash: z.string().regex(/^[0-9a-f]{64}$/),
  skill: z.string(),
  answer_form: z.string(),
  answer_path: z.string(),
  repo: z.string(),
  base_commit: z.string(),
  license_spdx: z.string(),
  source_kind: z.string(),
  change_id: z.string(),
  pair_id: z.string(),
  environment_id: z.string(),
  grader: z.string().regex(/^kihon grade /),
};
const extra = z.strictObject({ split: z.string(), index: z.int(), ...facts });

/** What the documents named in each projection ask for; `id` says where the row names its instance, `hash` where its content. */
const documented = {
  verl: z
    .strictObject({
      data_source: z.string(),
      prompt: chat,
      ability: z.string(),
      reward_model: z.strictObject({ style: z.literal("rule"), ground_truth: z.string() }),
      extra_info: extra,
    })
    .transform((row) => ({ id: row.reward_model.ground_truth, hash: row.extra_info.content_hash })),
  skyrl: z
    .strictObject({
      data_source: z.string(),
      prompt: chat,
      env_class: z.string(),
      reward_spec: z.strictObject({ method: z.enum(["rule", "reward_model"]), ground_truth: z.string() }),
      extra_info: extra,
    })
    .transform((row) => ({ id: row.reward_spec.ground_truth, hash: row.extra_info.content_hash })),
  trl: z.strictObject({ prompt: chat, ...facts }).transform((row) => ({ id: row.instance_id, hash: row.content_hash })),
  "nemo-gym": z
    .strictObject({ responses_create_params: z.strictObject({ input: chat }), id: z.string(), ...facts })
    .transform((row) => ({ id: row.id, hash: row.content_hash })),
  slime: z
    .strictObject({ prompt: chat, label: z.string(), metadata: z.strictObject({ rm_type: z.literal("remote_rm"), ...facts }) })
    .transform((row) => ({ id: row.label, hash: row.metadata.content_hash })),
  verifiers: z
    .strictObject({
      idx: z.int(),
      name: z.string(),
      description: z.string(),
      prompt: chat,
      workdir: z.string().startsWith("/"),
      network_allow: z.tuple([]),
      ...facts,
    })
    .transform((row) => ({ id: row.instance_id, hash: row.content_hash })),
  sft: z
    .strictObject({ messages: chat.min(2), ...facts })
    .refine(({ messages }) => messages.at(-1)?.role === "assistant")
    .transform((row) => ({ id: row.instance_id, hash: row.content_hash })),
};

const isParquet = (name: string): boolean => name.endsWith(".parquet");

async function rowsOf(format: string): Promise<readonly unknown[]> {
  const names = readdirSync(out(format)).filter((name) => isParquet(name) || name.endsWith(".jsonl"));
  const rows = names.map(async (name): Promise<readonly unknown[]> => {
    const path = join(out(format), name);
    if (isParquet(name)) return parquetReadObjects({ file: await asyncBufferFromFile(path) });
    return readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  });
  return (await Promise.all(rows)).flat();
}

/** Id → content hash, of the rows as the dataset has them. */
async function stored(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const data = await openDataset(join(scratch, "data"));
  for await (const pair of data.pairs()) found.set(pair.public.instance_id, pair.private.provenance.content_hash);
  return found;
}

const secrets = [goldWord, "word-of-the-hidden-test", "fixed", "probe-exit", "hidden.test.ts"];

describe.each(Object.entries(documented))("rows of %s", (format, schema) => {
  it("have the documented form and lead back to every instance", async () => {
    const wanted = new Map([...(await stored())].filter(([id]) => format !== "sft" || id !== "00000000000000b1"));
    const found = (await rowsOf(format)).map((row) => schema.parse(row));
    expect(new Map(found.map(({ id, hash }) => [id, hash]))).toEqual(wanted);
  });

  it.runIf(format !== "sft")("hold nothing of answer, trials and hidden tests", async () => {
    const text = JSON.stringify(await rowsOf(format));
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it("stand in a file for each split", () => {
    const splits = readdirSync(out(format)).flatMap((name) => /^(\w+)\.(?:jsonl|parquet)$/.exec(name)?.[1] ?? []);
    expect(splits).toEqual(format === "sft" ? ["train"] : ["test", "train"]);
  });
});

describe("rows of SWE-bench", () => {
  const instanceSchema = z.looseObject({
    repo: z.string(),
    instance_id: z.string(),
    base_commit: z.string().regex(/^[0-9a-f]{40}$/),
    patch: z.string().startsWith("diff --git "),
    test_patch: z.string(),
    problem_statement: z.string().min(1),
    hints_text: z.string(),
    created_at: z.string(),
    version: z.string(),
    FAIL_TO_PASS: z.string().transform((text) => z.array(z.string()).min(1).parse(JSON.parse(text))),
    PASS_TO_PASS: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
    environment_setup_commit: z.string(),
    kihon: z.looseObject({ content_hash: z.string(), repository: z.string() }),
  });

  it("have the fields of SWEbenchInstance, for what is answered with a patch", async () => {
    const rows = (await rowsOf("swe-bench")).map((row) => instanceSchema.parse(row));
    const hashes = await stored();
    const patched = instances.filter(({ draft }) => draft.answerForm === "patch").map(({ draft }) => draft.id);
    expect(rows.map((row) => row.instance_id).sort()).toEqual(patched.sort());
    for (const row of rows) expect(row.kihon.content_hash).toBe(hashes.get(row.instance_id));
  });

  it("name a commit that git makes of the stream, to which both patches apply and give the healthy tree", async () => {
    const [row] = (await rowsOf("swe-bench")).map((each) => instanceSchema.parse(each));
    if (row === undefined) throw new Error("there is no row");
    const repository = join(scratch, "repository");
    const git = (words: readonly string[], input?: string | Buffer): string =>
      execFileSync("git", ["-C", repository, ...words], { ...(input === undefined ? {} : { input }), encoding: "utf8" });
    execFileSync("git", ["init", "--quiet", repository]);
    git(["fast-import", "--quiet", "--done"], readFileSync(join(out("swe-bench"), row.kihon.repository)));
    expect(git(["rev-parse", row.instance_id]).trim()).toBe(row.base_commit);
    git(["checkout", "--quiet", row.base_commit]);
    expect(readFileSync(join(repository, "src/add.ts"), "utf8")).toBe(defective);
    expect(readdirSync(repository)).not.toContain("tests");
    expect(statSync(join(repository, "bin/calc.js")).mode & 0o111).not.toBe(0);
    git(["apply", "-"], row.test_patch);
    git(["apply", "-"], row.patch);
    expect(readFileSync(join(repository, "tests/add.test.ts"), "utf8")).toBe(hiddenTest);
    expect(readFileSync(join(repository, "src/add.ts"), "utf8")).toContain("return a + b");
    expect(git(["fsck", "--strict"])).toBe("");
  });
});

describe("Harbor tasks", () => {
  const tasks = (): readonly string[] => readdirSync(join(out("harbor"), "tasks")).map((name) => join(out("harbor"), "tasks", name));

  /** `TaskConfig` of Harbor's schema 1.4, strictly: a field that it does not know is a mistake of ours. */
  const configSchema = z.strictObject({
    schema_version: z.literal("1.4"),
    task: z.strictObject({
      name: z.string().regex(/^[A-Za-z0-9_][\w.-]*\/[A-Za-z0-9_][\w.-]*$/),
      description: z.string(),
      keywords: z.array(z.string()),
    }),
    metadata: z.strictObject({ kihon: z.looseObject({ instance_id: z.string(), content_hash: z.string() }) }),
    agent: z.strictObject({ timeout_sec: z.number(), user: z.string() }),
    verifier: z.strictObject({ timeout_sec: z.number() }),
    environment: z.strictObject({
      build_timeout_sec: z.number(),
      cpus: z.int(),
      memory_mb: z.int(),
      storage_mb: z.int(),
      network_mode: z.enum(["public", "no-network", "allowlist"]),
      workdir: z.string(),
    }),
  });

  /** Harbor reads TOML with Python's own reader. */
  const configOf = (task: string) =>
    configSchema.parse(
      JSON.parse(
        execFileSync(
          "python3",
          ["-c", "import json,sys,tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], 'rb'))))", join(task, "task.toml")],
          {
            encoding: "utf8",
          },
        ),
      ),
    );

  it("are configured as schema 1.4 has it, one for each instance", async () => {
    const configs = tasks().map(configOf);
    expect(new Map(configs.map(({ metadata: { kihon } }) => [kihon.instance_id, kihon.content_hash]))).toEqual(await stored());
  });

  it("bring the instance whole to the grader", () => {
    const found = tasks().map(
      (task) => JSON.parse(readFileSync(join(task, "tests/task.json"), "utf8")) as { public: PublicRow; private: PrivateRow },
    );
    for (const pair of found) expect(contentHashOf(pair)).toBe(pair.private.provenance.content_hash);
    const back = found.map((pair) => fromRows(pair.public, pair.private));
    const byId = (a: { draft: { id: string } }, b: { draft: { id: string } }): number => (a.draft.id < b.draft.id ? -1 : 1);
    expect(back.sort(byId)).toEqual([...instances].sort(byId));
  });

  it("show the solver the defective tree, and nothing of answer, trials and hidden tests", () => {
    for (const task of tasks()) {
      const entries = readTree(readFileSync(join(task, "environment/tree.tgz")));
      const texts = entries.map((entry) =>
        entry.kind === "file" ? `${entry.path}\n${Buffer.from(entry.bytes).toString("utf8")}` : entry.path,
      );
      const grader = readTree(readFileSync(join(task, "environment/grader.tgz"))).map((entry) => entry.path);
      const shown = [
        ...texts,
        ...["instruction.md", "environment/install.json", "environment/Dockerfile"].map((name) => readFileSync(join(task, name), "utf8")),
      ];
      expect(secrets.filter((secret) => shown.join("\n").includes(secret))).toEqual([]);
      expect(shown.join("\n")).not.toContain("return a + b");
      expect(shown.join("\n")).toContain("return a - b");
      expect(grader).toContain("grading/grade.ts");
      expect(readdirSync(join(task, "environment")).sort()).toEqual(["Dockerfile", "grader.tgz", "install.json", "tree.tgz"]);
    }
  });

  it("keep tests as text, in scripts that bash reads", () => {
    for (const task of tasks()) {
      for (const name of readdirSync(join(task, "tests"))) {
        const bytes = readFileSync(join(task, "tests", name));
        expect(Buffer.from(bytes.toString("utf8")).equals(bytes), name).toBe(true);
      }
      for (const name of ["tests/test.sh", "solution/solve.sh"]) {
        execFileSync("bash", ["-n", join(task, name)]);
        expect(statSync(join(task, name)).mode & 0o111).not.toBe(0);
      }
    }
  });

  it("are listed in a registry file by folders that are there", () => {
    const spec = z.strictObject({
      name: z.string(),
      version: z.string(),
      description: z.string(),
      tasks: z.array(z.strictObject({ name: z.string(), path: z.string() })),
    });
    const [dataset] = z.tuple([spec]).parse(JSON.parse(readFileSync(join(out("harbor"), "registry.json"), "utf8")));
    expect(dataset.tasks.map(({ path }) => join(out("harbor"), path)).sort()).toEqual([...tasks()].sort());
  });
});
