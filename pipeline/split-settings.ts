/** Which rows go where, as the command is told it: the words of `kihon run` and `kihon split`, read and checked. */
import { z } from "zod";
import { groupOfAddress } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import { type Selection, type SplitRatio, selectionSchema, splitRatioSchema, splitSchema, splits } from "../schemas/selection.ts";
import { settingsText } from "./settings-text.ts";

export interface Dealing {
  readonly ratio: SplitRatio;
  readonly selection: Selection;
}

/** As the command is given them: `a:b:c`, `repository=split`, `repository=repository`. */
const wordsSchema = z.object({
  ratio: z.string().default("8:1:1"),
  pin: z.array(z.string()).default([]),
  same: z.array(z.string()).default([]),
});

/** The last `=` parts: an address may have one in it. */
function halves(text: string, option: string, next: string): readonly [string, string] {
  const at = text.lastIndexOf("=");
  if (at <= 0 || at === text.length - 1) throw new StopRun(`${option} ${text} cannot be read`, { next });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Throws `StopRun` that names the word which cannot be read. */
export function splitSettings(words: Readonly<Record<string, unknown>>): Dealing {
  const { ratio, pin, same } = wordsSchema.parse(words);
  const shares = ratio.split(":").map(Number);
  const [train, validation, test] = shares;
  const ratioParsed = splitRatioSchema.safeParse({ train, validation, test });
  if (shares.length !== 3 || !ratioParsed.success || shares.some(Number.isNaN))
    throw new StopRun(`--ratio ${ratio} cannot be read`, { next: "write train:validation:test, such as 8:1:1" });
  const pins = pin.map((text) => {
    const [name, split] = halves(text, "--pin", `write OWNER/NAME=SPLIT, the split one of ${splits.join(", ")}`);
    const parsed = splitSchema.safeParse(split);
    if (!parsed.success) throw new StopRun(`--pin ${text}: there is no split ${split}`, { next: `choose among ${splits.join(", ")}` });
    return [name, parsed.data] as const;
  });
  const sameGroup = same.map((text) => [...halves(text, "--same", "write OWNER/NAME=OWNER/NAME")]);
  const { cutoff, perRepository, perOperator, perFile, perDifficulty, nearDuplicates } = words;
  const given = { cutoff, perRepository, perOperator, perFile, perDifficulty, nearDuplicates };
  const asked = {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    pins: Object.fromEntries(pins),
    sameGroup,
  };
  const selection = selectionSchema.safeParse(asked);
  if (!selection.success)
    throw new StopRun(settingsText(selection.error, asked), {
      next: "kihon run --help and kihon split --help list the options",
    });
  return { ratio: ratioParsed.data, selection: selection.data };
}

/** More would fill a screen. */
const mostNames = 20;

/** Throws `StopRun` where a repository is named that is none of `known`, each by all spellings of its address as one. `where` says of what they are. */
export function checkNames({ pins, sameGroup }: Selection, known: ReadonlySet<string>, where: string): void {
  const named = [
    ...Object.keys(pins).map((name) => ({ name, said: `pinned (--pin ${name}=${pins[name]})` })),
    ...sameGroup.flatMap((names) => names.map((name) => ({ name, said: `said to belong to another (--same ${names.join("=")})` }))),
  ];
  const unknown = named.find(({ name }) => !known.has(groupOfAddress(name)));
  if (unknown === undefined) return;
  const names = [...known].sort();
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  throw new StopRun(`${unknown.name} is ${unknown.said}, and is no repository of ${where}`, {
    next: names.length === 0 ? "there is none" : `choose among ${names.slice(0, mostNames).join(", ")}${more}`,
  });
}
