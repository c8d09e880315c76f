/**
 * Tries each promise of a provider for real, for `kihon doctor`: a small hostile job per promise. The only things touched outside a sandbox are a
 * temporary folder, a listener on loopback that must hear nothing, and a variable in this process's own environment that must not be seen.
 */
import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Ended, Job, Limits, RunResult, SandboxPromise, SandboxProvider } from "./contract.ts";
import { NODE_GUEST } from "./guest.ts";
import { openRunFolder } from "./run-folder.ts";

const MEBIBYTE = 2 ** 20;
const LIMITS: Limits = {
  wallMs: 20_000,
  memoryBytes: 512 * MEBIBYTE,
  processes: 64,
  outputBytes: MEBIBYTE,
  diskBytes: 64 * MEBIBYTE,
  inodes: 5_000,
  reportBytes: MEBIBYTE,
};

interface Stand {
  readonly provider: SandboxProvider;
  /** A string that no job may see; the folder of host files has it in its name, too. */
  readonly secret: string;
  readonly secretFile: string;
  readonly canaryPort: number;
  readonly heard: () => number;
  run(script: string, limits?: Partial<Limits>): Promise<RunResult>;
}

interface Trial {
  readonly name: string;
  try(stand: Stand): Promise<{ readonly holds: boolean; readonly detail: string }>;
}

const exitCode = (result: RunResult): number | null => (result.ended.kind === "finished" ? result.ended.exitCode : null);
const endings: Readonly<Record<Exclude<Ended["kind"], "finished">, string>> = {
  "timed-out": "was ended when its time was over",
  "out-of-memory": "was ended for its memory",
  "disk-full": "was ended for its disk space",
  "output-too-large": "was ended for what it printed",
};

/** What a job printed and how it ended, in words. */
export function told({ ended, stdout }: Pick<RunResult, "ended" | "stdout">): string {
  const said = stdout.trim().replace(/\s+/g, " ").slice(0, 300);
  const how = ended.kind === "finished" ? `ended with exit code ${ended.exitCode}` : endings[ended.kind];
  return said === "" ? `it ${how}` : `it said ${said} and ${how}`;
}

/** Host pids whose command line has the marker. */
async function withMarker(marker: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    try {
      if ((await readFile(`/proc/${pid}/cmdline`, "latin1")).includes(marker)) found.push(Number(pid));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ENOENT" && code !== "ESRCH" && code !== "EACCES") throw error;
    }
  }
  return found;
}

/** The user that a process has on the host, or null where it is gone. */
async function userOf(pid: number): Promise<string | null> {
  try {
    return (await readFile(`/proc/${pid}/status`, "utf8")).match(/^Uid:\s+(\d+)/m)?.[1] ?? null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "ESRCH") throw error;
    return null;
  }
}

const marker = (): string => `kihon-marker-${randomBytes(8).toString("hex")}`;

/** Runs until `look` has seen what it wants or the job is over. */
async function whileRunning<T>(job: Promise<RunResult>, look: () => Promise<T | null>): Promise<{ result: RunResult; seen: T | null }> {
  let over = false;
  const ended = job.finally(() => {
    over = true;
  });
  let seen: T | null = null;
  while (!over && seen === null) {
    seen = await look();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { result: await ended, seen };
}

const CONNECT = (host: string, port: number): string =>
  `const s = require("net").connect({ host: ${JSON.stringify(host)}, port: ${port}, timeout: 2000 });
   s.on("connect", () => { console.log("connected"); process.exit(1); });
   s.on("timeout", () => { console.log("timeout"); process.exit(0); });
   s.on("error", (e) => { console.log(e.code); process.exit(0); });`;

const TRIALS: readonly Trial[] = [
  {
    name: "the network is cut",
    try: async ({ run, canaryPort, heard }) => {
      const local = await run(CONNECT("127.0.0.1", canaryPort));
      const outside = await run(CONNECT("1.1.1.1", 443));
      return {
        holds: exitCode(local) === 0 && exitCode(outside) === 0 && heard() === 0,
        detail: `a job asked for a connection to the host's loopback: ${told(local)}; for one to the outside: ${told(outside)}`,
      };
    },
  },
  {
    name: "host files are out of sight",
    try: async ({ run, secretFile }) => {
      const result = await run(
        `const fs = require("fs"); console.log(fs.existsSync(${JSON.stringify(secretFile)}));
         try { fs.readFileSync("/etc/shadow"); console.log(true) } catch (e) { console.log(e.code) }`,
      );
      return {
        holds: exitCode(result) === 0 && !result.stdout.includes("true"),
        detail: `a job was asked whether it sees a file of the host, and can read /etc/shadow: ${told(result)}`,
      };
    },
  },
  {
    name: "the host's environment, processes and paths are out of sight",
    try: async ({ run, secret }) => {
      const result = await run(
        `const fs = require("fs"); for (const p of fs.readdirSync("/proc").filter((n) => /^[0-9]+$/.test(n))) for (const f of ["environ", "cmdline"])
         try { console.log(fs.readFileSync("/proc/" + p + "/" + f, "latin1")) } catch (e) { console.log(e.code) }`,
        { outputBytes: 16 * MEBIBYTE },
      );
      const seen = result.stdout.includes(secret);
      return {
        holds: exitCode(result) === 0 && !seen,
        detail: seen ? "the secret was seen" : "the secret was not seen in any /proc/*/environ or cmdline",
      };
    },
  },
  {
    name: "jobs are not root on the host",
    try: async ({ run }) => {
      // On a busy machine a job may be over before it was looked for: then a longer one is.
      for (let seconds = 2; ; seconds *= 4) {
        const mark = marker();
        const job = run(`setTimeout(() => {}, ${seconds * 1000}); /* ${mark} */`, { wallMs: 2 * seconds * 1000 + 20_000 });
        const { result, seen } = await whileRunning(job, async () => {
          // The chain of the sandbox carries the marker in no command line, only the job's own node does.
          const [pid] = await withMarker(mark);
          return pid === undefined ? null : userOf(pid);
        });
        if (seen !== null) return { holds: seen !== "0", detail: `uid ${seen} on the host` };
        if (seconds > 30) return { holds: false, detail: `the job was not found among the host's processes: ${told(result)}` };
      }
    },
  },
  {
    name: "what runs a job's commands is out of their reach",
    try: async ({ run }) => {
      const result = await run(
        `const fs = require("fs"); for (const p of fs.readdirSync("/proc").filter((n) => Number(n) > 1 && n !== String(process.pid)))
         try { fs.closeSync(fs.openSync("/proc/" + p + "/mem", "r+")); console.log("opened", p) } catch (e) { console.log(e.code) }`,
      );
      return {
        holds: exitCode(result) === 0 && result.stdout !== "" && !result.stdout.includes("opened"),
        detail: `a job tried to open the memory of each other process: ${told(result)}`,
      };
    },
  },
  {
    name: "kernel settings are read-only",
    try: async ({ run }) => {
      // Opened for writing and closed: nothing is written, whatever the answer.
      const result = await run(
        `try { require("fs").closeSync(require("fs").openSync("/proc/sys/kernel/core_pattern", 1)); console.log("opened") } catch (e) { console.log(e.code) }`,
      );
      return {
        holds: exitCode(result) === 0 && !result.stdout.includes("opened"),
        detail: `a job tried to open a setting of the kernel for writing: ${told(result)}`,
      };
    },
  },
  {
    name: "no new namespaces",
    try: async ({ run }) => {
      const result = await run(`console.log(require("child_process").spawnSync("unshare", ["-Ur", "true"]).status)`);
      return { holds: exitCode(result) === 0 && result.stdout.trim() !== "0", detail: `unshare inside ended with ${result.stdout.trim()}` };
    },
  },
  {
    name: "memory is held",
    try: async ({ run }) => {
      const result = await run(`const all = []; for (;;) all.push(Buffer.alloc(${8 * MEBIBYTE}, 1))`, { memoryBytes: 256 * MEBIBYTE });
      // It asks for more until it is ended: by the sum of all its processes, or as one process where that is seen first.
      const holds = result.ended.kind === "out-of-memory" || (exitCode(result) ?? 0) >= 128;
      return { holds, detail: `a job took more and more memory: ${told(result)}` };
    },
  },
  {
    name: "the number of processes is held",
    try: async ({ run }) => {
      const result = await run(
        `const { spawn } = require("child_process"); let n = 0, failed = false;
         for (let i = 0; i < 200 && !failed; i++) { const c = spawn("sleep", ["5"]); c.on("error", () => {}); if (c.pid) n++; else failed = true; }
         console.log(n); process.exit(0)`,
      );
      return {
        holds: exitCode(result) === 0 && Number(result.stdout) < 100,
        detail: `${result.stdout.trim()} of 200 processes started, the limit is ${LIMITS.processes}`,
      };
    },
  },
  {
    name: "disk space and the number of files are held",
    try: async ({ run }) => {
      const fill = await run(
        `const fs = require("fs"); try { for (let i = 0; i < 40; i++) fs.writeFileSync("/tmp/f" + i, Buffer.alloc(${4 * MEBIBYTE})); console.log("all") } catch (e) { console.log(e.code) }`,
      );
      const count = await run(
        `const fs = require("fs"); try { for (let i = 0; i < 8000; i++) fs.writeFileSync("many" + i, ""); console.log("all") } catch (e) { console.log(e.code) }`,
      );
      return {
        holds: [fill, count].every(({ stdout }) => stdout.trim() === "ENOSPC"),
        detail: `a job wrote 160 MiB: ${told(fill)}; another 8000 files: ${told(count)}`,
      };
    },
  },
  {
    name: "time and output are held, and nothing survives",
    try: async ({ run }) => {
      const mark = marker();
      const slow = await run(
        `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000) /* ${mark} */"], { detached: true, stdio: "ignore" }).unref();
         setInterval(() => {}, 1000)`,
        { wallMs: 1_000 },
      );
      const survivors = await withMarker(mark);
      const loud = await run(`for (;;) require("fs").writeSync(1, "x".repeat(65536))`);
      return {
        holds: slow.ended.kind === "timed-out" && survivors.length === 0 && loud.ended.kind === "output-too-large",
        detail: `a job that waits: ${told(slow)}, and ${survivors.length} of its processes survived; one that prints without end ${loud.ended.kind === "finished" ? "ended by itself" : endings[loud.ended.kind]}`,
      };
    },
  },
];

/** Every promise, tried one after another. */
export async function examine(provider: SandboxProvider): Promise<readonly SandboxPromise[]> {
  const folder = await openRunFolder();
  const secret = `kihon-secret-${randomBytes(12).toString("hex")}`;
  let heard = 0;
  const canary = createServer((socket) => {
    heard++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  const address = canary.address();
  process.env["KIHON_EXAMINE_SECRET"] = secret;
  try {
    const { base, secretFile } = await lay(folder.path, provider, secret);
    const stand: Stand = {
      provider,
      secret,
      secretFile,
      canaryPort: address !== null && typeof address === "object" ? address.port : 0,
      heard: () => heard,
      run: (script, limits) =>
        provider.run({ ...base, commands: [[`${NODE_GUEST}/bin/node`, "-e", script]], limits: { ...LIMITS, ...limits } }),
    };
    const promises: SandboxPromise[] = [];
    for (const trial of TRIALS) promises.push({ name: trial.name, ...(await trial.try(stand)) });
    return promises;
  } finally {
    delete process.env["KIHON_EXAMINE_SECRET"];
    canary.close();
    folder.remove();
  }
}

/** A tree, a toolchain made of this process's own node, and a file that jobs must not see; the folders' names hold the secret. */
async function lay(folder: string, provider: SandboxProvider, secret: string) {
  const tree = join(folder, secret, "tree");
  const node = join(folder, secret, "node");
  await mkdir(tree, { recursive: true });
  await mkdir(join(node, "bin"), { recursive: true });
  await chmod(join(folder, secret), 0o755);
  await writeFile(join(tree, "file.txt"), "");
  await copyFile(process.execPath, join(node, "bin", "node"));
  await chmod(join(node, "bin", "node"), 0o755);
  const secretFile = join(folder, secret, "secret.txt");
  await writeFile(secretFile, secret, { mode: 0o644 });
  await provider.adopt(tree, true);
  await provider.adopt(node, false);
  const base: Omit<Job, "commands" | "limits"> = {
    tree: [tree],
    layer: {},
    mounts: [{ host: node, guest: NODE_GUEST }],
    cwd: "",
    env: {},
    network: "none",
  };
  return { base, secretFile };
}
