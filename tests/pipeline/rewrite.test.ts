import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryLater } from "../../lib/errors.ts";
import { type Question, type Rewriter, rewriteAll } from "../../pipeline/rewrite.ts";
import type { Skill } from "../../skills/contract.ts";
import { editing } from "../../skills/editing.ts";
import { localization } from "../../skills/localization.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { review } from "../../skills/review.ts";
import { unitTests } from "../../skills/unit-tests.ts";
import { contextOf, draftFor, everything, noLower, titles } from "../skills/stand.ts";
import { LlmServer, raw, says } from "./llm-server.ts";

let server: LlmServer;
let shelf = "";
beforeEach(async () => {
  server = await LlmServer.listen();
  shelf = join(mkdtempSync(join(tmpdir(), "kihon-rewrite-")), "answers");
});
afterEach(async () => {
  await server.close();
  rmSync(join(shelf, ".."), { recursive: true });
  expect(server.left).toEqual({ unscripted: 0, unused: 0 });
});

const rewriter = (): Rewriter => ({ settings: { url: server.url, model: "small-1" }, key: "sk-hidden", seed: "1", shelf, pauseMs: 1 });
const questionOf = (skill: Skill): Question => ({ draft: draftFor(skill, noLower), candidate: noLower.candidate });
const asked = questionOf(localization);
const rewrite = async (question: Question = asked): Promise<Question> => {
  const [only] = await rewriteAll([question], rewriter());
  if (!only) throw new Error("the question is lost");
  return only;
};

describe("a question in new words", () => {
  it("is taken where its code stands as it stood, and all else of the draft stays", async () => {
    server.next(says((text) => text.replace("Something in this repository does not behave as it should.", "This package has a defect.")));
    const { draft } = await rewrite();
    expect(draft.prompt).toMatch(/^This package has a defect\. What was seen:/);
    expect({ ...draft, prompt: "", facts: {} }).toEqual({ ...asked.draft, prompt: "", facts: {} });
    expect(draft.facts).toEqual({ ...asked.draft.facts, llm: "small-1" });
  });

  const change =
    (from: string | RegExp, to: string) =>
    (text: string): string => {
      if (text.replace(from, to) === text) throw new Error(`the question has no ${String(from)}`);
      return text.replace(from, to);
    };
  const add = (more: string) => (text: string) => `${text}\n${more}`;
  const cases: readonly (readonly [string, string, (text: string) => string])[] = [
    ["drops a span", "dropped-span", change("`hello-world`", "the right text")],
    ["alters a span", "dropped-span", change("`hello-world`", "`hello-word`")],
    ["drops the form of the answer", "dropped-span", change(/\{"locations".*\n/, "")],
    ["adds code", "added-span", add("Begin with `grep`.")],
    ["names the symbol", "leak", add("Have a look at slugify.")],
    ["names the path", "leak", add("Have a look at src/slug.js.")],
    ["names the file", "leak", add("Have a look at slug.js.")],
    ["quotes the title of a hidden test", "leak", add(`It is the test that ${titles[0]}.`)],
    ["carries a commit id", "leak", add(`Since ${noLower.candidate.revision.commit}.`)],
    ["is too long", "length", add("Please. ".repeat(400))],
    ["is too short", "length", () => "Repair `FN`."],
    [
      "swaps what is expected and what came",
      "moved-span",
      (text) => text.replace("`hello-world`", "`X`").replace("`Hello-World`", "`hello-world`").replace("`X`", "`Hello-World`"),
    ],
  ];
  it.each(cases)("stays as it was where the text %s", async (_, code, words) => {
    server.next(says(words));
    const { draft } = await rewrite();
    expect(draft).toEqual({ ...asked.draft, facts: { ...asked.draft.facts, llm: `kept original: ${code}` } });
  });

  it("stays as it was where the server has no answer", async () => {
    server.next(raw(400, "{}"));
    expect((await rewrite()).draft).toEqual({ ...asked.draft, facts: { ...asked.draft.facts, llm: "kept original: refused-400" } });
  });

  it("may use the words that the question itself used, though a symbol is called so", async () => {
    const edits = noLower.candidate.edits.map((edit) => ({ ...edit, symbol: "Tree.source" }));
    server.next(says((text) => text.replace("Find the source code", "Find the very source code")));
    expect((await rewrite({ draft: asked.draft, candidate: { ...noLower.candidate, edits } })).draft.facts["llm"]).toBe("small-1");
  });

  it("keeps the line numbers of an instruction", async () => {
    server.next(says((text) => text.replace(/at line \d+/, "there")));
    expect((await rewrite(questionOf(editing))).draft.facts["llm"]).toBe("kept original: dropped-number");
  });

  it("is asked for without its blocks, which come back where their marks stand", async () => {
    server.next(says((text) => `Please do this.\n\n${text}`));
    const question = questionOf(editing);
    const { draft } = await rewrite(question);
    expect(server.asked[0]?.question.messages.at(-1)?.content).toContain("[[block 1]]");
    expect(server.asked[0]?.question.messages.at(-1)?.content).not.toContain("```");
    expect([draft.prompt, draft.facts["llm"]]).toEqual([`Please do this.\n\n${question.draft.prompt}`, "small-1"]);
  });

  it.each([
    ["drops a mark", "dropped-span", (text: string) => text.replace("[[block 2]]", "")],
    ["puts a mark into a line", "dropped-span", (text: string) => text.replace("\n\n[[block 2]]", " [[block 2]]")],
    [
      "swaps the marks",
      "moved-span",
      (text: string) => text.replace("block 1", "block 0").replace("block 2", "block 1").replace("block 0", "block 2"),
    ],
  ] as const)("of an instruction stays as it was where the text %s", async (_, code, words) => {
    server.next(says(words));
    expect((await rewrite(questionOf(editing))).draft.facts["llm"]).toBe(`kept original: ${code}`);
  });

  it("is the same for both arms of a review, asked once", async () => {
    const drafts = [...review.pose(contextOf(everything))].flatMap(({ outcome }) =>
      outcome.kept && outcome.value.changeId === noLower.candidate.id ? [outcome.value] : [],
    );
    expect(drafts.length).toBe(2);
    server.next(says((text) => text.replace("A change is proposed for this repository.", "Here is a proposal.")));
    const arms = await rewriteAll(
      drafts.map((draft) => ({ draft, candidate: noLower.candidate })),
      rewriter(),
    );
    expect(arms.map(({ draft }) => draft.prompt)).toEqual(
      drafts.map(({ prompt }) => prompt.replace("A change is proposed for this repository.", "Here is a proposal.")),
    );
  });

  it("of a review quotes no test of the other arm", async () => {
    const drafts = [...review.pose(contextOf(everything))].flatMap(({ outcome }) => (outcome.kept ? [outcome.value] : []));
    const draft = drafts.find(({ failToPass, premises }) =>
      premises.some(({ expect }) => expect.kind === "tests" && expect.fail.some((id) => !failToPass.includes(id))),
    );
    const candidate = everything.find((observed) => observed.candidate.id === draft?.changeId)?.candidate;
    if (!draft || !candidate) throw new Error("no pair has a rival with another test");
    const others = draft.premises
      .flatMap(({ expect }) => (expect.kind === "tests" ? expect.fail : []))
      .filter((id) => !draft.failToPass.includes(id));
    server.next(says((text) => `${text}\nWatch: ${others[0]?.split(" > ").at(-1)}`));
    expect((await rewrite({ draft, candidate })).draft.facts["llm"]).toBe("kept original: leak");
  });

  it.each([localization, editing, unitTests, reproduction, review])("may stay word for word: $name", async (skill) => {
    server.always(says((text) => text));
    const drafts = [...skill.pose(contextOf(everything))].flatMap(({ outcome }) => (outcome.kept ? [outcome.value] : []));
    const questions = drafts.map((draft) => ({
      draft,
      candidate: everything.find(({ candidate }) => candidate.id === draft.changeId)?.candidate ?? noLower.candidate,
    }));
    const rewritten = await rewriteAll(questions, rewriter());
    expect(rewritten.length).toBeGreaterThan(0);
    expect(rewritten.map(({ draft }) => [draft.prompt, draft.facts["llm"]])).toEqual(drafts.map(({ prompt }) => [prompt, "small-1"]));
  });
});

describe("answers", () => {
  it("are asked for once a question, and again for another seed", async () => {
    server.next(
      says((text) => text),
      says((text) => text),
    );
    await rewriteAll([asked], rewriter());
    await rewriteAll([asked], rewriter());
    await rewriteAll([asked], { ...rewriter(), seed: "2" });
    expect(server.asked.length).toBe(2);
  });

  it("that were kept half are asked for again", async () => {
    server.next(
      says((text) => text),
      says((text) => text),
    );
    await rewrite();
    const [file = ""] = readdirSync(shelf);
    writeFileSync(join(shelf, file), readFileSync(join(shelf, file), "utf8").slice(0, 20));
    expect((await rewrite()).draft.facts["llm"]).toBe("small-1");
  });

  it("that came before the server failed are kept", async () => {
    const other = questionOf(reproduction);
    server.next(says((text) => text));
    await rewriteAll([asked], rewriter());
    server.next(raw(500, ""), raw(500, ""), raw(500, ""));
    await expect(rewriteAll([asked, other], rewriter())).rejects.toBeInstanceOf(RetryLater);
    server.next(says((text) => text));
    expect((await rewriteAll([asked, other], rewriter())).map(({ draft }) => draft.facts["llm"])).toEqual(["small-1", "small-1"]);
  });
});
