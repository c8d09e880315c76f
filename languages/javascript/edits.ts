/** Replacements in a text, collected in any order and made at once. */

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits at the same offset keep the order in which they are given; an edit inside a span that is replaced is dropped with it. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits.map((edit, index) => ({ edit, index })).sort((a, b) => a.edit.start - b.edit.start || a.index - b.index);
  let result = "";
  let at = 0;
  for (const { edit } of ordered) {
    if (edit.start < at) continue;
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

export const insertion = (at: number, text: string): Edit => ({ start: at, end: at, text });
