/** What a part says of one record: kept with a value, or dropped with a reason code. */
import { z } from "zod";

/** `<part>/<code>`, both kebab-case: the only form in which a drop is ever written down. */
export const reasonSchema = z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/);
export type Reason = `${string}/${string}`;

export type Kept<T> = { readonly kept: true; readonly value: T };
export type Dropped = {
  readonly kept: false;
  readonly reason: Reason;
  /** One line for a person: the figure or the message behind the code. At most 500 characters. */
  readonly detail: string;
};
export type Outcome<T> = Kept<T> | Dropped;

export const keep = <T>(value: T): Kept<T> => ({ kept: true, value });
export const drop = (reason: Reason, detail = ""): Dropped => ({
  kept: false,
  reason,
  detail: detail.length > 500 ? `${detail.slice(0, 499)}…` : detail,
});
