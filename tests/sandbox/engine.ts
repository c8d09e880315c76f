/**
 * What tests of container providers stand on: an image of this machine's own programs, so that no registry is asked. Where an engine is here it must
 * work; where none is, tests say that they were left out, and why.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import type { SandboxProvider } from "../../sandbox/contract.ts";
import { listProviders, type SandboxSettings } from "../../sandbox/index.ts";
import { TOOL_PATH } from "../../sandbox/machine.ts";
import { ownerIsAlive } from "../../sandbox/run-folder.ts";

const env = { PATH: TOOL_PATH, HOME: "/root" };

/** Why containers cannot be tried here, or null where they must work. */
export function noEngine(): string | null {
  if (spawnSync("podman", ["--version"], { env }).error !== undefined) return "podman is not installed";
  return process.getuid?.() === 0 ? null : "jobs in containers are for root";
}

/** Programs of the image: what a job's script asks for, and what tests run. */
const PROGRAMS =
  "sh bash env cp rm mkfifo xargs setpriv cat ls sleep true false touch echo mkdir rmdir ln chmod printf kill unshare mount perl find sort wc tr head tail dd seq date readlink grep sed uname id pwd mv mknod truncate ps setsid nohup tar gzip stat test timeout yes";

const linked = (program: string): readonly string[] =>
  [...execFileSync("ldd", [program], { env, encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string);

/** Programs with the libraries that they and Node need, at their places. */
function fillRoot(root: string): void {
  for (const folder of ["usr/bin", "etc", "proc", "sys", "dev", "tmp", "home", "run"]) mkdirSync(join(root, folder), { recursive: true });
  for (const name of readdirSync("/").filter((name) => /^(?:s?bin|lib(?:32|64|x32)?)$/.test(name))) {
    const real = realpathSync(`/${name}`);
    if (real === `/${name}`) continue;
    mkdirSync(join(root, real), { recursive: true });
    symlinkSync(real.slice(1), join(root, name));
  }
  const found = PROGRAMS.split(" ").flatMap((name) => {
    const path = TOOL_PATH.split(":").map((folder) => join(folder, name));
    return path.filter((candidate) => existsSync(candidate)).slice(0, 1);
  });
  const files = new Set([...found, ...[...found, process.execPath].flatMap(linked)]);
  for (const path of files) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    cpSync(realpathSync(path), join(root, path));
  }
}

const podman = (...words: string[]): string =>
  execFileSync("podman", words, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

const PREFIX = "localhost/kihon-tests-";

/** Images of tests that were ended before they could remove theirs. */
function removeStale(): void {
  for (const line of podman("images", "--format", "{{.Repository}} {{.ID}}").split("\n")) {
    const [name = "", id = ""] = line.split(" ");
    if (name.startsWith(PREFIX) && !ownerIsAlive(name.slice(PREFIX.length))) podman("rmi", "--force", id);
  }
}

/** Makes the image, under a name of this process, and gives that with its digest. */
function importImage(): { readonly image: string; readonly remove: () => void } {
  removeStale();
  const folder = mkdtempSync(join(tmpdir(), "kihon-image-"));
  try {
    const root = join(folder, "root");
    fillRoot(root);
    const archive = join(folder, "root.tar");
    execFileSync("tar", ["--numeric-owner", "--owner=0", "--group=0", "-cf", archive, "-C", root, "."], { env });
    const name = `${PREFIX}${process.pid}-${randomBytes(4).toString("hex")}`;
    const id = podman("import", archive, name);
    return {
      image: `${name}@${podman("image", "inspect", "--format", "{{.Digest}}", id)}`,
      remove: () => void podman("rmi", "--force", id),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For test files: the image's name, where there is an engine; it goes with the file's last test. */
export function imageForTests(): { readonly image: string } | Record<string, never> {
  if (noEngine() !== null) return {};
  const { image, remove } = importImage();
  afterAll(remove);
  return { image };
}

export interface Listed {
  readonly provider: SandboxProvider;
  readonly name: string;
}

/** Every provider, with an image for those that need one, and those that cannot be tried here with why. */
export function providersForTests(settings: SandboxSettings): {
  readonly here: readonly Listed[];
  readonly left: readonly { readonly name: string; readonly why: string }[];
} {
  const all = listProviders(settings).map((provider) => ({ provider, name: provider.name }));
  const why = noEngine();
  if (why === null) return { here: all, left: [] };
  return { here: all.filter(({ name }) => name !== "podman"), left: [{ name: "podman", why }] };
}
