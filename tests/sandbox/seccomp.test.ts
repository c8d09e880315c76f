import { describe, expect, test } from "vitest";
import { seccompInstructions, seccompProfile, seccompProgram } from "../../sandbox/seccomp.ts";

const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003 };
const KILL = 0x80000000;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

/** Runs the assembled bytes as the kernel does: the six instructions that the filter uses. */
function run(program: Buffer, architecture: number, nr: number, args: readonly number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(BigInt(value), 16 + index * 8);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = program.readUInt16LE(at);
    const k = program.readUInt32LE(at + 4);
    const jump = (yes: boolean): void => {
      at += 8 * program.readUInt8(at + (yes ? 2 : 3));
    };
    if (code === 0x06) return k;
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else throw new Error(`unknown instruction ${code} at ${at / 8}`);
  }
  throw new Error("the program has no end");
}

describe.each([
  {
    name: "x64" as const,
    calls: { read: 0, clone: 56, ioctl: 16, socket: 41, execve: 59, mount: 165, unshare: 272, ptrace: 101, keyctl: 250 },
  },
  {
    name: "arm64" as const,
    calls: { read: 63, clone: 220, ioctl: 29, socket: 198, execve: 221, mount: 40, unshare: 97, ptrace: 117, keyctl: 219 },
  },
])("the filter for $name", ({ name, calls }) => {
  const program = seccompProgram(name, true);
  const ask = (nr: number, args: readonly number[] = []): number => run(program, AUDIT[name], nr, args);

  test("allows what programs do", () => {
    for (const nr of [calls.read, calls.execve, 439, 441]) expect(ask(nr)).toBe(ALLOW);
  });
  test("refuses memory that belongs to no process where no control group holds the sum", () => {
    const watched = seccompProgram(name, false);
    const [shmget, memfd] = name === "x64" ? [29, 319] : [194, 279];
    expect([run(watched, AUDIT[name], shmget), run(watched, AUDIT[name], memfd)]).toEqual([EPERM, ENOSYS]);
    expect([ask(shmget), ask(memfd)]).toEqual([ALLOW, ALLOW]);
  });
  test("ends calls of another architecture", () => {
    for (const other of Object.values(AUDIT).filter((audit) => audit !== AUDIT[name])) expect(run(program, other, calls.read)).toBe(KILL);
  });
  test("refuses mounts, namespaces, tracing, keyrings and io_uring", () => {
    for (const nr of [calls.mount, calls.unshare, calls.ptrace, calls.keyctl, 425, 426, 427, 428, 438, 442]) expect(ask(nr)).toBe(EPERM);
  });
  test("tells that clone3 does not exist", () => {
    expect(ask(435)).toBe(ENOSYS);
  });
  test("allows threads and forks, and refuses each kind of new namespace", () => {
    expect(ask(calls.clone, [0x3d0f00])).toBe(ALLOW);
    expect(ask(calls.clone, [17])).toBe(ALLOW);
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
      expect(ask(calls.clone, [flag | 17])).toBe(EPERM);
  });
  test("refuses pushing characters into a terminal, also with garbage in the upper half", () => {
    expect(ask(calls.ioctl, [0, 0x5401])).toBe(ALLOW);
    expect(ask(calls.ioctl, [0, 0x5412])).toBe(EPERM);
    expect(ask(calls.ioctl, [0, 0x541c])).toBe(EPERM);
    expect(ask(calls.ioctl, [0, 2 ** 40 + 0x5412])).toBe(EPERM);
  });
  test("allows the usual socket families only", () => {
    for (const family of [1, 2, 10, 16]) expect(ask(calls.socket, [family])).toBe(ALLOW);
    for (const family of [0, 17, 38, 40, 44]) expect(ask(calls.socket, [family])).toBe(EPERM);
  });
  test("jumps forward and inside the program", () => {
    const instructions = seccompInstructions(name, true);
    for (const [index, [code, jt, jf]] of instructions.entries()) {
      if ((code & 0x07) === 0x05) expect(index + 1 + Math.max(jt, jf)).toBeLessThan(instructions.length);
    }
    expect(instructions.length).toBeLessThan(4096);
  });
});

test("the filter for x64 ends x32's calls", () => {
  expect(run(seccompProgram("x64", true), AUDIT.x64, 0x40000000 + 1)).toBe(KILL);
});

interface Rule {
  readonly names: readonly string[];
  readonly errnoRet: number;
  readonly args?: readonly { readonly index: number; readonly op: string; readonly value: number; readonly valueTwo?: number }[];
}

describe.each(["x64", "arm64"] as const)("the profile for engines on %s", (name) => {
  const { defaultAction, syscalls } = JSON.parse(seccompProfile(name)) as { defaultAction: string; syscalls: Rule[] };
  const program = seccompProgram(name, true);
  const numbers = { x64: { clone: 56, ioctl: 16, socket: 41 }, arm64: { clone: 220, ioctl: 29, socket: 198 } }[name];
  const holds = (value: number, { op, value: mask, valueTwo }: NonNullable<Rule["args"]>[number]): boolean =>
    op === "SCMP_CMP_GT" ? value > mask : op === "SCMP_CMP_MASKED_EQ" && (value & mask) >>> 0 === valueTwo;
  const answer = (call: string, args: readonly number[]): number => {
    const rule = syscalls.find(
      ({ names, args: asked = [] }) => names.includes(call) && asked.every((one) => holds(args[one.index] ?? 0, one)),
    );
    return rule === undefined ? ALLOW : 0x00050000 | rule.errnoRet;
  };

  test("allows what it does not name", () => {
    expect(defaultAction).toBe("SCMP_ACT_ALLOW");
    expect([answer("read", []), answer("execve", [])]).toEqual([ALLOW, ALLOW]);
  });
  test("refuses as the program does, whatever the arguments", () => {
    const asked = (call: keyof typeof numbers, args: readonly number[]): readonly number[] => [
      answer(call, args),
      run(program, AUDIT[name], numbers[call], args),
    ];
    for (let family = 0; family < 64; family++) expect(new Set(asked("socket", [family])).size, `socket ${family}`).toBe(1);
    for (let bit = 0; bit < 31; bit++) expect(new Set(asked("clone", [2 ** bit])).size, `clone ${bit}`).toBe(1);
    for (const request of [0x5412, 0x541c, 0x5401, 0x5413]) expect(new Set(asked("ioctl", [0, request])).size, `ioctl ${request}`).toBe(1);
    expect([answer("mount", []), answer("ptrace", []), answer("clone3", [])]).toEqual([EPERM, EPERM, ENOSYS]);
  });
});
