/**
 * Credentials in a text: private keys, tokens, and passwords in addresses. The forms are those of secretlint's recommended rules and four that
 * it lacks. What can be seen to be made up, as in examples and in tests, is none. Why so: docs/decisions/0023-prompts-hold-no-credentials.md.
 */
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import type { SecretLintRuleContext, SecretLintSourceCode } from "@secretlint/types";
import { isReserved } from "./hosts.ts";

export interface Credential {
  /** Whose it is, or what: `github`, `private-key`. */
  readonly kind: string;
  /** Offsets in the text, in UTF-16 units; the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Each repetition is bounded, and none begins within another's match. */
const forms: readonly (readonly [kind: string, form: RegExp])[] = [
  // secretlint asks for the whole key and for RSA, EC or OpenSSH; values are cut in a prompt, and keys of PGP and Ed25519 begin otherwise (RFC 7468).
  [
    "private-key",
    /-----BEGIN (?:[A-Z]{2,20} ){0,2}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,200}?[A-Za-z\d+/]{40}(?:[A-Za-z\d+/=\s\\"'>|,]{0,12000}(?:-----END [A-Z ]{1,60}-----|[A-Za-z\d+/=]))?/g,
  ],
  // Two JSON objects and a signature, each in base64url (RFC 7519, section 3).
  ["jwt", /(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,8000}\.[\w-]{20,2000}/g],
  // gitleaks, config/gitleaks.toml, rule gcp-api-key.
  ["google", /(?<![\w-])AIza[\w-]{35}(?![\w-])/g],
  // As .npmrc has it for any registry.
  ["npm", /\b_authToken=[\w+/.=-]{20,400}/g],
];

/** A filter among the rules would let a text excuse itself by a remark. */
const scanners = rules.filter(({ meta }) => meta.type === "scanner");
/** Keys that Stripe gives for trials move no money, and stand in its documentation. The last takes the rest of the line. */
const unheeded: ReadonlySet<string> = new Set(["STRIPE_SECRET_KEY_TEST", "STRIPE_RESTRICTED_KEY_TEST", "Npmrc_authToken"]);

function* byRules(text: string): Generator<Credential> {
  const found: Credential[] = [];
  const source = { content: text, contentType: "text", ext: "" } as SecretLintSourceCode;
  for (const { meta, create } of scanners) {
    const kind = meta.id.replace("@secretlint/secretlint-rule-", "");
    const context: SecretLintRuleContext = {
      sharedOptions: {},
      createTranslator: () => (id, data) => ({ message: "", messageId: String(id), data }),
      report: ({ message: { messageId, data }, range: [start, end] }) => {
        if (unheeded.has(messageId)) return;
        // Some rules tell where the form begins, and how long the token in it is.
        const secret = Object.values<unknown>(data ?? {}).find((value) => typeof value === "string" && value.length === end - start);
        const at = secret === undefined ? start : text.indexOf(String(secret), start);
        found.push({ kind, start: at, end: at + end - start });
      },
      ignore: () => {},
    };
    // Nothing is left to wait for: only key files of Google's (.p12) are read later than they are asked for.
    void create(context, {}).file?.(source);
  }
  yield* found;
}

/** Does a token say who gave it, to whom or until when (RFC 7519, section 4.1)? Those that only show the form, as tests of validators do, say none. */
const isGranted = (jwt: string): boolean => /"(?:iss|aud|exp)"/.test(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());

function* byForms(text: string): Generator<Credential> {
  for (const [kind, form] of forms) {
    for (const { index, 0: found } of text.matchAll(form)) {
      if (kind !== "jwt" || isGranted(found)) yield { kind, start: index, end: index + found.length };
    }
  }
}

/** No token is shorter. */
const leastChars = 20;
const mayHold = new RegExp(`[\\w+/.-]{${leastChars}}|://[^\\s/@]{1,600}@`);

/** Words and rows of examples. Of keys of 1,600 random signs of base64 one in some ten thousand holds one. */
const madeUp = /example|placeholder|dummy|redacted|x{5}|0{5}|12345|abcde/i;
/** A password that anyone would think of. */
const isGuessable = (password: string): boolean =>
  password.length < 8 || !/\d/.test(password) || !/[a-z]/i.test(password) || /pass|secret|user|admin|test/i.test(password);

function isMadeUp(found: string): boolean {
  const { password, host } = /^[a-z+:]{2,30}:\/\/[^\s/:@]*:(?<password>[^\s/@]*)@(?<host>[^\s/:?#]*)/i.exec(found)?.groups ?? {};
  if (password !== undefined && host !== undefined) return isReserved(host.toLowerCase()) || isGuessable(password) || madeUp.test(password);
  const longest = (found.match(/[\w+/.-]+/g) ?? []).reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest.length < leastChars || new Set(longest).size < 10 || madeUp.test(found);
}

/** Sorted by place; none overlaps another. */
export function credentialsIn(text: string): readonly Credential[] {
  if (!mayHold.test(text)) return [];
  const found = [...byRules(text), ...byForms(text)].filter(({ start, end }) => !isMadeUp(text.slice(start, end)));
  const apart: Credential[] = [];
  for (const next of found.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = apart.at(-1);
    if (last === undefined || next.start >= last.end) apart.push(next);
    else apart[apart.length - 1] = { ...last, end: Math.max(last.end, next.end) };
  }
  return apart;
}

/** Comments that name who wrote a file; a tag of JSDoc may stand without the mark of a comment, for documentation is quoted so. */
const authorLine =
  /^[ \t+>-]{0,20}(?:(?:\/\/|\/?\*{1,2}|#|<!--)?[ \t]{0,8}@(?:author|contributor|maintainer)|(?:\/\/|\/?\*{1,2}|#|<!--)[ \t]{0,8}(?:authors?|contributors?|maintainers?|(?:written|created) by|copyright|\(c\)))\b[^\n]{0,200}?[\w.+-]{1,64}@(?<host>[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})/gim;

/** Does a comment give the e-mail address of an author? Any other address in code is data. */
export const namesAuthor = (text: string): boolean =>
  [...text.matchAll(authorLine)].some(({ groups }) => !isReserved((groups?.["host"] ?? "").toLowerCase()));
