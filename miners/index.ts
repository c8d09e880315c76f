/** The miners: one line a part. */
import { localGit } from "./local-git.ts";

export const miners = Object.freeze([localGit]);
