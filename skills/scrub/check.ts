/**
 * What a scrubbed text still tells of its fix. It shares no pattern with what scrubs: it walks over the characters, so that a hole in one is
 * not a hole in the other.
 */
import { type Fix, squeezed } from "./fix.ts";

const isWordSign = (sign: string | undefined): boolean => sign !== undefined && (/^[a-z0-9_$]$/i.test(sign) || sign > "\x7f");
const isDigit = (sign: string | undefined): boolean => sign !== undefined && sign >= "0" && sign <= "9";
const isHex = (sign: string | undefined): boolean => isDigit(sign) || (sign !== undefined && "abcdefABCDEF".includes(sign));

/** Runs of signs of a kind, with where they stand. */
function* runsOf(text: string, isOne: (sign: string | undefined) => boolean): Generator<{ readonly run: string; readonly at: number }> {
  for (let at = 0; at < text.length; at++) {
    if (!isOne(text[at])) continue;
    let end = at + 1;
    while (end < text.length && isOne(text[end])) end += 1;
    yield { run: text.slice(at, end), at };
    at = end;
  }
}

const known = ["example.com", "example.org", "example.net"];
const lastLabels = ["example", "test", "invalid", "localhost"];

/** Does a host lead nowhere? */
function leadsNowhere(host: string): boolean {
  const labels = host.toLowerCase().split(".");
  if (labels.length === 1) return true;
  if (lastLabels.includes(labels.at(-1) ?? "") || known.includes(labels.slice(-2).join("."))) return true;
  const isAddress = labels.length === 4 && labels.every((label) => label !== "" && [...label].every(isDigit));
  return isAddress && (["127", "10", "0"].includes(labels[0] ?? "") || (labels[0] === "192" && labels[1] === "168"));
}

/** The host of an address that begins after `://`. */
function hostAfter(text: string, from: number): string {
  let end = from;
  while (end < text.length && !" \t\n/?#\\<>\"'`)]}|,;".includes(text[end] ?? "")) end += 1;
  const authority = text.slice(from, end);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (host.startsWith("[")) return "localhost"; // an address in numbers is no name
  const port = host.lastIndexOf(":");
  let bare = port >= 0 && [...host.slice(port + 1)].every(isDigit) ? host.slice(0, port) : host;
  while (bare.endsWith(".") || bare.endsWith("!") || bare.endsWith(":")) bare = bare.slice(0, -1);
  return bare;
}

const forges = ["github.com", "github.io", "githubusercontent.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git@"];

function findAddress(text: string): string | null {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    const host = hostAfter(text, at + 3);
    if (!leadsNowhere(host)) return `an address at ${host.slice(0, 60)}`;
  }
  const lower = text.toLowerCase();
  const forge = forges.find((name) => lower.includes(name));
  return forge === undefined ? null : `an address at ${forge}`;
}

function findMail(text: string): string | null {
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (!isWordSign(text[at - 1])) continue;
    let end = at + 1;
    while (isWordSign(text[end]) || text[end] === "-" || (text[end] === "." && isWordSign(text[end + 1]))) end += 1;
    const host = text.slice(at + 1, end);
    const last = host.slice(host.lastIndexOf(".") + 1);
    const isName = last.length >= 2 && [...last].every((sign) => !isDigit(sign));
    if (host.includes(".") && isName && !leadsNowhere(host)) return "an e-mail address";
  }
  return null;
}

/** How tokens begin: of services where code lies, and of others. */
const ofCode = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_"];
const ofOthers = ["xoxb-", "xoxp-", "xapp-", "sk_live_", "rk_live_", "sk-ant-", "sk-proj-", "AIza"];
/** Signs of a token behind its beginning; more are not looked at. */
const [leastChars, mostChars] = [16, 100];
const rows = ["123", "abc", "xxx", "000"];
const keyBegins = "-----BEGIN ";
/** A private key's first line, its headers and its first line of signs are not longer. */
const keyHeadChars = 300;

/** Signs without an order: no word, and no row that stands for a token in an example. */
function isRandom(run: string): boolean {
  const lower = run.toLowerCase();
  return run.length >= leastChars && new Set(run).size >= leastChars / 2 && !rows.some((row) => lower.includes(row));
}

function findCredential(text: string): string | null {
  for (let at = text.indexOf(keyBegins); at >= 0; at = text.indexOf(keyBegins, at + 1)) {
    const [name = "", body = ""] = text.slice(at + keyBegins.length, at + keyHeadChars).split("-----");
    const runs = name.endsWith("PRIVATE KEY") || name.endsWith("PRIVATE KEY BLOCK") ? runsOf(body, isWordSign) : [];
    for (const { run } of runs) if (isRandom(run) && [...run].some(isDigit)) return "a private key";
  }
  for (const beginning of [...ofCode, ...ofOthers]) {
    for (let at = text.indexOf(beginning); at >= 0; at = text.indexOf(beginning, at + 1)) {
      const start = at + beginning.length;
      let end = start;
      while (end < start + mostChars && (isWordSign(text[end]) || text[end] === "-")) end += 1;
      if (!isWordSign(text[at - 1]) && isRandom(text.slice(start, end))) return "what looks like a token";
    }
  }
  return null;
}

function findId(text: string, commits: readonly string[]): string | null {
  const lower = text.toLowerCase();
  if (commits.some((id) => lower.includes(id.slice(0, 7).toLowerCase()))) return "the id of one of its commits";
  for (const { run, at } of runsOf(text, isWordSign)) {
    if (run.length < 7 || run.length > 40 || ![...run].every(isHex)) continue;
    // `1234567e5` is a number, what follows a dash or a dot is part of a version or of a longer id, and what follows # is a colour.
    const letters = [...run].filter((sign) => !isDigit(sign)).join("");
    const isNumber = letters === "" || (letters.toLowerCase() === "e" && isDigit(run[0]) && isDigit(run.at(-1)));
    if (isNumber || letters.length === run.length) continue;
    if (["-", ".", "#"].includes(text[at - 1] ?? "") || text[at + run.length] === "-" || isPath(text, at + run.length)) continue;
    return "what looks like a commit id";
  }
  return null;
}

/** An ending follows: the run is a file's name. */
const isPath = (text: string, at: number): boolean => text[at] === "." && isWordSign(text[at + 1]);

/** `owner/name` stands before. */
function isRepository(text: string, end: number): boolean {
  let at = end - 1;
  while (isWordSign(text[at]) || text[at] === "-" || text[at] === ".") at -= 1;
  return text[at] === "/" && isWordSign(text[at - 1]);
}

function findReference(text: string): string | null {
  for (let at = text.indexOf("#"); at >= 0; at = text.indexOf("#", at + 1)) {
    if (!isDigit(text[at + 1])) continue;
    let end = at + 1;
    while (isDigit(text[end])) end += 1;
    const before = text[at - 1] ?? "";
    const isColour = [4, 5, 7, 9].includes(end - at) && "\"'`".includes(before) && before !== "" && before === text[end];
    if (isColour) continue;
    if (isWordSign(text[end]) || before === "&" || end - at > 8) continue;
    if (isWordSign(before) && !isRepository(text, at)) continue;
    return "the number of an issue";
  }
  return null;
}

function findPath(text: string, paths: readonly string[]): string | null {
  const lower = text.toLowerCase();
  for (const path of paths) {
    const base = path.slice(path.lastIndexOf("/") + 1);
    for (const form of [path, base].map((each) => each.toLowerCase())) {
      for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + 1)) {
        const [before, after] = [lower[at - 1], lower[at + form.length]];
        const isWhole = !isWordSign(before) && before !== "-" && before !== "." && !isWordSign(after);
        if (isWhole) return `the path ${form}`;
      }
    }
  }
  return null;
}

/** The first thing found, in a few words; null where the text tells nothing of its fix. */
export function findHint(text: string, fix: Fix): string | null {
  const tight = squeezed(text);
  const lower = tight.toLowerCase();
  if (fix.added.some((line) => tight.includes(line))) return "a line of the fix";
  if (fix.titles.some((title) => lower.includes(squeezed(title.toLowerCase())))) return "the title of a hidden test";
  return (
    findCredential(text) ??
    findAddress(text) ??
    findMail(text) ??
    findId(text, fix.commits) ??
    findReference(text) ??
    findPath(text, fix.paths)
  );
}
