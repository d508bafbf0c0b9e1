/**
 * The words beside a schema's fields, read from its source.
 *
 * A description lives once, as the comment a programmer sees; the documents take it from there.
 */
import { readFileSync } from "node:fs";
import ts from "typescript";

export interface SourceComments {
  /** The comment that opens the module. */
  readonly header: string;
  /** Comment by name: `Alarm`, or `Alarm.ageMs` for a field. */
  readonly byName: ReadonlyMap<string, string>;
}

export function readComments(path: string): SourceComments {
  const text = readFileSync(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const byName = new Map<string, string>();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      byName.set(name.getText(), commentBefore(statement, source));
      if (initializer) collectFields(initializer, name.getText(), { source, byName });
    }
  }
  const header = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? "";
  return { header: clean(header), byName };
}

interface Collection {
  readonly source: ts.SourceFile;
  readonly byName: Map<string, string>;
}

/** Every property in the initializer; a nested one is named by its path, without unions' positions. */
function collectFields(node: ts.Node, prefix: string, into: Collection): void {
  ts.forEachChild(node, (child) => {
    if (!ts.isPropertyAssignment(child)) return collectFields(child, prefix, into);
    const path = `${prefix}.${child.name.getText()}`;
    const comment = commentBefore(child, into.source);
    if (comment) into.byName.set(path, comment);
    collectFields(child.initializer, path, into);
  });
}

function commentBefore(node: ts.Node, source: ts.SourceFile): string {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const last = ranges.findLast((range) => source.text.startsWith("/**", range.pos));
  return last ? clean(source.text.slice(last.pos + 3, last.end - 2)) : "";
}

function clean(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  return lines
    .join("\n")
    .trim()
    .replaceAll(/([^\n])\n(?!\n)/g, "$1 ");
}
