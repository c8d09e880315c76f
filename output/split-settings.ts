/** What the card says of the settings that rows were dealt by, and with what the same rows come again. */
import { groupOfAddress } from "../lib/address.ts";
import { shortId } from "../lib/hash.ts";
import type { RunFacts } from "../schemas/run-summary.ts";
import type { Selection, SplitRatio, SplitSettings } from "../schemas/selection.ts";

interface Dealing {
  readonly toolVersion: string;
  readonly ratio: SplitRatio;
  readonly selection: Selection;
  readonly of?: string;
  readonly like?: string | undefined;
}

/** For manifest and card: an address that a user gave may hold what is not for others, so its path alone is kept. */
export function settingsKept({ toolVersion, ratio, selection, of, like }: Dealing): SplitSettings {
  const pins = Object.entries(selection.pins).map(([name, split]) => [groupOfAddress(name), split] as const);
  const sameGroup = selection.sameGroup.map((names) => names.map(groupOfAddress));
  return { toolVersion, ratio, selection: { ...selection, pins: Object.fromEntries(pins), sameGroup }, of: of ?? null, like: like ?? null };
}

const code = (text: string): string => `\`${text.replace(/[\s`]+/g, " ")}\``;

const limits = {
  perRepository: "repository group",
  perOperator: "mutation operator",
  perFile: "file",
  perDifficulty: "level of difficulty",
} as const;

/** Nothing but the ratio where nothing else was asked for. */
export function settingsText(settings: SplitSettings): string {
  const { ratio, selection, like } = settings;
  const { cutoff, pins, sameGroup, nearDuplicates } = selection;
  const asked = [
    `train, validation and test by the ratio ${ratio.train}:${ratio.validation}:${ratio.test}`,
    ...(cutoff === null ? [] : [`what was committed before ${cutoff} in train alone, what came later in the others alone`]),
    ...Object.entries(pins).map(([name, split]) => `${code(name)} in ${split}`),
    ...sameGroup.map((names) => `${names.map(code).join(" and ")} together`),
    ...Object.entries(limits).flatMap(([name, what]) => {
      const most = selection[name as keyof typeof limits];
      return most === null ? [] : [`at most ${most} rows of one skill and one ${what}`];
    }),
    ...(nearDuplicates ? [] : ["rows kept that ask what others ask"]),
    ...(like === null ? [] : [`the rows of an earlier split (row hash ${code(like)}) left in their places`]),
  ];
  return `Asked for: ${asked.join("; ")}. Groups are dealt by their names and rows, and nothing is drawn: the seed has no part in it. These settings are ${code(settingsHash(settings))}.`;
}

const settingsHash = (settings: SplitSettings): string => shortId(settings);

/** The configuration of a run covers how its rows were dealt; where a dataset was dealt anew, it does not. */
export function sameRows({ splitSettings }: Pick<RunFacts, "splitSettings">): string {
  if (splitSettings === undefined || splitSettings.of === null)
    return "The same version, seed and configuration over the same commits give the same rows.";
  return `The same version, seed and configuration over the same commits give the dataset with the row hash ${code(splitSettings.of)}; dealt anew by version ${splitSettings.toolVersion} with the split settings ${code(settingsHash(splitSettings))}, that dataset gives the same rows.`;
}
