/** What an answer may not change: these paths are taken from the environment before grading, whatever the answer says. */
import { matchesGlob } from "node:path";
import type { Workspace } from "../sandbox/workspace.ts";

/** Configuration of interpreters and package managers, whatever the runner. */
const always = [
  "**/package.json",
  "**/package-lock.json",
  "**/npm-shrinkwrap.json",
  "**/pnpm-lock.yaml",
  "**/pnpm-workspace.yaml",
  "**/yarn.lock",
  "**/bun.lock*",
  "**/.npmrc",
  "**/.yarnrc*",
  "**/.pnp.*",
  "**/.pnpmfile.cjs",
  "**/tsconfig*.json",
  "**/.git/**",
  "**/.gitmodules",
  "**/node_modules/**",
  "**/conftest.py",
  "**/pytest.ini",
  "**/tox.ini",
  "**/setup.cfg",
  "**/sitecustomize.py",
  "**/*.pth",
  "**/.env*",
] as const;

const hit = (path: string, pattern: string): boolean =>
  matchesGlob(path, pattern) || (pattern.startsWith("**/") ? matchesGlob(path, pattern.slice(3)) : matchesGlob(path, `**/${pattern}`));

/** Tests, their helpers, runner configuration and everything of `always`. */
export const isProtected = (workspace: Pick<Workspace, "language" | "runner" | "environment">, path: string): boolean => {
  if (workspace.environment.testFiles.some((test) => test.file === path)) return true;
  const role = workspace.language.roleOf(path);
  if (role === "test" || role === "config") return true;
  return [...always, ...workspace.runner.configFiles].some((pattern) => hit(path, pattern));
};

export const protectedPatterns = (configFiles: readonly string[]): readonly string[] => [...always, ...configFiles].sort();
