/** What a run says while it works: one live line on a terminal, plain lines otherwise, JSON lines when asked. Always on standard error. */

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Replaces the live line; without a terminal it is printed now and then. */
  progress(message: string): void;
}

export interface LogOptions {
  readonly json: boolean;
  readonly terminal: boolean;
  readonly write: (text: string) => void;
  readonly now: () => number;
}

const plainProgressEveryMs = 10_000;

const fieldsText = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");

/** Control characters of foreign names never reach a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "�");

export function createLog({ json, terminal, write, now }: LogOptions): Log {
  let live = false;
  let last = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (live) write("\r\u001b[K");
    live = false;
  };
  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    clear();
    const plain = `${level === "warn" ? "! " : ""}${printable(message)}${printable(fieldsText(fields))}\n`;
    write(json ? `${JSON.stringify({ level, message, ...fields })}\n` : plain);
  };
  return {
    info: (message, fields) => line("info", message, fields),
    warn: (message, fields) => line("warn", message, fields),
    progress(message) {
      if (terminal && !json) {
        write(`\r\u001b[K${printable(message).slice(0, 160)}`);
        live = true;
        return;
      }
      if (now() - last < plainProgressEveryMs) return;
      last = now();
      line("progress", message);
    },
  };
}
