import type { Table } from "./table.ts";

export const comparisons: Table = {
  "relational-bound": [
    ["a < b", "a <= b"],
    ["if (a >= b) c();", "if (a > b) c();"],
    ["a === b"],
    ["a > b || c <= d", "a >= b || c <= d", "a > b || c < d"],
  ],
  "relational-negation": [["a < b", "a >= b"], ["while (a > b) c();", "while (a <= b) c();"], ["a != b"]],
  "equality-flip": [["a === b", "a !== b"], ["a != null && c", "a == null && c"], ["typeof a === 'string'"], ["a < b"]],
  "equality-strictness": [["a === b", "a == b"], ["a == null", "a === null"], ["typeof a !== 'string'"], ["a >= b"]],
};
