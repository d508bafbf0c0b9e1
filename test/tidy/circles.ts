/**
 * Files that import each other in a circle, type imports
 * included: none of them can be understood first.
 *
 * Strongly connected components of the import graph (Tarjan, 1972).
 */
import { allImports } from "./imports.ts";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** A thread or a process of its own is started, not imported. */
const STARTED = /(?:^|[-/])(?:worker|child|main)\.ts$/;

export function circles(tree: Tree): Violation[] {
  const graph = new Map<string, Set<string>>([...tree.keys()].map((path) => [path, new Set()]));
  for (const { from, to, isOurs } of allImports(tree)) {
    if (isOurs && graph.has(to) && !STARTED.test(to)) graph.get(from)?.add(to);
  }
  return components(graph).flatMap((files) => {
    const detail = `files that import each other in a circle: ${files.toSorted().join(", ")}`;
    return files.map((path) => ({ rule: "circle", path, detail }));
  });
}

interface Visit {
  readonly index: number;
  lowest: number;
}

/** Components of two files or more. */
function components(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const visits = new Map<string, Visit>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const visit = (node: string): Visit => {
    const own: Visit = { index: visits.size, lowest: visits.size };
    visits.set(node, own);
    open.push(node);
    isOpen.add(node);
    for (const next of graph.get(node) ?? []) {
      const seen = visits.get(next);
      if (!seen) own.lowest = Math.min(own.lowest, visit(next).lowest);
      else if (isOpen.has(next)) own.lowest = Math.min(own.lowest, seen.index);
    }
    if (own.lowest === own.index) {
      const files = open.splice(open.indexOf(node));
      for (const file of files) isOpen.delete(file);
      if (files.length > 1) found.push(files);
    }
    return own;
  };
  for (const node of graph.keys()) if (!visits.has(node)) visit(node);
  return found;
}
