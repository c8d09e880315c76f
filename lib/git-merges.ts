/** Texts put together as git does it, by a shell that stays: to start git from here copies the tables of all our memory, from a shell next to nothing. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GitObjectsEnded, type GitWords } from "./git-objects.ts";
import { Talk } from "./talk.ts";

/** Reads a folder in each line, and says how git ended in it. */
const loop =
  'while IFS= read -r folder; do "$@" "$folder/ours" "$folder/base" "$folder/theirs" >"$folder/merged" 2>/dev/null; echo $?; done';

export class GitMerges {
  readonly #talk: Talk;

  constructor(words: GitWords) {
    const { argv, env } = words("merge-file", "--stdout", "--quiet");
    this.#talk = new Talk({ argv: ["sh", "-c", loop, "sh", ...argv], env, timeoutMs: 600_000, idleMs: 2_000 });
  }

  /** Null where both changed the same lines, in different ways. Throws `GitObjectsEnded`. */
  async merge(base: string, ours: string, theirs: string): Promise<string | null> {
    const folder = await mkdtemp(join(tmpdir(), "kihon-merge-"));
    try {
      await Promise.all(Object.entries({ ours, base, theirs }).map(([name, text]) => writeFile(join(folder, name), text)));
      let said = "";
      const asked = await this.#talk.ask(`${folder}\n`, (bytes) => {
        said += bytes.toString("latin1");
        return said.endsWith("\n");
      });
      if (asked.kind === "ended") throw new GitObjectsEnded(asked);
      return said.trim() === "0" ? await readFile(join(folder, "merged"), "utf8") : null;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
