/** A small git repository for a test, made with git itself. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exec } from "../../lib/exec.ts";

export class ScratchRepository {
  readonly folder = mkdtempSync(join(tmpdir(), "kihon-git-"));
  readonly work = join(this.folder, "work");
  readonly cache = join(this.folder, "cache");
  #clock = 1_700_000_000;

  static async make(): Promise<ScratchRepository> {
    const made = new ScratchRepository();
    mkdirSync(made.work);
    await made.git("init", "--quiet", "--initial-branch=main");
    return made;
  }

  git(...args: readonly string[]): Promise<string> {
    return this.gitWith("", ...args);
  }

  /** With something to read. */
  async gitWith(input: string, ...args: readonly string[]): Promise<string> {
    this.#clock += 60;
    const date = `${this.#clock} +0200`;
    const who = {
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@example.invalid",
      GIT_COMMITTER_NAME: "A",
      GIT_COMMITTER_EMAIL: "a@example.invalid",
    };
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.folder,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
      ...who,
    };
    const result = await exec({ argv: ["git", ...args], cwd: this.work, env, input, timeoutMs: 30_000, outputBytes: 10_000_000 });
    if (result.ended.kind !== "exited" || result.ended.code !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
    return result.stdout.trim();
  }

  write(files: Readonly<Record<string, string | Uint8Array | null>>): void {
    for (const [path, content] of Object.entries(files)) {
      if (content === null) {
        rmSync(join(this.work, path));
        continue;
      }
      mkdirSync(dirname(join(this.work, path)), { recursive: true });
      writeFileSync(join(this.work, path), content);
    }
  }

  /** Writes (null removes), commits everything, gives the commit's id. */
  async commit(message: string, files: Readonly<Record<string, string | Uint8Array | null>>): Promise<string> {
    this.write(files);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "-m", message);
    return this.git("rev-parse", "HEAD");
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
