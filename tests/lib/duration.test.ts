import { expect, it } from "vitest";
import { duration } from "../../lib/duration.ts";

it.each([
  [null, "unknown"],
  [Number.NaN, "unknown"],
  [0, "0.0 s"],
  [59_900, "59.9 s"],
  [59_960, "1 min 0 s"],
  [60_000, "1 min 0 s"],
  [119_400, "1 min 59 s"],
  [119_600, "2 min 0 s"],
  [3_599_400, "59 min 59 s"],
  [3_599_700, "1 h 0 min"],
  [3_723_000, "1 h 2 min"],
])("%s milliseconds are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
