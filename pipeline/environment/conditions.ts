/**
 * In what the runs of a baseline differ. A test that depends on one of these is not steady: the order of files, how busy the machine is, time zone,
 * locale, clock, how many files run at a time. They are spread over the runs that are made anyway, so a run differs from the first in several.
 */
import type { Runner } from "../../languages/contract.ts";
import type { Moved } from "../../sandbox/workspace.ts";
import type { Recipe } from "../../schemas/environment.ts";
import type { TestResult } from "../../schemas/report.ts";

export interface Conditions {
  /** Shuffles the files; null: their own order. */
  readonly seed: number | null;
  readonly pressed: boolean;
  readonly moved: Moved;
}

export const usual: Conditions = { seed: null, pressed: false, moved: {} };

const [hour, day] = [3_600_000, 86_400_000];
/** Another half of the day, day of the week, season and year. */
export const clockMs = 500 * day + 12 * hour;
/** Far from UTC on either side, in no whole hours, with summer time; other digits, separators and order of dates, and letters with another case. */
const places = [
  { timeZone: "Pacific/Chatham", locale: "tr_TR.UTF-8" },
  { timeZone: "America/St_Johns", locale: "ar_EG.UTF-8" },
] as const;

const ofLocale = /^(?:LANG|LANGUAGE|LC_\w+)$/;

/** What a repository's own tests are always run with stays: they promise nothing without it. */
function placeOf(repeat: number, { env }: Pick<Recipe, "env">): Moved {
  const { timeZone, locale } = places[(repeat - 1) % places.length] as (typeof places)[number];
  return {
    ...(Object.hasOwn(env, "TZ") ? {} : { timeZone }),
    ...(Object.keys(env).some((name) => ofLocale.test(name)) ? {} : { locale }),
  };
}

/** Of the run with this number, from 0: the first as every later run is; the last on a busy machine, at another time; those between at another place, file after file. */
export function conditionsOf(
  repeat: number,
  { repeats, runner, recipe }: { readonly repeats: number; readonly runner: Runner; readonly recipe: Recipe },
): Conditions {
  if (repeat === 0) return usual;
  const isLast = repeat === repeats - 1;
  const isElsewhere = !isLast || repeat === 1;
  return {
    seed: runner.canShuffle ? repeat : null,
    pressed: isLast,
    moved: {
      ...(isElsewhere ? placeOf(repeat, recipe) : {}),
      ...(isElsewhere && runner.canParallel ? { workers: 1 } : {}),
      ...(isLast ? { clockMs } : {}),
    },
  };
}

export const isMoved = ({ moved }: Conditions): boolean => Object.keys(moved).length > 0;

const aheadText = (ms: number): string => `+${Math.floor(ms / day)}d${Math.floor((ms % day) / hour)}h`;

/** In what conditions are not the usual ones, as `name=value`; environments are stored with it. */
export function inWords({ seed, pressed, moved: { timeZone, locale, clockMs, workers } }: Conditions): string[] {
  return [
    ...(seed === null ? [] : [`order=${seed}`]),
    ...(timeZone === undefined ? [] : [`TZ=${timeZone}`]),
    ...(locale === undefined ? [] : [`LANG=${locale}`]),
    ...(workers === undefined ? [] : [`workers=${workers}`]),
    ...(clockMs === undefined ? [] : [`clock=${aheadText(clockMs)}`]),
    ...(pressed ? ["load=1"] : []),
  ];
}

type Status = TestResult["status"] | undefined;

/** What may have made a test come out otherwise than in the first run: what these runs had, and no run had in which it came out as in the first. */
export function suspects(statuses: readonly Status[], runs: readonly (readonly string[])[]): string[] {
  const [first] = statuses;
  const cleared = new Set(runs.flatMap((words, at) => (statuses[at] === first ? words : [])));
  return [...new Set(runs.flatMap((words, at) => (statuses[at] === first ? [] : words)))].filter((word) => !cleared.has(word));
}
