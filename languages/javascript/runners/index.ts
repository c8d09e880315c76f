/** The test runners of JavaScript and TypeScript. */
import type { Runner } from "../../contract.ts";
import { ava } from "./ava.ts";
import { jest } from "./jest.ts";
import { mocha } from "./mocha.ts";
import { nodeTest } from "./node-test.ts";
import { vitest } from "./vitest.ts";

export const runners: readonly Runner[] = [vitest, jest, mocha, ava, nodeTest];
