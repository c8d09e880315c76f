/** The filters, in the order in which they are asked: one line a part. */
import { changeSize } from "./change-size.ts";
import { contamination } from "./contamination.ts";
import { generated } from "./generated.ts";
import { notAFix } from "./not-a-fix.ts";
import { permissive } from "./permissive.ts";
import { pullRequest } from "./pull-request.ts";
import { takedown } from "./takedown.ts";

export const filters = Object.freeze([takedown, contamination, permissive, pullRequest, notAFix, generated, changeSize]);
