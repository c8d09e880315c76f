/** The miners: one line a part. A change that two of them give is taken from the first, so the one that knows more stands first. */
import { github } from "./github.ts";
import { localGit } from "./local-git.ts";

export const miners = Object.freeze([github, localGit]);
