/**
 * The one leaf that starts processes on the host.
 *
 * How a process ended is a value. There is never a shell: `argv` is what runs. The process leads a group of its own, and the whole group is
 * killed when the time is up, when the output grows too large, or when the caller aborts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

/** An extra descriptor of the child, from 3 on. `read` collects what the child writes, `write` gives it bytes and then the end. */
export type Channel =
  | { readonly kind: "read"; readonly maxBytes: number; readonly onBytes?: (bytes: Buffer) => void }
  | { readonly kind: "write"; readonly bytes: string | Uint8Array };

export interface ExecRequest {
  readonly argv: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs: number;
  /** Cap on standard output and standard error together. */
  readonly outputBytes: number;
  readonly input?: string | Uint8Array;
  readonly channels?: readonly Channel[];
  /** A read channel that is listened to: how long it may stay silent before the process counts as timed out (null: as long as it likes). */
  readonly listen?: { readonly channel: number; readonly silentMs: number | null };
  readonly signal?: AbortSignal;
  /** Called once with the process id, right after the start. */
  readonly onStart?: (pid: number) => void;
  /** How to end it before its time; where the process has not gone a while later, its group is killed all the same. */
  readonly kill?: (pid: number) => void;
}

/** This process's own environment, for programs that are of the user's machine and not foreign. */
export const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

export type ExecEnded =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  | { readonly kind: "timed-out" }
  /** `channel` is null for standard output and error, or the index of the read channel that overflowed. */
  | { readonly kind: "output-too-large"; readonly channel: number | null }
  | { readonly kind: "aborted" }
  /** No process came to be: no such program, no permission, machine out of processes. `code` is the system's (`ENOENT`). */
  | { readonly kind: "not-started"; readonly code: string; readonly message: string };

export interface ExecResult {
  readonly ended: ExecEnded;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came, for binary content. */
  readonly stdoutBytes: Buffer;
  /** One entry per channel; empty for `write`. */
  readonly channels: readonly Buffer[];
  readonly wallMs: number;
  /** The longest time without a byte on the channel that was listened to, from start to end; null where none was. */
  readonly silentMs: number | null;
}

/** How long the group may outlive a kill, or a descriptor its process, before it is forced. */
const GRACE_MS = 2_000;

/** Collects bytes up to a cap shared by several streams; what goes beyond is counted and dropped. */
class Cap {
  private left: number;
  constructor(bytes: number) {
    this.left = bytes;
  }
  /** Keeps what fits; false once something did not. */
  keep(into: Buffer[], bytes: Buffer): boolean {
    const fits = bytes.length <= this.left;
    const kept = fits ? bytes : bytes.subarray(0, this.left);
    this.left -= kept.length;
    if (kept.length > 0) into.push(kept);
    return fits;
  }
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Kills a process group; a group that is gone already is what was wanted. */
export function killGroup(pid: number): void {
  killQuietly(-pid);
}

/** SIGKILL to a process (or, negative, to a group); one that is gone already is what was wanted. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

/** Starts a process, the leader of a group of its own; that there is no such program is seen later, by its `error`. */
export function launch(
  request: Pick<ExecRequest, "argv" | "env" | "cwd" | "input" | "channels">,
): ChildProcess | Extract<ExecEnded, { kind: "not-started" }> {
  const [file, ...args] = request.argv;
  if (file === undefined) throw new TypeError("exec needs a program: argv is empty");
  const nowhere = openSync("/dev/null", "r+");
  try {
    return spawn(file, args, {
      cwd: request.cwd,
      env: { ...request.env },
      detached: true,
      shell: false,
      stdio: descriptors(request, nowhere),
    });
  } catch (error) {
    // Node throws at once, instead of an event, for arguments that are too long and for a machine out of descriptors.
    const code = errorCode(error);
    if (code === undefined || code.startsWith("ERR_")) throw error;
    return { kind: "not-started", code, message: String(error) };
  } finally {
    closeSync(nowhere);
  }
}

/** Runs one process to its end. Never rejects: see `ExecEnded`. */
export function exec(request: ExecRequest): Promise<ExecResult> {
  if (request.signal?.aborted) return Promise.resolve(nothing({ kind: "aborted" }, request));
  const started = performance.now();
  const child = launch(request);
  if ("kind" in child) return Promise.resolve(nothing(child, request));
  return follow(child, request, started);
}

/** Ends what has been silent for too long; looked at some times within the limit. */
const watchSilence = (silentMs: number, heard: () => number, stop: (why: ExecEnded) => void): NodeJS.Timeout =>
  setInterval(() => {
    if (performance.now() - heard() > silentMs) stop({ kind: "timed-out" });
  }, silentMs / 8);

/** The child's descriptors: the standard ones, the channels, and nothing for those that would leak into it. */
function descriptors(request: Pick<ExecRequest, "input" | "channels">, nowhere: number): ("ignore" | "pipe" | number)[] {
  const input = request.input === undefined ? ("ignore" as const) : ("pipe" as const);
  const list: ("ignore" | "pipe" | number)[] = [input, "pipe", "pipe", ...(request.channels ?? []).map(() => "pipe" as const)];
  for (const leak of inheritable()) {
    if (leak < list.length) continue;
    while (list.length < leak) list.push("ignore");
    list[leak] = nowhere;
  }
  return list;
}

const O_CLOEXEC = 0o2000000;

/** Descriptors that this process was started with and would pass on (Node closes its own): known on Linux, where /proc tells. */
function inheritable(): readonly number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((fd) => fd > 2 && !isClosedOnExec(fd))
    .sort((a, b) => a - b);
}

function isClosedOnExec(fd: number): boolean {
  try {
    const flags = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1").match(/^flags:\s+(\d+)/m)?.[1];
    return (Number.parseInt(flags ?? "0", 8) & O_CLOEXEC) !== 0;
  } catch (error) {
    // The listing's own descriptor is gone by now.
    if (errorCode(error) === "ENOENT") return true;
    throw error;
  }
}

const nothing = (ended: ExecEnded, request: ExecRequest): ExecResult => ({
  ended,
  stdout: "",
  stderr: "",
  stdoutBytes: Buffer.alloc(0),
  channels: (request.channels ?? []).map(() => Buffer.alloc(0)),
  wallMs: 0,
  silentMs: null,
});

function follow(child: ChildProcess, request: ExecRequest, started: number): Promise<ExecResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const channels: Buffer[][] = (request.channels ?? []).map(() => []);
  const timers: NodeJS.Timeout[] = [];
  let early: ExecEnded | undefined;
  const { listen } = request;
  let heard = started;
  let longest = 0;
  const hear = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - heard);
    heard = now;
  };

  const stop = (why: ExecEnded): void => {
    if (early !== undefined) return;
    early = why;
    const pid = child.pid;
    if (pid === undefined) return;
    (request.kill ?? killGroup)(pid);
    timers.push(setTimeout(() => killGroup(pid), GRACE_MS));
  };
  const read = (stream: unknown, cap: Cap, into: Buffer[], channel: number | null, tap?: (bytes: Buffer) => void): void => {
    (stream as Readable).on("data", (bytes: Buffer) => {
      if (!cap.keep(into, bytes)) stop({ kind: "output-too-large", channel });
      tap?.(bytes);
    });
    // A reset pipe is the end of what the child had to say.
    (stream as Readable).on("error", () => undefined);
  };
  const write = (stream: unknown, bytes: string | Uint8Array): void => {
    // The child may close its end unread (EPIPE): its own affair, seen in how it ends.
    (stream as Writable).on("error", () => undefined);
    (stream as Writable).end(bytes);
  };

  return new Promise((resolve) => {
    const finish = (ended: ExecEnded): void => {
      for (const timer of timers) clearTimeout(timer);
      request.signal?.removeEventListener("abort", onAbort);
      hear();
      const stdoutBytes = Buffer.concat(out);
      resolve({
        ended: early ?? ended,
        stdout: stdoutBytes.toString("utf8"),
        stderr: Buffer.concat(err).toString("utf8"),
        stdoutBytes,
        channels: channels.map((chunks) => Buffer.concat(chunks)),
        wallMs: performance.now() - started,
        silentMs: listen === undefined ? null : longest,
      });
    };
    const onAbort = (): void => stop({ kind: "aborted" });
    child.once("error", (error) => {
      if (child.pid === undefined) finish({ kind: "not-started", code: errorCode(error) ?? "UNKNOWN", message: error.message });
    });
    if (child.pid === undefined) return;

    const output = new Cap(request.outputBytes);
    read(child.stdout, output, out, null);
    read(child.stderr, output, err, null);
    if (request.input !== undefined) write(child.stdin, request.input);
    for (const [index, channel] of (request.channels ?? []).entries()) {
      const stream = child.stdio[index + 3];
      if (channel.kind === "write") write(stream, channel.bytes);
      else {
        const tap = (bytes: Buffer): void => {
          if (index === listen?.channel) hear();
          channel.onBytes?.(bytes);
        };
        read(stream, new Cap(channel.maxBytes), channels[index] as Buffer[], index, tap);
      }
    }
    if (typeof listen?.silentMs === "number") timers.push(watchSilence(listen.silentMs, () => heard, stop));
    timers.push(setTimeout(() => stop({ kind: "timed-out" }), request.timeoutMs));
    request.signal?.addEventListener("abort", onAbort, { once: true });
    child.once("exit", () => {
      // A process that left the group may hold a descriptor open for ever: after the grace the streams are closed from this side.
      timers.push(
        setTimeout(() => {
          for (const stream of child.stdio) stream?.destroy();
        }, GRACE_MS),
      );
    });
    child.once("close", (code, signal) => {
      finish(signal === null ? { kind: "exited", code: code ?? 0 } : { kind: "signalled", signal });
    });
    request.onStart?.(child.pid);
  });
}
