import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findCgroups } from "../../sandbox/cgroups.ts";
import type { Job, RunResult } from "../../sandbox/contract.ts";
import { SandboxTrouble } from "../../sandbox/contract.ts";
import type { GateStats } from "../../sandbox/registry-gate.ts";
import { imageForTests, providersForTests } from "./engine.ts";
import {
  type FakeRegistry,
  fakeRegistry,
  jobOn,
  limits,
  MEBIBYTE,
  node,
  npmFolder,
  readTree,
  scratch,
  sh,
  texts,
  treeFor,
} from "./stand.ts";

const place = scratch();
const secret = `kihon-canary-${Math.random().toString(36).slice(2)}`;
let registry: FakeRegistry;
let canary: Server;
let canaryPort = 0;
let heard = 0;

beforeAll(async () => {
  registry = await fakeRegistry(place.path);
  canary = createServer((socket) => {
    heard++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  const address = canary.address();
  canaryPort = address !== null && typeof address === "object" ? address.port : 0;
  process.env["KIHON_TEST_SECRET"] = secret;
});

afterAll(() => {
  delete process.env["KIHON_TEST_SECRET"];
  registry.close();
  canary.close();
  place.remove();
});

const finished = (exitCode: number, failedCommand: number | null = null) => ({ kind: "finished", exitCode, failedCommand });

/** Host pids that have `text` in their command line. */
const pidsWith = (text: string): readonly string[] =>
  readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "latin1").includes(text);
    } catch {
      // Ended between the listing and the look.
      return false;
    }
  });

const settings = { onRegistry: (stats: GateStats) => asked.push(stats) };
const asked: GateStats[] = [];

// The registry's address is known only later; the provider asks for it at its first job.
const { here, left } = providersForTests({
  ...settings,
  ...imageForTests(),
  get registry() {
    return registry.url;
  },
});

describe.skip.each([...left])("$name: $why", () => {
  test.todo("keeps the promises of every sandbox");
});

describe.each([...here])("$name", ({ provider }) => {
  const files = { "a.txt": "a\n", "sub/b.txt": "b\n", "sub/naïve file.txt": "old\n" };
  let tree = "";
  beforeAll(async () => {
    expect(await provider.available()).toEqual({ ok: true, reason: "" });
    tree = await treeFor(provider, place.path, files);
  }, 60_000);
  const run = (change: Partial<Job> & Pick<Job, "commands">, signal?: AbortSignal): Promise<RunResult> =>
    provider.run(jobOn([tree], change), signal);

  describe("commands", () => {
    test("give their exit code, standard output and standard error", async () => {
      const result = await run({ commands: [sh("echo out; echo err >&2; exit 7")] });
      expect(result).toMatchObject({ ended: finished(7), stdout: "out\n", stderr: "err\n", report: "", collected: {} });
    });
    test("run one after another, and the first failure ends the job", async () => {
      const result = await run({ commands: [sh("echo one"), sh("echo two; exit 3"), sh("echo three")] });
      expect(result).toMatchObject({ ended: finished(3, 1), stdout: "one\ntwo\n" });
    });
    test("that all go well end the job with 0", async () => {
      expect((await run({ commands: [["true"], ["true"]] })).ended).toEqual(finished(0));
    });
    test("ended by a signal give 128 and its number", async () => {
      expect((await run({ commands: [sh("kill -SEGV $$")] })).ended).toEqual(finished(139));
    });
    test("that do not exist give 127", async () => {
      expect((await run({ commands: [["no-such-program"]] })).ended).toEqual(finished(127));
    });
    test("keep their words whole, whatever is in them", async () => {
      const words = ["it's", "$HOME", "a  b", "", "`x`", "\\", 'q"q', "line\nbreak", "ü"];
      const result = await run({ commands: [node("console.log(JSON.stringify(process.argv.slice(1)))", ...words)] });
      expect(JSON.parse(result.stdout)).toEqual(words);
    });
    test("start in the job's folder", async () => {
      const result = await run({ cwd: "sub", commands: [sh("pwd; echo $PWD; cat b.txt")] });
      expect(result.stdout).toBe("/workspace/sub\n/workspace/sub\nb\n");
    });
    test("see the job's environment, writable HOME and TMPDIR, and nothing else", async () => {
      const script =
        'const fs = require("fs"); for (const d of ["HOME", "TMPDIR"]) fs.writeFileSync(process.env[d] + "/x", ""); console.log(Object.keys(process.env).sort().join())';
      const result = await run({ env: { MINE: "1" }, commands: [node(script)] });
      expect(result.stdout.replace("KIHON_JOB,", "").replace("OLDPWD,", "").trim()).toBe("HOME,MINE,PATH,PWD,TMPDIR");
    });
    test("find the mounted node first in PATH", async () => {
      expect((await run({ commands: [["node", "-p", "process.execPath"]] })).stdout).toBe("/kihon/node/bin/node\n");
    });
    test("are told how long they took", async () => {
      const { usage } = await run({ commands: [node("while (process.cpuUsage().user < 300_000);")] });
      expect(usage.wallMs).toBeGreaterThan(200);
      expect(usage.cpuMs).toBeGreaterThan(200);
      expect(usage.cpuMs).toBeLessThan(5_000);
    });
    test("find a folder that is not there to be a failure of the job", async () => {
      expect((await run({ cwd: "nowhere", commands: [["true"]] })).ended.kind).toBe("finished");
    });
  });

  describe("the tree", () => {
    test("is merged from its folders, the topmost first", async () => {
      const below = await treeFor(provider, place.path, { "a.txt": "hidden\n", "c.txt": "c\n", "sub/d.txt": "d\n" });
      const result = await provider.run(jobOn([tree, below], { commands: [sh("cat a.txt c.txt sub/b.txt sub/d.txt")] }));
      expect(result.stdout).toBe("a\nc\nb\nd\n");
    });
    test("is never changed by a job", async () => {
      const result = await run({ commands: [sh("echo x >>a.txt; rm -r sub; mkdir sub; touch new; chmod 600 a.txt; ls -R")] });
      expect(result).toMatchObject({ ended: finished(0), stdout: ".:\na.txt\nnew\nsub\n\n./sub:\n" });
      expect(readTree(tree)).toEqual(files);
      expect(statSync(join(tree, "a.txt")).mode & 0o777).toBe(0o644);
    });
    test("is clean again for the next job", async () => {
      await run({ commands: [sh("echo x >a.txt")] });
      expect((await run({ commands: [sh("cat a.txt")] })).stdout).toBe("a\n");
    });
    test("may be one writable folder, which keeps what was written", async () => {
      const folder = await treeFor(provider, place.path, { "package.json": "{}", "gone.txt": "" });
      const layer = { "laid over.txt": "ü", "gone.txt": null };
      const job = {
        ...jobOn([], { layer, commands: [sh("mkdir node_modules; echo x >node_modules/made; cat 'laid over.txt'")] }),
        writableTree: folder,
      };
      expect(await provider.run(job)).toMatchObject({ ended: finished(0), stdout: "ü" });
      expect(readTree(folder)).toEqual({ "package.json": "{}", "laid over.txt": "ü", "node_modules/made": "x\n" });
    });
    test("that is writable takes a folder where a file was, and writes through no link", async () => {
      const folder = await treeFor(provider, place.path, { file: "1", "folder/a": "2" });
      const outside = join(place.path, `linked-${provider.name}`);
      mkdirSync(outside);
      chmodSync(outside, 0o777);
      symlinkSync(outside, join(folder, "link"));
      const layer = { "file/inner": "3", folder: "4", "link/x": "5" };
      const job = { ...jobOn([], { layer, commands: [["true"]] }), writableTree: folder };
      expect((await provider.run(job)).ended).toEqual(finished(0));
      expect(readTree(folder)).toEqual({ "file/inner": "3", folder: "4", "link/x": "5" });
      expect(readTree(outside)).toEqual({});
    });
  });

  test("a tree that is not there is trouble, not a failure of the job", async () => {
    const job = provider.run(jobOn([join(place.path, "no-such-tree")], { commands: [["true"]] }));
    await expect(job).rejects.toThrow(SandboxTrouble);
  });

  test("a mounted folder that the jobs' user cannot reach is trouble that names it", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root's jobs run as another user");
    const closed = join(place.path, `closed-${provider.name}`);
    mkdirSync(join(closed, "tool"), { recursive: true });
    chmodSync(closed, 0o700);
    const job = run({ mounts: [{ host: join(closed, "tool"), guest: "/kihon/tool" }], commands: [["true"]] });
    await expect(job).rejects.toThrow(`cannot pass ${closed} on the way to ${closed}/tool: run \`chmod o+x ${closed}\``);
    await expect(job).rejects.toThrow(SandboxTrouble);
  });

  describe("the layer", () => {
    test("adds, replaces and removes files, with spaces and umlauts in their names", async () => {
      const layer = { "sub/naïve file.txt": "new\n", "neu/ö ß.txt": "added\n", "a.txt": null, "not/there.txt": null };
      const result = await run({ layer, commands: [sh("find . -type f | sort; cat sub/naïve\\ file.txt neu/*")] });
      expect(result.stdout).toBe("./neu/ö ß.txt\n./sub/b.txt\n./sub/naïve file.txt\nnew\nadded\n");
      expect(readTree(tree)).toEqual(files);
    });
    test("keeps the mode of a file that it replaces", async () => {
      const own = await treeFor(provider, place.path, { "run.sh": "echo old" });
      chmodSync(join(own, "run.sh"), 0o755);
      const result = await provider.run(jobOn([own], { layer: { "run.sh": "#!/bin/sh\necho new" }, commands: [["./run.sh"]] }));
      expect(result).toMatchObject({ ended: finished(0), stdout: "new\n" });
    });
    test("may put a folder where a file was, and a file where a folder was", async () => {
      const layer = { "a.txt": null, "a.txt/inner": "1", "sub/b.txt": null, "sub/naïve file.txt": null, sub: "2" };
      expect((await run({ layer, commands: [sh("cat a.txt/inner sub")] })).stdout).toBe("12");
    });
    test("leaves files that can be changed and removed again", async () => {
      const result = await run({ layer: { "sub/x.txt": "1" }, commands: [sh("echo 2 >>sub/x.txt && cat sub/x.txt && rm -r sub && ls")] });
      expect(result).toMatchObject({ ended: finished(0), stdout: "12\na.txt\n" });
    });
    test("never goes through a symbolic link of the tree", async () => {
      const outside = join(place.path, `outside-${provider.name}`);
      mkdirSync(outside);
      writeFileSync(join(outside, "file"), "kept");
      chmodSync(outside, 0o777);
      const own = await treeFor(provider, place.path, { "x.txt": "" });
      symlinkSync(outside, join(own, "link"));
      await provider.run(jobOn([own], { layer: { "link/file": null }, commands: [["true"]] }));
      expect(readTree(outside)).toEqual({ file: "kept" });
    });
  });

  describe("collect", () => {
    test("hands out files and folders that the job left, and nothing for those it did not", async () => {
      const commands = [sh("mkdir -p out/deep; printf 1 >out/deep/ü.json; printf 2 >out/two; ln out/two out/hard; printf 3 >three")];
      const result = await run({ commands, collect: ["out", "./three", "four", "a.txt"] });
      expect(texts(result.collected)).toEqual({ "out/deep/ü.json": "1", "out/two": "2", "out/hard": "2", three: "3", "a.txt": "a\n" });
    });
    test("hands out what a failing job left", async () => {
      expect(texts((await run({ commands: [sh("printf 1 >out; exit 1")], collect: ["out"] })).collected)).toEqual({ out: "1" });
    });
    test("follows no symbolic link, neither at the end nor on the way", async () => {
      const outside = join(place.path, "host-file.txt");
      writeFileSync(outside, secret);
      const commands = [
        sh(`ln -s ${outside} end; ln -s ${place.path} way; mkdir in; ln -s ${outside} in/inner; ln -s / root; printf 1 >in/real`),
      ];
      const result = await run({ commands, collect: ["end", "way/host-file.txt", "in", "root/etc/passwd"] });
      expect(texts(result.collected)).toEqual({ "in/real": "1" });
    });
    test("takes names that are longer than a tar header", async () => {
      const name = `${"long/".repeat(30)}${"n".repeat(120)}`;
      const commands = [
        node('const p = process.argv[1]; fs.mkdirSync(path.dirname(p), { recursive: true }); fs.writeFileSync(p, "1")', name),
      ];
      expect(texts((await run({ commands, collect: ["long"] })).collected)).toEqual({ [name]: "1" });
    });
    test("passes over pipes and sockets that would never end", async () => {
      const { collected } = await run({ commands: [sh("mkdir o; mkfifo o/pipe; printf 1 >o/file")], collect: ["o"] });
      expect(texts(collected)).toEqual({ "o/file": "1" });
    });
  });

  describe("a temporary folder", () => {
    test("lies in TMPDIR from the start, and what a job does to it is gone afterwards", async () => {
      const temporary = await treeFor(provider, place.path, { "kept/one": "1" });
      const commands = [sh('cat "$TMPDIR/kept/one"; printf 2 >"$TMPDIR/kept/one"; printf 2 >"$TMPDIR/kept/two"; ls "$TMPDIR/kept"')];
      for (let time = 0; time < 2; time++) expect((await run({ commands, temporary })).stdout).toBe("1one\ntwo\n");
      expect(readTree(temporary)).toEqual({ "kept/one": "1" });
    });
  });

  describe("the report channel", () => {
    const nonce = "0123abcd";
    test("carries the nonce in and the report out", async () => {
      const result = await run({ nonce, commands: [sh('read -r n <&4; echo "got $n" >&3; echo plain')] });
      expect(result).toMatchObject({ ended: finished(0), report: `got ${nonce}\n`, stdout: "plain\n" });
    });
    test("gives the nonce once, and then the end", async () => {
      const script = 'const all = fs.readFileSync(4, "utf8"); fs.writeSync(3, JSON.stringify([all, fs.readFileSync(4, "utf8")]))';
      expect(JSON.parse((await run({ nonce, commands: [node(script)] })).report)).toEqual([`${nonce}\n`, ""]);
    });
    test("is not there for the commands before the last", async () => {
      const probe = "for n in 3 4 5 6 7 8; do if { true >&$n; } 2>/dev/null; then echo open $n; fi; done";
      const result = await run({ nonce, commands: [sh(probe), sh(`${probe}; echo real >&3`)] });
      expect(result).toMatchObject({ stdout: "open 3\nopen 4\n", report: "real\n" });
    });
    test("is not there without a nonce", async () => {
      expect((await run({ commands: [sh("{ echo forged >&3; } 2>/dev/null; echo $?")] })).report).toBe("");
    });
    test("carries a megabyte whole", async () => {
      const script = 'const s = "x".repeat(99) + "\\n"; for (let i = 0; i < 10000; i++) fs.writeSync(3, s)';
      const { report } = await run({ nonce, commands: [node(script)] });
      expect(report.length).toBe(1_000_000);
    });
    test("ends the job when the report is too large", async () => {
      const result = await run({ nonce, commands: [node('for (;;) fs.writeSync(3, "x".repeat(65536))')] });
      expect(result.ended).toEqual({ kind: "output-too-large" });
      expect(result.report.length).toBe(limits.reportBytes);
    });
    test("is the only descriptor besides the standard ones", async () => {
      const lines = (await run({ nonce, commands: [["sh", "-c", "exec ls -l /proc/self/fd"]] })).stdout.split("\n").slice(1, -1);
      const others = lines
        .map((line) => line.replace(/^.*\s(\d+ -> .*)$/, "$1"))
        .filter((line) => !/^[0-4] -> |-> \/dev\/null$|-> \/proc\/\d+\/fd$/.test(line));
      expect(others).toEqual([]);
    });
  });

  describe("limits", () => {
    test("a job that is too slow is ended, with a daemon that left its session", async () => {
      const mark = `daemon-of-${provider.name}-${process.pid}`;
      const daemon = `setInterval(() => {}, 1000) // ${mark}`;
      const script = `const { spawn } = require("child_process");
        process.on("SIGTERM", () => {});
        spawn(process.execPath, ["-e", 'require("child_process").spawn(process.execPath, ["-e", ' + JSON.stringify(process.argv[1]) + '], { detached: true, stdio: "inherit" }).unref()'], { detached: true, stdio: "inherit" });
        setInterval(() => {}, 1000)`;
      let seen = 0;
      const watch = setInterval(() => {
        seen = Math.max(seen, pidsWith(mark).length);
      }, 50);
      const result = await run({ limits: { ...limits, wallMs: 1_500 }, commands: [node(script, daemon)] });
      clearInterval(watch);
      expect(result.ended).toEqual({ kind: "timed-out" });
      expect(result.usage.wallMs).toBeLessThan(4_000);
      expect(seen).toBeGreaterThan(1);
      expect(pidsWith(mark)).toEqual([]);
    });
    test("hold for the silence of the report, whatever is printed meanwhile", async () => {
      const script = 'require("fs").writeSync(3, "x"); setInterval(() => console.log("busy"), 100)';
      const job = { commands: [node(script)], nonce: "n", limits: { ...limits, silentMs: 1_500 } };
      const result = await run(job);
      expect([result.ended, result.report]).toEqual([{ kind: "timed-out" }, "x"]);
      expect(result.usage.silentMs).toBeGreaterThan(1_500);
      expect(result.usage.wallMs).toBeLessThan(limits.wallMs);
    });
    test("a daemon dies with a job that ends well", async () => {
      const mark = `orphan-of-${provider.name}-${process.pid}`;
      const script = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000) // ${mark}"], { detached: true, stdio: "ignore" }).unref()`;
      expect((await run({ commands: [node(script)] })).ended).toEqual(finished(0));
      expect(pidsWith(mark)).toEqual([]);
    });
    test("a flood of output is cut and ends the job", async () => {
      const result = await run({ commands: [node('for (;;) { fs.writeSync(1, "o".repeat(5000)); fs.writeSync(2, "e".repeat(5000)); }')] });
      expect(result.ended).toEqual({ kind: "output-too-large" });
      expect(result.stdout.length + result.stderr.length).toBeLessThanOrEqual(limits.outputBytes + 200);
    });
    test("a hog is out of memory, alone or with helpers", async () => {
      // Not faster than a watch looks on a busy machine: where nothing but the limit of its data is in the way, it ends by an error of its own.
      const alone = `const all = []; const more = () => { all.push(Buffer.alloc(4 * ${MEBIBYTE}, 1)); setTimeout(more, 20); }; more();`;
      expect((await run({ limits: { ...limits, memoryBytes: 192 * MEBIBYTE }, commands: [node(alone)] })).ended).toEqual({
        kind: "out-of-memory",
      });
      const helped = `const { spawn } = require("child_process"); for (let i = 0; i < 4; i++) spawn(process.execPath, ["-e", "const b = Buffer.alloc(80 * ${MEBIBYTE}, 1); setInterval(() => b, 1000)"]); setInterval(() => {}, 1000)`;
      expect((await run({ limits: { ...limits, memoryBytes: 256 * MEBIBYTE }, commands: [node(helped)] })).ended).toEqual({
        kind: "out-of-memory",
      });
    });
    test("an abort ends the job at once and throws its reason", async () => {
      const mark = `aborted-of-${provider.name}-${process.pid}`;
      const reason = new Error("enough");
      const started = performance.now();
      await expect(run({ commands: [node(`setInterval(() => {}, 1000) // ${mark}`)] }, abortAfter(400, reason))).rejects.toBe(reason);
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(pidsWith(mark)).toEqual([]);
    });
    test("three hundred folders at once are no trouble", async () => {
      const script =
        'Promise.all(Array.from({ length: 300 }, (_, i) => fs.promises.mkdir("d/" + i, { recursive: true }))).then(() => console.log(fs.readdirSync("d").length))';
      expect((await run({ commands: [node(script)] })).stdout).toBe("300\n");
    });
    test("twenty jobs at once do not see each other", async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => run({ commands: [sh(`echo ${i} >mine; sleep 0.1; cat mine; ls | wc -l`)] })),
      );
      expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_, i) => `${i}\n3\n`));
    });
  });

  describe("a writable tree", () => {
    const fill = (limit: Partial<Job["limits"]>, script: string): Promise<RunResult> =>
      treeFor(provider, place.path, { "package.json": "{}" }).then((folder) =>
        provider.run({ ...jobOn([], { commands: [node(script)], limits: { ...limits, ...limit } }), writableTree: folder }),
      );
    test("is held in its size, though it lies on the machine's own disk", async () => {
      const script = `for (let n = 0; ; n++) fs.writeFileSync("f" + n, Buffer.alloc(${MEBIBYTE}))`;
      expect((await fill({ diskBytes: 64 * MEBIBYTE }, script)).ended).toEqual({ kind: "disk-full" });
    });
    test("is held in its number of files", async () => {
      expect((await fill({ inodes: 500 }, 'for (let n = 0; ; n++) fs.writeFileSync("f" + n, "")')).ended).toEqual({ kind: "disk-full" });
    });
    test("that stays below is left alone", async () => {
      const script = 'for (let n = 0; n < 100; n++) fs.writeFileSync("f" + n, "x"); setTimeout(() => {}, 1000)';
      expect((await fill({ inodes: 500 }, script)).ended).toEqual(finished(0));
    });
  });

  describe("the registry", () => {
    const ask = `const get = async (url, init) => { try { const r = await fetch(url, init); return [r.status, await r.text()]; } catch (e) { return [e.cause?.code ?? String(e), ""]; } };`;
    test("answers at the address that package managers are told", async () => {
      const script = `${ask} (async () => {
        const base = process.env.npm_config_registry;
        const [, text] = await get(base + "one");
        const { tarball } = JSON.parse(text).versions["1.0.0"].dist;
        const [status] = await get(tarball);
        console.log(JSON.stringify([tarball.startsWith(base), status, (await get(base + "@scope%2ftwo"))[0], (await get(base + "none"))[0]]));
      })()`;
      asked.length = 0;
      const result = await run({ network: "registry", commands: [node(script)] });
      expect(JSON.parse(result.stdout)).toEqual([true, 200, 200, 404]);
      expect(asked).toEqual([{ names: ["@scope/two", "none", "one"], tarballs: ["one@1.0.0"], refused: [] }]);
    });
    test("refuses everything else in words", async () => {
      const script = `${ask} (async () => {
        const base = process.env.npm_config_registry;
        const [status, text] = await get(base + "some/git/repo.git/info");
        const [put] = await get(base + "one", { method: "PUT", body: "{}" });
        const audit = await get(base + "-/npm/v1/security/advisories/bulk", { method: "POST", body: "{}" });
        console.log(JSON.stringify([status, text, put, audit]));
      })()`;
      const result = await run({ network: "registry", commands: [node(script)] });
      const [status, text, put, audit] = JSON.parse(result.stdout);
      expect([status, put, audit]).toEqual([403, 403, [200, "{}"]]);
      expect(text).toContain("gate: refused /some/git/repo.git/info");
    });
    test("is named in the errors of a job that failed on another host", async () => {
      const script = `const call = require("http").request({ port: new URL(process.env.https_proxy).port, method: "CONNECT", path: "github.com:443" });
        call.on("connect", () => process.exit(1)); call.end();`;
      const result = await run({ network: "registry", commands: [node(script)] });
      expect(result).toMatchObject({ ended: finished(1), stderr: "\ngate: refused https://github.com:443\n" });
    });
    test("is not there for other jobs", async () => {
      expect((await run({ commands: [node("console.log(process.env.npm_config_registry)")] })).stdout).toBe("undefined\n");
    });
    test("serves an install by npm", async ({ skip }) => {
      const npm = npmFolder();
      if (npm === null) skip("there is no npm beside this node");
      const folder = await treeFor(provider, place.path, {
        "package.json": JSON.stringify({ name: "x", version: "1.0.0", dependencies: { one: "1.0.0", "@scope/two": "^2.0.0" } }),
      });
      const commands = [
        ["node", "/kihon/npm/bin/npm-cli.js", "install", "--ignore-scripts"],
        node('console.log(require("one"), require("@scope/two"))'),
      ];
      const job = jobOn([], {
        network: "registry",
        commands,
        mounts: [...jobOn([], { commands }).mounts, { host: npm as string, guest: "/kihon/npm" }],
      });
      const result = await provider.run({ ...job, writableTree: folder, limits: { ...limits, diskBytes: 256 * MEBIBYTE } });
      expect(result).toMatchObject({ ended: finished(0) });
      expect(result.stdout).toContain("one @scope/two");
    });
  });

  describe.runIf(provider.isolates)("isolation", () => {
    test("the network is cut, inside and outside the machine", async () => {
      const script = `const net = require("net"); let left = 2; for (const [host, port] of [["127.0.0.1", ${canaryPort}], ["1.1.1.1", 443]]) {
        const s = net.connect({ host, port, timeout: 3000 }); s.on("connect", () => console.log("connected", host)); s.on("timeout", () => s.destroy());
        s.on("error", (e) => console.log(e.code)); s.on("close", () => --left || process.exit(0)); }`;
      for (const network of ["none", "registry"] as const) {
        const result = await run({ network, commands: [node(script)] });
        expect(result.stdout.split("\n").sort().join(" ").trim()).toBe("ECONNREFUSED ENETUNREACH");
      }
      expect(heard).toBe(0);
    });
    test("loopback works, by name too", async () => {
      const script =
        'const net = require("net"); const s = net.createServer((c) => c.end("hi")).listen(0, "localhost", () => net.connect(s.address().port, "localhost").on("data", (d) => { console.log(String(d)); process.exit() }))';
      expect((await run({ commands: [node(script)] })).stdout).toBe("hi\n");
    });
    test("host files are out of sight", async () => {
      const script = "console.log(process.argv.slice(1).filter((p) => fs.existsSync(p)).join())";
      const hidden = [
        join(place.path, "host-file.txt"),
        import.meta.filename,
        "/etc/shadow",
        "/root",
        "/var",
        "/sys",
        "/etc/machine-id",
        tree,
      ];
      // An image has folders of its own by these names: nothing may be in them that a job can read.
      const readable =
        "const read = (p) => { try { return (fs.statSync(p).isDirectory() ? fs.readdirSync(p) : fs.readFileSync(p)).length > 0 } catch { return false } }; console.log(process.argv.slice(1).filter(read).join())";
      const looked = provider.image === undefined ? script : readable;
      expect((await run({ commands: [node(looked, ...hidden)] })).stdout).toBe("\n");
    });
    test("no environment of the host can be read, in any process", async () => {
      const script =
        'for (const p of fs.readdirSync("/proc").filter(Number)) try { console.log(p, fs.readFileSync("/proc/" + p + "/environ", "latin1")) } catch (e) { console.log(p, e.code) }';
      const { stdout } = await run({ commands: [node(script)] });
      expect(stdout).toMatch(/^1 /m);
      expect(stdout).not.toContain(secret);
      expect(stdout).not.toContain(place.path);
    });
    test("no path of the host is in a command line, and no other job's process is seen", async () => {
      const script =
        'for (const p of fs.readdirSync("/proc").filter(Number)) try { console.log(p, fs.readFileSync("/proc/" + p + "/cmdline", "latin1").replaceAll("\\0", " ")) } catch (e) { console.log(p, e.code) }';
      const { stdout } = await run({ commands: [node(script)] });
      expect(stdout).not.toContain("kihon-test");
      expect(stdout.trim().split("\n").length).toBeLessThanOrEqual(4);
    });
    test("a job is an ordinary user outside and inside, without capabilities", async () => {
      const mark = `uid-of-${provider.name}-${process.pid}`;
      const job = run({
        commands: [
          node(
            `console.log(process.getuid(), fs.readFileSync("/proc/self/status", "utf8").match(/CapEff:\\s+(\\S+)/)[1]); setTimeout(() => {}, 1500) // ${mark}`,
          ),
        ],
      });
      let uid: string | undefined;
      while (uid === undefined) {
        const [pid] = pidsWith(mark);
        if (pid !== undefined) uid = readFileSync(`/proc/${pid}/status`, "utf8").match(/^Uid:\s+(\d+)/m)?.[1];
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(uid).not.toBe("0");
      expect((await job).stdout).toBe("1000 0000000000000000\n");
    });
    test("what runs the commands is out of their reach, and so is the nonce before the last", async () => {
      const script = `const own = [String(process.pid), "self", "thread-self", "1"];
        for (const p of fs.readdirSync("/proc").filter((n) => Number(n) && !own.includes(n))) for (const f of ["mem", "environ", "fd/3", "fd/4", "fd/11"])
          try { fs.closeSync(fs.openSync("/proc/" + p + "/" + f, f === "mem" ? "r+" : "r")); console.log("opened", p, f) } catch (e) { console.log(e.code) }
        let fds = []; try { fds = fs.readdirSync("/proc/1/fd") } catch (e) { console.log(e.code) }
        const held = fds.map((n) => { try { return fs.readlinkSync("/proc/1/fd/" + n) } catch { return "" } });
        console.log("first", held.filter((to) => to.startsWith("socket:")).length)`;
      const { stdout, report } = await run({ nonce: "n0nce", commands: [node(script), sh('read -r n <&4; echo "$n" >&3')] });
      expect(stdout).not.toContain("opened");
      expect(stdout).toContain("EACCES");
      // Process 1 has nothing of Kihon's but what it prints, or is out of reach itself.
      expect(stdout).toContain(provider.image === undefined ? "first 2\n" : "EACCES\nfirst 0\n");
      expect(report).toBe("n0nce\n");
    });
    test("a job that kills what runs its commands has not ended well", async () => {
      const { ended } = await run({ commands: [sh("kill -9 $PPID; sleep 5"), ["true"]] });
      expect(ended).toEqual(finished(137));
    });
    test("what the job's environment asks the linker for is done to its commands alone", async () => {
      const result = await run({ env: { LD_PRELOAD: "/workspace/none.so", PATH: "/workspace" }, commands: [["/bin/echo", "said"]] });
      expect(result).toMatchObject({ ended: finished(0), stdout: "said\n" });
      expect(result.stderr.match(/none\.so/g)?.length).toBe(1); // echo
    });
    test("memory that belongs to no process counts, or cannot be had", async ({ skip }) => {
      if (!existsSync("/usr/bin/perl") || process.arch !== "x64") skip("there is no perl to make plain system calls with");
      const memfd = `my $n = "x"; my $f = syscall(319, $n, 0); if ($f < 0) { print $!+0, "\\n"; exit }
        open(my $o, ">&=", $f) or die; my $b = "x" x ${MEBIBYTE}; for (1..400) { syswrite($o, $b) } sleep 1; print "had it all\\n"`;
      const shared = `for (1..8) { my $i = shmget(0, ${64 * MEBIBYTE}, 0600); if (!defined $i) { print $!+0, "\\n"; exit } shmwrite($i, "x" x ${64 * MEBIBYTE}, 0, ${64 * MEBIBYTE}); } sleep 1; print "had it all\\n"`;
      for (const [script, code] of [
        [memfd, 38],
        [shared, 1],
      ] as const) {
        const { ended, stdout } = await run({
          limits: { ...limits, memoryBytes: 192 * MEBIBYTE, diskBytes: 2 ** 30 },
          commands: [["perl", "-e", script]],
        });
        expect([ended.kind, stdout]).toEqual(ended.kind === "finished" ? ["finished", `${code}\n`] : ["out-of-memory", ""]);
      }
    });
    test("the share of the processors is held, where control groups hold it", async ({ skip }) => {
      if (!(await findCgroups())?.holdsProcessors) skip("no control group holds processors here");
      const script = "const end = Date.now() + 2000; while (Date.now() < end);";
      const { usage } = await run({ limits: { ...limits, processors: 0.25 }, commands: [node(script)] });
      expect((usage.cpuMs as number) / usage.wallMs).toBeLessThan(0.4);
    });
    test("kernel settings cannot be opened for writing", async () => {
      // Only opened, never written, and only after the job has seen that it is not root.
      const script =
        'if (process.getuid() === 0) process.exit(9); for (const f of ["kernel/core_pattern", "kernel/hostname", "vm/overcommit_memory", "net/ipv4/ip_forward", "user/max_user_namespaces"]) try { fs.closeSync(fs.openSync("/proc/sys/" + f, 1)); console.log("open", f) } catch (e) { console.log(e.code) }';
      const result = await run({ commands: [node(script)] });
      expect(result.ended).toEqual(finished(0));
      expect(result.stdout).not.toContain("open");
    });
    test("no new namespaces, mounts or tracing", async () => {
      const result = await run({ commands: [sh("unshare -Ur true; echo $?; unshare -m true; echo $?; mount -t tmpfs x /tmp; echo $?")] });
      expect(result.stdout.split("\n").filter((line) => line === "0")).toEqual([]);
    });
    test("refused system calls see EPERM or ENOSYS", async ({ skip }) => {
      if (!existsSync("/usr/bin/perl")) skip("there is no perl to make plain system calls with");
      const calls =
        process.arch === "x64"
          ? { keyctl: 250, bpf: 321, ptrace: 101, clone3: 435, io_uring_setup: 425 }
          : { keyctl: 219, bpf: 280, ptrace: 117, clone3: 435, io_uring_setup: 425 };
      const script = Object.entries(calls)
        .map(([name, nr]) => `syscall(${nr}, 0, 0, 0, 0, 0); print "${name} ", $!+0, "\\n";`)
        .join(" ");
      expect((await run({ commands: [["perl", "-e", script]] })).stdout).toBe("keyctl 1\nbpf 1\nptrace 1\nclone3 38\nio_uring_setup 1\n");
    });
    test("a fork bomb stops at the limit, and the machine goes on", async () => {
      const script = "n=0; while [ $n -lt 400 ]; do sleep 20 & n=$((n+1)); echo $n; done";
      const result = await run({ limits: { ...limits, processes: 64, wallMs: 5_000 }, commands: [sh(script)] });
      const started = Number(result.stdout.trim().split("\n").at(-1));
      expect(started).toBeGreaterThan(20);
      expect(started).toBeLessThan(80);
    });
    test("what is written is held, in every writable place and together", async () => {
      for (const where of ["/tmp", "/home", "/dev/shm", "/workspace"]) {
        const script = `let n = 0; try { for (; n < 80; n++) fs.writeFileSync("${where}/f" + n, Buffer.alloc(${MEBIBYTE})); } catch (e) { console.log(e.code, n < 40); }`;
        expect((await run({ commands: [node(script)] })).stdout, where).toBe("ENOSPC true\n");
      }
    });
    test("open files are held, and so is the size of one file", async () => {
      const open =
        'const all = []; try { for (;;) all.push(fs.openSync("/dev/null")); } catch (e) { console.log(e.code, all.length > 200, all.length < 9000); }';
      expect((await run({ commands: [node(open)] })).stdout).toBe("EMFILE true true\n");
      // A file of holes takes no place on the disk.
      const size = (bytes: number) => sh(`trap "" XFSZ; if truncate -s ${bytes} /tmp/holes 2>&1; then echo made; fi`);
      expect((await run({ commands: [size(limits.diskBytes)] })).stdout).toBe("made\n");
      const larger = (await run({ commands: [size(limits.diskBytes + 1)] })).stdout;
      expect(larger).toContain("File too large");
      expect(larger).not.toContain("made");
    });
    test("no process has more seconds of the processors than there are until the job ends", async () => {
      const { stdout } = await run({ limits: { ...limits, wallMs: 7_000 }, commands: [sh("ulimit -t; ulimit -c")] });
      expect(stdout).toBe(`${7 * availableParallelism()}\n0\n`);
    });
    test("the number of files is held", async () => {
      const script = 'try { for (let n = 0; n < 9000; n++) fs.writeFileSync("/tmp/" + n, ""); } catch (e) { console.log(e.code); }';
      expect((await run({ commands: [node(script)] })).stdout).toBe("ENOSPC\n");
    });
    test("nothing can be written anywhere else", async () => {
      const script =
        'for (const d of ["/", "/usr", "/etc", "/dev", "/kihon", "/kihon/node", "/proc"]) try { fs.writeFileSync(d + "/x", ""); console.log("wrote", d) } catch (e) { console.log(e.code) }';
      expect((await run({ commands: [node(script)] })).stdout).not.toContain("wrote");
    });
    test("a job dies with a Kihon that is killed", async () => {
      const mark = `widow-of-${provider.name}-${process.pid}`;
      const script = `import { listProviders } from ${JSON.stringify(new URL("../../sandbox/index.ts", import.meta.url).href)};
        const provider = listProviders(${JSON.stringify(provider.image === undefined ? {} : { image: provider.image })}).find(({ name }) => name === ${JSON.stringify(provider.name)});
        await provider.run(${JSON.stringify(jobOn([tree], { commands: [node(`setInterval(() => {}, 1000) // ${mark}`)] }))});`;
      const kihon = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
      const inside = (): readonly string[] => pidsWith(mark).filter((pid) => Number(pid) !== kihon.pid);
      await vi.waitUntil(() => inside().length > 0, { timeout: 10_000 });
      kihon.kill("SIGKILL");
      await vi.waitUntil(() => inside().length === 0, { timeout: 5_000 });
    });
    test("each promise holds when it is tried for the doctor", async () => {
      const promises = await provider.examine();
      expect(promises.filter(({ holds }) => !holds)).toEqual([]);
      expect(promises.length).toBeGreaterThanOrEqual(10);
    });
  });
});

function abortAfter(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms);
  return controller.signal;
}
