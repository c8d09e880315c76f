/**
 * What a hostile repository would like to have and must not get: a secret in the environment and in a file of the machine, a listener on loopback for
 * TCP, for UDP and at a socket without a file. `breaches` says what of it was touched, and what a job left behind.
 */
import { createSocket } from "node:dgram";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { cgroupMounts, ownGroup } from "../../../sandbox/cgroups.ts";

/** In the environment of every job of these tests, so that its processes are found wherever they went. */
export const MARK = "KIHON_HOSTILE_MARK";

export interface Canaries {
  readonly secret: string;
  /** A file of the machine that everybody may read and write. */
  readonly file: string;
  readonly port: number;
  readonly abstract: string;
  /** Addresses at which the listeners can be reached from this machine. */
  readonly addresses: readonly string[];
  readonly mark: string;
  /** Empty where nothing was touched and nothing is left. `said` is all that came out of a job. */
  breaches(said: string): readonly string[];
  close(): void;
}

const bytesOf = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Gone by now, or somebody else's process.
    return "";
  }
};

const survivors = (mark: string): readonly string[] =>
  readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && bytesOf(`/proc/${pid}/environ`).split("\0").includes(`${MARK}=${mark}`));

/** This process's own control groups for jobs, in every hierarchy. */
function groups(): readonly string[] {
  const membership = readFileSync("/proc/self/cgroup", "utf8");
  const parents = cgroupMounts(readFileSync("/proc/self/mountinfo", "utf8")).map((mount) => ownGroup(mount, membership));
  return [...new Set(parents)].flatMap((parent) => {
    try {
      return readdirSync(parent).filter((name) => name.startsWith(`kihon-${process.pid}-`));
    } catch {
      // A hierarchy that this user may not list has none of ours.
      return [];
    }
  });
}

const listening = (server: Server, where: object): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => resolve());
  });

/** `tmp` is where the provider keeps what is temporary. */
export async function setCanaries(folder: string, tmp: string): Promise<Canaries> {
  const id = Math.random().toString(36).slice(2);
  const secret = `kihon-canary-secret-${id}`;
  const file = join(folder, "host-secret.txt");
  const guarded = `${secret}\n`;
  writeFileSync(file, guarded);
  chmodSync(file, 0o666);
  const open = join(folder, "open-to-all");
  mkdirSync(open);
  chmodSync(open, 0o777);
  process.env["KIHON_CANARY_SECRET"] = secret;
  const heard: string[] = [];
  const tcp = createServer((socket) => {
    heard.push("TCP");
    socket.destroy();
  });
  await listening(tcp, { port: 0, host: "0.0.0.0" });
  const { port } = tcp.address() as { port: number };
  const abstract = `\0kihon-canary-${id}`;
  const nameless = createServer((socket) => {
    heard.push("a socket without a file");
    socket.destroy();
  });
  await listening(nameless, { path: abstract });
  const udp = createSocket("udp4", () => heard.push("UDP"));
  await new Promise<void>((resolve) => udp.bind(port, "0.0.0.0", resolve));
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const addresses = ["127.0.0.1", ...own.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address)];
  const mark = `mark-${id}`;
  const mounts = (): number => bytesOf("/proc/self/mountinfo").split("\n").length;
  const before = mounts();
  const jobFolders = (): readonly string[] =>
    readdirSync(tmp, { recursive: true, withFileTypes: true })
      .filter(({ name }) => name.startsWith("job-"))
      .map(({ name }) => name);
  return {
    secret,
    file,
    port,
    abstract,
    addresses,
    mark,
    breaches: (said) => [
      ...(said.includes(secret) ? ["the secret came out"] : []),
      ...heard.map((which) => `the listener heard: ${which}`),
      ...(bytesOf(file) === guarded && statSync(file).nlink === 1 ? [] : ["the host's file was changed or linked"]),
      ...readdirSync(open).map((name) => `a file was made on the host: ${name}`),
      ...survivors(mark).map((pid) => `process ${pid} lives on: ${bytesOf(`/proc/${pid}/cmdline`)}`),
      ...jobFolders().map((name) => `the folder ${name} is left`),
      ...groups().map((name) => `the control group ${name} is left`),
      ...(mounts() === before ? [] : ["a mount is left"]),
    ],
    close: () => {
      delete process.env["KIHON_CANARY_SECRET"];
      tcp.close();
      nameless.close();
      udp.close();
    },
  };
}
