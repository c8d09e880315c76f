/**
 * A language model may say a question in other words. It reads the question alone, never the answer, and its text is taken only where
 * every piece of code and evidence stands in it as it stood and nothing withheld is told; otherwise the question stays as it was.
 */
import PQueue from "p-queue";
import type { Candidate } from "../schemas/candidate.ts";
import type { LlmSettings } from "../schemas/config.ts";
import type { Draft } from "../schemas/instance.ts";
import { findLeak, hiddenTestsOf, type Secrets, secretsOf } from "../skills/leak.ts";
import type { LlmAnswer, LlmMessage, LlmOptions } from "./llm.ts";
import { askOnce, llmConcurrency, llmSeed } from "./llm-shelf.ts";
import { piecesOf, restored } from "./pieces.ts";

const instruction = [
  "You reword questions that are put to software engineers. Say the question that follows in other words, clear and natural, as a colleague would write it.",
  "Everything between backticks, every line that begins with {, [ or >, every mark such as [[block 1]] and every number stays exactly as it is, all of it in the same order. A mark stands alone on its line.",
  "Add no code, name, path, hint or answer, and leave out no instruction.",
  "Give the reworded question alone, without a preface and without a fence around it.",
].join("\n");

export interface Question {
  readonly draft: Draft;
  readonly candidate: Candidate;
}

export interface Rewriter {
  readonly settings: LlmSettings;
  readonly key: string | null;
  /** Of the run. */
  readonly seed: string;
  /** Where answers are kept. */
  readonly shelf: string;
  readonly timeoutMs?: number;
  readonly pauseMs?: number;
}

/** Why a text may not stand for the question, in a code; null when it may. */
function fault(original: string, text: string, secrets: Secrets): string | null {
  const [asked, said] = [piecesOf(original), piecesOf(text)];
  const ratio = said.outline.length / asked.outline.length;
  if (ratio < 0.3 || ratio > 3) return "length";
  if (asked.code.some((piece) => !said.code.includes(piece))) return "dropped-span";
  if (said.code.some((piece) => !asked.code.includes(piece))) return "added-span";
  let next = 0;
  for (const piece of said.code) if (piece === asked.code[next]) next += 1;
  if (next < asked.code.length) return "moved-span";
  const numbers = new Set(said.prose.match(/\d+/g));
  if ((asked.prose.match(/\d+/g) ?? []).some((number) => !numbers.has(number))) return "dropped-number";
  return findLeak(text, secrets, original) === null ? null : "leak";
}

function reworded<T extends Question>(question: T, fences: readonly string[], answer: LlmAnswer, model: string): T {
  const { draft, candidate } = question;
  const kept = (code: string): T => ({ ...question, draft: { ...draft, facts: { ...draft.facts, llm: `kept original: ${code}` } } });
  if (answer.kind === "none") return kept(answer.why);
  const text = restored(answer.text, fences);
  const code = fault(draft.prompt, text, secretsOf(draft.skill, candidate, hiddenTestsOf(draft)));
  if (code !== null) return kept(code);
  return { ...question, draft: { ...draft, prompt: text, facts: { ...draft.facts, llm: model } } };
}

/**
 * The questions in their order, each in its new words or as it was; `facts.llm` says which. Questions that differ in their fenced blocks
 * alone, as the arms of a matched pair do, are asked for once and get the same words. Throws as `askLlm` does.
 */
export async function rewriteAll<T extends Question>(questions: readonly T[], rewriter: Rewriter): Promise<T[]> {
  const { seed, shelf, ...client } = rewriter;
  const options: LlmOptions = { ...client, seed: llmSeed(seed) };
  const queue = new PQueue({ concurrency: llmConcurrency });
  const asked = new Map<string, Promise<LlmAnswer>>();
  const ask = (outline: string): Promise<LlmAnswer> => {
    const messages: LlmMessage[] = [
      { role: "system", content: instruction },
      { role: "user", content: outline },
    ];
    const answer = asked.get(outline) ?? queue.add(() => askOnce(shelf, messages, options));
    asked.set(outline, answer);
    return answer;
  };
  try {
    const work = questions.map(async (question) => {
      const { outline, fences } = piecesOf(question.draft.prompt);
      return reworded(question, fences, await ask(outline), rewriter.settings.model);
    });
    return await Promise.all(work);
  } finally {
    // After a failure nothing more is asked, and what is under way is waited for.
    queue.clear();
    await queue.onIdle();
  }
}
