import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { licenseFiles, licenseOf, licenseOfText } from "../../lib/license.ts";

const redistribution =
  "Redistribution and use in source and binary forms are permitted:\n1. Redistributions of source code must retain the above copyright\n2. Redistributions in binary form must reproduce it.";
const permission = "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted";

describe("licenseOfText", () => {
  it.each([
    [
      "MIT",
      "MIT License\n\nPermission is hereby granted, free of charge, to any person\nobtaining a copy of this software\nThe above copyright notice and this permission notice shall be included",
    ],
    ["BSD-2-Clause", redistribution],
    ["BSD-3-Clause", `${redistribution}\n3. Neither the name of the holder nor the names of its contributors may be used`],
    ["ISC", `${permission}, provided that the above copyright notice and this permission notice appear`],
    ["0BSD", `${permission}.`],
    ["MPL-2.0", "Mozilla Public License Version 2.0\n=====\n1. Definitions"],
    ["Unlicense", "This is free and unencumbered software released into the public domain."],
  ])("knows %s by its own words", (id, text) => {
    expect(licenseOfText(text)).toBe(id);
  });

  it("knows Apache-2.0 by this project's own file", () => {
    expect(licenseOfText(readFileSync(new URL("../../LICENSE", import.meta.url), "utf8"))).toBe("Apache-2.0");
  });

  it("claims nothing of other texts", () => {
    expect(licenseOfText("All rights reserved. See the MIT licence of our friends.")).toBeNull();
    expect(licenseOfText("Apache License")).toBeNull();
  });
});

describe("licenseOf", () => {
  const mit =
    "Permission is hereby granted, free of charge, to any person obtaining a copy. The above copyright notice and this permission notice shall be included";

  it.each(["MIT", "Apache-2.0", "(MIT OR Apache-2.0)", "GPL-3.0-or-later WITH Classpath-exception-2.0"])(
    "takes %s from the manifest",
    (license) => {
      expect(licenseOf(JSON.stringify({ license }), [])).toBe(license);
    },
  );

  it.each([
    { license: "SEE LICENSE IN LICENSE.md" },
    { license: "UNLICENSED" },
    { license: "do what you like!" },
    { license: { type: "MIT" } },
    {},
  ])("reads the file where the manifest says %j", (manifest) => {
    expect(licenseOf(JSON.stringify(manifest), ["unknown text", mit])).toBe("MIT");
    expect(licenseOf(JSON.stringify(manifest), [])).toBeNull();
  });

  it("lives with a broken or missing manifest", () => {
    expect(licenseOf("{ broken", [mit])).toBe("MIT");
    expect(licenseOf(null, [])).toBeNull();
  });
});

describe("licenseFiles", () => {
  it("finds licence files at the root, the plainest first", () => {
    expect(licenseFiles(["src/LICENSE", "LICENSE-MIT", "licence.md", "COPYING", "LICENSE", "license.js"])).toEqual([
      "COPYING",
      "LICENSE",
      "licence.md",
      "LICENSE-MIT",
    ]);
  });
});
