/**
 * GitHub's published description of its REST API (OpenAPI 3.0): what is wrong with a question or an answer, and a whole answer to begin with.
 *
 * Of the description's thirteen megabytes only what is asked here was kept (`cut-description.ts`). It is read when something is first asked of
 * it, and only the parts in question are compiled.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

/** An OpenAPI schema, as far as it is looked at here. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
interface Reply {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
}
type Either<T> = T | { readonly $ref: string };
interface Operation {
  readonly parameters?: readonly Either<Parameter>[];
  readonly responses: Readonly<Record<string, Either<Reply>>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

let read: Description | undefined;
function description(): Description {
  if (read !== undefined) return read;
  read = JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/github/rest-description.json"), "utf8")) as Description;
  // Known to be wrong: of a fork that was deleted GitHub says null. https://github.com/github/rest-api-description/issues/1811
  const { properties } = meant<Schema>({ $ref: "#/components/schemas/pull-request-simple" });
  const head = properties?.["head"]?.properties ?? {};
  Object.assign(head, { repo: { nullable: true, oneOf: [head["repo"]] } });
  return read;
}

function meant<T extends object>(one: Either<T>): T {
  if (!("$ref" in one) || typeof one.$ref !== "string") return one as T;
  const [, , kind = "", name = ""] = one.$ref.split("/");
  return description().components[kind]?.[name] as T;
}

/** Where a redirect from an old name leads to; it answers as the address with the name does. */
const undescribed: Readonly<Record<string, string>> = { "/repositories/{id}": "/repos/{owner}/{repo}" };

const fits = (template: string, path: string): boolean => new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(path);
const places = (template: string): number => template.split("{").length;

const templates = new Map<string, string>();
/** The path in the description that a path without its query is one of, the one with most words where several fit; empty where none does. */
function templateOf(path: string): string {
  const own = Object.keys(undescribed).find((template) => fits(template, path));
  const fitting = Object.keys(description().paths).filter((template) => fits(template, path));
  const found = undescribed[own ?? ""] ?? fitting.sort((a, b) => places(a) - places(b))[0] ?? "";
  templates.set(path, found);
  return found;
}

/** Null where there is none. */
const operationOf = (method: string, path: string): Operation | null =>
  description().paths[templates.get(path) ?? templateOf(path)]?.[method.toLowerCase()] ?? null;

/** The schema of a body; null where there is none. What no operation names is GitHub's usual word: a redirect, or a refusal. */
function schemaOf(operation: Operation | null, status: number): Schema | null {
  const reply = operation?.responses[String(status)];
  if (reply !== undefined) return meant(reply).content?.["application/json"]?.schema ?? null;
  return status >= 300 ? { $ref: "#/components/schemas/basic-error" } : null;
}

/** A schema in JSON Schema's words, and closed: an answer tells what GitHub describes and nothing else. `met` collects what it refers to. */
function closed(schema: Schema, met: Set<string>): object {
  const { $ref, nullable, example: _, properties, items, oneOf, anyOf, allOf, additionalProperties, ...own } = schema;
  if (allOf !== undefined) throw new Error("what is joined by allOf cannot be closed part by part");
  if ($ref !== undefined) {
    met.add($ref);
    return { $ref };
  }
  const all = (list: readonly Schema[]): object[] => list.map((one) => closed(one, met));
  const members = (map: Readonly<Record<string, Schema>>): object =>
    Object.fromEntries(Object.entries(map).map(([name, one]) => [name, closed(one, met)]));
  const more =
    typeof additionalProperties === "object" ? closed(additionalProperties, met) : (additionalProperties ?? properties === undefined);
  const whole = {
    ...own,
    ...(properties ? { properties: members(properties) } : {}),
    ...(items ? { items: closed(items, met) } : {}),
    ...(oneOf ? { oneOf: all(oneOf) } : {}),
    ...(anyOf ? { anyOf: all(anyOf) } : {}),
    additionalProperties: more,
  };
  return nullable === true ? { anyOf: [whole, { type: "null" }] } : whole;
}

const checks = new Map<string, ValidateFunction>();
function checkOf(schema: Schema): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = checks.get(key);
  if (known !== undefined) return known;
  const met = new Set<string>();
  const root = closed(schema, met);
  // A set that grows while it is walked is walked to its new end.
  const schemas: Record<string, unknown> = {};
  for (const $ref of met) schemas[$ref.split("/").at(-1) ?? ""] = closed(meant({ $ref }), met);
  // Formats that only GitHub knows, such as `repo.nwo`, are no check.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  const made = ajv.compile({ ...root, components: { schemas } });
  checks.set(key, made);
  return made;
}

function wrongWith(schema: Schema, value: unknown): string[] {
  const check = checkOf(schema);
  if (check(value)) return [];
  return (check.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`.trim());
}

/** What is wrong with a question of a described path: parameters that GitHub does not know, or values that it does not take. */
export function wrongWithQuestion(method: string, address: string): string[] {
  const { pathname, searchParams } = new URL(address, "http://github.invalid");
  const known = (operationOf(method, pathname)?.parameters ?? []).map(meant).filter((one) => one.in === "query");
  return [...searchParams].flatMap(([name, text]) => {
    const schema = known.find((one) => one.name === name)?.schema;
    if (schema === undefined) return [`${name} is no parameter of ${method} ${pathname}`];
    return wrongWith(schema, schema.type === "integer" ? Number(text) : text).map((wrong) => `${name} ${wrong}`);
  });
}

/** What is wrong with an answer; `undefined` stands for no body. */
export function wrongWithAnswer(method: string, address: string, status: number, body: unknown): string[] {
  const { pathname } = new URL(address, "http://github.invalid");
  const operation = operationOf(method, pathname);
  if (status === 304) return body === undefined ? [] : ["has a body with status 304"];
  if (operation === null && status < 300) return [`${method} ${pathname} is not described`];
  const schema = schemaOf(operation, status);
  if (schema === null) return [`${method} ${pathname} does not answer with status ${status}`];
  return wrongWith(schema, body);
}

const texts: Readonly<Record<string, string>> = { "date-time": "2024-01-01T00:00:00Z", uri: "https://github.invalid/" };

/** The least value that is whole: every member that is required, as in the description's own example of it where there is one. */
function leastOf(given: Schema): unknown {
  const { nullable, enum: words, type, format = "", example, required = [], properties = {} } = meant<Schema>(given as Either<Schema>);
  if (nullable === true) return null;
  if (type === "object") return Object.fromEntries(required.map((name) => [name, leastOf(properties[name] ?? {})]));
  if (example !== undefined) return example;
  if (words !== undefined) return words[0];
  if (type === "array") return [];
  if (type === "boolean") return false;
  return type === "integer" || type === "number" ? 0 : (texts[format] ?? "text");
}

/** A whole object by its name in the description, as `full-repository`, for others to say what is special about it. */
export const wholeOf = (name: string): Readonly<Record<string, unknown>> =>
  leastOf({ $ref: `#/components/schemas/${name}` }) as Readonly<Record<string, unknown>>;
