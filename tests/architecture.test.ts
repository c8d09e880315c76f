/** The house rules that a machine can hold: who may import whom, who starts processes, who opens the network, and that no part is left out. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A folder may import those of a lower storey and itself. Folders of one storey never import each other. */
const storeys: readonly (readonly string[])[] = [
  ["schemas"],
  ["lib"],
  ["languages"],
  ["sandbox"],
  ["grading"],
  ["miners", "filters", "skills", "output", "solvers"],
  ["pipeline"],
  ["(root)"],
  ["bench"],
];
const axes = ["languages", "sandbox", "miners", "filters", "skills", "output", "output/projections", "solvers"];
const folders = storeys.flat();

interface SourceText {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Files of this project, relative to the root. */
  readonly imports: readonly string[];
  /** Packages and `node:` modules. */
  readonly packages: readonly string[];
}

function read(path: string): SourceText {
  const text = readFileSync(join(root, path), "utf8");
  const named = ts.preProcessFile(text, true, true).importedFiles.map((imported) => imported.fileName);
  const imports = named.filter((name) => name.startsWith(".")).map((name) => posix.normalize(posix.join(posix.dirname(path), name)));
  const folder = path.includes("/") ? (path.split("/")[0] ?? "") : "(root)";
  return { path, folder, text, imports, packages: named.filter((name) => !name.startsWith(".")) };
}

/** Every TypeScript file of the house. What lies in a `harness` folder runs inside the sandbox, under rules of its own. */
const files: readonly SourceText[] = folders
  .flatMap((folder) => {
    const top = folder === "(root)" ? root : join(root, folder);
    const names = readdirSync(top, { recursive: folder !== "(root)" }).map((name) => String(name).replaceAll("\\", "/"));
    return names
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
      .map((name) => (folder === "(root)" ? name : `${folder}/${name}`));
  })
  .filter((path) => !path.split("/").includes("harness"))
  .sort()
  .map(read);
const byPath = new Map(files.map((file) => [file.path, file]));

const storeyOf = (folder: string): number => storeys.findIndex((storey) => storey.includes(folder));
const folderOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : "(root)");

/** Measurements stand on what the tests stand on; nothing else does. */
function mayImport(from: string, to: string): boolean {
  if (to === "tests") return from === "bench";
  return from === to || storeyOf(to) < storeyOf(from);
}

/** One cycle of imports, type imports included, or null. */
function cycleFrom(start: string, done: Set<string>): readonly string[] | null {
  const path: string[] = [];
  const walk = (at: string): readonly string[] | null => {
    if (path.includes(at)) return [...path.slice(path.indexOf(at)), at];
    if (done.has(at)) return null;
    path.push(at);
    for (const next of byPath.get(at)?.imports ?? []) {
      const cycle = walk(next);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(at);
    return null;
  };
  return walk(start);
}

function hasDefaultExport(file: SourceText): boolean {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, false);
  return tree.statements.some(
    (statement) =>
      ts.isExportAssignment(statement) ||
      (ts.canHaveModifiers(statement) &&
        (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)),
  );
}

/** Does the file itself call this function? The same words in a string, as jobs of the sandbox have them, do not count. */
function calls(file: SourceText, name: string): boolean {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, false);
  const visit = (node: ts.Node): boolean =>
    (ts.isCallExpression(node) && written(node.expression) === name) || (ts.forEachChild(node, visit) ?? false);
  return visit(tree);
}

const written = (node: ts.Expression): string => {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? `${written(node.expression)}.${node.name.text}` : "";
};

/** The gate that lets installs reach the registry, and the trial that opens a port on loopback to show that no job reaches it. */
const gates = new Set(["sandbox/registry-gate.ts", "sandbox/registry-upstream.ts", "sandbox/examine.ts", "sandbox/canary.ts"]);
/** The language model that a user names, and nothing else. */
const models = new Set(["pipeline/llm.ts"]);
/** Datasets at an address that a user names: read over HTTP, and brought to the Hub and back. */
const shelves = new Set(["pipeline/remote-files.ts", "pipeline/hub.ts"]);

const pathsWhere = (test: (file: SourceText) => boolean): string[] => files.filter(test).map((file) => file.path);

describe("imports", () => {
  it("sees the whole house", () => {
    expect(files.length).toBeGreaterThan(60);
    expect([...new Set(files.map((file) => file.folder))].sort()).toEqual(
      expect.arrayContaining(folders.filter((folder) => folder !== "bench").sort()),
    );
  });

  it("lead to files that are there", () => {
    const lost = files.flatMap((file) =>
      file.imports
        .filter((target) => target.endsWith(".ts") && !existsSync(join(root, target)))
        .map((target) => `${file.path} → ${target}`),
    );
    expect(lost).toEqual([]);
  });

  it("go one way: cli, index → pipeline → miners, filters, skills, output, solvers → grading → sandbox → languages → lib → schemas", () => {
    const wrong = files.flatMap((file) =>
      file.imports.filter((target) => !mayImport(file.folder, folderOf(target))).map((target) => `${file.path} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("make no cycle", () => {
    const done = new Set<string>();
    expect(files.map((file) => cycleFrom(file.path, done)).filter((cycle) => cycle !== null)).toEqual([]);
  });

  it("join no two folders both ways", () => {
    const pairs = new Set(
      files.flatMap((file) =>
        file.imports.filter((target) => dirname(target) !== dirname(file.path)).map((target) => `${dirname(file.path)} ${dirname(target)}`),
      ),
    );
    const mutual = [...pairs].filter((pair) => {
      const [from = "", to = ""] = pair.split(" ");
      const nested = from === "." || to === "." || from.startsWith(`${to}/`) || to.startsWith(`${from}/`);
      return !nested && from < to && pairs.has(`${to} ${from}`);
    });
    expect(mutual).toEqual([]);
  });
});

describe("powers", () => {
  it("only sandbox/ and lib/exec.ts start processes, and only lib/git.ts has simple-git do so", () => {
    const starts = pathsWhere((file) => file.packages.some((name) => /^(?:node:)?(?:child_process|cluster)$/.test(name)));
    expect(starts.filter((path) => path !== "lib/exec.ts" && !path.startsWith("sandbox/"))).toEqual([]);
    expect(pathsWhere((file) => file.packages.includes("simple-git")).filter((path) => path !== "lib/git.ts")).toEqual([]);
  });

  it("only miners/, the sandbox's gate to the registry, its listeners that must hear nothing, the client of language models and who reads and brings datasets open the network", () => {
    const network = /^(?:node:)?(?:http|https|http2|net|tls|dgram)$|^undici$|^@octokit\/|^@huggingface\//;
    const opens = pathsWhere((file) => file.packages.some((name) => network.test(name)) || calls(file, "fetch"));
    expect(opens.filter((path) => !path.startsWith("miners/") && !gates.has(path) && !models.has(path) && !shelves.has(path))).toEqual([]);
  });

  it("only cli.ts exits", () => {
    expect(pathsWhere((file) => calls(file, "process.exit")).filter((path) => path !== "cli.ts" && !path.startsWith("bench/"))).toEqual([]);
  });
});

describe("parts", () => {
  it.each(axes)("%s has a contract and a list", (axis) => {
    expect([...byPath.keys()]).toEqual(expect.arrayContaining([`${axis}/contract.ts`, `${axis}/index.ts`]));
  });

  it.each(axes)("every file of %s is on the list, or used by one that is, or by the rest of the house", (axis) => {
    const reached = new Set<string>();
    const walk = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const next of byPath.get(path)?.imports ?? []) walk(next);
    };
    walk(`${axis}/index.ts`);
    for (const file of files) if (!file.path.startsWith(`${axis}/`)) for (const target of file.imports) walk(target);
    expect(pathsWhere((file) => file.path.startsWith(`${axis}/`) && !reached.has(file.path))).toEqual([]);
  });

  it.each(axes)("those on the list of %s import neither the list nor one another", (axis) => {
    const importsOf = (path: string): readonly string[] => byPath.get(path)?.imports ?? [];
    // A list imports its parts as values, and a part imports its contract; shared leaves do neither or one of the two.
    const list = byPath.get(`${axis}/index.ts`)?.text ?? "";
    const asType = [...list.matchAll(/^import type [^;]* from "\.\/([^"]+)"/gm)].map((match) => `${axis}/${match[1]}`);
    const parts = importsOf(`${axis}/index.ts`).filter((path) => !asType.includes(path) && importsOf(path).includes(`${axis}/contract.ts`));
    const barred = new Set([...parts, `${axis}/index.ts`]);
    const wrong = parts.flatMap((path) =>
      importsOf(path)
        .filter((target) => barred.has(target))
        .map((target) => `${path} → ${target}`),
    );
    expect(parts).not.toEqual([]);
    expect(wrong).toEqual([]);
  });
});

describe("form", () => {
  it("nothing that the oldest Node that may run it cannot read", () => {
    // `using` came with Node 24; types are stripped from the sources and nothing else is done to them.
    expect(pathsWhere(({ text }) => /^\s*(?:await )?using \w+ =/m.test(text))).toEqual([]);
  });

  it("no default exports, which lose their name on the way", () => {
    expect(pathsWhere((file) => hasDefaultExport(file)).filter((path) => !basename(path).endsWith(".config.ts"))).toEqual([]);
  });

  it("kebab-case names, and no drawer for the rest", () => {
    const names = files.map((file) => file.path);
    expect(names.filter((path) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(basename(path)))).toEqual([]);
    expect(names.filter((path) => /(?:^|[-/])(?:utils?|helpers?|commons?|misc)(?:[-./]|$)/.test(path))).toEqual([]);
  });
});
