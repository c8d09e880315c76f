/**
 * A test file that holds a copy of the code under test can tell right from wrong without knowing what is right: it asks whether the code does what
 * its copy does. Where the solver sees the right code, an answer may not repeat it.
 */
import type { Workspace } from "../sandbox/workspace.ts";
import type { Draft } from "../schemas/instance.ts";

/** Sources that some trial makes wrong and that the solver sees right. */
function seenRight({ trials, visible }: Draft): readonly string[] {
  const spoilt = trials.flatMap(({ expect, layer }) => (expect.kind === "answer-fails" ? Object.keys(layer) : []));
  return [...new Set(spoilt)].filter((path) => !Object.hasOwn(visible, path)).sort();
}

export type Repeated = { readonly kind: "no" } | { readonly kind: "source"; readonly path: string } | { readonly kind: "unreadable" };

/** Whether an answer repeats what it is to test; unreadable where it is nested so deeply that no parser reads it. */
export function repeatedSource(draft: Draft, path: string, text: string, workspace: Workspace): Repeated {
  try {
    for (const source of seenRight(draft)) {
      const right = workspace.text(source);
      if (right !== null && workspace.language.repeats({ path: source, text: right }, { path, text }))
        return { kind: "source", path: source };
    }
    return { kind: "no" };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "unreadable" };
    throw error;
  }
}
