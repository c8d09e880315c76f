/** A file in which one function does nothing any more. */
import type { SourceFile, Unit } from "../contract.ts";
import { parsesCleanly } from "./syntax.ts";
import { childOf, nodesOf, partsOf, type SyntaxNode } from "./tree.ts";
import { unitNodesOf } from "./units.ts";

/** A derived constructor must still call `super`, or making an instance throws before anything is seen. */
function superCall(text: string, body: SyntaxNode): string {
  for (const node of nodesOf(body)) {
    if (node.type === "call_expression" && childOf(node, "function")?.type === "super") return text.slice(node.start, node.end);
  }
  return "";
}

/** The whole file with the unit's body emptied; null for a class, and where the body is empty already. */
export function emptyBody(file: SourceFile, unit: Unit): string | null {
  const found = unitNodesOf(file).find(
    (candidate) => candidate.unit.bodyStart === unit.bodyStart && candidate.unit.bodyEnd === unit.bodyEnd,
  );
  const body = found === undefined ? null : childOf(found.node, "body");
  if (found === undefined || body === null || found.unit.kind === "class") return null;
  const isBlock = body.type === "statement_block";
  if (isBlock ? partsOf(body).length === 0 : body.type === "undefined") return null;
  const kept = isBlock ? superCall(file.text, body) : "";
  const empty = isBlock ? (kept === "" ? "{}" : `{ ${kept}; }`) : "undefined";
  const text = file.text.slice(0, body.start) + empty + file.text.slice(body.end);
  return text !== file.text && parsesCleanly(file.path, text) ? text : null;
}
