/** Our own trouble, named for what the driver does next. What happens to foreign code is an outcome, never one of these. */

/** Try the same record again later: a machine out of something, a registry that did not answer. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
}

/** This record cannot be worked on, now or later: it is kept aside with its error, and the run goes on. */
export class BrokenRecord extends Error {
  override readonly name = "BrokenRecord";
}

/** Nothing can go on: the run ends with everything earned so far in place. `next` tells the user what to do. */
export class StopRun extends Error {
  override readonly name = "StopRun";
  readonly next: string;
  readonly exitCode: 1 | 2;
  constructor(message: string, options: { next: string; exitCode?: 1 | 2; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.next = options.next;
    this.exitCode = options.exitCode ?? 2;
  }
}
