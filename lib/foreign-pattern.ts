/** Patterns of foreign making: whoever wrote one may have meant it to take for ever. */
import { createContext, Script } from "node:vm";

/** For all texts together; what runs longer matches nothing. */
const limitMs = 1_000;

/** A script can be ended while a pattern of it runs; what it is given are texts, which it does not run. */
const script = new Script("{ const pattern = new RegExp(source); texts.filter((text) => pattern.test(text)); }");

/** Those of the texts that it matches; none where it is no pattern, or they take longer than a second. */
export function matchedBy(source: string, texts: readonly string[]): readonly string[] {
  const context = createContext({ source, texts });
  try {
    return script.runInContext(context, { timeout: limitMs }) as readonly string[];
  } catch {
    return [];
  }
}
