/** A text in Markdown as blocks: code between fences or set in, and lines. As far as reports are written; linear in the text. */

/** Code that is set in has no fence. */
export type Block =
  | { readonly kind: "code"; readonly fence: string; readonly language: string; readonly lines: readonly string[] }
  | { readonly kind: "heading"; readonly level: number; readonly title: string; readonly line: string }
  | { readonly kind: "line"; readonly line: string };

const opening = /^[ \t]{0,8}(`{3,20}|~{3,20})[ \t]*([\w+#.-]{0,30})/;

function headingOf(line: string): { level: number; title: string } | null {
  const hashes = /^ {0,3}(#{1,6})[ \t]+([^\n]*)$/.exec(line);
  if (hashes) return { level: hashes[1]?.length ?? 1, title: (hashes[2] ?? "").replace(/[ \t#*_:]+$/, "").replace(/^[*_]+/, "") };
  // A line that is bold as a whole stands where a heading would, below all of them.
  const bold = /^(?:\*\*|__)([^*_\n]{1,80})(?:\*\*|__):?[ \t]*$/.exec(line.trimEnd());
  return bold ? { level: 7, title: (bold[1] ?? "").replace(/[: ]+$/, "") } : null;
}

const setIn = /^(?: {4}|\t)[ \t]*\S/;
const ofList = /^ {0,3}(?:[-*+]|\d{1,3}[.)])[ \t]/;

/** Which lines of a text are code: told one after another. */
class CodeLines {
  /** Of the code that is open; empty where none is. */
  fence = "";
  // What is set in goes on with an item of a list, or with a paragraph; behind an empty line that ends neither it is code.
  #afterEmpty = true;
  #inList = false;

  read(line: string): "opens" | "fenced" | "closes" | "set-in" | null {
    const isSetIn = setIn.test(line);
    if (this.fence === "" && isSetIn && this.#afterEmpty && !this.#inList) return "set-in";
    this.#afterEmpty = line.trim() === "";
    if (!this.#afterEmpty && !isSetIn) this.#inList = ofList.test(line);
    const mark = opening.exec(line)?.[1];
    if (this.fence !== "") {
      if (mark?.startsWith(this.fence) !== true || line.trim() !== mark) return "fenced";
      this.fence = "";
      return "closes";
    }
    if (mark === undefined || line.slice(line.indexOf(mark) + mark.length).includes("`")) return null;
    this.fence = mark;
    return "opens";
  }
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const code = new CodeLines();
  /** Of the last block, where that is code. */
  let open: string[] | null = null;
  const begin = (fence: string, language: string): string[] => {
    const lines: string[] = [];
    blocks.push({ kind: "code", fence, language, lines });
    return lines;
  };
  for (const line of text.split("\n")) {
    switch (code.read(line)) {
      case "opens":
        open = begin(code.fence, (opening.exec(line)?.[2] ?? "").toLowerCase());
        break;
      case "set-in":
        open ??= begin("", "");
        open.push(line);
        break;
      case "fenced":
        open?.push(line);
        break;
      case "closes":
        open = null;
        break;
      case null: {
        open = null;
        const heading = headingOf(line);
        blocks.push(heading === null ? { kind: "line", line } : { kind: "heading", ...heading, line });
      }
    }
  }
  // Where a fence is not closed GitHub shows the rest as code.
  return blocks;
}

/** `<!-- … -->` outside of code, to the end where it is not closed. */
export function withoutHtmlComments(text: string): { readonly text: string; readonly count: number } {
  const lines: string[] = [];
  const code = new CodeLines();
  let [inside, count, kept] = [false, 0, ""];
  for (const line of text.split("\n")) {
    if (!inside && code.read(line) !== null) kept = line;
    else {
      const [prose, ended, found] = proseOf(line, inside);
      [kept, inside, count] = [kept + prose, ended, count + found];
    }
    if (inside) continue;
    lines.push(kept);
    kept = "";
  }
  return { text: (inside ? [...lines, kept] : lines).join("\n"), count };
}

/** What of a line is in no comment, whether one is open at its end, and how many began in it. In inline code there are none. */
function proseOf(line: string, inside: boolean): readonly [prose: string, inside: boolean, count: number] {
  let [prose, count, at, open, ticks] = ["", 0, 0, inside, 0];
  while (at < line.length) {
    if (open) {
      const end = line.indexOf("-->", at);
      if (end < 0) return [prose, true, count];
      [open, at] = [false, end + 3];
      continue;
    }
    const sign = line[at] ?? "";
    if (sign === "`") ticks += 1;
    if (ticks % 2 === 0 && line.startsWith("<!--", at)) {
      [open, at, count] = [true, at + 4, count + 1];
      continue;
    }
    prose += sign;
    at += 1;
  }
  return [prose, open, count];
}

/** A heading under which nothing is left goes too. */
export function withoutEmptyHeadings(blocks: readonly Block[]): Block[] {
  const kept: Block[] = [];
  let below = 0; // level of the nearest kept heading below, 0 where text follows
  let filled = false;
  for (const block of blocks.toReversed()) {
    if (block.kind !== "heading") {
      filled ||= block.kind === "code" || block.line.trim() !== "";
      kept.push(block);
      continue;
    }
    if (!filled && (below === 0 || below <= block.level)) continue;
    kept.push(block);
    [below, filled] = [block.level, false];
  }
  return kept.reverse();
}

export const textOfBlocks = (blocks: readonly Block[]): string =>
  blocks
    .map((block) => {
      if (block.kind !== "code") return block.line;
      return (block.fence === "" ? block.lines : [`${block.fence}${block.language}`, ...block.lines, block.fence]).join("\n");
    })
    .join("\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
