/**
 * Does a mutated file still type-check in its project? A mutant that the compiler refuses is no mistake that anyone would commit.
 *
 * Only the mutated file itself is checked, not the files that import it: a changed inferred return type passes here. Complaints that code is unused are
 * passed over too, since they are a matter of style. The project is read and never run; language-service plug-ins of its configuration are not loaded.
 */
import { dirname, isAbsolute, join, relative } from "node:path";
import ts from "typescript";
import type { TypeGate } from "../contract.ts";

export interface TypeGateOptions {
  /** Absolute path of the checked-out project. */
  readonly root: string;
  /** Relative to the root, or absolute. */
  readonly tsconfigPath: string;
  /** Absolute path → text, or undefined; the disk by default. */
  readonly readFile?: (path: string) => string | undefined;
  readonly fileExists?: (path: string) => boolean;
}

/** A gate that holds a compiler: close it. */
export interface OpenTypeGate extends TypeGate {
  close(): void;
}

/** Above this the compiler's memory is not worth the few mutants that it refuses. */
const MAX_FILES = 3_000;

/** What TypeScript 5 took for granted and 6 does not: a silent configuration was written for the former. */
const OLDER_DEFAULTS: ts.CompilerOptions = { strict: false, noUncheckedSideEffectImports: false, types: ["*"] };
const FORCED: ts.CompilerOptions = {
  noEmit: true,
  skipLibCheck: true,
  incremental: false,
  composite: false,
  declaration: false,
  declarationMap: false,
  ignoreDeprecations: "6.0",
};

const oneLine = (message: string | ts.DiagnosticMessageChain): string => ts.flattenDiagnosticMessageText(message, " ");

const closed = (why: string): OpenTypeGate => ({ active: false, why, check: () => null, close: () => undefined });

type Reader = Required<Pick<TypeGateOptions, "readFile" | "fileExists">>;

/** Compiler options and root files, or what is wrong with the configuration. */
function configuration(options: TypeGateOptions, reader: Reader): ts.ParsedCommandLine | string {
  const path = isAbsolute(options.tsconfigPath) ? options.tsconfigPath : join(options.root, options.tsconfigPath);
  const read = ts.readConfigFile(path, reader.readFile);
  if (read.error !== undefined) return oneLine(read.error.messageText);
  const host: ts.ParseConfigHost = { ...ts.sys, ...reader, useCaseSensitiveFileNames: true };
  const parsed = ts.parseJsonConfigFileContent(read.config, host, dirname(path), {}, path);
  const [error] = parsed.errors.filter(({ category }) => category === ts.DiagnosticCategory.Error);
  return error === undefined ? parsed : oneLine(error.messageText);
}

/** One file at a time may have a text other than its own; each change of it is a new version. */
class Overlay {
  path = "";
  text = "";
  version = 0;
  set(path: string, text: string): void {
    this.path = path;
    this.text = text;
    this.version++;
  }
}

function serviceHost(options: TypeGateOptions, reader: Reader, config: ts.ParsedCommandLine, overlay: Overlay): ts.LanguageServiceHost {
  const compilerOptions = { ...OLDER_DEFAULTS, ...config.options, ...FORCED };
  const touched = new Map<string, number>();
  const readFile = (path: string): string | undefined =>
    path === overlay.path ? overlay.text : (reader.readFile(path) ?? ts.sys.readFile(path));
  return {
    getCompilationSettings: () => compilerOptions,
    getCurrentDirectory: () => options.root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => config.fileNames,
    getScriptVersion(path) {
      if (path === overlay.path) touched.set(path, overlay.version);
      return path === overlay.path ? `overlay ${overlay.version}` : `clean ${touched.get(path) ?? 0}`;
    },
    getScriptSnapshot(path) {
      const text = readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    readFile,
    fileExists: (path) => reader.fileExists(path) || ts.sys.fileExists(path),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    ...(ts.sys.realpath === undefined ? {} : { realpath: ts.sys.realpath }),
  };
}

function firstError(service: ts.LanguageService, path: string): string | null {
  const found = [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)].find(
    ({ category, reportsUnnecessary }) => category === ts.DiagnosticCategory.Error && reportsUnnecessary === undefined,
  );
  return found === undefined ? null : `TS${found.code}: ${oneLine(found.messageText)}`;
}

/** The project's own files that can be mutated: no declarations, nothing installed. */
const isOwn = (file: ts.SourceFile): boolean => !file.isDeclarationFile && !file.fileName.includes("/node_modules/");

function firstCleanError(service: ts.LanguageService, root: string): string | null {
  const own = service.getProgram()?.getSourceFiles().filter(isOwn) ?? [];
  if (own.length === 0) return "the configuration includes no file";
  for (const { fileName } of own) {
    const error = firstError(service, fileName);
    if (error !== null) return `${relative(root, fileName)} does not type-check as it is: ${error}`;
  }
  return null;
}

/** Reads the project's configuration and type-checks it clean, which takes seconds; then each mutant costs about as much as checking its file. */
export function openTypeGate(options: TypeGateOptions): OpenTypeGate {
  const reader: Reader = { readFile: options.readFile ?? ts.sys.readFile, fileExists: options.fileExists ?? ts.sys.fileExists };
  const config = configuration(options, reader);
  if (typeof config === "string") return closed(`The configuration cannot be used: ${config}`);
  if (config.fileNames.length > MAX_FILES) return closed(`The project has ${config.fileNames.length} files, more than ${MAX_FILES}`);
  const overlay = new Overlay();
  const service = ts.createLanguageService(serviceHost(options, reader, config, overlay), ts.createDocumentRegistry());
  const error = firstCleanError(service, options.root);
  if (error !== null) {
    service.dispose();
    return closed(`The clean project does not pass: ${error}`);
  }
  return {
    active: true,
    why: `${options.tsconfigPath} type-checks clean`,
    check(path, text) {
      const absolute = isAbsolute(path) ? path : join(options.root, path);
      const file = service.getProgram()?.getSourceFile(absolute);
      if (file === undefined || !isOwn(file)) return null;
      overlay.set(absolute, text);
      return firstError(service, absolute);
    },
    close: () => service.dispose(),
  };
}
