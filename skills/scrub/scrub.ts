/**
 * From what was written about a defect to what someone may read who has yet to repair it. Nothing is put in but marks such as `[link]`, and
 * each removal is counted by its kind. Whatever the text, the work is linear in it: lines and the whole are cut before a pattern sees them.
 */
import { type Block, blocksOf, textOfBlocks, withoutEmptyHeadings, withoutHtmlComments } from "./blocks.ts";
import { credentialsIn } from "./credentials.ts";
import type { Fix } from "./fix.ts";
import { holdsFix, removalOf, sentencesOf, spansOf, type Whose } from "./sentences.ts";
import { type RemovalKind, Tally } from "./tally.ts";
import { Tokens } from "./tokens.ts";

/** GitHub takes no more in one text (65,536 characters). */
const readChars = 65_536;
const lineChars = 2_000;
/** Of a text that is kept: some 3,000 tokens. */
const keptChars = 12_000;

export interface Scrubbed {
  readonly text: string;
  readonly removed: Readonly<Partial<Record<RemovalKind, number>>>;
}

/** Signs without a form of their own: controls, directions, joiners and tags, which hide what is between them. */
const unseen = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

function legible(text: string, tally: Tally): string {
  const short = text.length > readChars ? text.slice(0, readChars) : text;
  if (short !== text) tally.add("cut");
  let strange = 0;
  const clean = short
    .replace(/\r\n?/g, "\n")
    .toWellFormed()
    .replace(unseen, (sign) => {
      if (sign === "\n" || sign === "\t") return sign;
      strange += 1;
      return "";
    });
  tally.add("not-text", strange + (short.isWellFormed() ? 0 : 1));
  return clean;
}

const cutLines = (text: string, tally: Tally): string =>
  text
    .split("\n")
    .map((line) => {
      if (line.length <= lineChars) return line;
      tally.add("cut");
      return `${line.slice(0, lineChars).replace(/[\ud800-\udbff]$/, "")}…`;
    })
    .join("\n");

/** Of whole texts, for a key has many lines. */
function withoutCredentials(text: string, tally: Tally): string {
  const found = credentialsIn(text);
  tally.add("credential", found.length);
  return found.reduceRight((left, { start, end }) => `${left.slice(0, start)}[secret]${left.slice(end)}`, text);
}

/** Headings under which a report or a pull request tells of its own repair. */
const telling =
  /^(?:(?:possible|proposed|suggested|potential|my|the)? ?(?:fix(?:es)?|solutions?|implementations?|patch|workaround and fix)|root cause(?: analysis)?|technical (?:description|details)|(?:description of )?changes?(?: made)?|what(?:'s| has| was)? changed|what (?:does )?this (?:pr|change|does)\b.*|how (?:it works|(?:has this been|was this|was it|to) test(?:ed)?)|test(?:s|ing)?(?: plan| done)?|verification|proof of fix.*|checklist|pull request checklist|related(?: issues?| prs?| links?)?|references?|links?|types? of changes?|release notes?|changelog)\??$/i;

function withoutSections(blocks: readonly Block[], tally: Tally): Block[] {
  let skipped = 0;
  return blocks.filter((block) => {
    if (block.kind === "heading") {
      if (skipped > 0 && block.level > skipped) return false;
      skipped = telling.test(block.title.replace(/[^\p{L}\d' ]/gu, "").trim()) ? block.level : 0;
      if (skipped > 0) tally.add("section");
    }
    return skipped === 0;
  });
}

const isPatch = (language: string, lines: readonly string[]): boolean => {
  if (/^(?:diff|patch|suggestion)$/.test(language)) return true;
  if (lines.some((line) => /^(?:@@ |diff --git |(?:---|\+\+\+) [ab]\/)/.test(line))) return true;
  // What a runner prints of two values that differ tells what was seen.
  if (lines.some((line) => /^\s{0,20}[-+] (?:expected|received|actual)\b/i.test(line))) return false;
  const signed = lines.filter((line) => /^[+-](?![+\d\s]*$)/.test(line));
  return signed.some((line) => line.startsWith("+")) && signed.some((line) => line.startsWith("-"));
};

const trailer =
  /^(?:(?:signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|reported-by|cc|change-id|pr-url|refs?|fixes|closes|resolves|related|bug|issue|ticket)[ \t]{0,2}:|\(cherry picked from|cherry[- ]picked from)[^\n]{0,200}$/i;
const rest = /^(?:--|sent from my .{0,60}|on .{4,120} wrote:|get outlook for .{0,40})[ \t]*$/i;
const farewell =
  /^(?:thanks?(?: you)?(?: (?:in advance|again|so much|a lot|for .{0,60}))?|cheers|best(?: regards)?|(?:kind )?regards|br|hth)[,.! :)]{0,4}(?:@?\w{0,30})?$/i;

function leadOf(line: string): { readonly lead: string; readonly body: string } {
  const lead = /^[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?/.exec(line)?.[0] ?? "";
  return { lead, body: line.slice(lead.length) };
}

const wholeLine = (body: string): RemovalKind | null => {
  if (/^\[[ xX]?\][ \t]/.test(body)) return "checklist";
  if (trailer.test(body.trim())) return "trailer";
  if (/^\[[^\]\n]{1,100}\]:[ \t]/.test(body)) return "link";
  return /^[-=*_ \t]{3,}$/.test(body) ? "template" : null;
};

/** Where editors and mail programs break lines: with the next word a line would be longer than the first, and no line is longer than the second. */
const [wrapsFrom, wrapsTo] = [60, 120];
const mostWrapped = 20;

/** Was the line broken in the middle of a sentence, which goes on in the next? */
function goesOn(line: string, next: string): boolean {
  const [first, second] = [leadOf(line), leadOf(next)];
  const deepest = first.lead.trim() === "" ? 3 : 8;
  if (first.lead.length > 8 || second.lead.trim() !== "" || second.lead.length > deepest) return false;
  if (/[.!?:;|][ \t]*$/.test(first.body) || /^[|<]/.test(second.body) || second.body.trim() === "") return false;
  const [word = ""] = second.body.split(/\s/, 1);
  return (
    line.length <= wrapsTo && line.length + 1 + word.length > wrapsFrom && wholeLine(first.body) === null && wholeLine(second.body) === null
  );
}

/** Lines of one sentence as one, their breaks in it. */
function withoutWraps(blocks: readonly Block[]): Block[] {
  const joined: Block[] = [];
  let [last, count] = ["", 1];
  for (const block of blocks) {
    const before = joined.at(-1);
    if (before?.kind === "line" && block.kind === "line" && count < mostWrapped && goesOn(last, block.line)) {
      joined[joined.length - 1] = { kind: "line", line: `${before.line}\n${block.line}` };
      count += 1;
    } else {
      joined.push(block);
      count = 1;
    }
    last = block.kind === "line" ? block.line : "";
  }
  return joined;
}

class Scrubber {
  readonly #fix: Fix;
  readonly #whose: Whose;
  readonly tally = new Tally();
  readonly #tokens: Tokens;
  constructor(fix: Fix, whose: Whose) {
    this.#fix = fix;
    this.#whose = whose;
    this.#tokens = new Tokens(fix, this.tally);
  }

  /** One line of prose, or several that are one sentence; null where nothing of it stays. */
  line(line: string): string | null {
    const { lead, body } = leadOf(
      spansOf(line)
        .map(({ kind, text }) => (kind === "code" ? text : this.#withoutTags(text)))
        .join(""),
    );
    if (body.trim() === "") return lead.trim() === "" ? "" : null;
    const why = wholeLine(body);
    if (why !== null) {
      this.tally.add(why);
      return null;
    }
    const kept = sentencesOf(body).filter((sentence) => {
      const kind = removalOf(sentence, this.#fix, this.#whose);
      if (kind !== null) this.tally.add(kind);
      return kind === null;
    });
    const words = spansOf(kept.join(""))
      .map(({ kind, text }) => this.#tokens.replace(text, kind))
      .join("");
    return /[\p{L}\d]/u.test(words.replace(/\[(?:link|reference|commit|file|user|e-mail|secret)\]/g, "")) ? lead + words.trimEnd() : null;
  }

  #withoutTags(line: string): string {
    const shown = line.replace(/<(?:img|video|iframe)\b[^<>\n]{0,1000}>/gi, () => {
      this.tally.add("image");
      return " ";
    });
    return shown.replace(/<\/?(?:details|summary|br|p|div|b|i|em|strong|sub|sup|kbd|a|h[1-6])\b[^<>\n]{0,1000}>/gi, " ");
  }

  title(line: string): string {
    const secret = removalOf(line, this.#fix, this.#whose);
    if (secret === "fix-code" || secret === "test-name") {
      this.tally.add(secret);
      return "";
    }
    return spansOf(line)
      .map(({ kind, text }) => this.#tokens.replace(text, kind))
      .join("")
      .trim();
  }

  code(block: Extract<Block, { kind: "code" }>): Block | null {
    const { lines, language } = block;
    const text = lines.join("\n");
    if (text.trim() === "") return null;
    const bare = block.fence === "" ? lines.map((line) => line.replace(/^(?: {4}|\t)/, "")) : lines;
    const why = isPatch(language, bare)
      ? "patch"
      : holdsFix(text, this.#fix)
        ? "fix-code"
        : this.#fix.titles.some((title) => text.toLowerCase().includes(title.toLowerCase()))
          ? "test-name"
          : null;
    if (why !== null) {
      this.tally.add(why);
      return null;
    }
    return { ...block, lines: lines.map((line) => this.#tokens.replace(line, "code")) };
  }

  /** What follows a signature's mark was put there by a mail program; thanks at the end are for someone else. */
  withoutSignature(blocks: readonly Block[]): readonly Block[] {
    const end = blocks.findIndex((block) => block.kind === "line" && rest.test(block.line.trim()));
    let kept = end < 0 ? blocks : blocks.slice(0, end);
    if (end >= 0) this.tally.add("signature");
    for (let last = kept.at(-1); last?.kind === "line"; last = kept.at(-1)) {
      const line = last.line.trim();
      if (line !== "" && !farewell.test(line)) break;
      if (line !== "") this.tally.add("signature");
      kept = kept.slice(0, -1);
    }
    return kept;
  }

  blocks(blocks: readonly Block[]): Block[] {
    return withoutWraps(blocks).flatMap((block): Block[] => {
      if (block.kind === "code") return [this.code(block)].filter((kept) => kept !== null);
      const line = this.line(block.line);
      return line === null ? [] : [{ ...block, line }];
    });
  }
}

/** Whole lines, as many as there is room for. */
function shortened(text: string, tally: Tally): string {
  if (text.length <= keptChars) return text;
  tally.add("cut");
  const end = text.lastIndexOf("\n", keptChars);
  const kept = text.slice(0, end > keptChars / 2 ? end : keptChars).replace(/[\ud800-\udbff]$/, "");
  return textOfBlocks(blocksOf(kept));
}

/** `whose`: of those who made the repair more is taken for a hint of it. */
export function scrub(text: string, fix: Fix, whose: Whose = "reporter"): Scrubbed {
  const scrubber = new Scrubber(fix, whose);
  const { tally } = scrubber;
  const bare = withoutHtmlComments(legible(text, tally));
  tally.add("html-comment", bare.count);
  const safe = withoutCredentials(cutLines(bare.text, tally), tally);
  const sections = withoutSections(blocksOf(safe), tally);
  const kept = withoutEmptyHeadings(scrubber.blocks(scrubber.withoutSignature(sections)));
  return { text: shortened(textOfBlocks(kept), tally), removed: tally.counts() };
}

/** What a title says beside its subject: a type and a scope, the number of what it closes. */
const titlePrefix =
  /^(?:\[[^\]\n]{1,30}\][ \t:]{0,3}|(?:fix|bug|bugfix|hotfix|feat|refactor|perf|chore)(?:\([^)\n]{0,60}\))?!?:[ \t]{0,3}){1,3}/i;

/** A title names its subject, often as a deed ("Fix the crash in …"): it goes only where it is a piece of the fix itself. */
export function scrubTitle(title: string, fix: Fix): Scrubbed {
  const scrubber = new Scrubber(fix, "reporter");
  const flat = withoutCredentials(cutLines(legible(title.replace(/\s+/g, " "), scrubber.tally), scrubber.tally), scrubber.tally)
    .replace(titlePrefix, "")
    .replace(/[ \t]{0,3}\((?:(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|see)[ \t:]{1,3})?#\d{1,7}\)$/i, "");
  return { text: scrubber.title(flat), removed: scrubber.tally.counts() };
}
