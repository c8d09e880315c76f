import type { Table } from "./table.ts";

export const methods: Table = {
  "array-ends": [["a.push(b);", "a.unshift(b);"], ["x = a?.shift();", "x = a?.pop();"], ["a['push'](b);"], ["push(b);"]],
  "array-quantifier": [["a.some(b)", "a.every(b)"], ["a.every((b) => b)", "a.some((b) => b)"], ["a.someone(b)"]],
  "array-search": [
    ["a.find(b)", "a.findLast(b)", "a.findIndex(b)"],
    ["a.lastIndexOf(b)", "a.indexOf(b)"],
    ["a.findLastIndex(b)", "a.findIndex(b)"],
    ["find(a)"],
  ],
  "array-transform": [
    ["x = a.map(b);", "x = a.forEach(b);"],
    ["return a.filter(b);", "return a.find(b);", "return a.map(b);"],
    ["return a.flatMap(b);", "return a.map(b);"],
    ["a.forEach(b);"],
  ],
  "reduce-direction": [["a.reduce(b, c)", "a.reduceRight(b, c)"], ["a.reduceRight(b)", "a.reduce(b)"], ["a.reducer(b)"]],
  "string-affix": [
    ["a.startsWith(b)", "a.endsWith(b)", "a.includes(b)"],
    ["a.endsWith(b)", "a.startsWith(b)", "a.includes(b)"],
    ["a.starts(b)"],
  ],
  "string-trim": [["a.trim()", "a.trimStart()", "a.trimEnd()"], ["a.trimEnd()", "a.trimStart()", "a.trim()"], ["trim(a)"]],
  "string-case": [["a.toLowerCase()", "a.toUpperCase()"], ["a.toLocaleUpperCase()", "a.toLocaleLowerCase()"], ["a.lower()"]],
  "string-pad": [["a.padStart(2, '0')", "a.padEnd(2, '0')"], ["a.padEnd(b)", "a.padStart(b)"], ["a.pad(b)"]],
  "math-bound": [["Math.min(a, b)", "Math.max(a, b)"], ["Math.max(...a)", "Math.min(...a)"], ["a.min(b)"]],
  rounding: [["Math.floor(a)", "Math.ceil(a)", "Math.round(a)"], ["Math.round(a / 2)", "Math.floor(a / 2)"], ["moment.floor(a)"]],
  "promise-combinator": [
    ["Promise.all(a)", "Promise.allSettled(a)", "Promise.race(a)"],
    ["await Promise.any(a)", "await Promise.race(a)"],
    ["a.all(b)"],
  ],
  "object-view": [["Object.keys(a)", "Object.values(a)"], ["Object.entries(a)", "Object.keys(a)", "Object.values(a)"], ["a.keys()"]],
  "date-component": [
    ["a.getDate()", "a.getDay()"],
    ["a.getUTCHours()", "a.getHours()"],
    ["a.getSeconds()", "a.getMinutes()", "a.getMilliseconds()"],
    ["a.getTime()"],
  ],
  "map-lookup": [["a.get(b)", "a.has(b)"], ["a.has(b)", "a.get(b)"], ["a.get(b, c)"], ["a.got(b)"]],
  "number-parsing": [
    ["parseInt(a, 10)", "parseFloat(a, 10)"],
    ["Number.parseFloat(a)", "Number.parseInt(a)"],
    ["toString(a)"],
    ["a.parseInt(b)"],
  ],
};
