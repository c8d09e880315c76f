import { describe, expect, it } from "vitest";
import { look } from "../../../pipeline/environment/look.ts";
import { fewestTogether } from "../../../pipeline/environment/together.ts";
import { type Asked, environmentOf, type Script, standOf } from "../../grading/stand.ts";

const names = Array.from({ length: fewestTogether + 1 }, (_, at) => `test/${at}.test.js`);
const [own = "", one = "", two = ""] = names;
/** All but the first may share a process. */
const environment = environmentOf({
  tests: names.flatMap((file) => ["t", "u"].map((title) => ({ id: `${file} > ${title}`, file, standing: "stable" as const }))),
  testFiles: names.map((file) => ({ file, standalone: true, covers: {}, ...(file === own ? {} : { together: true as const }) })),
});
const layer = { "src/add.js": "mutated" };
const green: Script["files"] = Object.fromEntries(names.map((file) => [file, ["+t", "+u"]]));
const only = (script: Script, files: readonly string[]): Script => ({
  ...script,
  files: Object.fromEntries(Object.entries(script.files).filter(([file]) => files.includes(file))),
});
const togetherOf = ({ job }: Asked): unknown => JSON.parse(job.commands.at(-1)?.find((word) => word.startsWith("{")) ?? "{}").together;

/** `runs`: of each, whether files shared a process, and the files. */
async function looked(together: Script, apart: Script, files = names) {
  const { workspace, asked } = standOf((_, ran, all) => only(togetherOf(all.at(-1) as Asked) === undefined ? apart : together, ran), {
    environment,
  });
  const seen = await look(layer, environment, files, workspace);
  const runs = () => asked.map((each) => [togetherOf(each) ?? null, each.files]);
  return { seen, workspace, runs };
}
const failuresOf = ({ seen }: Awaited<ReturnType<typeof looked>>): string[] =>
  seen.run.report.tests.flatMap(({ id, failure }) => (failure ? [`${id}: ${failure.kind}`] : []));

describe("a look at a defective tree", () => {
  it("is one run where nothing fails, with the files that may in one process", async () => {
    const { seen, runs } = await looked({ files: green }, { files: {} });
    expect([seen.manner, seen.why, seen.run.report.tests.length]).toEqual(["together", null, names.length * 2]);
    expect(runs()).toEqual([[names.slice(1), names]]);
  });
  it("takes what fails from a run of those files each by itself, with its words", async () => {
    const found = await looked({ files: { ...green, [two]: ["+t", "-u!error"] } }, { files: { ...green, [two]: ["+t", "-u"] } });
    expect(failuresOf(found)).toEqual([`${two} > u: assertion`]);
    expect([found.seen.manner, found.seen.run.report.tests.length]).toEqual(["together", names.length * 2]);
    expect(found.runs()).toEqual([
      [names.slice(1), names],
      [null, [two]],
    ]);
  });
  it("is never taken for a premise's run", async () => {
    const { workspace, runs } = await looked({ files: green }, { files: green });
    await workspace.run({ layer, files: names, shared: true }, 0);
    expect(runs()).toHaveLength(2);
  });
  it.each<[string, Script]>([
    ["timed-out", { files: {}, ended: { kind: "timed-out" } }],
    ["nobody caught this", { files: { ...green, [own]: ["+t", "+u", "stray"] } }],
    [`without ${two} > u`, { files: { ...green, [two]: ["+t"] } }],
    ["ended-early", { files: green, complete: false }],
    [`${one} > u: timeout`, { files: { ...green, [one]: ["+t", "-u!timeout"] } }],
    ["what failed does something else alone", { files: { ...green, [one]: ["+t", "-u"] } }],
    [`${names.length} files fail`, { files: Object.fromEntries(names.map((file) => [file, ["-t", "+u"]])) }],
  ])("is made again as a premise is run where it is no observation: %s", async (why, together) => {
    const found = await looked(together, { files: green });
    expect([found.seen.manner, found.seen.why, failuresOf(found)]).toEqual(["apart-again", why, []]);
    expect(found.runs().at(-1)).toEqual([null, names]);
    const made = found.runs().length;
    await found.workspace.run({ layer, files: names, shared: true }, 0);
    expect(found.runs()).toHaveLength(made);
  });
  it("is a run of each file by itself where few may share a process", async () => {
    const few = names.slice(0, fewestTogether);
    const { seen, runs } = await looked({ files: {} }, { files: green }, few);
    expect(seen).toMatchObject({ manner: "apart", why: null });
    expect(runs()).toEqual([[null, few]]);
  });
});
