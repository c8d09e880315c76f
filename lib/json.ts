/** JSON that somebody else wrote, and that may be none. */
import type { z } from "zod";

/** What the text says in this form; null where it is no JSON, or says something else. */
export function readJson<T>(text: string, form: z.ZodType<T>): T | null {
  try {
    return form.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
