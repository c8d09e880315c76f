/** Must a text be worded as the repair words it? Every letter of it is written otherwise, and the hidden tests are run. */
import { performTrial } from "../grading/grade.ts";
import type { Workspace } from "../sandbox/workspace.ts";
import type { Candidate } from "../schemas/candidate.ts";
import type { Draft, Specification, Trial } from "../schemas/instance.ts";
import type { Layer } from "../schemas/layer.ts";
import { filesOf } from "../skills/visible.ts";

/** Each costs a run of the failing tests. */
const mostTried = 4;

/** Letters one further on: another text of the same length, and what stands escaped in it stays so. */
const reworded = (text: string): string =>
  text.replace(/\\.|[a-zA-Z]/gs, (one) => (one.length > 1 ? one : /[zZ]/.test(one) ? "a" : String.fromCharCode(one.charCodeAt(0) + 1)));

/** The repair with this text in other words, wherever it writes it. */
function otherwise(wording: string, candidate: Candidate, workspace: Workspace): Layer {
  const { language } = workspace;
  return Object.fromEntries(
    Object.keys(candidate.before).flatMap((path) => {
      const healthy = workspace.text(path);
      if (healthy === null || !language.extensions.some((ending) => path.endsWith(ending))) return [];
      const places = language.strings({ path, text: healthy }).filter((one) => one.text.trim() === wording);
      const changed = places.reduceRight(
        (whole, { start, end }) => whole.slice(0, start) + reworded(whole.slice(start, end)) + whole.slice(end),
        healthy,
      );
      return changed === healthy ? [] : [[path, changed]];
    }),
  );
}

/** The labels of a draft, of whose texts those are left that a test was seen to need. */
export async function confirmed(draft: Draft, candidate: Candidate, workspace: Workspace): Promise<Draft> {
  if (draft.specification === undefined) return draft;
  const left: Specification[] = [];
  let tried = 0;
  for (const one of draft.specification) {
    if (one.label !== "exact-message") left.push(one);
    else if (tried++ < mostTried) {
      const failing = await failingOn(one.evidence, draft, candidate, workspace);
      const [first] = failing;
      if (first !== undefined)
        left.push({
          ...one,
          evidence: `${JSON.stringify(one.evidence)}: worded otherwise, ${failing.length} of ${draft.failToPass.length} hidden tests fail, first ${first}`,
        });
    }
  }
  return { ...draft, specification: left };
}

async function failingOn(wording: string, draft: Draft, candidate: Candidate, workspace: Workspace): Promise<string[]> {
  const layer = otherwise(wording, candidate, workspace);
  const trial: Trial = {
    name: "worded-otherwise",
    layer,
    answer: "none",
    files: filesOf(draft.failToPass),
    expect: { kind: "tests", pass: [...draft.failToPass], fail: [] },
  };
  const { run } = await performTrial(trial, {}, draft, workspace, { strict: false, repeat: 0 });
  const asked = new Set(draft.failToPass);
  return run.report.tests
    .filter(({ id, status }) => status === "failed" && asked.has(id))
    .map(({ id }) => id)
    .sort();
}
