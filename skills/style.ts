/** How a test file of this repository is written: modules or CommonJS, and the path by which it imports a source. */
import { posix } from "node:path";

/** ES modules by extension or by an import or export statement. */
export const isModule = (path: string, text: string): boolean =>
  /\.(?:mjs|mts|ts|tsx)$/.test(path) || (!path.endsWith(".cjs") && /^\s*(?:import\s|import\{|export\s|export\{)/m.test(text));

/** `./x` or `../x` from one file of the tree to another. */
export function relativeImport(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
