import { describe, expect, it } from "vitest";
import { credentialsIn, namesAuthor } from "../../../skills/scrub/credentials.ts";
import { githubToken, jwtOf, rsaKey, samples, signs } from "./credential-samples.ts";

describe("a credential is found", () => {
  it.each(samples)("of %s: %#", (kind, credential, before = "") => {
    const text = `Called with\n${before}${credential}\n(and nothing else) it throws.`;
    const [found, ...others] = credentialsIn(text);
    expect(others).toEqual([]);
    expect(found?.kind).toBe(kind);
    expect(text.slice(found?.start, found?.end).trim()).toBe(credential);
  });

  it("at each of its places, in their order", () => {
    const text = `${githubToken} and ${rsaKey}\n${githubToken}`;
    expect(credentialsIn(text).map(({ kind, start }) => [kind, start])).toEqual([
      ["github", 0],
      ["privatekey", text.indexOf(rsaKey)],
      ["github", text.lastIndexOf(githubToken)],
    ]);
  });

  it("though the text asks that nobody look", () => {
    expect(credentialsIn(`// secretlint-disable\n${githubToken}`)).toHaveLength(1);
  });
});

describe("what is made up is none", () => {
  it.each([
    ["the addresses of other packages' tests", "https://john:doe@foo.com/a http://user:pass@www.foobar.com http://lol:lol:lol@foobar.com/"],
    [
      "a password that anyone would think of",
      "https://ann:password1@corp.io mysql://root:secret99@db.corp.io/x https://ann:12345678@corp.io",
    ],
    ["a password at a host that leads nowhere", "https://ann:c0rrectHorse@example.com postgres://ann:c0rrectHorse@localhost:5432/x"],
    ["a row of signs", `npm_${"x".repeat(36)} ghp_${"a".repeat(36)} ghp_${"1234567890".repeat(4).slice(0, 36)}`],
    ["a short value", "//corp.io/:_authToken=abc and xoxb-1-2"],
    ["a variable", `_authToken=$${"{NPM_TOKEN_OF_THE_REPOSITORY}"} https://ann:$${"{PASSWORD_1}"}@corp.io`],
    ["the pair of keys in the documentation of AWS", `AWS_SECRET_ACCESS_KEY=${"wJalrXUtnFEMI/K7MDENG/"}bPxRfiCYEXAMPLEKEY`],
    ["a key of Stripe's for trials", `sk_test_${signs(24)}`],
    ["a key without a body", "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----"],
    ["a public key", `-----BEGIN PUBLIC KEY-----\n${signs(400)}\n-----END PUBLIC KEY-----`],
    [
      "a token that shows the form alone",
      `${jwtOf({ sub: "1234567890", name: "John Doe", iat: 1_516_239_022 })} ${jwtOf({ lorem: "ipsum" })}`,
    ],
    ["an e-mail address", 'isEmail("ann.b+c@corp.io") gives false, Ann <ann@corp.io>'],
    ["a hash or an id", `sha512-${signs(86)}== 550e8400-e29b-41d4-a716-446655440000 ${"0a1b2c3d4e".repeat(4)}`],
    ["code", "const aVeryLongNameOfAFunctionThatDoesNothing = node_modules/@scope/package/dist/index.mjs"],
  ])("%s", (_, text) => expect(credentialsIn(text)).toEqual([]));
});

describe("an author's address stands", () => {
  it.each([
    " * @author Ann <ann@corp.io>",
    "> @author Ann <ann@corp.io>",
    "+// Author: Ann (ann@corp.io)",
    "/* Copyright (c) 2020 Ann <ann@corp.io> */",
    "# Written by ann@corp.io",
  ])("in %j", (line) => expect(namesAuthor(`one();\n${line}\ntwo();`)).toBe(true));
});

describe("data is", () => {
  it.each([
    'isEmail("ann@corp.io")',
    '+  author: "Ann <ann@corp.io>",',
    "author: Ann <ann@corp.io>",
    " * @author Ann <ann@example.com>",
    " * @author Ann",
    "// Author unknown\nsend('ann@corp.io')",
    "// writes to ann@corp.io",
  ])("%j", (line) => expect(namesAuthor(`one();\n${line}\ntwo();`)).toBe(false));
});
