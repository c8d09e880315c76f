import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { createLog, defaultPlace, parseConfig, type RunSummary, run } from "../../index.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, healthy, kihon, manifest, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const quiet = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
const onGitHost = { thing: "git+https://git.invalid/some/thing.git" };
/** Of one skill: what these repositories and places do to a run is done before a skill is asked for, or to each of them alike. */
const small = ["--mutants", "4", "--per-skill", "1", "--repeats", "1", "--skills", "editing", "--cache", cache];

async function repository(files: Readonly<Record<string, string>>): Promise<ScratchRepository> {
  const made = await ScratchRepository.make();
  afterAll(() => made[Symbol.dispose]());
  await made.commit("first", files);
  return made;
}

/** What the run says of the one package of a repository, as a user sees it. */
async function leftOut(name: string, files: Readonly<Record<string, string>>): Promise<{ reason: string; detail: string }> {
  const { work } = await repository(files);
  const out = join(folder, name);
  const { code, out: text, err } = await kihon(["run", "--repo", work, "--out", out, ...small]);
  expect([code, err]).toEqual([1, expect.not.stringContaining("a bug")]);
  expect(text).toContain("the dataset is empty: no instance was proven");
  const [, reason = "", detail = ""] = /work was left out: (\S+?)(?:: (.*))?$/m.exec(text) ?? [];
  expect(text).toMatch(new RegExp(`dropped:\\n\\s+1  ${reason}`));
  const database = new DatabaseSync(join(out, ".kihon", "ledger.sqlite"), { readOnly: true });
  const { id } = database.prepare("select id from verdict where reason is not null").get() as { id: string };
  database.close();
  expect((await kihon(["explain", id, "--out", out])).out).toContain(`dropped: ${reason}`);
  return { reason, detail };
}

describe("a repository that gives nothing ends with 1, an empty dataset and its reason", () => {
  it("without a manifest", async () => {
    expect(await leftOut("no-manifest", { "readme.md": "text" })).toMatchObject({ reason: "mine/no-package" });
  });

  it("without tests", async () => {
    const { "index.test.js": _, ...rest } = healthy;
    expect((await leftOut("no-tests", rest)).reason).toMatch(/^prepare\/no-(tests|runner)$/);
  });

  it("without a test script", async () => {
    expect(await leftOut("no-runner", { ...healthy, "package.json": manifest({ scripts: {} }) })).toMatchObject({
      reason: expect.stringMatching(/^prepare\//),
    });
  });

  it("with tests that all fail", async () => {
    const files = { ...healthy, "index.js": "export const clamp = () => undefined;\n" };
    expect(await leftOut("failing", files)).toMatchObject({
      reason: "prepare/no-stable-test",
      detail: "3 tests, none passed in every run",
    });
  });

  it("with a package that does not exist", async () => {
    const files = { ...healthy, "package.json": manifest({ dependencies: { "kihon-no-such-package-x1": "1.0.0" } }) };
    const { reason, detail } = await leftOut("no-package", files);
    expect(reason).toBe("prepare/install-failed");
    expect(detail).toContain("a package is no longer on the registry");
  });

  it("with a lock file for a package that does not exist", async () => {
    const dependencies = { "kihon-no-such-package-x1": "1.0.0" };
    const node = {
      version: "1.0.0",
      resolved: "https://registry.npmjs.org/kihon-no-such-package-x1/-/kihon-no-such-package-x1-1.0.0.tgz",
      integrity: "sha512-AAAA",
    };
    const lock = {
      name: "small",
      version: "1.0.0",
      lockfileVersion: 3,
      requires: true,
      packages: { "": { name: "small", version: "1.0.0", dependencies }, "node_modules/kihon-no-such-package-x1": node },
    };
    const files = { ...healthy, "package.json": manifest({ dependencies }), "package-lock.json": JSON.stringify(lock) };
    expect(await leftOut("no-locked", files)).toMatchObject({ reason: "prepare/install-failed" });
  });

  it("but not with a lock file whose version is gone, which is set aside and said", async () => {
    const dependencies = { ms: "^2.1.0" };
    const [version, resolved] = ["2.1.99", "https://registry.npmjs.org/ms/-/ms-2.1.99.tgz"];
    const lock = {
      ...{ name: "small", version: "1.0.0", lockfileVersion: 3, requires: true },
      packages: {
        "": { name: "small", version: "1.0.0", dependencies },
        "node_modules/ms": { version, resolved, integrity: "sha512-AAAA" },
      },
    };
    const needs = { "index.test.js": `import "ms";\n${healthy["index.test.js"]}` };
    const files = { ...healthy, ...needs, "package.json": manifest({ dependencies }), "package-lock.json": JSON.stringify(lock) };
    const { work } = await repository(files);
    const out = join(folder, "gone-version");
    const { code, out: text, err } = await kihon(["run", "--repo", work, "--out", out, ...small, "--json"]);
    expect(code).toBe(0);
    expect(err).toMatch(/is no longer on the registry.*once more, with packages .*package-lock.json cannot be installed any more/);
    expect((JSON.parse(text) as RunSummary).repositories[0]?.instances.editing).toBe(1);
    const verified = await kihon(["verify", out, "--cache", cache, "--json"]);
    expect(JSON.parse(verified.out)).toMatchObject({ rows: 1, proven: 1 });
  });

  it("with a dependency on a git host that its tests need", async () => {
    const needs = { "index.test.js": `import "thing";\n${healthy["index.test.js"]}` };
    const { reason, detail } = await leftOut("git-host", { ...healthy, ...needs, "package.json": manifest({ dependencies: onGitHost }) });
    expect(reason).toMatch(/^prepare\/no-(tests|stable-test)$/);
    expect(detail).toContain("thing");
  });

  it("with a test that hangs", async () => {
    const stuck = 'import { test } from "node:test";\ntest("hangs", () => {\n  for (;;);\n});\n';
    const { work } = await repository({ ...healthy, "stuck.test.js": stuck });
    const config = parseConfig({ repos: [work], repeats: 2, runTimeoutMs: 6000 });
    const summary: RunSummary = await run(config, defaultPlace({ out: join(folder, "hangs"), cache }), { log: quiet });
    expect(summary.leftOut).toEqual([expect.objectContaining({ reason: "prepare/baseline-hangs" })]);
  });
});

it("a dependency on a git host that no test needs is left out, which is said", async () => {
  const { work } = await repository({ ...healthy, "package.json": manifest({ dependencies: onGitHost }) });
  const { code, out: text, err } = await kihon(["run", "--repo", work, "--out", join(folder, "git-host-unneeded"), ...small]);
  expect([code, err]).toEqual([0, expect.stringContaining("left out, from outside the registry: thing")]);
  expect(text).toMatch(/3 tests/);
});

it("a test that takes longer than a test may is a failing one, as the rows say", async () => {
  const slow = 'import { test } from "node:test";\ntest("waits", () => new Promise((done) => setTimeout(done, 3000)));\n';
  const { work } = await repository({ ...healthy, "package.json": manifest({ engines: { node: ">=24" } }), "slow.test.js": slow });
  const out = join(folder, "slow-test");
  const limited = [...small, "--test-timeout", "1"];
  const { code, err } = await kihon(["run", "--repo", work, "--out", out, ...limited]);
  expect([code, err]).toEqual([0, expect.stringMatching(/3 stable tests in . files, 0 quarantined, 1 failing/)]);
  const dataset = await openDataset(out);
  const [id = ""] = await dataset.environmentIds();
  expect((await dataset.environment(id)).recipe.testTimeoutMs).toBe(1000);
  const verified = await kihon(["verify", out, "--cache", cache, "--json"]);
  expect(JSON.parse(verified.out)).toMatchObject({ rows: 1, proven: 1 });
});

describe("a test that prints a gigabyte", () => {
  it("harms neither the run nor the other tests", async () => {
    const noisy =
      'import { test } from "node:test";\nconst line = "x".repeat(1 << 20);\ntest("talks", () => {\n  for (let at = 0; at < 1024; at++) process.stdout.write(line);\n});\n';
    const { work } = await repository({ ...healthy, "noisy.test.js": noisy });
    const { code, out: text, err } = await kihon(["run", "--repo", work, "--out", join(folder, "noisy"), ...small]);
    expect(err).not.toContain("a bug");
    // Either the runner swallows it, or the run was ended for it and that is the reason that there is no row.
    expect(text).toMatch(code === 0 ? /4 tests/ : /prepare\/baseline-killed: the run ended: output-too-large/);
  });
});

describe("places", () => {
  it("may have spaces and letters of all scripts in their names", async () => {
    const { work, folder: around } = await repository(healthy);
    const odd = join(around, "名前 with 'quotes' & ünïcode");
    renameSync(work, odd);
    const out = join(folder, "out put é 出力");
    const { code, out: text } = await kihon([
      "run",
      "--repo",
      odd,
      "--out",
      out,
      ...small,
      "--skills",
      "localization,editing,unit-tests,reproduction,review",
    ]);
    expect([code, text]).toEqual([0, expect.stringContaining("3 tests")]);
    expect((await kihon(["stats", out])).code).toBe(0);
    renameSync(odd, work);
  });

  const canMount = spawnSync("unshare", ["-m", "true"]).status === 0;

  it("that are read-only stop the run with what to do", async (context) => {
    if (!canMount) context.skip("this machine lets nobody mount");
    const { work } = await repository(healthy);
    const out = join(folder, "read-only");
    mkdirSync(out);
    const wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"', out];
    const { code, err } = await kihon(["run", "--repo", work, "--out", out, ...small], { wrap });
    expect([code, err]).toEqual([2, expect.stringMatching(/cannot be written \(EROFS\)\s+next: .*--out/)]);
  });

  it.skipIf(!canMount).each([32, 256])("that are full (%i KiB) stop the run with what to do, and lose nothing", async (kib) => {
    const { work } = await repository(healthy);
    const out = join(folder, `full-${kib}`);
    mkdirSync(out);
    // The small disk is filled by a file of ours; once that is gone there is room, and the run goes on with what it had earned.
    const script =
      'mount -t tmpfs -o size=8m tmpfs "$0" && mkdir "$0/.kihon" && head -c $((8388608 - $1 * 1024)) /dev/zero > "$0/.kihon/ballast"; shift; "$@"; echo "first $?" >&2; rm "$0/.kihon/ballast"; exec "$@"';
    const { code, err } = await kihon(["run", "--repo", work, "--out", out, ...small], {
      wrap: ["unshare", "-m", "sh", "-c", script, out, String(kib)],
    });
    expect(err).toMatch(/kihon: .*(?:ENOSPC|full|cannot be written)[\s\S]*next: [\s\S]*first 2\n/);
    expect(err).not.toContain("a bug");
    expect(code).toBe(0);
  });
});
