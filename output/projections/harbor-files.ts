/** The texts of a Harbor task: what it asks, how its image is made, how it is graded and solved. */
import semver from "semver";
import type { Environment } from "../../schemas/environment.ts";
import type { PublicRow, RowPair } from "../../schemas/row.ts";
import { type Table, toToml } from "./toml.ts";

/** What runs the grader: images were tried with Node 24 alone. An older one for the tests is installed beside it. */
const graderNeeds = ">=24.0.0";
const graderNode = "24.21.0";
const app = "/opt/kihon/app";
const node = "/usr/local/bin/node";

/** Folder of a task, and its name. */
export const taskName = ({ skill, instance_id }: PublicRow): string => `${skill}-${instance_id}`;

const handIn = (row: PublicRow): string => {
  if (row.answer_form === "patch") {
    return [
      `Do not print a diff: change the files in \`${row.workdir}\`, where the tree lies. What differs there from the tree as it was is your diff;`,
      "it counts by what it does to source files.",
    ].join("\n");
  }
  if (row.answer_form === "test-file")
    return `Do not print the file: write it to \`${row.workdir}/${row.answer_path}\`. The tree lies in \`${row.workdir}\`.`;
  return `Do not print the JSON: write it to \`/answer/answer.json\`. The tree lies in \`${row.workdir}\`.`;
};

export const instruction = (row: PublicRow): string => `${row.problem_statement.trimEnd()}\n\n## How to hand in\n\n${handIn(row)}\n`;

/** The image's own Node: the tests' where Kihon runs on it too. */
const imageNode = ({ recipe }: Environment): string => {
  const version = semver.valid(recipe.nodeVersion);
  return version !== null && semver.satisfies(version, graderNeeds) ? version : graderNode;
};

/**
 * What changes least comes first, so that tasks of one environment share the layers below their tree. The solver is a user who can change
 * the tree and nothing that grades it.
 */
export const dockerfile = (environment: Environment, entry: string): string => `FROM node:${imageNode(environment)}-bookworm

# The grader: Kihon's own source, and the packages that it names.
COPY grader.tgz /opt/kihon/
RUN mkdir ${app} && tar -xzf /opt/kihon/grader.tgz -C ${app} && rm /opt/kihon/grader.tgz && touch /opt/kihon/image
RUN cd ${app} && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error

# The repository's dependencies, as its lock file has them.
COPY install.json /opt/kihon/
RUN ${node} ${app}/${entry} install /opt/kihon/install.json

# The solver's tree: one commit, and a copy of the dependencies.
COPY tree.tgz /opt/kihon/
RUN useradd --create-home --shell /bin/bash solver && mkdir /workspace /answer && tar -xzf /opt/kihon/tree.tgz -C /workspace && rm /opt/kihon/tree.tgz
WORKDIR /workspace
RUN git init --quiet --initial-branch=main && git add --all --force && git -c user.name=kihon -c user.email=kihon@localhost commit --quiet --message=start && echo node_modules >> .git/info/exclude
RUN ${node} ${app}/${entry} furnish /workspace && chown -R solver:solver /workspace /answer
ENV PATH=/opt/kihon/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`;

export const testScript = (entry: string): string => `#!/bin/bash
# Grades what was handed in and writes the reward to /logs/verifier. Needs no network. Where the machine fails there is no reward, and the exit code is 1.
chmod -R go-rwx /tests
mkdir -p /logs/verifier
rm -f /logs/verifier/reward.txt /logs/verifier/reward.json /logs/verifier/reward-details.json
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \\
  ${node} ${app}/${entry} grade /tests /workspace /answer /logs/verifier
`;

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export const solveScript = (row: PublicRow): string => {
  const target = row.answer_form === "test-file" ? `${row.workdir}/${row.answer_path}` : "/answer/answer.json";
  const steps =
    row.answer_form === "patch"
      ? `cd ${row.workdir}\ngit apply --whitespace=nowarn /solution/answer`
      : `mkdir -p "$(dirname ${quote(target)})"\ncp /solution/answer ${quote(target)}`;
  return `#!/bin/bash\n# Hands in the known right answer.\nset -e\n${steps}\n`;
};

/** Seconds; whole numbers, which Harbor takes for its floats. */
const limits = { build: 1800, agent: 1800, verifier: 900 } as const;

export function taskToml(pair: RowPair, toolVersion: string): string {
  const { public: row, private: hidden } = pair;
  const table: Table = {
    schema_version: "1.4",
    task: {
      name: `kihon/${taskName(row)}`,
      description: `${row.skill} in ${row.repo}`,
      keywords: [row.skill, row.language, "verifiable-reward"],
    },
    metadata: {
      kihon: {
        instance_id: row.instance_id,
        content_hash: hidden.provenance.content_hash,
        skill: row.skill,
        split: row.split,
        answer_form: row.answer_form,
        change_id: row.change_id,
        pair_id: row.pair_id ?? "",
        environment_id: row.environment_id,
        repo: row.repo,
        base_commit: row.base_commit,
        license_spdx: row.license_spdx ?? "",
        source_kind: row.source_kind,
        config_hash: hidden.provenance.config_hash,
        verifier_version: hidden.verifier.version,
        tool_version: toolVersion,
      },
    },
    agent: { timeout_sec: limits.agent, user: "solver" },
    verifier: { timeout_sec: limits.verifier },
    environment: {
      build_timeout_sec: limits.build,
      cpus: 2,
      memory_mb: 8192,
      storage_mb: 16_384,
      network_mode: "no-network",
      workdir: row.workdir,
    },
  };
  return toToml(table);
}
