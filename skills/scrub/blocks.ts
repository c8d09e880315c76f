/** A text in Markdown as blocks: code between fences, and lines. As far as reports are written; linear in the text. */

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

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; language: string; lines: string[] } | null = null;
  for (const line of text.split("\n")) {
    const mark = opening.exec(line);
    if (open !== null) {
      const closes = mark?.[1]?.startsWith(open.fence) === true && line.trim() === mark[1];
      if (closes) blocks.push({ kind: "code", ...open });
      else open.lines.push(line);
      if (closes) open = null;
      continue;
    }
    if (mark !== null && !line.slice(line.indexOf(mark[1] ?? "") + (mark[1]?.length ?? 0)).includes("`")) {
      open = { fence: mark[1] ?? "```", language: (mark[2] ?? "").toLowerCase(), lines: [] };
      continue;
    }
    const heading = headingOf(line);
    blocks.push(heading === null ? { kind: "line", line } : { kind: "heading", ...heading, line });
  }
  // GitHub shows the rest as code where the fence is not closed.
  if (open !== null) blocks.push({ kind: "code", ...open });
  return blocks;
}

/** `<!-- … -->`, to the end where it is not closed. */
export function withoutHtmlComments(text: string): { readonly text: string; readonly count: number } {
  const parts: string[] = [];
  let [from, count] = [0, 0];
  for (let at = text.indexOf("<!--"); at >= 0; at = text.indexOf("<!--", from)) {
    parts.push(text.slice(from, at));
    const end = text.indexOf("-->", at + 4);
    from = end < 0 ? text.length : end + 3;
    count += 1;
  }
  return { text: parts.join("") + text.slice(from), count };
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
    .map((block) => (block.kind === "code" ? [`${block.fence}${block.language}`, ...block.lines, block.fence].join("\n") : block.line))
    .join("\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
