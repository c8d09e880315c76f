/** The image that jobs' roots are made of: named by its digest, and on this machine already. */
import { exec } from "../lib/exec.ts";
import { SandboxTrouble } from "./contract.ts";
import { TOOL_PATH } from "./machine.ts";

export interface Image {
  /** 64 hex digits, the digest of its configuration. */
  readonly id: string;
  /** Folder of the machine's images, and how they are kept in it. */
  readonly store: string;
  readonly driver: string;
}

const PINNED = /^[a-z0-9][^@\s]*@sha256:[0-9a-f]{64}$/;

/** True for NAME@sha256:…, which is the same image for ever. */
export const isPinned = (name: string): boolean => PINNED.test(name);

/** A name without its tag: `registry:5000/a/b:1` is `registry:5000/a/b`. */
const withoutTag = (name: string): string => name.replace(/:[^:/]*$/, "");

async function ask(...words: readonly string[]): Promise<readonly string[] | null> {
  const result = await exec({
    argv: ["podman", ...words],
    env: { PATH: TOOL_PATH, HOME: "/root" },
    timeoutMs: 60_000,
    outputBytes: 100_000,
  });
  return result.ended.kind === "exited" && result.ended.code === 0 ? result.stdout.trim().split("\n") : null;
}

/** Throws `SandboxTrouble` with the next step where there is no name, no digest in it, or no such image here. Nothing is fetched. */
export async function findImage(name: string | undefined): Promise<Image> {
  if (name === undefined) throw new SandboxTrouble("podman is here, and needs an image that is named by its digest: --image NAME@sha256:…");
  if (!/^[a-z0-9]\S*$/.test(name)) throw new SandboxTrouble(`${JSON.stringify(name)} is no name of an image`);
  const found = await ask("image", "inspect", "--format", "{{.Id}}\n{{.Digest}}", name);
  if (!isPinned(name)) {
    const digest = found?.[1];
    const next = digest === undefined ? `\`podman pull ${name}\` and ask again` : `--image ${withoutTag(name)}@${digest} is what it is now`;
    throw new SandboxTrouble(`${name} may be another image tomorrow, so an image is named by its digest: ${next}`);
  }
  if (found === null) throw new SandboxTrouble(`the image ${name} is not on this machine: \`podman pull ${name}\``);
  const info = await ask("info", "--format", "{{.Store.GraphRoot}}\n{{.Store.GraphDriverName}}");
  const [id, [store, driver]] = [found[0], info ?? []];
  if (id === undefined || store === undefined || driver === undefined) throw new SandboxTrouble("podman does not say where its images lie");
  return { id, store, driver };
}
