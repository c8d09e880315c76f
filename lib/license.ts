/** The SPDX licence of a tree, by its manifest or by the heading of its licence file. It claims nothing that it did not read. */

const idLike = /^[A-Za-z0-9][A-Za-z0-9.+-]*$/;
const expressionLike = /^\(?[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) \(?[A-Za-z0-9.+-]+\)?)*\)?$/;

/** Signs of a licence text, all of which must be there; the first that fits is taken, so longer texts come before their parts. */
const signs: readonly (readonly [id: string, ...patterns: RegExp[]])[] = [
  ["Apache-2.0", /Apache License/i, /Version 2\.0/i],
  ["MPL-2.0", /Mozilla Public License/i, /(?:Version|,? ?v\.?) ?2\.0/i],
  ["Unlicense", /This is free and unencumbered software released into the public domain/i],
  ["BSD-3-Clause", /Redistributions? of source code must retain/i, /(?:Neither the name|names? of (?:its|the) .{0,80}contributors) /i],
  ["BSD-2-Clause", /Redistributions? of source code must retain/i, /Redistributions in binary form/i],
  [
    "MIT",
    /Permission is hereby granted, free of charge, to any person obtaining a copy/i,
    /The above copyright notice and this permission notice shall be/i,
  ],
  ["ISC", /Permission to use, copy, modify, and(?:\/or)? distribute this software/i, /provided that the above copyright notice/i],
  ["0BSD", /Permission to use, copy, modify, and(?:\/or)? distribute this software/i, /with or without fee is hereby granted\./i],
];

const fromManifest = (manifest: string | null): string | null => {
  const match = manifest === null ? null : /^\s*\{/.exec(manifest);
  if (manifest === null || match === null) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifest);
  } catch (error) {
    // A manifest that is no JSON says nothing of its licence.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const license = typeof parsed === "object" && parsed !== null && "license" in parsed ? parsed.license : null;
  if (typeof license !== "string" || /^(?:UNLICENSED|SEE LICENSE IN)/i.test(license)) return null;
  return idLike.test(license) || expressionLike.test(license) ? license : null;
};

/** The licence whose own words a text uses; null where it is none of the eight that are known. */
export function licenseOfText(text: string): string | null {
  const flat = text.replace(/\s+/g, " ").slice(0, 60_000);
  return signs.find(([, ...patterns]) => patterns.every((pattern) => pattern.test(flat)))?.[0] ?? null;
}

const fileName = /^(?:licen[cs]e|copying|unlicense)(?:[-.](?:md|txt|mit|apache|bsd))?$/i;

/** Files at the root that may hold the licence, the likeliest first. */
export const licenseFiles = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => fileName.test(path)).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));

/** Manifest first (`license` that looks like an SPDX expression), then the licence files' texts; null where neither tells. */
export function licenseOf(manifest: string | null, texts: readonly string[]): string | null {
  const declared = fromManifest(manifest);
  if (declared !== null) return declared;
  for (const text of texts) {
    const found = licenseOfText(text);
    if (found !== null) return found;
  }
  return null;
}
