/** What a defect must pass before a test is run on it: it parses, compiles to something else, and type-checks where the project does. */
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openTypeGate } from "../../languages/javascript/type-gate.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Candidate } from "../../schemas/candidate.ts";

export interface Refusal {
  readonly code: "does-not-parse" | "equivalent" | "type-error";
  readonly detail: string;
}

export interface Gate {
  /** Whether types are checked here, and why or why not. */
  readonly types: string;
  refuse({ before }: Pick<Candidate, "before">): Refusal | null;
  close(): void;
}

/** The tree with its dependencies as one folder of links, for the compiler to read. The topmost folder wins. */
function joined(folders: readonly string[], scratch: string): string {
  const root = mkdtempSync(join(scratch, "types-"));
  for (const folder of folders) {
    for (const name of readdirSync(folder)) if (!existsSync(join(root, name))) symlinkSync(join(folder, name), join(root, name));
  }
  return root;
}

/** `scratch`: a folder that goes when this process ends, however it ends. */
export function openGate(workspace: Workspace, typeCheck: boolean, scratch: string): Gate {
  const { packageDir } = workspace.environment.revision;
  const config = packageDir === "." ? "tsconfig.json" : `${packageDir}/tsconfig.json`;
  const wanted = typeCheck && workspace.text(config) !== null;
  const root = wanted ? joined(workspace.installed.folders, scratch) : null;
  const types = root === null ? null : openTypeGate({ root, tsconfigPath: config });
  const { language } = workspace;
  const refuse = ({ before }: Pick<Candidate, "before">): Refusal | null => {
    let differs = false;
    for (const [file, text] of Object.entries(before)) {
      if (text === null) continue;
      if (!language.parses(file, text)) return { code: "does-not-parse", detail: file };
      differs ||= language.emitsDifferently(file, workspace.text(file) ?? "", text);
    }
    if (!differs) return { code: "equivalent", detail: "it compiles to the same code" };
    if (!types?.active) return null;
    for (const [file, text] of Object.entries(before)) {
      const error = text === null ? null : types.check(file, text);
      if (error !== null) return { code: "type-error", detail: error };
    }
    return null;
  };
  return {
    types: types?.why ?? (typeCheck ? "no tsconfig.json" : "switched off"),
    refuse,
    close() {
      types?.close();
      if (root !== null) rmSync(root, { recursive: true, force: true });
    },
  };
}
