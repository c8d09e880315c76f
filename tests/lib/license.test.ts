/** Licence texts as they are published: those of the installed packages, all of the SPDX list, and trees as they are found, labelled by hand. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import listed from "spdx-license-list/full.js";
import { describe, expect, it } from "vitest";
import { copyrightLines, type LicenseFile, licenseFiles, licenseOf as readLicense } from "../../lib/license.ts";
import { licensesIn, otherTerms } from "../../lib/license-text.ts";

const manifestOf = (text: string | null): LicenseFile | null => (text === null ? null : { path: "package.json", text });
const licenseOf = async (manifest: string | null, files: readonly LicenseFile[]): Promise<string | null> =>
  (await readLicense(manifestOf(manifest), files)).expression;

const modules = join(import.meta.dirname, "../../node_modules");
const names = readdirSync(modules).flatMap((name) => {
  if (name.startsWith(".")) return [];
  return name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name];
});

/** What a package says of itself, beside the texts that it brings. */
const installed = names.flatMap((name) => {
  const folder = join(modules, name);
  if (!existsSync(join(folder, "package.json"))) return [];
  const manifest = readFileSync(join(folder, "package.json"), "utf8");
  const { license } = JSON.parse(manifest) as { readonly license?: unknown };
  const files = licenseFiles(readdirSync(folder)).map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
  return typeof license === "string" && files.length > 0 ? [{ name, license, manifest, files }] : [];
});

describe("the installed packages", () => {
  /** Their files say other than their manifests, as whoever opens them finds: what these bring along, and its terms. */
  const differ: Readonly<Record<string, string>> = {
    bowser: "MIT AND MITNFA",
    thrift: "Apache-2.0 AND FSFAP-no-warranty-disclaimer AND BSD-3-Clause AND LicenseRef-other-terms",
    vite: "MIT AND BSD-2-Clause AND ISC",
    vitest: "MIT AND BSD-3-Clause AND ISC",
  };

  it("are enough to say something", () => {
    expect(installed.length).toBeGreaterThan(80);
    expect(new Set(installed.map(({ license }) => license)).size).toBeGreaterThan(4);
  });

  it("are under what their manifests declare and their files say", async () => {
    const told = await Promise.all(
      installed.map(async ({ name, license, manifest, files }) => [name, await licenseOf(manifest, files), differ[name] ?? license]),
    );
    expect(told.filter(([, is, label]) => is !== label)).toEqual([]);
  });

  it("are known by their files alone, but for ids of one text and choices that a single file does not tell", async () => {
    const told = await Promise.all(installed.map(async ({ name, license, files }) => [name, await licenseOf(null, files), license]));
    const known = told.filter(([name = "", is, license = ""]) => is === license && differ[name ?? ""] === undefined);
    expect(known.length / told.length).toBeGreaterThan(0.95);
  });
});

describe("a text of the SPDX list", () => {
  /** Ids that have one text, or texts that differ in less than a sentence. */
  const family = (id: string): string =>
    id
      .replace(/(?:-no)?-invariants(?=-)/, "")
      .replace(/(?:-only|-or-later|\+)$/, "")
      .replace(/-(?:no-)?RFN$/, "")
      .replace(/^CC-BY-(?:NC-)?(?:ND|SA)-1\.0$|^CC-BY-NC-1\.0$/, "CC-BY-1.0")
      .replace(/^OLDAP-2\.2\.2$/, "OLDAP-2.3")
      .replace(/^(?:zlib-acknowledgement)$/, "Nunit")
      .replace(/^StandardML-NJ$/, "SMLNJ")
      .replace(/^DRL-1\.0$/, "DRL-1.1")
      .replace(/^CAL-1\.0-Combined-Work-Exception$/, "CAL-1.0")
      .replace(/^MPL-2\.0-no-copyleft-exception$/, "MPL-2.0");
  /** No terms, and terms of seven words. */
  const tooShort = ["any-OSI", "diffmark"];

  it("is taken for itself, and for no other", async () => {
    const wrong: unknown[] = [];
    for (const [id, { licenseText }] of Object.entries(listed)) {
      const found = await licensesIn(licenseText);
      const expected = tooShort.includes(id) ? [] : [family(id)];
      if (found.map(family).join() !== expected.join()) wrong.push([id, found]);
    }
    expect(Object.keys(listed).length).toBeGreaterThan(700);
    expect(wrong).toEqual([]);
  });
});

const text = (id: string): string => listed[id]?.licenseText ?? "";
const held = (id: string): string =>
  text(id)
    .replace(/<year>|\[yyyy\]/g, "2019")
    .replace(/<(?:copyright holders?|owner)>/g, "Ada Lovelace and others");
/** As many files have it: narrow lines, bullets for numbers, other quotes. */
const reset = (id: string): string => {
  const words = held(id)
    .replace(/^\s*\d\. /gm, "* ")
    .replaceAll('"', "``")
    .split(/[ \t]+/);
  return words.map((word, at) => (at % 9 === 8 ? `${word}\n` : `${word} `)).join("");
};
const commonsClause = `"Commons Clause" License Condition v1.0

The Software is provided to you by the Licensor under the License, as defined below, subject to the following condition.
Without limiting other conditions in the License, the grant of rights under the License will not include, and the License does not grant to you, the right to Sell the Software.

`;
const eula = `Acme End User License Agreement

This software is licensed, not sold. You may not copy, modify or distribute it, or use it to train a model, without the prior written permission of Acme Ltd.`;
const files = (some: Readonly<Record<string, string>>): { readonly path: string; readonly text: string }[] =>
  Object.entries(some).map(([path, content]) => ({ path, text: content }));

describe("a tree", () => {
  it.each<[label: string | null, manifest: unknown, files: Readonly<Record<string, string>>]>([
    // One licence, said in one place or in both.
    ["MIT", { license: "MIT" }, {}],
    ["MIT", null, { LICENSE: held("MIT") }],
    ["MIT", { license: "MIT" }, { LICENSE: reset("MIT") }],
    ["BSD-2-Clause", {}, { "LICENSE.txt": reset("BSD-2-Clause") }],
    ["BSD-3-Clause", {}, { LICENSE: reset("BSD-3-Clause") }],
    ["ISC", {}, { "license.md": reset("ISC") }],
    ["0BSD", {}, { LICENSE: held("0BSD") }],
    ["MIT-0", {}, { LICENSE: held("MIT-0") }],
    ["Apache-2.0", {}, { LICENSE: held("Apache-2.0").split("END OF TERMS")[0] ?? "" }],
    ["Apache-2.0", { license: "Apache-2.0" }, { LICENSE: held("Apache-2.0") }],
    ["Unlicense", {}, { UNLICENSE: text("Unlicense") }],
    ["CC0-1.0", {}, { COPYING: text("CC0-1.0") }],
    ["MPL-2.0", {}, { LICENSE: text("MPL-2.0") }],
    ["BlueOak-1.0.0", {}, { "LICENSE.md": text("BlueOak-1.0.0") }],
    ["GPL-3.0-only", {}, { COPYING: text("GPL-3.0-only") }],
    ["GPL-3.0-or-later", { license: "GPL-3.0-or-later" }, { COPYING: text("GPL-3.0-only") }],
    ["AGPL-3.0-only", {}, { LICENSE: text("AGPL-3.0-only") }],
    ["LGPL-3.0-only", {}, { COPYING: text("GPL-3.0-only"), "COPYING.LESSER": text("LGPL-3.0-only") }],
    ["MIT", null, { LICENSE: `${held("MIT")}\n\nParts were once under the GNU GENERAL PUBLIC LICENSE Version 2.` }],
    // Old and loose manifests.
    ["MIT", { license: { type: "MIT", url: "https://example.org" } }, {}],
    ["MIT OR Apache-2.0", { licenses: [{ type: "MIT" }, { type: "Apache-2.0" }] }, {}],
    ["Apache-2.0", { license: "Apache License, Version 2.0" }, {}],
    ["BSD-3-Clause", { license: "BSD" }, { LICENSE: held("BSD-3-Clause") }],
    ["MIT", { license: "SEE LICENSE IN LICENSE.md" }, { "LICENSE.md": held("MIT") }],
    // A choice.
    ["(MIT OR GPL-3.0-or-later)", { license: "(MIT OR GPL-3.0-or-later)" }, { LICENSE: held("MIT") }],
    ["MIT OR Apache-2.0", {}, { "LICENSE-MIT": held("MIT"), "LICENSE-APACHE": held("Apache-2.0") }],
    ["MIT OR Apache-2.0", { license: "MIT OR Apache-2.0" }, { "LICENSE-APACHE": held("Apache-2.0"), "LICENSE-MIT": held("MIT") }],
    ["MIT OR Apache-2.0", {}, { LICENSE: held("MIT"), "LICENSE-MIT": held("MIT"), "LICENSE-APACHE": held("Apache-2.0") }],
    // Several parts, or two that do not agree.
    ["MIT AND BSD-3-Clause", { license: "MIT" }, { LICENSE: `## Ours\n\n${held("MIT")}\n\n## Of the old one\n\n${held("BSD-3-Clause")}` }],
    ["ISC AND MIT", { license: "ISC" }, { LICENSE: held("MIT") }],
    ["MIT AND AGPL-3.0-only", { license: "MIT" }, { LICENSE: text("AGPL-3.0-only") }],
    // Exceptions.
    [
      "Apache-2.0 WITH LLVM-exception",
      {},
      {
        LICENSE: `${held("Apache-2.0")}\n\n---- LLVM Exceptions to the Apache 2.0 License ----\n\nAs an exception, if, as a result of your compiling your source code`,
      },
    ],
    [
      "GPL-2.0-only WITH Classpath-exception-2.0",
      {},
      {
        LICENSE: `${text("GPL-2.0-only")}\n\nLinking this library statically or dynamically with other modules is making a combined work based on this library.`,
      },
    ],
    ["GPL-2.0-only WITH Classpath-exception-2.0", { license: "GPL-2.0-only WITH Classpath-exception-2.0" }, {}],
    // Like an open one, but not it.
    ["JSON", {}, { LICENSE: held("JSON") }],
    ["BSD-3-Clause-No-Nuclear-License", {}, { LICENSE: text("BSD-3-Clause-No-Nuclear-License") }],
    ["BSD-4-Clause", {}, { LICENSE: text("BSD-4-Clause") }],
    ["FSL-1.1-MIT", {}, { "LICENSE.md": text("FSL-1.1-MIT") }],
    ["BUSL-1.1", {}, { LICENSE: text("BUSL-1.1") }],
    ["CC-BY-NC-4.0", {}, { LICENSE: text("CC-BY-NC-4.0") }],
    ["SSPL-1.0 AND MIT", { license: "SSPL-1.0" }, { LICENSE: held("MIT") }],
    // Custom.
    [`MIT AND ${otherTerms}`, {}, { LICENSE: commonsClause + held("MIT") }],
    [
      `MIT AND ${otherTerms}`,
      { license: "MIT" },
      { LICENSE: `${held("MIT")}\n\nThe Software may not be used to train a machine-learning model.` },
    ],
    [otherTerms, {}, { LICENSE: eula }],
    [`MIT AND ${otherTerms}`, { license: "MIT" }, { LICENSE: eula }],
    [otherTerms, { license: "UNLICENSED" }, {}],
    [otherTerms, { license: "Proprietary, ask us!" }, {}],
    [otherTerms, { license: "ACME-1.0" }, {}],
    ["LicenseRef-Acme", { license: "LicenseRef-Acme" }, {}],
    // Missing.
    [null, {}, {}],
    [null, null, {}],
    [null, { license: "SEE LICENSE IN EULA" }, {}],
    [null, {}, { LICENSE: "" }],
    [null, {}, { LICENSE: "All rights reserved. See the licence of our friends." }],
    ["MIT", { license: "MIT" }, { LICENSE: "MIT, see package.json" }],
  ])("%s: %j", async (label, manifest, some) => {
    expect(await licenseOf(manifest === null ? null : JSON.stringify(manifest), files(some))).toBe(label);
  });

  it("is under what it says now, whatever it said before", async () => {
    const history = [{ LICENSE: held("MIT") }, { LICENSE: text("AGPL-3.0-only") }, { LICENSE: commonsClause + held("Apache-2.0") }];
    expect(await Promise.all(history.map((some) => licenseOf("{}", files(some))))).toEqual([
      "MIT",
      "AGPL-3.0-only",
      `Apache-2.0 AND ${otherTerms}`,
    ]);
  });

  it("is told with what said so", async () => {
    const [mit, apache] = [
      { path: "LICENSE-MIT", text: held("MIT") },
      { path: "LICENSE-APACHE", text: held("Apache-2.0") },
    ];
    const from = async (text: string | null, some: readonly LicenseFile[]) => (await readLicense(manifestOf(text), some)).files;
    expect(await from('{"license":"MIT"}', [mit, { path: "COPYING", text: "" }])).toEqual(["package.json", "LICENSE-MIT"]);
    expect(await from("{}", [mit, apache])).toEqual(["LICENSE-MIT", "LICENSE-APACHE"]);
    expect(await from('{"license":"UNLICENSED"}', [])).toEqual(["package.json"]);
    expect(await from(null, [])).toEqual([]);
  });

  it("may have a file that was made to take long", async () => {
    const long = { LICENSE: "\n".repeat(200_000), COPYING: "shall ".repeat(30_000), "LICENSE-MIT": "copyright (c) ".repeat(10_000) };
    expect(await licenseOf(null, files(long))).toBeNull();
  });

  it("may have a manifest that is broken, or no object", async () => {
    for (const manifest of ["{ broken", "null", "[]", '"MIT"', "7"])
      expect(await licenseOf(manifest, files({ LICENSE: held("MIT") }))).toBe("MIT");
  });
});

describe("licence files", () => {
  it("are those at the root, the plainest first", () => {
    const paths = [
      "src/LICENSE",
      "LICENSE-MIT",
      "licence.md",
      "COPYING",
      "LICENSE",
      "license.js",
      "LICENSE-THIRD-PARTY.txt",
      "LICENSE-docs",
    ];
    expect(licenseFiles(paths)).toEqual(["COPYING", "LICENSE", "licence.md", "LICENSE-MIT"]);
  });

  it("are those of one package, where it is asked for", () => {
    expect(licenseFiles(["LICENSE", "packages/a/LICENSE", "packages/ab/LICENSE"], "packages/a")).toEqual(["packages/a/LICENSE"]);
  });

  it.each(["LICENSE-APACHE-2.0", "LICENSE.MIT", "LICENSE-BSD3.txt", "COPYING.LESSER", "LICENSE_MIT", "UNLICENSE"])(
    "may be named %s",
    (path) => {
      expect(licenseFiles([path])).toEqual([path]);
    },
  );
});

describe("the copyright lines of a licence file", () => {
  it("are those that name somebody, once each, without the marks of comments", () => {
    const lines = [
      "/* Copyright (c) 2014-present, Ada Lovelace. */",
      " * Copyright Grace Hopper <https://example.org/>",
      "© 2020 Acme",
      "(C) 1999 Bell",
    ];
    const text = [...lines, "", "Copyright Grace Hopper <https://example.org/>", held("MIT").replace(/^.*Copyright.*$/m, "")].join("\n");
    expect(copyrightLines(text)).toEqual([
      "Copyright (c) 2014-present, Ada Lovelace.",
      "Copyright Grace Hopper <https://example.org/>",
      "© 2020 Acme",
      "(C) 1999 Bell",
    ]);
  });

  it.each(["Apache-2.0", "BSD-3-Clause", "MIT", "GPL-2.0-only", "MPL-2.0", "W3C", "0BSD"])(
    "are none in the text of %s as it is published",
    (id) => {
      expect(copyrightLines(text(id))).toEqual([]);
    },
  );

  it("are twenty at most, and none longer than a paragraph", () => {
    const many = Array.from({ length: 30 }, (_, at) => `Copyright 2020 Person ${at} ${"x".repeat(300)}`).join("\n");
    expect(copyrightLines(many)).toHaveLength(20);
    expect(Math.max(...copyrightLines(many).map((line) => line.length))).toBe(200);
  });
});
