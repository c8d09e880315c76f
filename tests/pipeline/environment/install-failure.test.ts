import { describe, expect, it } from "vitest";
import { installFailure } from "../../../pipeline/environment/install.ts";

describe("why an install failed", () => {
  it.each([
    ["npm error code ETARGET\nnpm error notarget No matching version found for left-pad@^99.", "a version is no longer on the registry"],
    ["npm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1/x", "a package is no longer on the registry"],
    ["npm error ERESOLVE could not resolve", "peer dependencies conflict"],
    ["gate: refused https://codeload.github.com/x/y/tar.gz/main", "a dependency lies outside the registry"],
    ['ERR_PNPM_OUTDATED_LOCKFILE Cannot install with "frozen-lockfile"', "the lock file does not fit the manifest"],
    ["npm error code EINTEGRITY\nnpm error sha512 differs", "a package's integrity does not match"],
  ])("is named from what the client said: %s", (output, cause) => {
    expect(installFailure(output).startsWith(cause)).toBe(true);
  });
  it("is the client's last word where it is none of these", () => {
    expect(installFailure("something\nSegmentation fault\n")).toBe("unknown cause: Segmentation fault");
  });
});
