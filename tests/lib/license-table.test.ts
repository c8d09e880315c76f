/** Licence texts as they are published: those of the packages that are installed here, and of others the lines that make them known. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { licenseFiles, licenseOf, licenseOfText } from "../../lib/license.ts";

const modules = join(import.meta.dirname, "../../node_modules");
const names = readdirSync(modules).flatMap((name) => {
  if (name.startsWith(".")) return [];
  return name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name];
});

/** What a package says of itself, beside the text that it brings. */
const installed = names.flatMap((name) => {
  const folder = join(modules, name);
  if (!existsSync(join(folder, "package.json"))) return [];
  const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly license?: unknown };
  const [file] = licenseFiles(readdirSync(folder));
  return typeof license === "string" && file !== undefined ? [{ name, license, text: readFileSync(join(folder, file), "utf8") }] : [];
});

describe("texts of the installed packages", () => {
  // A choice is told by the manifest alone; these packages bring a text that says other than their manifests do.
  const told = installed.filter(({ license }) => !/ OR |-or-later$/.test(license));

  it("are enough to say something", () => {
    expect(told.length).toBeGreaterThan(80);
    expect(new Set(told.map(({ license }) => license)).size).toBeGreaterThan(4);
  });

  it("are known for what their manifests say, and never for another licence", () => {
    const wrong = told
      .filter(({ license, text }) => (licenseOfText(text) ?? license) !== license)
      .map(({ name, license, text }) => [name, license, licenseOfText(text)]);
    expect(wrong).toEqual([]);
    const known = told.filter(({ text }) => licenseOfText(text) !== null);
    expect(known.length / told.length).toBeGreaterThan(0.95);
  });
});

const gnu = (kind: string, version: string, day: string): string =>
  `                    GNU ${kind}GENERAL PUBLIC LICENSE\n                       Version ${version}, ${day}\n\n Everyone is permitted to copy`;
const creative = (kind: string): string =>
  `${kind} 4.0 International\n\n=======================================================================\n\nCreative Commons Corporation`;

describe("texts of other licences", () => {
  it.each([
    ["GPL-2.0-only", gnu("", "2", "June 1991")],
    ["GPL-3.0-only", gnu("", "3", "29 June 2007")],
    ["LGPL-2.1-only", gnu("LESSER ", "2.1", "February 1999")],
    ["LGPL-3.0-only", gnu("LESSER ", "3", "29 June 2007")],
    ["AGPL-3.0-only", gnu("AFFERO ", "3", "19 November 2007")],
    ["GPL-3.0-only", `# ${gnu("", "3", "29 June 2007").trim()}`],
    ["CC-BY-4.0", creative("Attribution")],
    ["CC-BY-SA-4.0", creative("Attribution-ShareAlike")],
    ["CC-BY-NC-4.0", creative("Attribution-NonCommercial")],
    ["CC0-1.0", "Creative Commons Legal Code\n\nCC0 1.0 Universal\n\n    CREATIVE COMMONS CORPORATION IS NOT A LAW FIRM"],
    ["EPL-2.0", "Eclipse Public License - v 2.0\n\n    THE ACCOMPANYING PROGRAM IS PROVIDED"],
    ["BSL-1.0", "Boost Software License - Version 1.0 - August 17th, 2003"],
    ["BUSL-1.1", "License text copyright (c) 2020 MariaDB Corporation Ab\n\nBusiness Source License 1.1\n\nParameters"],
    ["SSPL-1.0", "                     Server Side Public License\n                     VERSION 1, OCTOBER 16, 2018"],
    ["Elastic-2.0", "Elastic License 2.0\n\nURL: https://www.elastic.co/licensing/elastic-license"],
    ["BlueOak-1.0.0", "# Blue Oak Model License\n\nVersion 1.0.0\n\n## Purpose"],
    ["WTFPL", "            DO WHAT THE FUCK YOU WANT TO PUBLIC LICENSE\n                    Version 2, December 2004"],
    [
      "Zlib",
      "This software is provided 'as-is', without any express or implied warranty.\n1. The origin of this software must not be misrepresented",
    ],
    [null, "Copyright (c) 2024 Acme. All rights reserved. This file is confidential."],
    [null, "You may use this for good, but only on Tuesdays."],
    [null, "The server is under the GNU General Public License; what lies here is not."],
    [
      "MIT",
      "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nThe above copyright notice and this permission notice shall be included\n\nParts were under the GNU GENERAL PUBLIC LICENSE Version 2",
    ],
  ])("%s", (id, text) => {
    expect(licenseOfText(text)).toBe(id);
  });
});

describe("a licence that was changed", () => {
  it("is that of the tree that is read", () => {
    const mit =
      "Permission is hereby granted, free of charge, to any person obtaining a copy\nThe above copyright notice and this permission notice shall be included";
    expect([licenseOf("{}", [mit]), licenseOf("{}", [gnu("AFFERO ", "3", "19 November 2007")])]).toEqual(["MIT", "AGPL-3.0-only"]);
  });
});
