/** Credentials of each kind that never let anybody in. They are put together here, so that no file holds one as it would be found. */

/** Signs without an order, the same each time; `plus` are such that not all kinds have. */
export const signs = (count: number, plus = ""): string =>
  `qR7kZ2mV9tT4xW1p${plus}L8sD3fG6hJ5nB0cYuEiOaXgKyNwMbPrCvSdFzHjQlU`.repeat(40).slice(0, count);
const letters = (count: number): string => "qRkZmVtTxWpLsDfGhJnBcYuEiOaXgKyNwMbPrCvSdFzHjQlU".repeat(4).slice(0, count);
const lines = (text: string): string => text.replace(/.{64}/g, "$&\n");
const block = (name: string, body: string): string => `-----BEGIN ${name}-----\n${body}\n-----END ${name}-----`;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
export const jwtOf = (claims: object): string => [part({ alg: "HS256", typ: "JWT" }), part(claims), signs(43)].join(".");

export const rsaKey = block("RSA PRIVATE KEY", lines(`MIIEpAIBAAKCAQEA${signs(1560, "+/")}`));
export const githubToken = `ghp_${signs(36)}`;

/** Its kind, the credential, and what has to stand before it. */
export const samples: readonly (readonly [kind: string, credential: string, before?: string])[] = [
  ["privatekey", rsaKey],
  ["privatekey", block("OPENSSH PRIVATE KEY", lines(`b3BlbnNzaC1rZXktdjE${signs(400, "+/")}`))],
  ["private-key", block("PRIVATE KEY", `MC4CAQAwBQYDK2VwBCIEI${signs(43)}`)],
  ["private-key", block("PGP PRIVATE KEY BLOCK", `Version: GnuPG v2\n\n${lines(`lQVYBF${signs(600, "+/")}`)}`)],
  ["private-key", rsaKey.replaceAll("\n", " ").slice(0, 200)],
  ["github", githubToken],
  ["github", `github_pat_${signs(82)}`],
  ["gitlab", `glpat-${signs(20)}`],
  ["npm", `npm_${signs(36)}`],
  ["npm", `_authToken=${signs(36)}`],
  ["slack", `xoxb-${signs(12)}-${signs(12)}-${signs(24)}`],
  ["slack", `https://hooks.slack.com/services/T${signs(8)}/B${signs(8)}/${signs(24)}`],
  ["stripe", `sk_live_${signs(24)}`],
  ["aws", signs(40, "+/"), "aws_secret_access_key = "],
  ["google", `AIza${signs(35)}`],
  ["openai", `sk-${signs(20)}T3BlbkFJ${signs(20)}`],
  ["anthropic", `sk-ant-api03-${signs(93)}AA`],
  ["huggingface", `hf_${letters(34)}`],
  ["sendgrid", `SG.${signs(22)}.${signs(43)}`],
  ["jwt", jwtOf({ sub: "1", iss: "https://login.corp.io", exp: 1_700_000_000 })],
  ["basicauth", "https://ann:c0rrectHorse@corp.io"],
  ["database-connection-string", "postgres://ann:c0rrectHorse@db.corp.io:5432/orders"],
];
