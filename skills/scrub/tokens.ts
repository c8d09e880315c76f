/** What is taken out of a sentence or of code word by word: addresses, references, ids, names of people, paths of the fix. Linear in the text. */
import type { Fix } from "./fix.ts";
import { addressOf, Hosts, isReserved, isTelling } from "./hosts.ts";
import type { Tally } from "./tally.ts";

/** Every repetition is bounded, and no two that follow each other share a character. */
const alternatives = {
  image: /!\[[^\]\n]{0,300}\]\([^)\n]{0,2000}\)/,
  named: /\[(?<label>[^\]\n]{0,300})\]\((?<target>[^)\n]{1,2000})\)/,
  url: /\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s<>"'`\])}|]{1,2000}/,
  ssh: /\bgit@[\w.-]{1,100}:[^\s)\]"'`]{1,300}/,
  bare: /\b(?:www\.[\w.-]{1,100}|(?:gist\.|api\.|raw\.)?(?:github(?:usercontent)?|gitlab|bitbucket|codeberg)\.(?:com|org|io))\b[^\s<>"'`\])}|]{0,500}/,
  mail: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/,
  pinned: /(?<![\w.-])[\w.-]{1,40}\/[\w.-]{1,100}@[\da-f]{7,40}\b/,
  reference: /(?:(?<![\w.-])[\w.-]{1,40}\/[\w.-]{1,100}|(?<![\w&]))#\d{1,7}\b|\bGH-\d{1,7}\b/,
  numbered: /\b(?:issues?|bugs?|PRs?|MRs?|pull requests?|merge requests?|tickets?)[ \t]{1,3}(?:no\.?[ \t]|number[ \t])?\d{1,7}\b(?!\.\d)/,
  home: /(?:\/(?:Users|home)\/|\b[A-Z]:\\Users\\)[\w.-]{1,64}/,
  path: /(?<![\w.-])(?:[\w@.$+-]{1,100}[\\/]){0,20}[\w$+-][\w.$+-]{0,99}\.[a-z]{1,8}(?!\w)/,
  hex: /(?<![\w#.-])[\da-f]{7,40}(?![\w-])/,
  mention: /(?<![\w/`.@-])@[a-z\d][a-z\d-]{0,38}(?![\w/-])/,
} as const;

const master = new RegExp(
  Object.entries(alternatives)
    .map(([name, { source }]) => `(?<${name}>${source})`)
    .join("|"),
  "gi",
);

const isId = (word: string): boolean => word.length === 40 || (/\d/.test(word) && /[a-f]/i.test(word) && !/^\d+e\d+$/i.test(word));

/** Endings that one source goes by when it is compiled. */
const stemOf = (base: string): string => base.replace(/\.(?:d\.)?[mc]?[jt]sx?$/i, "");
const baseOf = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** `"#336699"`: a colour has 3, 4, 6 or 8 figures and stands in quotes. */
const isColour = (text: string, at: number, found: string): boolean =>
  /^#(?:\d{3,4}|\d{6}|\d{8})$/.test(found) && /["'`]/.test(text[at - 1] ?? "") && text[at - 1] === text[at + found.length];

type Kind = "prose" | "code";

export class Tokens {
  readonly #fix: Fix;
  readonly #tally: Tally;
  readonly #hosts = new Hosts();
  readonly #names: ReadonlySet<string>;
  /** A file of the fix as an import names it, without its ending. */
  readonly #stems: readonly RegExp[];

  constructor(fix: Fix, tally: Tally) {
    this.#fix = fix;
    this.#tally = tally;
    this.#names = new Set(fix.paths.map((path) => stemOf(baseOf(path)).toLowerCase()));
    this.#stems = fix.paths.flatMap((path) => (path.includes("/") ? [new RegExp(`(?<![\\w-])${escaped(stemOf(path))}(?!\\w)`, "g")] : []));
  }

  replace(text: string, kind: Kind): string {
    const replaced = text.replace(master, (...found: unknown[]) => {
      const groups = found.at(-1) as Readonly<Record<string, string | undefined>>;
      const [word, at] = [String(found[0]), Number(found.at(-3))];
      return kind === "code" && isColour(text, at, word) ? word : this.#substitute(word, groups, kind);
    });
    return this.#withoutStems(replaced);
  }

  #mark(kind: Parameters<Tally["add"]>[0], text: string): string {
    this.#tally.add(kind);
    return text;
  }

  #substitute(found: string, groups: Readonly<Record<string, string | undefined>>, kind: Kind): string {
    if (groups["image"] !== undefined) return kind === "code" ? this.replace(found.slice(1), kind) : this.#mark("image", "");
    if (groups["named"] !== undefined) return this.#named(groups["label"] ?? "", groups["target"] ?? "", kind);
    if (groups["url"] !== undefined) return this.#url(found, kind);
    if (groups["ssh"] !== undefined || groups["bare"] !== undefined) return this.#mark("link", "[link]");
    if (groups["mail"] !== undefined) return this.#mail(found, kind);
    if (groups["pinned"] !== undefined) return this.#mark("commit-id", "[commit]");
    if (groups["reference"] !== undefined || groups["numbered"] !== undefined) return this.#mark("reference", "[reference]");
    if (groups["hex"] !== undefined) return isId(found) ? this.#mark("commit-id", "[commit]") : found;
    if (groups["home"] !== undefined) return this.#mark("mention", found.replace(/[^\\/]+$/, "user"));
    if (groups["path"] !== undefined) return this.#isOfFix(found) ? this.#mark("path", "[file]") : found;
    return kind === "prose" ? this.#mark("mention", "[user]") : found;
  }

  /** `[text](target)` is call and index in code; in prose the text stays and its target goes. */
  #named(label: string, target: string, kind: Kind): string {
    if (kind === "code") return `[${this.replace(label, kind)}](${this.replace(target, kind)})`;
    this.#tally.add("link");
    const text = this.replace(label, kind);
    return text.trim() === "" ? "[link]" : text;
  }

  #url(found: string, kind: Kind): string {
    const trailing = /[.,;:!?]{0,10}$/.exec(found)?.[0] ?? "";
    const address = addressOf(trailing === "" ? found : found.slice(0, -trailing.length));
    if (address === null) return found;
    const { scheme, authority, host, rest } = address;
    const lower = found.toLowerCase();
    if (isTelling(host) || this.#fix.repositories.some((name) => lower.includes(name.toLowerCase())))
      return this.#mark("link", `[link]${trailing}`);
    if (host === "" || isReserved(host)) return `${scheme}://${authority}${this.replace(rest, kind)}${trailing}`;
    const port = /:\d+$/.exec(authority)?.[0] ?? "";
    const user = authority.includes("@") ? authority.slice(0, authority.lastIndexOf("@") + 1) : "";
    return this.#mark("host", `${scheme}://${user}${this.#hosts.of(host)}${port}${this.replace(rest, kind)}${trailing}`);
  }

  #mail(found: string, kind: Kind): string {
    const at = found.lastIndexOf("@");
    const host = found.slice(at + 1).toLowerCase();
    if (isReserved(host)) return found;
    if (kind === "prose") return this.#mark("e-mail", "[e-mail]");
    return this.#mark("e-mail", `${found.slice(0, at + 1)}${this.#hosts.of(host)}`);
  }

  #isOfFix(path: string): boolean {
    return this.#names.has(stemOf(baseOf(path)).toLowerCase());
  }

  #withoutStems(text: string): string {
    return this.#stems.reduce((rest, stem) => rest.replace(stem, () => this.#mark("path", "[file]")), text);
  }
}
