// `sift-node-test.cjs` for files that import.
import shim from "./sift-node-test.cjs";

export default shim;
export const { test, it, describe, suite, before, after, beforeEach, afterEach, mock, run, snapshot, assert } = shim;
