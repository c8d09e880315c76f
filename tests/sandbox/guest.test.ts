import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SandboxTrouble } from "../../sandbox/contract.ts";
import { checkJob, guestEnvironment, quote, readGuestStatus } from "../../sandbox/guest.ts";
import { toGuest, toHost } from "../../sandbox/guest-paths.ts";
import { jobOn } from "./stand.ts";

describe("quote", () => {
  test("gives sh exactly the word", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
          { minLength: 1, maxLength: 5 },
        ),
        (words) => {
          const out = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`]).toString("utf8");
          expect(out.split("\0").slice(0, -1)).toEqual(words);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a job that cannot be carried out is trouble:", () => {
  const commands = [["true"]];
  test.each([
    ["no tree at all", jobOn([], { commands }), "either a tree or a writable tree"],
    ["two kinds of tree", jobOn(["/a"], { commands, writableTree: "/b" }), "either a tree or a writable tree"],
    ["no command", jobOn(["/a"], { commands: [] }), "no words"],
    ["an empty command", jobOn(["/a"], { commands: [[]] }), "no words"],
    ["a name that sh drops", jobOn(["/a"], { commands, env: { "a-b": "1" } }), '"a-b" cannot pass through sh'],
    ["a mount outside /kihon", jobOn(["/a"], { commands, mounts: [{ host: "/a", guest: "/etc" }] }), "/etc is not under /kihon/"],
    ["a mount that climbs out", jobOn(["/a"], { commands, mounts: [{ host: "/a", guest: "/kihon/../etc" }] }), "is not under /kihon/"],
    ["a folder outside", jobOn(["/a"], { commands, cwd: "../x" }), "../x is not inside the workspace"],
    ["a wish from outside", jobOn(["/a"], { commands, collect: ["/etc/passwd"] }), "/etc/passwd is not inside the workspace"],
    ["a wish with a writable tree", { ...jobOn([], { commands, collect: ["x"] }), writableTree: "/b" }, "collect works with a tree only"],
  ])("%s", (_, job, text) => {
    expect(() => checkJob(job)).toThrow(SandboxTrouble);
    expect(() => checkJob(job)).toThrow(text);
  });
});

describe("the environment of a job", () => {
  const places = { home: "/home", tmp: "/tmp", path: "/bin" };
  test("is its own over the places", () => {
    expect(guestEnvironment(jobOn(["/a"], { commands: [["true"]], env: { PATH: "/x", A: "1" } }), places)).toEqual({
      PATH: "/x",
      HOME: "/home",
      TMPDIR: "/tmp",
      A: "1",
    });
  });
  test("names the registry to every package manager where there is one", () => {
    const env = guestEnvironment(jobOn(["/a"], { commands: [["true"]], network: "registry" }), places);
    for (const name of ["npm_config_registry", "YARN_REGISTRY", "YARN_NPM_REGISTRY_SERVER", "COREPACK_NPM_REGISTRY"]) {
      expect(env[name]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/?$/);
    }
  });
});

describe("the script's status", () => {
  test("tells where the chain ended and how much time it took", () => {
    const text =
      "pid 7\nready\nbegan\ninterface lo\ncanary silent\ntimes\n0m0.000000s 0m0.010000s\n1m1.500000s 0m0.250000s\nended 1 3\nexit 3\n";
    expect(readGuestStatus(text)).toEqual({ began: true, trouble: null, network: "cut", ended: { index: 1, code: 3 }, cpuMs: 61_750 });
  });
  test("of a script that was killed has no end", () => {
    expect(readGuestStatus("pid 7\nready\nbegan\nexit 137\n")).toEqual({
      began: true,
      trouble: null,
      network: null,
      ended: null,
      cpuMs: null,
    });
  });
  test.each([
    ["somebody answers", "interface lo\ncanary heard\n"],
    ["there is another interface", "interface lo\ninterface eth0\n"],
  ])("tells that the network is open where %s", (_, text) => {
    expect(readGuestStatus(text).network).toBe("open");
  });
  test("tells nothing of a network that was not probed to the end", () => {
    expect(readGuestStatus("canary silent\n").network).toBeNull();
    expect(readGuestStatus("interface lo\n").network).toBeNull();
  });
  test("tells our own trouble from the job's", () => {
    expect(readGuestStatus("began\nrelay\n").trouble).toBe("relay");
    expect(readGuestStatus("pid 7\n").began).toBe(false);
  });
});

describe("guest paths without a root of their own", () => {
  const pairs = [
    { guest: "/workspace", host: "/tmp/k/tree" },
    { guest: "/kihon/node", host: "/opt/node" },
    { guest: "/kihon/node/extra", host: "/opt/extra" },
  ];
  test.each([
    ["/workspace", "/tmp/k/tree"],
    ["/workspace/a.ts", "/tmp/k/tree/a.ts"],
    ["--root=/workspace/x", "--root=/tmp/k/tree/x"],
    ["file:///workspace/x", "file:///tmp/k/tree/x"],
    ["/kihon/node/bin:/usr/bin", "/opt/node/bin:/usr/bin"],
    ["/kihon/node/extra/x", "/opt/extra/x"],
    ["import '/kihon/node/a.mjs'", "import '/opt/node/a.mjs'"],
  ])("%s becomes %s and back", (guest, host) => {
    expect(toHost(guest, pairs)).toBe(host);
    expect(toGuest(host, pairs)).toBe(guest);
  });
  test.each(["/workspaces/a", "/my/workspace", "/kihon/nodes", "/workspace-2", "a/kihon/node"])("%s stays", (text) => {
    expect(toHost(text, pairs)).toBe(text);
  });
});
