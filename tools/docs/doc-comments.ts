/**
 * The words beside a schema's fields, read from its source.
 *
 * A description is written once, as the comment a programmer sees; the documents take it from
 * there. A field is found by its whole path and by nothing else: the source is followed through
 * named schemas, imports, spreads and the functions that build schemas, as a reader would.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** Words of one field, or of one case of a union. */
export interface Words {
  readonly meaning: string;
  /** From the line `@unit`, where the name of a number does not say it. */
  readonly unit?: string;
  /** Of the named schema the field holds: good enough for an identifier, not for a setting. */
  readonly ofSchema: string;
}

export interface SourceComments {
  /** The comment that opens the module. */
  readonly header: string;
  /** `http.port`; a case of a union is named by its tag: `board[modbus].path`, `board[modbus]`. */
  readonly byPath: ReadonlyMap<string, Words>;
}

/** Schemas of schemas; far more than any of ours has. */
const MAX_DEPTH = 16;

export function readComments(file: string, name: string): SourceComments {
  const module = moduleOf(file);
  const constant = module.constants.get(name);
  if (!constant) throw new Error(`${file}: expected a schema named ${name}`);
  const byPath = new Map<string, Words>();
  collect(evaluate(constant.value, scopeOf(module)), "", { byPath, depth: 0 });
  const header = /^\/\*\*([\s\S]*?)\*\//.exec(module.source.text)?.[1] ?? "";
  return { header: clean(header), byPath };
}

interface Module {
  readonly file: string;
  readonly source: ts.SourceFile;
  readonly constants: ReadonlyMap<string, { readonly value: ts.Node; readonly comment: string }>;
  readonly imports: ReadonlyMap<string, string>;
}

/** Where a name is looked up: arguments of the function being followed, then its module. */
interface Scope {
  readonly module: Module;
  readonly args: ReadonlyMap<string, Located>;
}

interface Located {
  readonly node: ts.Node;
  readonly scope: Scope;
}

interface Field extends Located {
  readonly name: string;
  readonly comment: string;
}

/** An object's fields; several for a union. */
interface Case {
  readonly fields: readonly Field[];
  readonly comment: string;
}

const scopeOf = (module: Module): Scope => ({ module, args: new Map() });
const modules = new Map<string, Module>();

function moduleOf(file: string): Module {
  const known = modules.get(file);
  if (known) return known;
  const source = ts.createSourceFile(
    file,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const constants = new Map<string, { value: ts.Node; comment: string }>();
  const imports = new Map<string, string>();
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        const comment = commentBefore(statement);
        if (initializer) constants.set(name.getText(), { value: initializer, comment });
      }
    } else if (ts.isFunctionDeclaration(statement) && statement.name) {
      constants.set(statement.name.text, { value: statement, comment: "" });
    } else if (ts.isImportDeclaration(statement)) addImports(statement, file, imports);
  }
  const module = { file, source, constants, imports };
  modules.set(file, module);
  return module;
}

function addImports(statement: ts.ImportDeclaration, file: string, into: Map<string, string>) {
  const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
  const path = join(dirname(file), specifier);
  const names = statement.importClause?.namedBindings;
  if (!specifier.startsWith(".") || !existsSync(path) || !names || !ts.isNamedImports(names))
    return;
  for (const { name } of names.elements) into.set(name.text, path);
}

function lookUp(name: string, scope: Scope): Located | undefined {
  const argument = scope.args.get(name);
  if (argument) return argument;
  const own = scope.module.constants.get(name);
  if (own) return { node: own.value, scope: scopeOf(scope.module) };
  const from = scope.module.imports.get(name);
  return from === undefined ? undefined : lookUp(name, scopeOf(moduleOf(from)));
}

/** The comment on a schema's own declaration, wherever that is. */
function commentOfSchema(node: ts.Node, { module }: Scope): string {
  const root = rootOf(node);
  if (root === undefined) return "";
  const own = module.constants.get(root);
  if (own) return own.comment;
  const from = module.imports.get(root);
  return from === undefined ? "" : (moduleOf(from).constants.get(root)?.comment ?? "");
}

/** `Escalation.prefault({})` is called by `Escalation`, `z.array(x)` by nothing. */
function rootOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
  const root = rootOf(node.expression.expression);
  return root === "z" ? undefined : root;
}

function evaluate(node: ts.Node, scope: Scope): readonly Case[] {
  if (ts.isAsExpression(node) || ts.isParenthesizedExpression(node)) {
    return evaluate(node.expression, scope);
  }
  if (ts.isIdentifier(node)) {
    const found = lookUp(node.text, scope);
    return found ? evaluate(found.node, found.scope) : [];
  }
  if (ts.isObjectLiteralExpression(node)) {
    return [{ fields: node.properties.flatMap((one) => fieldsOf(one, scope)), comment: "" }];
  }
  if (!ts.isCallExpression(node)) return [];
  if (ts.isIdentifier(node.expression)) return evaluateCall(node, node.expression.text, scope);
  if (!ts.isPropertyAccessExpression(node.expression)) return [];
  const { expression: target, name } = node.expression;
  if (target.getText() === "z") return evaluateZod(name.text, node.arguments, scope);
  return evaluate(target, scope);
}

function evaluateZod(method: string, args: readonly ts.Node[], scope: Scope): readonly Case[] {
  const [first, second] = args;
  const cases = method === "discriminatedUnion" ? second : first;
  switch (method) {
    case "object":
    case "strictObject":
    case "looseObject":
    case "array":
    case "optional":
      return first ? evaluate(first, scope) : [];
    case "union":
    case "discriminatedUnion":
      if (!cases || !ts.isArrayLiteralExpression(cases)) return [];
      return cases.elements.flatMap((one) =>
        evaluate(casesIn(one), scope).map(({ fields, comment }) => ({
          fields,
          comment: meaningIn(commentBefore(one)) || comment,
        })),
      );
    default:
      return [];
  }
}

/** `...Ordered.options`: all cases of another union. */
function casesIn(element: ts.Expression): ts.Node {
  if (!ts.isSpreadElement(element)) return element;
  const { expression } = element;
  const isOptions = ts.isPropertyAccessExpression(expression) && expression.name.text === "options";
  return isOptions ? expression.expression : expression;
}

/** One of our own functions that build a schema: its result, with its parameters bound. */
function evaluateCall(call: ts.CallExpression, name: string, scope: Scope): readonly Case[] {
  const found = lookUp(name, scope);
  if (!found) return [];
  const { node, scope: home } = found;
  if (!ts.isFunctionDeclaration(node) && !ts.isArrowFunction(node)) return [];
  const args = new Map<string, Located>();
  node.parameters.forEach((parameter, position) => {
    const argument = call.arguments[position];
    if (argument) args.set(parameter.name.getText(), { node: argument, scope });
  });
  const result = node.body && ts.isBlock(node.body) ? returned(node.body) : node.body;
  return result ? evaluate(result, { module: home.module, args }) : [];
}

const returned = (body: ts.Block): ts.Node | undefined =>
  body.statements.find((one) => ts.isReturnStatement(one))?.expression;

function fieldsOf(property: ts.ObjectLiteralElementLike, scope: Scope): readonly Field[] {
  if (ts.isSpreadAssignment(property)) {
    return evaluate(property.expression, scope).flatMap(({ fields }) => fields);
  }
  if (!ts.isPropertyAssignment(property)) return [];
  const comment = commentBefore(property);
  return [{ name: property.name.getText(), comment, node: property.initializer, scope }];
}

interface Collection {
  readonly byPath: Map<string, Words>;
  readonly depth: number;
}

function collect(cases: readonly Case[], path: string, into: Collection): void {
  if (into.depth > MAX_DEPTH) throw new Error(`a schema that holds itself at ${path}`);
  for (const { fields, comment } of cases) {
    const tag = cases.length > 1 ? tagOf(fields) : undefined;
    const place = tag === undefined ? path : `${path}[${tag}]`;
    if (tag !== undefined) into.byPath.set(place, { meaning: comment, ofSchema: "" });
    for (const { name, comment: own, node, scope } of fields) {
      const at = place ? `${place}.${name}` : name;
      const ofSchema = meaningIn(commentOfSchema(node, scope));
      const unit = /@unit (.+)$/.exec(own)?.[1]?.trim();
      into.byPath.set(at, { meaning: meaningIn(own), ofSchema, ...(unit && { unit }) });
      collect(evaluate(node, scope), at, { ...into, depth: into.depth + 1 });
    }
  }
}

/** The literal that tells the cases of a union apart. */
function tagOf(fields: readonly Field[]): string | undefined {
  const tag = fields.find(({ node }) => node.getText().startsWith('z.literal("'));
  return tag && /"(.*)"/.exec(tag.node.getText())?.[1];
}

const meaningIn = (comment: string): string => comment.replace(/\s*@unit .+$/, "");

function commentBefore(node: ts.Node): string {
  const { text } = node.getSourceFile();
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  const last = ranges.findLast((range) => text.startsWith("/**", range.pos));
  return last ? clean(text.slice(last.pos + 3, last.end - 2)) : "";
}

function clean(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  return lines
    .join("\n")
    .trim()
    .replaceAll(/([^\n])\n(?!\n)/g, "$1 ");
}
