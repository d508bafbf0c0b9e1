/**
 * Whether a changed file still passes the type check:
 * what the compiler refuses, no test has to find.
 *
 * One language service is kept for all questions, so that only the changed file is checked again.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export interface TypeCheck {
  /** `path` is relative to the root, `text` the file's changed text. */
  isValid(path: string, text: string): boolean;
}

export function openTypeCheck(root: string, files: readonly string[]): TypeCheck {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const changed = new Map<string, { version: number; text: string | undefined }>();
  const service = ts.createLanguageService({
    getScriptFileNames: () => files.map((file) => join(root, file)),
    getScriptVersion: (name) => String(changed.get(name)?.version ?? 0),
    getScriptSnapshot: (name) => {
      const text = changed.get(name)?.text ?? textOf(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    fileExists: (name) => ts.sys.fileExists(name),
    readFile: (name) => ts.sys.readFile(name),
  });
  const set = (name: string, text: string | undefined): void => {
    changed.set(name, { version: (changed.get(name)?.version ?? 0) + 1, text });
  };
  return {
    isValid: (path, text) => {
      const name = join(root, path);
      set(name, text);
      const faults = [
        ...service.getSyntacticDiagnostics(name),
        ...service.getSemanticDiagnostics(name),
      ];
      set(name, undefined);
      return faults.length === 0;
    },
  };
}

function textOf(name: string): string | undefined {
  return ts.sys.fileExists(name) ? readFileSync(name, "utf8") : undefined;
}
