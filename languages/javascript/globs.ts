/** Globs as test runners write them (`**`, `*`, `?`, `[ab]`, `{a,b}`, `?(a|b)`, `+(a|b)`, `@(a|b)`, `!(a|b)`) as regular expressions over relative paths. */
import { matchedBy } from "../../lib/foreign-pattern.ts";

const closing: Readonly<Record<string, string>> = { "?": ")?", "*": ")*", "+": ")+", "@": ")" };

/** One pattern, as the source of a regular expression. */
function globSource(glob: string): string {
  const closers: string[] = [];
  let text = "";
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i] as string;
    if (glob[i + 1] === "(" && (c in closing || c === "!")) {
      text += c === "!" ? "(?:(?!(?:" : "(?:";
      closers.push(c === "!" ? ")(?:[./]|$))[^/]*?)" : (closing[c] as string));
      i += 1;
    } else if (c === ")" && closers.length > 0) text += closers.pop();
    else if (c === "|" && closers.length > 0) text += "|";
    else if (c === "{") {
      text += "(?:";
      closers.push(")");
    } else if (c === "}" && closers.length > 0) text += closers.pop();
    else if (c === "," && closers.length > 0) text += "|";
    else if (c === "[" && glob.indexOf("]", i) > i) {
      const end = glob.indexOf("]", i);
      text += `[${glob
        .slice(i + 1, end)
        .replace(/^!/, "^")
        .replace(/\\/g, "\\\\")}]`;
      i = end;
    } else if (glob.startsWith("**/", i)) {
      text += "(?:[^/]+/)*";
      i += 2;
    } else if (glob.startsWith("**", i)) {
      text += ".*";
      i += 1;
    } else if (c === "*") text += "[^/]*";
    else if (c === "?") text += "[^/]";
    else text += c.replace(/[.+^$()|[\]{}\\]/g, "\\$&");
  }
  return `^${text}$`;
}

const tidy = (glob: string): string => glob.replace(/^<rootDir>\//, "").replace(/^\.\//, "");

/** Paths that a pattern matches and no later `!` pattern takes back. A pattern without wildcards also names a folder. */
export function globbed(paths: readonly string[], globs: readonly string[]): ReadonlySet<string> {
  const matched = new Set<string>();
  for (const glob of globs) {
    const negated = glob.startsWith("!");
    const plain = tidy(negated ? glob.slice(1) : glob).replace(/\/$/, "");
    const own = [...matchedBy(globSource(plain), paths), ...paths.filter((path) => path.startsWith(`${plain}/`))];
    for (const path of own) negated ? matched.delete(path) : matched.add(path);
  }
  return matched;
}
