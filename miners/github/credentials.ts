/** Who we are to GitHub: tokens or an app's key, from the environment and nowhere else. */
import { createPrivateKey } from "node:crypto";
import { StopRun } from "../../lib/errors.ts";

export type Credential =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "app"; readonly appId: string; readonly privateKey: string; readonly installationId: number };

const appNames = ["KIHON_GITHUB_APP_ID", "KIHON_GITHUB_APP_PRIVATE_KEY", "KIHON_GITHUB_APP_INSTALLATION_ID"] as const;

const tokensIn = (text: string | undefined): readonly string[] =>
  (text ?? "")
    .split(",")
    .map((token) => token.trim())
    .filter((token) => token !== "");

/** An app first, then every token of `KIHON_GITHUB_TOKEN`, or else of `GITHUB_TOKEN`. Throws `StopRun` where there is nothing. */
export function credentialsFrom(environment: Readonly<Record<string, string | undefined>>): readonly Credential[] {
  const own = tokensIn(environment["KIHON_GITHUB_TOKEN"]);
  const tokens = own.length > 0 ? own : tokensIn(environment["GITHUB_TOKEN"]);
  const all = [...appIn(environment), ...tokens.map((token): Credential => ({ kind: "token", token }))];
  if (all.length === 0) {
    throw new StopRun("GitHub's GraphQL answers nobody without a token", {
      next: "set KIHON_GITHUB_TOKEN (or GITHUB_TOKEN) to a token that may read public repositories; several are separated by commas",
    });
  }
  const bad = tokens.findIndex((token) => !/^[\x21-\x7e]+$/.test(token));
  if (bad !== -1) {
    throw new StopRun(`token ${bad + 1} holds characters that no token has`, {
      next: "set KIHON_GITHUB_TOKEN again, without spaces or quotes",
    });
  }
  return all;
}

function appIn(environment: Readonly<Record<string, string | undefined>>): readonly Credential[] {
  const [appId, privateKey, installation] = appNames.map((name) => environment[name]?.trim() ?? "");
  const missing = appNames.filter((name) => (environment[name]?.trim() ?? "") === "");
  if (missing.length === appNames.length) return [];
  if (missing.length > 0) {
    throw new StopRun(`a GitHub App needs ${missing.join(" and ")} too`, { next: `set all of ${appNames.join(", ")}, or none` });
  }
  if (!/^\d+$/.test(installation ?? "")) {
    throw new StopRun("the installation id of a GitHub App is a number", {
      next: "set KIHON_GITHUB_APP_INSTALLATION_ID to the number at the end of the installation's address",
    });
  }
  // Many secret stores cannot keep line breaks.
  const key = (privateKey ?? "").replaceAll("\\n", "\n");
  if (!isKey(key)) {
    throw new StopRun("the private key of the GitHub App cannot be read", {
      next: "set KIHON_GITHUB_APP_PRIVATE_KEY to the whole text of the .pem file, its first and last line included",
    });
  }
  return [{ kind: "app", appId: appId ?? "", privateKey: key, installationId: Number(installation) }];
}

function isKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === "rsa";
  } catch (error) {
    if (error instanceof Error && "code" in error) return false; // OpenSSL's own words on it, which may quote the text
    throw error;
  }
}
