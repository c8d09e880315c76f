/** A real git repository with pull requests merged in every way, and the bare remote that the scripted server serves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchRepository } from "../../lib/scratch-repository.ts";
import { pull, type ScriptedGithub, type ScriptedPull } from "./scripted-github.ts";

export class ScriptedRemote implements Disposable {
  readonly scratch: ScratchRepository;
  readonly bare: string;
  readonly #heads = new Map<number, string>();

  private constructor(scratch: ScratchRepository) {
    this.scratch = scratch;
    this.bare = join(scratch.folder, "remote.git");
  }
  static async make(files: Readonly<Record<string, string>>): Promise<ScriptedRemote> {
    const scratch = await ScratchRepository.make();
    await scratch.commit("Start", files);
    return new ScriptedRemote(scratch);
  }

  /** Commits on a branch of its own, not yet merged. */
  async propose(number: number, ...changes: readonly Readonly<Record<string, string | null>>[]): Promise<string[]> {
    await this.scratch.git("switch", "--quiet", "--create", `pr-${number}`);
    const commits: string[] = [];
    for (const [at, files] of changes.entries()) commits.push(await this.scratch.commit(`Work ${number}.${at + 1}`, files));
    this.#heads.set(number, commits.at(-1) ?? "");
    return commits;
  }

  /** Brings the branch to `into`; gives the pull request as GitHub would tell of it. */
  async merge(number: number, how: "merge" | "squash" | "rebase", more: Partial<ScriptedPull> = {}, into = "main"): Promise<ScriptedPull> {
    const { scratch } = this;
    const base = await scratch.git("merge-base", into, `pr-${number}`);
    const told = (await scratch.git("log", "--reverse", "--format=%H %s", `${base}..pr-${number}`)).split("\n");
    await scratch.git("switch", "--quiet", into);
    if (how === "merge")
      await scratch.git("merge", "--quiet", "--no-ff", "-m", `Merge pull request #${number} from ann/fix`, `pr-${number}`);
    if (how === "squash") {
      await scratch.git("merge", "--quiet", "--squash", `pr-${number}`);
      await scratch.git("commit", "--quiet", "-m", `Fix number ${number} (#${number})`);
    }
    if (how === "rebase") await scratch.git("cherry-pick", `${base}..pr-${number}`);
    const [oid = "", ...parents] = (await scratch.git("rev-list", "--parents", "-1", "HEAD")).split(" ");
    return pull(number, {
      base: { ref: into, oid: base },
      head: { ref: `pr-${number}`, oid: this.#heads.get(number) ?? "", fork: "ann/name" },
      merge: { oid, parents, message: await scratch.git("log", "-1", "--format=%B") },
      commits: told.map((line) => ({ oid: line.slice(0, 40), message: line.slice(41), authoredDate: "2024-01-01T00:00:00Z" })),
      ...more,
    });
  }

  /** Many at once, each squashed onto `main` after the one before: what it changes is said by its number. */
  async seed(count: number, filesOf: (number: number) => Readonly<Record<string, string>>): Promise<ScriptedPull[]> {
    const { scratch } = this;
    const start = await scratch.git("rev-parse", "main");
    const subjects = (number: number): readonly [string, string] => [`Work ${number}`, `Fix number ${number} (#${number})`];
    const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}`;
    const commit = (ref: string, mark: number, subject: string, files: Readonly<Record<string, string>>): string[] => {
      const below = mark - (ref === "refs/heads/main" ? 2 : 1);
      return [
        `commit ${ref}`,
        `mark :${mark}`,
        `committer A <a@example.invalid> ${1_710_000_000 + mark * 30} +0000`,
        data(subject),
        `from ${below === 0 ? start : `:${below}`}`,
        ...Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
      ];
    };
    const numbers = Array.from({ length: count }, (_, at) => at + 1);
    // The head of a pull request has the odd mark below that of its merge commit.
    const lines = numbers.flatMap((number) => {
      const [work, told] = subjects(number);
      const files = filesOf(number);
      return [...commit(`refs/heads/pr-${number}`, 2 * number - 1, work, files), ...commit("refs/heads/main", 2 * number, told, files)];
    });
    await scratch.gitWith(`${lines.join("\n")}\n`, "fast-import", "--quiet", "--force", "--export-marks=.git/marks");
    const marked = new Map([["0", start]]);
    for (const line of readFileSync(join(scratch.work, ".git/marks"), "utf8").split("\n"))
      marked.set(line.slice(1, line.indexOf(" ")), line.split(" ")[1] ?? "");
    return numbers.map((number) => {
      const [base = "", head = "", merged = ""] = [2 * number - 2, 2 * number - 1, 2 * number].map((mark) => marked.get(String(mark)));
      const [work, told] = subjects(number);
      this.#heads.set(number, head);
      return pull(number, {
        base: { ref: "main", oid: base },
        head: { ref: `pr-${number}`, oid: head, fork: "ann/name" },
        merge: { oid: merged, parents: [base], message: told },
        commits: [{ oid: head, message: work, authoredDate: "2024-01-01T00:00:00Z" }],
      });
    });
  }

  /** Publishes `main` and a ref for each proposal, as GitHub does; `heads` changes or leaves out some of these. */
  async publish(github: ScriptedGithub, heads: Readonly<Record<number, string | null>> = {}): Promise<void> {
    const { scratch, bare } = this;
    await scratch.git("init", "--quiet", "--bare", "--initial-branch=main", bare);
    const refs = [...this.#heads].flatMap(([number, oid]) => {
      const at = heads[number] === undefined ? oid : heads[number];
      return at === null ? [] : [`+${at}:refs/pull/${number}/head`];
    });
    await scratch.git("push", "--quiet", bare, "+main:main", ...refs);
    await scratch.git("--git-dir", bare, "update-server-info");
    await scratch.git("--git-dir", bare, "config", "uploadpack.allowFilter", "true");
    github.remote = bare;
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]();
  }
}
