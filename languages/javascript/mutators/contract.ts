/**
 * The axis "mutator": one small mistake that people make in JavaScript and TypeScript.
 *
 * A mutator names the node types that it looks at; the walk in `index.ts` hands it each such node once, parents before children. It answers with text
 * edits: one edit is one mutant. It is pure and knows nothing of files, tests or seeds, so the same text always gives the same edits in the same order.
 *
 * What every edit promises:
 * - Minimal: it covers the changed characters and no more, so that the diff of a mutant reads like the diff of a mistake. Formatting and comments survive.
 * - It parses, and it groups as meant: a replacement that binds weaker than its place allows is put in parentheses (`syntax-edits.ts` does this).
 * - It looks like code: no marker, no comment, no magic string that gives the place away.
 * - It is not equivalent where that can be seen on the spot: `return await` outside a `try`, `i++` as a statement, a global regex in `replaceAll`.
 *
 * What no mutator is shown: types, imports, decorators and what goes to `console`. Directives, keys and module names look like strings, and the
 * operators for strings leave them alone themselves.
 *
 * Where two operators would give the same text for the same span, the first in the list of `index.ts` has it.
 *
 * `noun` completes the sentence "Correct the ... in `name`": it says what kind of thing is wrong and not what is right.
 */
import type { Mutator } from "../../contract.ts";
import type { Node } from "../syntax.ts";

/** One replaced span of the text; `start === end` inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

export interface SyntaxMutator extends Mutator {
  /** Node types of the grammars; names that only one of them has do no harm. */
  readonly nodes: readonly string[];
  /** Every way to go wrong at this node. Null stands for an edit that turned out not to fit its place. */
  mutate(node: Node, text: string): readonly (Edit | null)[];
}
