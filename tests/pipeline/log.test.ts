import { describe, expect, it } from "vitest";
import { createLog, type LogOptions, printableJson, printableLines } from "../../pipeline/log.ts";

function logInto(options: Partial<LogOptions>) {
  const said: string[] = [];
  let clock = 0;
  const log = createLog({ json: false, terminal: false, write: (text) => said.push(text), now: () => clock, ...options });
  return { log, said, wait: (ms: number) => (clock += ms) };
}

describe("the log", () => {
  it("writes one JSON object a line when asked", () => {
    const { log, said } = logInto({ json: true, terminal: true });
    log.info("prepare: 1 in", { id: "a", ms: 3 });
    log.warn("slow\nline");
    log.progress("1/2");
    expect(said.map((line) => JSON.parse(line))).toEqual([
      { level: "info", message: "prepare: 1 in", id: "a", ms: 3 },
      { level: "warn", message: "slow\nline" },
      { level: "progress", message: "1/2" },
    ]);
    expect(said.every((line) => line.endsWith("}\n") && !line.slice(0, -1).includes("\n"))).toBe(true);
  });

  it("replaces the live line on a terminal, and clears it before a lasting one", () => {
    const { log, said } = logInto({ terminal: true });
    log.progress("1/2");
    log.progress("2/2");
    log.info("done");
    expect(said).toEqual(["\r\u001b[K1/2", "\r\u001b[K2/2", "\r\u001b[K", "done\n"]);
  });

  it("prints progress now and then without a terminal, and no control characters", () => {
    const { log, said, wait } = logInto({});
    log.progress("1/9");
    log.progress("2/9");
    wait(10_001);
    log.progress("3/9");
    expect(said).toEqual(["1/9\n", "3/9\n"]);
  });

  it("lets no foreign control character reach a terminal", () => {
    const { log, said } = logInto({});
    log.warn("evil\u001b[2Jname\u0007", { path: "a\u001bb" });
    expect(said.join("")).toBe("! evil�[2Jname� path=a�b\n");
  });
});

describe("what a command prints", () => {
  const foreign = "a\u001b]0;owned\u0007b\u009b2J\u202egnp\r";
  it("keeps its lines and tabs, and loses what a terminal acts on or what turns its direction", () => {
    expect(printableLines(`1\t${foreign}\n2`)).toBe("1\ta\ufffd]0;owned\ufffdb\ufffd2J\ufffdgnp\ufffd\n2");
  });
  it("as JSON says the same as before, in characters that a terminal shows", () => {
    const json = printableJson(JSON.stringify({ [foreign]: foreign }, null, 2));
    expect(JSON.parse(json)).toEqual({ [foreign]: foreign });
    expect(printableLines(json)).toBe(json);
  });
});
