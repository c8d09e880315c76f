/**
 * Makes `tests/fixtures/github/rest-description.json` from GitHub's published description of its REST API (package `@octokit/openapi`, MIT, which unpacks to
 * 385 MB): `node tests/miners/github/cut-description.ts PACKAGE_FOLDER`. Kept are the paths that the scripted GitHub answers and what
 * their questions and answers refer to, without words and examples of whole answers.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const kept = ["/repos/{owner}/{repo}", "/repos/{owner}/{repo}/pulls", "/app/installations/{installation_id}/access_tokens"];
/** Of any component; `basic-error` is what is said where no operation names the status. */
const always = ["#/components/schemas/basic-error"];
const words: ReadonlySet<string> = new Set([
  "description",
  "examples",
  "summary",
  "externalDocs",
  "tags",
  "title",
  "requestBody",
  "x-github",
]);

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** `inProperties`: names there are members of an answer, whatever they are called. */
function bare(value: Json, refs: Set<string>, inProperties = false): Json {
  if (Array.isArray(value)) return value.map((one) => bare(one, refs));
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).filter(([name]) => inProperties || !words.has(name));
  for (const [name, one] of members) if (name === "$ref" && typeof one === "string") refs.add(one);
  return Object.fromEntries(members.map(([name, one]) => [name, bare(one as Json, refs, name === "properties" && !inProperties)]));
}

const [, , folder = ""] = process.argv;
const read = (file: string): { [name: string]: Json } => JSON.parse(readFileSync(join(folder, file), "utf8")) as { [name: string]: Json };
const whole = read("generated/api.github.com.json");
const at = (ref: string): Json =>
  ref
    .split("/")
    .slice(1)
    .reduce<Json>((node, name) => (node as { [name: string]: Json })[name] ?? null, whole);

const refs = new Set(always);
const paths = Object.fromEntries(kept.map((path) => [path, bare((whole["paths"] as { [name: string]: Json })[path] ?? null, refs)]));
const components: { [kind: string]: { [name: string]: Json } } = {};
// A set that grows while it is walked is walked to its new end.
for (const ref of refs) {
  const [, , kind = "", name = ""] = ref.split("/");
  components[kind] = { ...components[kind], [name]: bare(at(ref), refs) };
}
const source = `@octokit/openapi ${String(read("package.json")["version"])}, generated/api.github.com.json, cut by cut-description.ts`;
writeFileSync(
  join(import.meta.dirname, "../../fixtures/github/rest-description.json"),
  `${JSON.stringify({ source, paths, components })}\n`,
);
