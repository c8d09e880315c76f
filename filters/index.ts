/** The filters, in the order in which they are asked: one line a part. */
import { changeSize } from "./change-size.ts";
import { notAFix } from "./not-a-fix.ts";

export const filters = Object.freeze([notAFix, changeSize]);
