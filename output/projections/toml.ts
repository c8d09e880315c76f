/** TOML 1.0, as much of it as configuration files of ours need: tables of texts, numbers, booleans and lists of these. */

type Value = string | number | boolean | readonly Value[];
export type Table = { readonly [name: string]: Value | Table };

/** JSON's escapes are TOML's; DEL alone may stand bare in JSON and not here. */
const text = (value: string): string => JSON.stringify(value).replaceAll("\u007f", "\\u007f");

const written = (value: Value): string => {
  if (typeof value === "string") return text(value);
  return typeof value === "object" ? `[${value.map(written).join(", ")}]` : String(value);
};

const isTable = (value: Value | Table): value is Table => typeof value === "object" && !Array.isArray(value);
const key = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : text(name));

export function toToml(table: Table, path: readonly string[] = []): string {
  const entries = Object.entries(table);
  const own = entries.flatMap(([name, value]) => (isTable(value) ? [] : [`${key(name)} = ${written(value)}\n`]));
  const head = path.length === 0 || own.length === 0 ? "" : `[${path.map(key).join(".")}]\n`;
  const inner = entries.flatMap(([name, value]) => (isTable(value) ? [toToml(value, [...path, name])] : []));
  return [`${head}${own.join("")}`, ...inner].filter((part) => part !== "").join("\n");
}
