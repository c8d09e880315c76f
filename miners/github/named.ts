/** Repositories as people write them down: `owner/name` or an address, one a line, with `#` before a remark. */
import { StopRun } from "../../lib/errors.ts";
import { nameOfUrl } from "../../lib/git.ts";
import { withoutRemark } from "../../lib/without-remark.ts";
import { githubName } from "../../schemas/config.ts";

/** Where git lies of a server whose API has this address. */
const hostOf = (api: string): string => new URL(api).host.replace(/^api\.github\.com$/, "github.com");

function named(text: string, api: string): string | null {
  if (githubName.test(text)) return text.replace(/\.git$/, "");
  const host = URL.canParse(text) && text.includes("://") ? new URL(text).host : /^[\w.-]+@([\w.-]+):/.exec(text)?.[1];
  const name = host === hostOf(api) ? nameOfUrl(text) : null;
  return name !== null && githubName.test(name) ? name : null;
}

/** Each once, in their order. Throws `StopRun` that names the first line that is none. */
export function repositoriesIn(text: string, api: string, file: string): readonly string[] {
  const names = new Map<string, string>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const own = withoutRemark(line);
    if (own === "") continue;
    const name = named(own, api);
    if (name === null) {
      throw new StopRun(`line ${at + 1} of ${file} names no repository of ${hostOf(api)}`, {
        next: `write owner/name, or its address, one a line; # begins a remark`,
      });
    }
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  if (names.size === 0) throw new StopRun(`${file} names no repository`, { next: "write owner/name, or its address, one a line" });
  return [...names.values()];
}
