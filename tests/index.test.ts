import { expect, it } from "vitest";
import * as library from "../index.ts";
import { kihon } from "./e2e/stand.ts";

it("has a function for every command", async () => {
  const { out } = await kihon(["--help"]);
  const commands = [...out.slice(out.indexOf("Commands:")).matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name);
  const others: Readonly<Record<string, string>> = { grade: "gradeFile", schema: "rowSchemaText" };
  const wanted = commands.filter((name) => name !== "help").map((name) => others[name] ?? name);
  expect(wanted.length).toBeGreaterThan(15);
  expect(wanted.filter((name) => typeof (library as Readonly<Record<string, unknown>>)[name] !== "function")).toEqual([]);
});
