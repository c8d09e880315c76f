import type { Table } from "./table.ts";

export const positions: Table = {
  "index-offset": [
    ["a[i]", "a[i + 1]", "a[i - 1]"],
    ["a[b.length - 1]", "a[b.length]"],
    ["a[i + 1] = b[index]", "a[i] = b[index]", "a[i + 1] = b[index + 1]", "a[i + 1] = b[index - 1]"],
    ["a[0]"],
    ["a[key]"],
    ["a[i ? 1 : 2]"],
  ],
  "slice-end": [
    ["a.slice(b, c)", "a.slice(b + 1, c)", "a.slice(b - 1, c)", "a.slice(b)", "a.slice(b, c + 1)", "a.slice(b, c - 1)"],
    ["a.substring(0, end - 1)", "a.substring(0)", "a.substring(0, end)"],
    ["a.slice(-1)"],
    ["a.slice(b ? c : d)", "a.slice((b ? c : d) + 1)", "a.slice((b ? c : d) - 1)"],
    ["a.slice()"],
    ["a.splice(b, c)"],
  ],
  "character-offset": [
    ["a.charAt(i)", "a.charAt(i + 1)", "a.charAt(i - 1)"],
    ["a.charCodeAt(b - 1)", "a.charCodeAt(b)"],
    ["a.at(-1)"],
    ["a.get(i)"],
  ],
  "replace-all": [
    ["x = a.replace('b', c);", "x = a.replaceAll('b', c);"],
    ["x = a.replaceAll(`b`, '');", "x = a.replace(`b`, '');"],
    ["x = a.replace(/b/g, c);"],
    ["x = a.constructor('b');"],
  ],
};
