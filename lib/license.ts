/** The SPDX licence of a tree, by its manifest or by the heading of its licence file. It claims nothing that it did not read. */

const idLike = /^[A-Za-z0-9][A-Za-z0-9.+-]*$/;
const expressionLike = /^\(?[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) \(?[A-Za-z0-9.+-]+\)?)*\)?$/;

/**
 * Signs of a licence text, all of which must be there, the others not far behind the first. What begins first is taken, for below a licence may stand
 * those of parts; of what begins alike the first that fits, so longer texts come before their parts.
 */
const signs: readonly (readonly [id: string, ...patterns: RegExp[]])[] = [
  ["AGPL-3.0-only", /^.{0,200}GNU AFFERO GENERAL PUBLIC LICENSE Version 3/],
  ["LGPL-3.0-only", /^.{0,200}GNU LESSER GENERAL PUBLIC LICENSE Version 3/],
  ["LGPL-2.1-only", /^.{0,200}GNU LESSER GENERAL PUBLIC LICENSE Version 2\.1/],
  ["GPL-3.0-only", /^.{0,200}GNU GENERAL PUBLIC LICENSE Version 3/],
  ["GPL-2.0-only", /^.{0,200}GNU GENERAL PUBLIC LICENSE Version 2/],
  ["SSPL-1.0", /^.{0,200}Server Side Public License/],
  ["BUSL-1.1", /^.{0,400}Business Source License 1\.1/i],
  ["Elastic-2.0", /^.{0,200}Elastic License 2\.0/],
  ["EPL-2.0", /^.{0,200}Eclipse Public License - v ?2\.0/i],
  ["CC0-1.0", /^.{0,200}CC0 1\.0 Universal/],
  ["CC-BY-NC-4.0", /^.{0,400}Attribution-NonCommercial 4\.0 International/],
  ["CC-BY-SA-4.0", /^.{0,400}Attribution-ShareAlike 4\.0 International/],
  ["CC-BY-4.0", /^.{0,400}Attribution 4\.0 International/],
  ["BSL-1.0", /Boost Software License - Version 1\.0/],
  ["BlueOak-1.0.0", /Blue Oak Model License/i, /Version 1\.0\.0/],
  ["WTFPL", /DO WHAT THE FUCK YOU WANT TO PUBLIC LICENSE/],
  ["Zlib", /This software is provided ['‘]as-is['’], without any express or implied warranty/i, /must not be misrepresented/i],
  ["Apache-2.0", /Apache License/i, /Version 2\.0/i],
  ["MPL-2.0", /Mozilla Public License/i, /(?:Version|,? ?v\.?) ?2\.0/i],
  ["Unlicense", /This is free and unencumbered software released into the public domain/i],
  [
    "BSD-3-Clause",
    /Redistributions? of source code must retain/i,
    /(?:Neither the name|names? of (?:its|the|any) (?:.{0,80} )?contributors) /i,
  ],
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

/** The licence whose own words a text uses; null where it is none of those that are known. Copyleft texts are known by how they begin: others name them. */
export function licenseOfText(text: string): string | null {
  const flat = text.replace(/[\s=#*_]+/g, " ").slice(0, 60_000);
  let best: { readonly id: string; readonly at: number } | null = null;
  for (const [id, first, ...others] of signs) {
    const match = first?.exec(flat);
    if (!match) continue;
    const at = match.index + match[0].length;
    const near = flat.slice(match.index, match.index + 3000);
    if ((best === null || at < best.at) && others.every((pattern) => pattern.test(near))) best = { id, at };
  }
  return best?.id ?? null;
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
