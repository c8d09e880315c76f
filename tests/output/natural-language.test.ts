import { expect, it } from "vitest";
import { naturalLanguage } from "../../output/natural-language.ts";

const asked = (words: string): string =>
  `This was reported of the repository:\n\n<report>\n${words}\n</report>\n\nFind the cause and repair it.`;

it.each([
  ["en", asked("# Crash\n\nWhen the option is given twice, the parser should keep the last value, but it keeps the first one.")],
  [
    "und",
    asked(
      "Wenn die Option zweimal angegeben wird, sollte der Parser den letzten Wert behalten, aber er behält den ersten und meldet nichts.",
    ),
  ],
  [null, "Would you merge it? It must repair what is described and break nothing else."],
])("the words of people are %s", (language, prompt) => {
  expect(naturalLanguage(prompt)).toBe(language);
});
