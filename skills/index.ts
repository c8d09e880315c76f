/** Every skill and composite task, one line each. */
import { bugFix } from "./bug-fix.ts";
import type { Skill } from "./contract.ts";
import { editing } from "./editing.ts";
import { localization } from "./localization.ts";
import { reproduction } from "./reproduction.ts";
import { review } from "./review.ts";
import { unitTests } from "./unit-tests.ts";

export const allSkills: readonly Skill[] = [localization, editing, unitTests, reproduction, review, bugFix];
