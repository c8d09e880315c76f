/** Prose, sentence by sentence: which of them tell of the fix, and which are only a form's. Every pattern is linear in the sentence. */
import { type Fix, squeezed } from "./fix.ts";
import type { RemovalKind } from "./tally.ts";

/** A sentence ends at a mark before white space, outside of inline code. The parts together are the text. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let from = 0;
  let fence = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "`") {
      let run = 1;
      while (text[at + run] === "`") run += 1;
      fence = fence === 0 ? run : fence === run ? 0 : fence;
      at += run - 1;
      continue;
    }
    if (fence > 0 || !/[.!?]/.test(text[at] ?? "") || !/\s/.test(text[at + 1] ?? "")) continue;
    sentences.push(text.slice(from, at + 2));
    from = at + 2;
  }
  if (from < text.length) sentences.push(text.slice(from));
  return sentences;
}

/** Inline code and the words between, in turn; a run of backticks that is not closed is words. */
export function spansOf(text: string): { readonly kind: "prose" | "code"; readonly text: string }[] {
  const spans: { kind: "prose" | "code"; text: string }[] = [];
  let from = 0;
  for (let at = text.indexOf("`"); at >= 0; at = text.indexOf("`", at)) {
    let run = 1;
    while (text[at + run] === "`") run += 1;
    const fence = "`".repeat(run);
    let end = text.indexOf(fence, at + run);
    while (end >= 0 && text[end + run] === "`") {
      let longer = run;
      while (text[end + longer] === "`") longer += 1;
      end = text.indexOf(fence, end + longer);
    }
    if (end < 0) {
      at += run;
      continue;
    }
    if (at > from) spans.push({ kind: "prose", text: text.slice(from, at) });
    spans.push({ kind: "code", text: text.slice(at, end + run) });
    from = end + run;
    at = from;
  }
  if (from < text.length) spans.push({ kind: "prose", text: text.slice(from) });
  return spans;
}

const verbs = "(?:fix(?:e[sd])?|solve[sd]?|resolve[sd]?|close[sd]?|address(?:e[sd])?|repair(?:s|ed)?|patch(?:e[sd])?)";
const leads = "(?:#\\d|GH-\\d|://|\\b[\\da-f]{7,40}\\b)";

const rules: readonly (readonly [RemovalKind, RegExp])[] = [
  ["closing", new RegExp(`\\b${verbs}\\b[ \\t:]{0,4}(?:[\\w/.-]{1,60}[ \\t]{0,2}){0,2}${leads}`, "i")],
  [
    "fixed-by",
    /\b(?:fixed|solved|resolved|addressed|repaired|patched|mended)[ \t](?:\w{1,12}[ \t]){0,2}(?:by|in|with|via|through|using|on)\b/i,
  ],
  ["fixed-by", new RegExp(`\\b${verbs}[ \\t](?:\\w{1,12}[ \\t]){0,3}(?:by|via|through|using)\\b`, "i")],
  ["fixed-by", new RegExp(`\\b(?:introduced|regressed|broken|caused|reverted)[ \\t](?:by|in|with|since|from)[ \\t].{0,80}${leads}`, "i")],
  ["fixed-by", /\b(?:bisect|root cause|culprit)/i],
  [
    "hint",
    /\b(?:the|an?|possible|suggested|proposed|simple|easy|quick|potential|my|one|correct|right)[ \t](?:\w{1,12}[ \t]){0,2}(?:fix|solution|patch)\b/i,
  ],
  ["hint", /\b(?:this|the|my|a)[ \t](?:PR|MR|pull request|merge request|patch|commit|changeset|branch)\b/i],
  ["hint", /\bI(?:'ve|’ve| have)?[ \t](?:\w{1,12}[ \t])?(?:fixed|patched|solved|repaired)\b/i],
  ["hint", /\b(?:PR|pull request)s?[ \t](?:\w{1,12}[ \t]){0,2}(?:incoming|coming|welcome|opened|submitted|sent|follows)\b/i],
  ["hint", /\b(?:this|that|these|the following)[ \t]lines?\b|\blines?[ \t]\d{1,6}[ \t](?:of|in)\b/i],
];

/** Who wrote it: someone who saw the defect, or who repaired it and tells of that. */
export type Whose = "reporter" | "author";

/** What an author says was done, as commit messages do: a deed without anyone who does it, or one of the change itself. A reporter's "Add a file" is a step. */
const deeds: readonly RegExp[] = [
  new RegExp(
    "^(?:(?:also|then|instead|so|therefore|thus|hence|and|to \\w{1,20} this|as a workaround),? )?(?:" +
      "adds?|added|adjusts?|allows?|avoids?|bails?|bumps?|calls?(?! to)|changes?(?! to)|changed|checks?|clears?|compares?|computes?|converts?|deletes?|detects?|" +
      "disallows?|drops?|ensures?|escapes?|extracts?|guards?|handles?|implements?|improves?|initiali[sz]es?|inlines?|introduces?|keeps?|makes?|merges?|" +
      "moves?|normali[sz]es?|pass|passes|prefers?|preserves?|prevents?|refactors?|removes?|removed|renames?|replaces?|replaced|resets?|resolves?|" +
      "restores?|reverts?|reworks?|rewrites?|simplif(?:y|ies)|skips?|splits?|swaps?|switch(?:es)?|teach(?:es)?|treats?|updates?|updated|uses?|" +
      "validates?|wraps?|accept|align|await|cache|catch|clone|copy|cover|defer|delay|disable|emit|enable|expose|fall|forward|honou?r|ignore|limit|" +
      "look|memoi[sz]e|propagate|put|recurse|register|reject|relax|require|respect|reuse|save|set|short-circuit|stop|store|strip|support|throw|tighten|" +
      "track|trim|turn|wait|widen|advance|expanded|extended|moved|extracted|renamed|reworked|rewrote|introduced|implemented|refactored|switched|" +
      "adjusted|converted|dropped|included|simplified|made|bumped)(?! (?:of|values?|types?|when|fails?|is|are|was|were)\\b)[ `]",
    "i",
  ),
  /^\w+ing\b.{0,300}\b(?:lets|allows|makes|ensures|avoids|prevents|means)\b/i,
  /^(?:this|it|the) (?:change|commit|update|patch|diff|modification|new (?:code|behaviou?r|version|check|test))\b/i,
  /\b(?:in|with|after|by) (?:this|the) (?:change|commit|update|patch|diff|modification)\b/i,
  /\b(?:we|I|it|the code) (?:now|instead) \w/i,
  /\bnow (?:requires?|uses?|checks?|handles?|accepts?|allows?|skips?|keeps?|calls?|goes|only|also|correctly|properly)\b/i,
  /\bthis (?:makes|ensures|allows|avoids|prevents|adds|removes|replaces|changes|moves|lets|keeps|uses)\b/i,
  /\b(?:added|new|adds|following|attached) (?:unit |regression )?(?:tests?|test cases?|fixtures?|specs?)\b|\btests? (?:fixture |case )?(?:added|included)\b/i,
];

const replaces = /\b(?:chang|replac|swap|us|add|remov)(?:e|es|ed|ing|ping|s)?\b/i;
const mends = /\b(?:fix(?:es|ed)|solve[sd]|resolve[sd]|would work|makes? it work|does the trick|should be enough)\b/i;

/** What a form says to whoever fills it in. */
const forms: readonly RegExp[] = [
  /^(?:_no response_|n\/a|none\.?|no\.?|\.{2,}|…|tbd)$/i,
  /^(?:an? )?clear and concise description/i,
  /^if applicable, (?:add|please)/i,
  /^add any other context/i,
  /^steps to reproduce the behaviou?r:?$/i,
  /^\d?\.? ?(?:go to|click on|scroll down to) ['"‘]\.{2,}/i,
  /^please (?:make sure|read|check|ensure|search|fill|provide a link|describe)/i,
  /^(?:thanks|thank you) for (?:taking|your|reporting|opening|contributing)/i,
  /^(?:before|by) submitting/i,
  /^(?:reproduction|link to (?:the )?(?:minimal )?reproduction):?$/i,
];

const says = (sentence: string, title: string): boolean => sentence.toLowerCase().includes(title.toLowerCase());

/** Does the text hold a line that the fix adds? */
export function holdsFix(text: string, fix: Fix): boolean {
  const tight = squeezed(text);
  return fix.added.some((line) => tight.includes(line));
}

/** Under this many characters a piece of a line (`parse(null)`) is as likely what a user called. */
const tellingPieceChars = 16;

/** Is it a piece of such a line, that was not there before? */
function isPieceOfFix(code: string, fix: Fix): boolean {
  const tight = squeezed(code.replace(/^`+|`+$/g, ""));
  if (tight.length < tellingPieceChars || !/[()=<>?:&|[\]]/.test(tight) || fix.before.includes(tight)) return false;
  return fix.added.some((line) => line.includes(tight));
}

/** Why a sentence goes as a whole; null where it may stay. */
export function removalOf(sentence: string, fix: Fix, whose: Whose): RemovalKind | null {
  const bare = sentence.trim().replace(/^(?:[-*+>]|\d{1,3}[.)])[ \t]+/, "");
  if (bare === "") return null;
  if (forms.some((form) => form.test(bare))) return "template";
  if (fix.titles.some((title) => says(sentence, title))) return "test-name";
  const words = spansOf(bare);
  if (holdsFix(bare, fix) || words.some(({ kind, text }) => kind === "code" && isPieceOfFix(text, fix))) return "fix-code";
  const prose = words
    .map(({ kind, text }) => (kind === "prose" ? text : " `` "))
    .join("")
    .replace(/\s+/g, " ");
  const rule = rules.find(([, pattern]) => pattern.test(prose));
  if (rule) return rule[0];
  if (whose === "author" && deeds.some((deed) => deed.test(prose))) return "hint";
  return replaces.test(prose) && mends.test(prose) ? "hint" : null;
}
