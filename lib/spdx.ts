/** SPDX licence expressions (SPDX specification 2.3, annex D): read, and held against a list of what is allowed. */

export type SpdxExpression =
  | { readonly kind: "license"; readonly id: string; readonly exception: string | null }
  | { readonly kind: "and"; readonly parts: readonly SpdxExpression[] }
  | { readonly kind: "or"; readonly parts: readonly SpdxExpression[] };

const word = /\s*(\(|\)|[A-Za-z0-9][A-Za-z0-9.:+-]*)/y;

function wordsOf(text: string): string[] | null {
  const words: string[] = [];
  word.lastIndex = 0;
  for (let at = 0; at < text.trimEnd().length; at = word.lastIndex) {
    const match = word.exec(text);
    if (match === null) return null;
    words.push(match[1] ?? "");
  }
  return words;
}

/** `AND` binds before `OR`, `WITH` before both. Null where it is no expression. Whether the ids exist is not asked. */
export function parseSpdx(text: string): SpdxExpression | null {
  const words = wordsOf(text);
  if (words === null || words.length === 0) return null;
  let at = 0;
  const takes = (operator: string): boolean => {
    if (words[at]?.toUpperCase() !== operator) return false;
    at += 1;
    return true;
  };
  const isId = (one: string | undefined): one is string => one !== undefined && !/^(?:\(|\)|AND|OR|WITH)$/i.test(one);
  const simple = (): SpdxExpression | null => {
    if (takes("(")) {
      const inner = several("OR");
      return inner !== null && takes(")") ? inner : null;
    }
    const id = words[at];
    if (!isId(id)) return null;
    at += 1;
    if (!takes("WITH")) return { kind: "license", id, exception: null };
    const exception = words[at];
    if (!isId(exception)) return null;
    at += 1;
    return { kind: "license", id, exception };
  };
  const several = (operator: "AND" | "OR"): SpdxExpression | null => {
    const next = operator === "OR" ? () => several("AND") : simple;
    const parts: SpdxExpression[] = [];
    do {
      const part = next();
      if (part === null) return null;
      parts.push(part);
    } while (takes(operator));
    return parts.length === 1 ? (parts[0] ?? null) : { kind: operator === "OR" ? "or" : "and", parts };
  };
  const whole = several("OR");
  return at === words.length ? whole : null;
}

/**
 * May what bears this licence be used where these are allowed? Of a choice one is enough, of a sum all are needed. An exception only allows more than
 * its licence does; one that is listed with its licence (`GPL-2.0-only WITH Classpath-exception-2.0`) is allowed where the licence alone is not.
 */
export function isAllowedBy(expression: SpdxExpression, allowed: ReadonlySet<string>): boolean {
  if (expression.kind === "or") return expression.parts.some((part) => isAllowedBy(part, allowed));
  if (expression.kind === "and") return expression.parts.every((part) => isAllowedBy(part, allowed));
  const id = expression.id.toLowerCase();
  return (
    allowed.has(id) ||
    allowed.has(id.replace(/\+$/, "")) ||
    (expression.exception !== null && allowed.has(`${id} with ${expression.exception.toLowerCase()}`))
  );
}

/** The ids in an expression, without their exceptions; none where it is no expression. */
export function spdxIds(text: string): readonly string[] {
  const idsOf = (expression: SpdxExpression): readonly string[] =>
    expression.kind === "license" ? [expression.id] : expression.parts.flatMap(idsOf);
  const expression = parseSpdx(text);
  return expression === null ? [] : [...new Set(idsOf(expression))];
}

/** The id without what tells versions of one text apart: GPL-2.0, GPL-2.0-only, GPL-2.0-or-later and GPL-2.0+ have the same. */
export const bareId = (id: string): string => id.replace(/(?:-only|-or-later|\+)$/i, "");
