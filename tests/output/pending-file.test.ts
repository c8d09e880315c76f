import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { PendingFile, writing } from "../../output/pending-file.ts";
import { datasetInput } from "./samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-pending-"));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const here = import.meta.dirname;
/** Writes the sample dataset in another process, as a user for whom permissions count. */
function exportInProcess(target: string, prefix: readonly string[] = []): { readonly status: number | null; readonly output: string } {
  const script = `
    import { writeDataset } from "${here}/../../output/dataset-writer.ts";
    import { datasetInput } from "${here}/samples.ts";
    if (process.getuid() === 0 && ${prefix.length === 0}) process.setuid(65534);
    await writeDataset(datasetInput(${JSON.stringify(target)})).then(
      () => console.log("written"),
      (error) => console.log(error.name + ": " + error.message + " | " + error.next),
    );`;
  const argv = [...prefix, process.execPath, "--input-type=module-typescript", "--eval", script];
  const { status, stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { status, output: stdout + stderr };
}

describe("a file in the making", () => {
  it("has its final name only after it was committed", () => {
    const path = join(folder, "deep/file");
    const file = new PendingFile(path);
    file.write(Buffer.from("whole"));
    expect(existsSync(path)).toBe(false);
    file.commit(path);
    file.abandon();
    expect(readFileSync(path, "utf8")).toBe("whole");
    expect(readdirSync(join(folder, "deep"))).toEqual(["file"]);
  });

  it("is gone when it was abandoned, and the earlier one still stands", () => {
    const path = join(folder, "file");
    writeFileSync(path, "earlier");
    const file = new PendingFile(path);
    file.write(Buffer.from("half"));
    file.abandon();
    expect(readFileSync(path, "utf8")).toBe("earlier");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it.runIf(existsSync("/dev/full"))("turns a full disk into an order to stop, with what to do next", () => {
    const full = openSync("/dev/full", "w");
    try {
      writing("data.parquet", () => writeSync(full, "x"));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(StopRun);
      expect(error).toMatchObject({ message: "cannot write data.parquet: ENOSPC", next: expect.stringContaining("Free space") });
    } finally {
      closeSync(full);
    }
  });

  it("lets an error through that is not a file system's refusal", () => {
    expect(() => writing("x", () => JSON.parse("{"))).toThrow(SyntaxError);
  });
});

describe("an export", () => {
  it("into a folder that may not be written says so and leaves it as it was", () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    const { output } = exportInProcess(closed);
    expect(output).toMatch(/^StopRun: cannot write .*closed.*: EACCES \| Give a folder/);
    expect(readdirSync(closed)).toEqual([]);
  });

  it("below a path that is a file says so", async () => {
    writeFileSync(join(folder, "taken"), "");
    await expect(writeDataset(datasetInput(join(folder, "taken")))).rejects.toMatchObject({
      name: "StopRun",
      message: expect.stringMatching(/ENOTDIR|EEXIST/),
    });
  });

  const small = ["unshare", "--mount", "sh", "-c"];
  const canMount = spawnSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]).status === 0;
  it.runIf(canMount)("onto a disk that fills up stops, and no file there is half", () => {
    const target = join(folder, "small");
    mkdirSync(target);
    const inside = `mount -t tmpfs -o size=24k none "${target}" && "$@"; find "${target}" -type f`;
    const { output } = exportInProcess(target, [...small, inside, "sh"]);
    expect(output).toMatch(/StopRun: cannot write .*: ENOSPC \| Free space/);
    expect(output).not.toMatch(/\.part$/m);
    expect(output).not.toContain("manifest.json\n");
  });
});
