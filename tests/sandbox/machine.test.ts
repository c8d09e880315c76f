import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cgroupMounts, ownGroup } from "../../sandbox/cgroups.ts";
import { readHardLimits } from "../../sandbox/chain.ts";
import { firstClosedFolder, isMapped } from "../../sandbox/machine.ts";
import { parseStat, sumTree } from "../../sandbox/memory-watch.ts";
import { scratch } from "./stand.ts";

const place = scratch();
afterAll(place.remove);

describe("user ids", () => {
  test("are mapped where a line of the map covers them", () => {
    expect(isMapped(70_717, "         0          0 4294967295\n")).toBe(true);
    expect(isMapped(70_717, "0 100000 65536\n")).toBe(false);
    expect(isMapped(65_535, "0 100000 65536\n")).toBe(true);
    expect(isMapped(5, "0 1000 1\n5 100000 10\n")).toBe(true);
  });
});

describe("a folder on the way", () => {
  const other = { uid: 4_000_000, gid: 4_000_000, drop: true };
  test("that others may pass is open, listed or not", async () => {
    mkdirSync(join(place.path, "open/inner"), { recursive: true });
    chmodSync(join(place.path, "open"), 0o711);
    expect(await firstClosedFolder(join(place.path, "open/inner"), other)).toBeNull();
  });
  test("that others may not pass is named", async () => {
    mkdirSync(join(place.path, "closed/inner"), { recursive: true });
    chmodSync(join(place.path, "closed"), 0o750);
    expect(await firstClosedFolder(join(place.path, "closed/inner"), other)).toBe(join(place.path, "closed"));
    const owner = { uid: process.getuid?.() ?? 0, gid: 4_000_000, drop: false };
    expect(await firstClosedFolder(join(place.path, "closed/inner"), owner)).toBeNull();
  });
});

describe("control groups", () => {
  const mountinfo = [
    "30 24 0:26 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory",
    "31 24 0:27 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct",
    "32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate",
    "33 24 0:29 / / rw - ext4 /dev/vda rw",
  ].join("\n");
  const membership = "4:memory:/work/job\n5:cpu,cpuacct:/docker/abc/inner\n0::/user.slice/a:b\n";
  test("are found where they are mounted", () => {
    expect(cgroupMounts(mountinfo).map(({ version, point }) => [version, point])).toEqual([
      [1, "/sys/fs/cgroup/memory"],
      [1, "/sys/fs/cgroup/cpu,cpuacct"],
      [2, "/sys/fs/cgroup/unified"],
    ]);
  });
  test("of this process are found below the mount, in containers too", () => {
    expect(cgroupMounts(mountinfo).map((mount) => ownGroup(mount, membership))).toEqual([
      "/sys/fs/cgroup/memory/work/job",
      "/sys/fs/cgroup/cpu,cpuacct/inner",
      "/sys/fs/cgroup/unified/user.slice/a:b",
    ]);
  });
});

describe("the memory of a tree of processes", () => {
  const stat = (pid: number, parent: number, pages: number): string =>
    `${pid} (a) b (c) S ${parent} ${Array.from({ length: 19 }, () => 0).join(" ")} ${pages} 0`;
  test("is read whatever the program calls itself", () => {
    expect(parseStat(stat(12, 3, 5))).toEqual({ pid: 12, parent: 3, residentBytes: 5 * 4096 });
  });
  test("sums all descendants and nothing else", () => {
    const rows = [stat(1, 0, 100), stat(2, 1, 10), stat(3, 2, 20), stat(4, 3, 40), stat(5, 1, 80)].map(parseStat);
    expect(sumTree(rows, 2)).toBe(70 * 4096);
  });
});

test("hard limits are read, unlimited ones too", () => {
  const text =
    "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             unlimited            unlimited            processes \nMax open files            1024                 4096                 files     \n";
  expect(readHardLimits(text)).toEqual({ files: 4096, processes: Number.POSITIVE_INFINITY });
});
