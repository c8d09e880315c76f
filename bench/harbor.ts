/**
 * Runs Harbor tasks as their consumers do, without a container daemon: `node bench/harbor.ts FOLDER [--only TEXT] [--limit N]`, as root.
 *
 * For each task of a projection the steps of its Dockerfile are performed in a root of this machine's own files (its Node is the one that FROM
 * names), each step a layer that later tasks share. Then, each time in a fresh copy and with the grader's part brought in only afterwards:
 * nothing is handed in, and `solution/solve.sh` is run by the user whom the task names. `/tests/test.sh` runs in a network namespace of its own,
 * with no way out. Nothing must give 0 and the solution 1, in `reward.txt` and in `reward.json`; exit code 1 where not.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ExecResult, exec, ownEnvironment } from "../lib/exec.ts";
import { sha256 } from "../lib/hash.ts";
import { defaultPlace } from "../pipeline/place.ts";
import { nodeTool } from "../sandbox/toolchains.ts";

const options = {
  only: { type: "string" },
  limit: { type: "string" },
  inside: { type: "string" },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [folder] = positionals;

/** A way to the registry, where the machine needs settings for it; a build has these as a daemon's own, a graded task has none. */
const outside = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(?:https?_proxy|no_proxy|npm_config_registry|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i.test(name),
  ),
) as Record<string, string>;

/** Layers and containers; the process that does the work is told where by the one that started it. */
const steps = values.inside ?? join(tmpdir(), `kihon-harbor-${process.pid}`);

interface Image {
  /** The lowest first. */
  readonly layers: readonly string[];
  readonly key: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const said = (result: ExecResult): string => `${JSON.stringify(result.ended)} ${result.stdout.slice(-1500)} ${result.stderr.slice(-3000)}`;
const succeeded = ({ ended }: ExecResult): boolean => ended.kind === "exited" && ended.code === 0;

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** What lies on this machine and in no image. */
const hidden = ["/tmp", "/root", "/home", "/work", "/var/cache", "/var/tmp"];

/** Runs a script in a root made of layers, as the first process of its own namespaces; what it changes is the top layer. */
function inRoot(
  layers: readonly string[],
  top: string,
  script: string,
  { env, cwd, network, user }: { env: Readonly<Record<string, string>>; cwd: string; network: boolean; user: string | null },
): Promise<ExecResult> {
  const [root, work] = [`${top}.root`, `${top}.work`];
  for (const path of [root, work, top]) mkdirSync(path, { recursive: true });
  const lower = [...layers.toReversed(), "/"].join(":");
  const words = Object.entries(env).map(([name, value]) => quote(`${name}=${value}`));
  const as = user === null ? "" : `setpriv --reuid ${user} --regid ${user} --init-groups --inh-caps=-all `;
  const outer = [
    "set -e",
    `mount -t overlay overlay -o lowerdir=${lower},upperdir=${top},workdir=${work} ${root}`,
    ...hidden.map((path) => `if [ -d ${root}${path} ]; then mount -t tmpfs -o mode=1777 tmpfs ${root}${path}; fi`),
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
    `mount -t tmpfs -o mode=1777 tmpfs ${root}/dev/shm`,
    network ? ":" : "ip link set lo up",
    `cd ${root}`,
    `exec chroot ${root} env -i ${words.join(" ")} sh -c ${quote(`cd ${quote(cwd)} && exec ${as}bash -c ${quote(script)}`)}`,
  ].join("\n");
  return exec({
    argv: ["unshare", "--mount", "--pid", "--fork", "--kill-child", ...(network ? [] : ["--net"]), "sh", "-c", outer],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    timeoutMs: 1_800_000,
    outputBytes: 64 * 1024 ** 2,
  });
}

/** One instruction of a Dockerfile, performed once for the same instructions before it. */
async function step(image: Image, line: string, context: string): Promise<Image> {
  const [, word = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  const copied = word === "COPY" ? (rest.split(/\s+/)[0] ?? "") : "";
  const key = sha256(`${image.key}\n${line}\n${copied === "" ? "" : sha256(readFileSync(join(context, copied)))}`).slice(0, 20);
  if (word === "ENV") {
    const cut = rest.indexOf("=");
    return { ...image, key, env: { ...image.env, [rest.slice(0, cut)]: rest.slice(cut + 1) } };
  }
  const layer = join(steps, key);
  const next = { ...image, key, layers: [...image.layers, layer] };
  if (existsSync(`${layer}.done`)) return word === "WORKDIR" ? { ...next, cwd: rest } : next;
  if (word === "FROM") {
    const version = /^node:(\d+\.\d+\.\d+)-bookworm$/.exec(rest)?.[1];
    if (version === undefined) throw new Error(`no such image here: ${rest}`);
    mkdirSync(join(layer, "usr/local/bin"), { recursive: true });
    cpSync(join((await nodeTool(defaultPlace({ out: "." }).cache, version)).folder, "bin/node"), join(layer, "usr/local/bin/node"));
  } else if (word === "COPY") {
    const [from = "", to = ""] = rest.split(/\s+/);
    mkdirSync(join(layer, to), { recursive: true });
    cpSync(join(context, from), join(layer, to, from));
  } else if (word === "WORKDIR" || word === "RUN") {
    const script = word === "RUN" ? rest : `mkdir -p ${quote(rest)}`;
    const result = await inRoot(image.layers, layer, script, {
      env: { ...image.env, ...outside },
      cwd: image.cwd,
      network: true,
      user: null,
    });
    if (!succeeded(result)) throw new Error(`${line}: ${said(result)}`);
  } else throw new Error(`an instruction that this bench does not know: ${line}`);
  mkdirSync(`${layer}.done`);
  return word === "WORKDIR" ? { ...next, cwd: rest } : next;
}

async function build(task: string): Promise<Image> {
  const context = join(task, "environment");
  const lines = readFileSync(join(context, "Dockerfile"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  let image: Image = {
    layers: [],
    key: "",
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
    cwd: "/",
  };
  for (const line of lines) image = await step(image, line, context);
  return image;
}

interface Graded {
  readonly txt: number | null;
  readonly json: number | null;
  readonly seconds: number;
  readonly why: string;
}

/** A fresh container: what is handed in, then the grader's files, then the grading. */
async function graded(task: string, image: Image, solve: boolean): Promise<Graded> {
  const top = join(steps, `container-${solve ? "gold" : "blank"}`);
  for (const path of [top, `${top}.root`, `${top}.work`]) rmSync(path, { recursive: true, force: true });
  mkdirSync(top, { recursive: true });
  if (solve) {
    cpSync(join(task, "solution"), join(top, "solution"), { recursive: true });
    const handed = await inRoot(image.layers, top, "bash /solution/solve.sh", { ...image, network: false, user: "solver" });
    if (!succeeded(handed)) throw new Error(`solve.sh: ${said(handed)}`);
    rmSync(join(top, "solution"), { recursive: true });
  }
  cpSync(join(task, "tests"), join(top, "tests"), { recursive: true });
  rmSync(`${top}.work`, { recursive: true, force: true });
  const result = await inRoot(image.layers, top, "bash /tests/test.sh", { ...image, network: false, user: null });
  const read = (name: string): string | null => {
    const path = join(top, "logs/verifier", name);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  };
  const [txt, json, details] = [read("reward.txt"), read("reward.json"), read("reward-details.json")];
  return {
    txt: txt === null ? null : Number(txt),
    json: json === null ? null : Number((JSON.parse(json) as { reward: number }).reward),
    seconds: result.wallMs / 1000,
    why: details ?? said(result),
  };
}

const tell = (text: string): void => {
  writeSync(3, `${text}\n`);
};

async function inside(tasks: readonly string[]): Promise<number> {
  mkdirSync(steps, { recursive: true });
  const mounted = await exec({
    argv: ["mount", "-t", "tmpfs", "-o", "size=16g", "tmpfs", steps],
    env: {},
    timeoutMs: 10_000,
    outputBytes: 10_000,
  });
  if (!succeeded(mounted)) throw new Error(`this bench mounts file systems, as root: ${said(mounted)}`);
  let wrong = 0;
  for (const task of tasks) {
    const name = task.slice(task.lastIndexOf("/") + 1);
    const started = performance.now();
    const image = await build(task);
    const built = (performance.now() - started) / 1000;
    const [blank, gold] = [await graded(task, image, false), await graded(task, image, true)];
    const right = blank.txt === 0 && blank.json === 0 && gold.txt === 1 && gold.json === 1;
    if (!right) wrong += 1;
    tell(
      `${right ? "ok   " : "WRONG"} ${name.padEnd(32)} build ${built.toFixed(0)} s, blank ${blank.txt}/${blank.json} in ${blank.seconds.toFixed(1)} s, gold ${gold.txt}/${gold.json} in ${gold.seconds.toFixed(1)} s`,
    );
    if (!right) tell(`  blank: ${blank.why}\n  gold: ${gold.why}`);
  }
  tell(`${tasks.length - wrong} of ${tasks.length} tasks graded the untouched tree 0 and the solution 1, in both files`);
  return wrong === 0 ? 0 : 1;
}

/** The first task of each skill, then the second of each: a limit leaves none out. */
function inTurns(names: readonly string[]): readonly string[] {
  const bySkill = [...Map.groupBy(names.toSorted(), (name) => name.slice(0, name.lastIndexOf("-"))).values()];
  const longest = Math.max(0, ...bySkill.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => bySkill.flatMap((group) => group[turn] ?? [])).flat();
}

/** In namespaces of its own, so that no mount and no process outlives it. */
async function outer(): Promise<number> {
  const argv = [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    process.execPath,
    import.meta.filename,
    ...process.argv.slice(2),
    "--inside",
    steps,
  ];
  const env = ownEnvironment();
  const channels = [{ kind: "read", maxBytes: 64 * 1024 ** 2, onBytes: (bytes: Buffer) => process.stdout.write(bytes) }] as const;
  const result = await exec({ argv, env, timeoutMs: 6 * 3_600_000, outputBytes: 64 * 1024 ** 2, channels });
  rmSync(steps, { recursive: true, force: true });
  process.stderr.write(result.stderr);
  return result.ended.kind === "exited" ? result.ended.code : 1;
}

if (folder === undefined || !existsSync(join(folder, "tasks"))) {
  process.stderr.write("usage: node bench/harbor.ts FOLDER [--only TEXT] [--limit N]; FOLDER is what `kihon project --to harbor` made\n");
  process.exitCode = 2;
} else if (values.inside !== undefined) {
  const names = inTurns(readdirSync(join(folder, "tasks")).filter((name) => name.includes(values.only ?? ""))).slice(
    0,
    Number(values.limit ?? Number.POSITIVE_INFINITY),
  );
  process.exitCode = await inside(names.map((name) => join(folder, "tasks", name)));
} else process.exitCode = await outer();
