/**
 * A real shared library (ELF64, x86-64), made byte by byte so that no test needs a compiler, nor the C library of the machine. What loads it runs
 * its start function, which needs nothing but the kernel: it notes the program in each file of `marks` that can be opened, prints what is in `steals`,
 * and forges a report where the program holds the channels of one.
 */

/** Why it cannot be tried here, or null. */
export const noLibrary = process.arch === "x64" && process.platform === "linux" ? null : "the library is for Linux on x86-64";

export interface LibraryWish {
  readonly marks: readonly string[];
  readonly steals: string;
  /** Besides, ends the program that started the one it is in. */
  readonly kills?: boolean;
}

/** A test that no honest run of the tests' suites has. */
export const FORGED_TITLE = "won by a library";
const FORGED = `{"type":"test","file":"attack.test.cjs","path":["${FORGED_TITLE}"],"status":"passed","ms":1}`;

/** A step of the code: its bytes, or a place whose distance from the step's end stands behind the bytes. */
type Step = readonly number[] | { readonly bytes: readonly number[]; readonly to: string } | { readonly label: string };

const int32 = (value: number): number[] => [...Buffer.from(new Int32Array([value]).buffer)];
const call = (number: number): Step => [0xb8, ...int32(number), 0x0f, 0x05]; // mov eax, number; syscall
const rdi = (to: string): Step => ({ bytes: [0x48, 0x8d, 0x3d], to }); // lea rdi, [rip + to]
const rsi = (to: string): Step => ({ bytes: [0x48, 0x8d, 0x35], to });
const edi = (value: number): Step => [0xbf, ...int32(value)];
const esi = (value: number): Step => [0xbe, ...int32(value)];
const edx = (value: number): Step => [0xba, ...int32(value)];
const ifNegative = (to: string): Step => ({ bytes: [0x85, 0xc0, 0x0f, 0x88], to }); // test eax, eax; js
const ifNothing = (to: string): Step => ({ bytes: [0x85, 0xc0, 0x0f, 0x8e], to }); // test eax, eax; jle
const RSI_IS_BUFFER = [0x48, 0x89, 0xe6]; // mov rsi, rsp
const KEEP_LENGTH = [0x41, 0x89, 0xc4]; // mov r12d, eax
const EDX_IS_LENGTH = [0x44, 0x89, 0xe2]; // mov edx, r12d
const EAX_IS_LENGTH = [0x44, 0x89, 0xe0]; // mov eax, r12d
const EDI_IS_RESULT = [0x89, 0xc7]; // mov edi, eax
const [READ, WRITE, OPEN, CLOSE] = [0, 1, 2, 3];
const [APPENDING, BUFFER] = [0x441, 0x400];

function startFunction({ marks, steals, kills = false }: LibraryWish): { code: readonly Step[]; texts: Readonly<Record<string, string>> } {
  const lines = { guess: `0123456789abcdef ${FORGED}\n`, test: ` ${FORGED}\n`, end: ' {"type":"end"}\n' };
  const say = (name: keyof typeof lines): Step[] => [edi(3), rsi(name), edx(lines[name].length), call(WRITE)];
  const sayNonce: Step[] = [edi(3), RSI_IS_BUFFER, EDX_IS_LENGTH, call(WRITE)];
  const note = marks.flatMap((_, at): Step[] => [
    ...[rdi(`mark-${at}`), esi(APPENDING), edx(0o666), call(OPEN), ifNegative(`unmarked-${at}`)],
    ...[EDI_IS_RESULT, RSI_IS_BUFFER, EDX_IS_LENGTH, call(WRITE), call(CLOSE), { label: `unmarked-${at}` }],
  ]);
  const code: Step[] = [
    [0x41, 0x54, 0x48, 0x81, 0xec, ...int32(BUFFER)], // push r12; sub rsp, BUFFER
    ...[rdi("own-program"), RSI_IS_BUFFER, edx(BUFFER - 1), call(89), ifNegative("done")], // readlink
    ...[[0xc6, 0x04, 0x04, 0x0a], [0xff, 0xc0], KEEP_LENGTH], // a line of it
    ...note,
    ...[rdi("steals"), esi(0), call(OPEN), ifNegative("unstolen"), EDI_IS_RESULT, RSI_IS_BUFFER, edx(BUFFER), call(READ)],
    ...[KEEP_LENGTH, call(CLOSE), EAX_IS_LENGTH, ifNothing("unstolen")],
    ...[edi(1), RSI_IS_BUFFER, EDX_IS_LENGTH, call(WRITE), { label: "unstolen" }],
    ...(kills ? [call(110), EDI_IS_RESULT, esi(9), call(62)] : []), // getppid, kill
    // The nonce, where it has not been read yet; its line's end stays behind.
    ...[edi(4), RSI_IS_BUFFER, edx(BUFFER), call(READ), ifNothing("no-nonce"), [0xff, 0xc8], KEEP_LENGTH],
    ...[...sayNonce, ...say("test"), ...sayNonce, ...say("end"), edi(0), call(231)], // exit_group
    ...[{ label: "no-nonce" }, ...say("guess"), { label: "done" }],
    [0x48, 0x81, 0xc4, ...int32(BUFFER), 0x41, 0x5c, 0xc3], // add rsp, BUFFER; pop r12; ret
  ];
  const paths = { "own-program": "/proc/self/exe\0", steals: `${steals}\0` };
  return { code, texts: { ...lines, ...paths, ...Object.fromEntries(marks.map((path, at) => [`mark-${at}`, `${path}\0`])) } };
}

const sizeOf = (step: Step): number => ("label" in step ? 0 : "to" in step ? step.bytes.length + 4 : step.length);

/** The code with its texts behind it; everything is told by distances, so it runs wherever it lies. */
function assembled({ code, texts }: ReturnType<typeof startFunction>): Buffer {
  const places = new Map<string, number>();
  let at = 0;
  for (const step of code) {
    if ("label" in step) places.set(step.label, at);
    at += sizeOf(step);
  }
  for (const [name, text] of Object.entries(texts)) {
    places.set(name, at);
    at += Buffer.byteLength(text);
  }
  let end = 0;
  const bytes = code.flatMap((step): readonly number[] => {
    end += sizeOf(step);
    if ("label" in step) return [];
    return "to" in step ? [...step.bytes, ...int32((places.get(step.to) as number) - end)] : step;
  });
  return Buffer.concat([Buffer.from(bytes), ...Object.values(texts).map((text) => Buffer.from(text))]);
}

const words = (...values: readonly number[]): Buffer => Buffer.from(new BigUint64Array(values.map(BigInt)).buffer);

/** The file: what is read and run, then what the linker may write to, on a page of its own in memory. */
export function sharedLibrary(wish: LibraryWish): Buffer {
  const [HEADERS, PAGE] = [64 + 3 * 56, 0x1000];
  // A table of symbols with none in it: one bucket, an empty symbol, an empty name.
  const hash = Buffer.from(new Uint32Array([1, 1, 0, 0]).buffer);
  const tables = Buffer.concat([hash, Buffer.alloc(24), Buffer.alloc(8)]);
  const [hashAt, symbolsAt, namesAt] = [HEADERS, HEADERS + 16, HEADERS + 40];
  const codeAt = HEADERS + tables.length;
  const code = assembled(startFunction(wish));
  const padding = Buffer.alloc((16 - ((codeAt + code.length) % 16)) % 16);
  const dynamicAt = codeAt + code.length + padding.length;
  const dynamicIn = dynamicAt + PAGE;
  // DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_INIT, DT_NULL
  const dynamic = words(4, hashAt, 5, namesAt, 6, symbolsAt, 10, 1, 11, 24, 12, codeAt, 0, 0);
  const segment = (type: number, flags: number, at: number, inMemory: number, size: number, align: number): Buffer =>
    Buffer.concat([Buffer.from(new Uint32Array([type, flags]).buffer), words(at, inMemory, inMemory, size, size, align)]);
  const head = Buffer.alloc(64);
  head.write("\x7fELF\x02\x01\x01", 0, "latin1");
  head.writeUInt16LE(3, 16); // a shared object
  head.writeUInt16LE(62, 18); // for x86-64
  head.writeUInt32LE(1, 20);
  head.writeUInt32LE(64, 32); // the segments' headers follow
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(3, 56);
  return Buffer.concat([
    ...[head, segment(1, 5, 0, 0, dynamicAt, PAGE), segment(1, 6, dynamicAt, dynamicIn, dynamic.length, PAGE)],
    ...[segment(2, 6, dynamicAt, dynamicIn, dynamic.length, 8), tables, code, padding, dynamic],
  ]);
}
