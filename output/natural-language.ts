/** In which language the words of people in a question are: all else that a solver reads is written by Kihon, in English. */
import { isEnglish } from "../lib/english.ts";

/** What people wrote is enclosed so (`skills/bug-fix.ts`), and cannot end the place where it stands. */
const report = /<report>\n([\s\S]*?)\n<\/report>/;

/** `en`; `und` (undetermined, ISO 639-2) for any other; null where nothing in it is of people. */
export function naturalLanguage(prompt: string): "en" | "und" | null {
  const words = report.exec(prompt)?.[1];
  if (words === undefined) return null;
  return isEnglish(words) ? "en" : "und";
}
