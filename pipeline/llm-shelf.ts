/** Answers of language models, kept in the cache: the same question is paid for once, and a run that goes on gets the words it got before. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { canonical, sha256 } from "../lib/hash.ts";
import { askLlm, type LlmAnswer, type LlmMessage, type LlmOptions } from "./llm.ts";

const answerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text"), text: z.string() }),
  z.object({ kind: z.literal("none"), why: z.string() }),
]);

/** Requests at once: what a small server answers side by side. */
export const llmConcurrency = 4;

/** A whole number, as servers want it. */
export const llmSeed = (seed: string): number => Number.parseInt(sha256(`llm\0${seed}`).slice(0, 7), 16);

/** The folder is made when something is put into it. */
export async function askOnce(folder: string, messages: readonly LlmMessage[], options: LlmOptions): Promise<LlmAnswer> {
  const { settings, seed, temperature = 0 } = options;
  const asked = [settings, seed, messages, ...(temperature === 0 ? [] : [temperature])];
  const path = join(folder, `${sha256(canonical(asked))}.json`);
  const known = readAnswer(path);
  if (known !== null) return known;
  const answer = await askLlm(messages, options);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.new-${process.pid}`, JSON.stringify(answer));
  renameSync(`${path}.new-${process.pid}`, path);
  return answer;
}

function readAnswer(path: string): LlmAnswer | null {
  try {
    return answerSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null; // half written before a power cut: it is asked for again
    throw error;
  }
}
