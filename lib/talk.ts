/** Processes of this machine that answer questions, one after another. */
import { type ExecEnded, type ExecRequest, killGroup, launch } from "./exec.ts";

/** What a question came to: nothing more where its answer was heard to the end, else how the process ended and what it complained of. */
export type Asked = { readonly kind: "answered" } | { readonly kind: "ended"; readonly ended: ExecEnded; readonly stderr: string };

/** So many characters of what a process complains of are kept. */
const complaintLength = 10_000;

export interface TalkRequest extends Pick<ExecRequest, "argv" | "env"> {
  /** For one answer. */
  readonly timeoutMs: number;
  /** After the last answer. */
  readonly idleMs: number;
}

/**
 * A process that is asked one question after another, and started for the first. While it is asked nothing it holds nobody up: it ends a while
 * after the last answer, or with this process, for then its input ends. The next question starts another.
 */
export class Talk {
  readonly #request: TalkRequest;
  #talking: Talking | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(request: TalkRequest) {
    this.#request = request;
  }

  /** `hear` is given the answer piece by piece, and says when it was all. Questions that are asked side by side wait for each other. */
  ask(question: string, hear: (bytes: Buffer) => boolean): Promise<Asked> {
    const asked = this.#last.then(() => this.#ask(question, hear));
    this.#last = asked.catch(() => undefined);
    return asked;
  }

  async #ask(question: string, hear: (bytes: Buffer) => boolean): Promise<Asked> {
    const { timeoutMs, idleMs } = this.#request;
    if (this.#talking === null) {
      const started = startTalking(this.#request);
      if ("kind" in started) return { kind: "ended", ended: started, stderr: "" };
      this.#talking = started;
      started.child.once("close", () => {
        if (this.#talking === started) this.#talking = null;
      });
    }
    const talking = this.#talking;
    const { child, streams } = talking;
    const { promise, resolve, reject } = Promise.withResolvers<Asked>();
    let late = false;
    const onData = (bytes: Buffer): void => {
      try {
        if (hear(bytes)) resolve({ kind: "answered" });
      } catch (error) {
        reject(error);
      }
    };
    const onClose = (code: number | null, signal: NodeJS.Signals | null): void => {
      const ended: ExecEnded = signal === null ? { kind: "exited", code: code ?? 0 } : { kind: "signalled", signal };
      resolve({ kind: "ended", ended: late ? { kind: "timed-out" } : ended, stderr: talking.complaint() });
    };
    const onError = (error: Error): void =>
      resolve({
        kind: "ended",
        ended: { kind: "not-started", code: "code" in error ? String(error.code) : "UNKNOWN", message: error.message },
        stderr: "",
      });
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) killGroup(child.pid);
    }, timeoutMs);
    clearTimeout(talking.idle);
    for (const one of [child, ...streams]) one.ref();
    child.stdout?.on("data", onData);
    child.prependOnceListener("close", onClose);
    child.once("error", onError);
    child.stdin?.write(question);
    try {
      return await promise;
    } catch (error) {
      // What was not heard to the end would be taken for the next answer.
      if (child.pid !== undefined) killGroup(child.pid);
      if (this.#talking === talking) this.#talking = null;
      throw error;
    } finally {
      clearTimeout(timer);
      child.stdout?.off("data", onData);
      child.off("close", onClose);
      child.off("error", onError);
      for (const one of [child, ...streams]) one.unref();
      talking.idle = setTimeout(() => this.#leave(talking), idleMs).unref();
    }
  }

  #leave(talking: Talking): void {
    if (this.#talking === talking) this.#talking = null;
    talking.child.stdin?.end();
  }
}

/** A pipe holds its process up as long as it is referred to. */
interface Pipe {
  ref(): unknown;
  unref(): unknown;
}

type Child = Exclude<ReturnType<typeof launch>, { kind: string }>;

interface Talking {
  readonly child: Child;
  /** Its standard input, output and error. */
  readonly streams: readonly Pipe[];
  readonly complaint: () => string;
  idle?: NodeJS.Timeout;
}

function startTalking(request: Pick<ExecRequest, "argv" | "env">): Talking | ExecEnded {
  const child = launch({ ...request, input: "" });
  if ("kind" in child) return child;
  const streams = [child.stdin, child.stdout, child.stderr].filter((stream) => stream !== null);
  // A process that is gone is seen in how it ended.
  for (const one of [child, ...streams]) one.on("error", () => undefined);
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, complaintLength);
  });
  return { child, streams: streams as unknown as Pipe[], complaint: () => complaint };
}
