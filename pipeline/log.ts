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

/** What a terminal acts on, and what turns the direction of text so that it reads as something else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
const acting = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters of foreign names never reach a terminal. */
export const printable = (text: string): string => text.replace(acting, "�");

/** The same for text of several lines, which may be indented by tabs. */
export const printableLines = (text: string): string => text.replace(acting, (c) => (c === "\n" || c === "\t" ? c : "�"));

/** Of JSON, in which such characters can only stand within strings: as JSON itself writes them. */
export const printableJson = (json: string): string =>
  json.replace(acting, (c) => (c === "\n" ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`));

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
    write(json ? `${printableJson(JSON.stringify({ level, message, ...fields }))}\n` : plain);
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
