/**
 * The system-call filter of a job: a classic BPF program, assembled here and handed to bubblewrap by descriptor; and the same rules as a profile of
 * container engines, which take no programs.
 *
 * Everything is allowed but what a test suite never needs and an attacker likes: new namespaces, mounts, other processes' memory, kernel
 * keyrings, io_uring, BPF, kernel modules, exotic socket families. Refused calls see EPERM; `clone3` sees ENOSYS, so that the C library falls back
 * to `clone`, whose flags a filter can read. Another architecture's calls (and x32's) end the process.
 *
 * Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux 6.18.
 */
import type { Architecture } from "./machine.ts";

/** Name → number on x64, number on arm64 (null: the architecture has no such call). */
const REFUSED: Readonly<Record<string, readonly [number | null, number | null]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_tree_attr: [467, 467],
  bpf: [321, 280],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  userfaultfd: [323, 282],
  perf_event_open: [298, 241],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  syslog: [103, 116],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  acct: [163, 89],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  iopl: [172, null],
  ioperm: [173, null],
  modify_ldt: [154, null],
};

/**
 * Memory that belongs to no process: it is not in the resident set of any, so a watch over these cannot see it. Refused where no control group
 * holds the sum; a memfd as a call that the kernel does not have, for which programs have another way.
 */
const UNWATCHED: Readonly<Record<string, readonly [number, number]>> = { shmget: [29, 194], msgget: [68, 186] };
const MEMFDS: Readonly<Record<string, readonly [number, number]>> = { memfd_create: [319, 279], memfd_secret: [447, 447] };

const CALLS = {
  x64: { audit: 0xc000003e, column: 0, clone: 56, ioctl: 16, socket: 41 },
  arm64: { audit: 0xc00000b7, column: 1, clone: 220, ioctl: 29, socket: 198 },
} as const;

const CLONE3 = 435;
/** CLONE_NEWNS | CGROUP | UTS | IPC | USER | PID | NET. */
const CLONE_NEW = 0x7e020000;
/** TIOCSTI and TIOCLINUX push characters into a terminal. */
const TERMINAL_INJECTION = [0x5412, 0x541c] as const;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
const FAMILIES = [1, 2, 10, 16] as const;
const X32_BIT = 0x40000000;

const KILL = 0x80000000;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;

/** Offsets in struct seccomp_data; arguments are 64 bits, and little-endian machines have the low half first. */
const NR = 0;
const ARCH = 4;
const argument = (index: number): number => 16 + 8 * index;

/** One BPF instruction: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const equal = (k: number, jt: number, jf: number): Instruction => [0x15, jt, jf, k];
const atLeast = (k: number, jt: number, jf: number): Instruction => [0x35, jt, jf, k];
const anyBit = (k: number, jt: number, jf: number): Instruction => [0x45, jt, jf, k];
const answer = (k: number): Instruction => [0x06, 0, 0, k];

/** When the call is `nr`: run `body`, which must end in an answer. */
const when = (nr: number, body: readonly Instruction[]): Instruction[] => [equal(nr, 0, body.length), ...body];

/** The program as instructions, for tests. */
export function seccompInstructions(architecture: Architecture, memoryIsHeld: boolean): readonly Instruction[] {
  const calls = CALLS[architecture];
  const numbered = (table: typeof REFUSED): readonly number[] => Object.values(table).flatMap((numbers) => numbers[calls.column] ?? []);
  const refused = [...numbered(REFUSED), ...(memoryIsHeld ? [] : numbered(UNWATCHED))];
  const unknown = [CLONE3, ...(memoryIsHeld ? [] : numbered(MEMFDS))];
  return [
    load(ARCH),
    equal(calls.audit, 1, 0),
    answer(KILL),
    load(NR),
    ...(architecture === "x64" ? [atLeast(X32_BIT, 0, 1), answer(KILL)] : []),
    ...refused.flatMap((nr) => when(nr, [answer(EPERM)])),
    ...unknown.flatMap((nr) => when(nr, [answer(ENOSYS)])),
    ...when(calls.clone, [load(argument(0)), anyBit(CLONE_NEW, 0, 1), answer(EPERM), answer(ALLOW)]),
    ...when(calls.ioctl, [
      load(argument(1)),
      ...TERMINAL_INJECTION.flatMap((request) => [equal(request, 0, 1), answer(EPERM)]),
      answer(ALLOW),
    ]),
    ...when(calls.socket, [load(argument(0)), ...FAMILIES.flatMap((family) => [equal(family, 0, 1), answer(ALLOW)]), answer(EPERM)]),
    answer(ALLOW),
  ];
}

/** The program as `bwrap --seccomp` reads it: an array of struct sock_filter in the machine's (little-endian) order. */
export function seccompProgram(architecture: Architecture, memoryIsHeld: boolean): Buffer {
  const instructions = seccompInstructions(architecture, memoryIsHeld);
  const program = Buffer.alloc(instructions.length * 8);
  for (const [index, [code, jt, jf, k]] of instructions.entries()) {
    program.writeUInt16LE(code, index * 8);
    program.writeUInt8(jt, index * 8 + 2);
    program.writeUInt8(jf, index * 8 + 3);
    program.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return program;
}

/** Kernel errors of refused calls. */
const [EPERM_CODE, ENOSYS_CODE] = [EPERM & 0xffff, ENOSYS & 0xffff];

interface ProfileRule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ERRNO";
  readonly errnoRet: number;
  readonly args?: readonly { readonly index: number; readonly op: string; readonly value: number; readonly valueTwo?: number }[];
}

const refuse = (names: readonly string[], errnoRet: number): ProfileRule => ({ names, action: "SCMP_ACT_ERRNO", errnoRet });
/** Refused where the bits of `mask` in the call's argument are `value`. */
const refuseWhere = (name: string, index: number, mask: number, value: number): ProfileRule => ({
  ...refuse([name], EPERM_CODE),
  args: [{ index, op: "SCMP_CMP_MASKED_EQ", value: mask, valueTwo: value }],
});

/**
 * The rules for jobs whose memory is held, as the JSON that podman and docker read (the profile format of moby, `seccomp.Seccomp` in
 * containers/common). Calls of other architectures end the process there, too: that is what libseccomp does with those that the profile does not
 * name. A name that the engine's libseccomp does not know yet is left out by the engine.
 */
export function seccompProfile(architecture: Architecture): string {
  const column = CALLS[architecture].column;
  const names = Object.keys(REFUSED).filter((name) => REFUSED[name]?.[column] !== null);
  const namespaces = [...Array(32).keys()].map((bit) => 2 ** bit).filter((bit) => (CLONE_NEW & bit) !== 0);
  const families = [...Array(Math.max(...FAMILIES)).keys()].filter((family) => !FAMILIES.some((allowed) => allowed === family));
  const profile = {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: [architecture === "x64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64"],
    syscalls: [
      refuse(names, EPERM_CODE),
      refuse(["clone3"], ENOSYS_CODE),
      // Two values of one argument cannot stand in one rule.
      ...namespaces.map((bit) => refuseWhere("clone", 0, bit, bit)),
      ...TERMINAL_INJECTION.map((request) => refuseWhere("ioctl", 1, 0xffffffff, request)),
      ...families.map((family) => refuseWhere("socket", 0, 0xffffffff, family)),
      { ...refuse(["socket"], EPERM_CODE), args: [{ index: 0, op: "SCMP_CMP_GT", value: Math.max(...FAMILIES) }] },
    ],
  };
  return JSON.stringify(profile);
}
