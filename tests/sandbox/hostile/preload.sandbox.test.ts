import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detectEnv } from "../../../languages/javascript/manifest.ts";
import type { TestRun } from "../../../sandbox/workspace.ts";
import { imageForTests, providersForTests } from "../engine.ts";
import { FORGED_TITLE, noLibrary, sharedLibrary } from "./shared-library.ts";
import { type HostileStand, hostileStand } from "./stand.ts";

const settings = imageForTests();
const { here, left } = providersForTests(settings);
const isolating = here.filter(({ provider }) => provider.isolates);
const INSIDE = "/workspace/evil.so";

/** Processes of this machine that have the library in their memory. */
const holders = (): readonly string[] =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return /\/(?:evil|killer)\.so/.test(readFileSync(`/proc/${pid}/maps`, "utf8"));
    } catch {
      // Gone by now, or somebody else's process.
      return false;
    }
  });

/** Programs in which the library ran, by its own word. */
const loadedBy = ({ result }: TestRun): readonly string[] =>
  (result.collected["out/loaded"]?.toString() ?? "").split("\n").flatMap((line) => (line === "" ? [] : [line.replace(/.*\//, "")]));

const TRIED = (what: string): string => `try { ${what} } catch (e) { print("no " + (e.code ?? e.message)); }`;

/** Asks for the library wherever a program may look, and then starts programs that do what they are asked. */
const spread = `test("t", () => { fs.mkdirSync("out"); const lib = fs.readFileSync("${INSIDE}"); const home = process.env.HOME;
  for (const f of ["/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/environment", "/etc/profile", "/usr/lib/evil.so", "/lib/evil.so", "/kihon/node/bin/node", "/kihon/harness/guard-preload.cjs", "/kihon/harness/node-test-main.mjs", "/kihon/.job.sh"])
    ${TRIED('fs.appendFileSync(f, f.endsWith(".so") ? lib : "/workspace/evil.so\\n"); print("GOT " + f)')}
  for (const d of ["/tmp", home, "/dev/shm"]) fs.writeFileSync(d + "/evil.so", lib);
  const line = "export LD_PRELOAD=${INSIDE}\\n"; const npmrc = "node-options=--require /workspace/hook.cjs\\nscript-shell=/workspace/shell\\n";
  fs.mkdirSync(".git/hooks", { recursive: true });
  for (const [f, text] of Object.entries({ [home + "/.bashrc"]: line, [home + "/.profile"]: line, [home + "/.npmrc"]: npmrc, ".npmrc": npmrc, ".env": "LD_PRELOAD=${INSIDE}\\nNODE_OPTIONS=--require=/workspace/hook.cjs\\n",
    [home + "/.gitconfig"]: "[core]\\n\\tpager = LD_PRELOAD=${INSIDE} cat\\n\\tfsmonitor = LD_PRELOAD=${INSIDE} true\\n", ".git/config": "[core]\\n\\tsshCommand = LD_PRELOAD=${INSIDE} ssh\\n", "shell": "#!/bin/sh\\n" + line + "exec sh \\"$@\\"\\n",
    "hook.cjs": 'process.env.LD_PRELOAD = "${INSIDE}"; require("child_process").spawnSync("/bin/false");' })) fs.writeFileSync(f, text);
  const asked = { ...process.env, LD_PRELOAD: "${INSIDE}" };
  for (const [program, words] of [["/bin/true", []], ["sh", ["-c", ":"]], [process.execPath, ["-e", "0"]]]) cp.spawnSync(program, words, { env: asked });
  cp.spawnSync(process.execPath, ["-e", "0"], { env: { ...process.env, NODE_OPTIONS: "--require=/workspace/hook.cjs" } });
  cp.spawn("sleep", ["600"], { env: asked, detached: true, stdio: "ignore" }).unref();
  for (let wait = 0; wait < 100 && !fs.readFileSync("out/loaded", "utf8").includes("/sleep\\n"); wait++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  Object.assign(process.env, asked);
  const read = (p, f) => fs.readFileSync("/proc/" + p + "/" + f, "latin1");
  for (const p of fs.readdirSync("/proc").filter(Number)) ${TRIED('if (read(p, "maps").includes("evil.so") && !read(p, "cmdline").startsWith("sleep")) print("GOT into " + p)')}
  print("DONE"); });`;

/** A job like any other, which looks whether anybody has the library. */
const later = `test("t", () => { fs.mkdirSync("out"); if (JSON.stringify(process.env).includes("evil")) print("GOT the environment");
  for (const [program, words] of [["/bin/true", []], ["sh", ["-lc", "/bin/true"]], ["bash", ["-ic", "/bin/true"]], [process.execPath, ["-e", "0"]]]) cp.spawnSync(program, words);
  for (const p of ["self", process.ppid]) if (fs.readFileSync("/proc/" + p + "/maps", "latin1").includes("evil.so")) print("GOT into " + p);
  for (const f of ["hook.cjs", "shell", ".env", "/tmp/evil.so", "/dev/shm/evil.so", process.env.HOME + "/evil.so", process.env.HOME + "/.bashrc", "/etc/ld.so.preload"]) if (fs.existsSync(f)) print("GOT " + f);
  print("DONE"); });`;

describe.skip.each([...left])("$name: $why", () => {
  test.todo("keeps a library of the repository's where it is");
});

describe.skip.each(noLibrary === null ? [] : [noLibrary])("%s", () => {
  test.todo("keeps a library of the repository's where it is");
});

describe.skipIf(noLibrary !== null).each(isolating)("a library that a repository brings, under $name,", ({ name }) => {
  let stand: HostileStand;
  beforeAll(async () => {
    stand = await hostileStand(name, settings, (canaries, path) => {
      const wish = { marks: ["/workspace/out/loaded", join(path, "open-to-all/loaded")], steals: canaries.file };
      return { "evil.so": sharedLibrary(wish), "killer.so": sharedLibrary({ ...wish, kills: true }) };
    });
  }, 60_000);
  afterAll(() => stand.close());

  test("is a real one: what loads it outside of a sandbox tells the secret and marks the host", () => {
    const files = readdirSync(stand.path, { recursive: true, encoding: "utf8" });
    const library = join(stand.path, files.find((path) => path.endsWith("/evil.so")) as string);
    const { stdout } = spawnSync("/bin/true", { env: { LD_PRELOAD: library }, encoding: "utf8" });
    expect(stand.canaries.breaches(stdout)).toEqual(["the secret came out", "a file was made on the host: loaded"]);
    rmSync(join(stand.path, "open-to-all/loaded"));
  });

  test("is loaded by what its tests start, and by nothing that is not theirs", async () => {
    const run = await stand.attack({ script: spread });
    expect(run, run.result.stdout).toMatchObject({ ended: { kind: "finished", exitCode: 0 }, report: { complete: true, forged: 0 } });
    expect([run.result.stdout.includes("GOT"), run.result.stdout.includes("DONE")], run.result.stdout).toEqual([false, true]);
    for (const program of ["true", "node", "false", "sleep"]) expect(loadedBy(run)).toContain(program);
    expect([await stand.breachesOf(run), holders()]).toEqual([[], []]);
  });

  test("is loaded by nothing in the next job on the same tree", async () => {
    const run = await stand.attack({ script: later });
    expect([run.result.stdout.includes("GOT"), run.result.stdout.includes("DONE")], run.result.stdout).toEqual([false, true]);
    expect([run.report.complete, loadedBy(run), await stand.breachesOf(run)]).toEqual([true, [], []]);
  });

  test("forges no result in a program that a test hands the report to", async () => {
    const script = `test("lost", () => { cp.spawnSync("/bin/true", { env: { LD_PRELOAD: "${INSIDE}" }, stdio: ["ignore", 1, 2, 3] }); throw new Error("lost"); });`;
    const { ended, report } = await stand.attack({ script });
    expect([ended, report.forged]).toEqual([{ kind: "finished", exitCode: 1, failedCommand: null }, 1]);
    expect(report.tests.map(({ id, status }) => [id, status])).toEqual([["attack.test.cjs > lost", "failed"]]);
  });

  test.each([
    ["its own process", 'cp.spawnSync("/bin/true", { env })'],
    ["what runs the files", 'process.execve("/bin/true", ["true"], env)'],
  ])("that ends %s in the middle of a test has not ended well", async (_, kill) => {
    const script = `test("fine", () => {}); test("t", () => { const env = { ...process.env, LD_PRELOAD: "/workspace/killer.so" }; ${kill}; });`;
    const run = await stand.attack({ script });
    expect([run.report.complete, run.ended.kind === "finished" && run.ended.exitCode], JSON.stringify(run)).not.toEqual([true, 0]);
    expect(run.report.tests.filter(({ id }) => id.endsWith("> t"))).toEqual([]);
    expect([await stand.breachesOf(run), holders()]).toEqual([[], []]);
  });

  test("would say what it likes in the runner itself, which is why no wish of the repository's is obeyed there", async () => {
    const script = 'test("lost", () => { throw new Error("lost"); });';
    const won = await stand.attack({ script, env: { LD_PRELOAD: INSIDE } });
    expect(won.report).toMatchObject({ complete: true, forged: 0, tests: [{ id: `attack.test.cjs > ${FORGED_TITLE}`, status: "passed" }] });
    const wishes = {
      ...{ LD_PRELOAD: INSIDE, LD_AUDIT: INSIDE, LD_LIBRARY_PATH: "/workspace", BASH_ENV: "/workspace/shell" },
      ...{ NODE_OPTIONS: "--require=/workspace/hook.cjs", NODE_PATH: "/workspace", PATH: "/workspace", HOME: "/workspace" },
    };
    const asked = (between: string, after: string): string =>
      Object.entries(wishes)
        .map(([name, value]) => `${name}${between}${value}${after}`)
        .join("");
    const workflow = `jobs:\n  test:\n    steps:\n      - run: npm test\n    env: { ${asked(": ", ", ")}TZ: Asia/Tokyo }\n`;
    const manifest = { scripts: { test: `${asked("=", " ")}node --test` } };
    const files: Readonly<Record<string, string>> = { ".github/workflows/ci.yml": workflow };
    const read = (path: string): string | null => files[path] ?? null;
    const env = detectEnv({ manifest, rootManifest: manifest, paths: Object.keys(files), packageDir: ".", read });
    expect(env).toEqual({ TZ: "Asia/Tokyo" });
    const run = await stand.attack({ script, env });
    expect(run.report).toMatchObject({ complete: true, forged: 0, tests: [{ id: "attack.test.cjs > lost", status: "failed" }] });
    expect(await stand.breachesOf(run)).toEqual([]);
  });
});
