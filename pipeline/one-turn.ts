/** A question for a language model that answers in one message: what a solver may read, as far as it has room. */
import { rank } from "../lib/text-search.ts";
import type { SolverView } from "../solvers/contract.ts";
import type { LlmMessage } from "./llm.ts";

const instruction = [
  "You are given a question about a repository, the names of its files and the texts of some of them. You can run nothing and read nothing more.",
  "Give the answer that the question asks for, whole, in the form that it asks for, and nothing else: no preface, no remarks, no fence around it.",
].join("\n");

/** Names of files, at most; a tree may have tens of thousands. */
const mostNames = 1000;

/** Sources and tests, those that the question names first, then by how well its words match. */
function byMatch(view: SolverView): readonly string[] {
  const files = view.paths().filter((path) => ["source", "test"].includes(view.language.roleOf(path)));
  const ranked = rank(
    view.prompt,
    files.map((path) => ({ name: path, text: `${path}\n${view.text(path) ?? ""}` })),
  );
  const named = (path: string): boolean => view.prompt.includes(path);
  return [...ranked.filter(named), ...ranked.filter((path) => !named(path))];
}

/** Whole files, the best matches first, as long as they fit: half a file would be taken for a whole one. */
function filesFor(view: SolverView, characters: number): string {
  let room = characters;
  const parts: string[] = [];
  for (const path of byMatch(view)) {
    const part = `=== ${path}\n${view.text(path) ?? ""}\n`;
    if (part.length > room) continue;
    room -= part.length;
    parts.push(part);
  }
  return parts.join("\n");
}

/** `characters` bounds the texts of files, not the question itself. */
export function oneTurn(view: SolverView, characters: number): readonly LlmMessage[] {
  const paths = view.paths();
  const names = paths.slice(0, mostNames).join("\n");
  const more = paths.length > mostNames ? `\n(and ${paths.length - mostNames} more)` : "";
  const texts = filesFor(view, characters);
  const tree = `The files of the repository:\n${names}${more}\n${texts === "" ? "" : `\nTexts of files, each after its path:\n\n${texts}`}`;
  return [
    { role: "system", content: instruction },
    { role: "user", content: `${tree}\n\nThe question:\n\n${view.prompt}` },
  ];
}
