/** JavaScript and TypeScript, with and without JSX. The grammars must be loaded (`initSyntax`) before anything but `roleOf` is asked. */
import type { Language } from "../contract.ts";
import { disguise } from "./disguise.ts";
import { compiled, emitsDifferently } from "./emit.ts";
import { emptyBody } from "./empty-body.ts";
import { evidence } from "./evidence.ts";
import { expandLines, instrument } from "./instrument.ts";
import { loads } from "./loads.ts";
import { mutationsOf, mutators } from "./mutators/index.ts";
import { names } from "./names.ts";
import { opposite } from "./opposite.ts";
import { record } from "./record.ts";
import { repeats } from "./repeats.ts";
import { rewrite } from "./rewrite.ts";
import { extensions, roleOf } from "./roles.ts";
import { strings } from "./strings.ts";
import { switched } from "./switched.ts";
import { parsesCleanly } from "./syntax.ts";
import { reduceTests, testCalls } from "./test-calls.ts";
import { transplant } from "./transplant.ts";
import { unitsOf, unitsOn } from "./units.ts";

export const javascript = Object.freeze({
  name: "javascript",
  version: 2,
  extensions,
  mutators,
  roleOf,
  parses: parsesCleanly,
  units: unitsOf,
  unitsOn,
  mutations: ({ path, text }, operators) => mutationsOf(path, text, operators),
  emitsDifferently,
  compiled,
  instrument,
  expandLines,
  switched,
  disguise,
  record,
  rewrite,
  reduceTests,
  testCalls,
  loads,
  names,
  strings,
  evidence,
  opposite,
  emptyBody,
  transplant,
  repeats,
} satisfies Language);
