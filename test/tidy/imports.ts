/** Who imports whom, read from the text of the files. */
import { posix } from "node:path";
import type { Tree } from "./tree.ts";

export interface Import {
  readonly from: string;
  /** Path in the tree, or the name of a package. */
  readonly to: string;
  readonly isOurs: boolean;
  /** `import type …`: gone when the program runs. */
  readonly isTypeOnly: boolean;
}

const SPECIFIERS =
  /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|new URL\(\s*|\bfork\(\s*|resolve\(\s*)["']([^"'\n]+)["']/g;

export function importsOf(path: string, text: string): Import[] {
  if (!/\.(?:ts|vue)$/.test(path)) return [];
  return [...text.matchAll(SPECIFIERS)].map(({ 1: specifier = "", index }) => {
    const isOurs = specifier.startsWith(".");
    const to = isOurs ? posix.join(posix.dirname(path), specifier) : specifier;
    const statement = text.slice(text.lastIndexOf("import", index + 6), index);
    return { from: path, to, isOurs, isTypeOnly: statement.startsWith("import type") };
  });
}

export const allImports = (tree: Tree): Import[] =>
  [...tree].flatMap(([path, text]) => importsOf(path, text));
