import type { Solver } from "./contract.ts";

export const alwaysApprove: Solver = Object.freeze<Solver>({
  name: "always-approve",
  about: "merges every diff",
  skills: ["review"],
  solve: () => JSON.stringify({ verdict: "approve", findings: [] }),
});
