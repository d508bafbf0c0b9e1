/**
 * Every small change that can be made to one source file: the mutants of a mutation run.
 *
 * A mutant stands for a mistake that a person could make and a compiler accepts: a comparison the
 * other way, a condition turned round, a number one off, a statement left out. Texts for people
 * (those with a space) and what stands in assertions are left alone: a changed word is no changed
 * behaviour.
 */
import ts from "typescript";

export type MutantKind =
  | "comparison"
  | "condition"
  | "logic"
  | "arithmetic"
  | "number"
  | "boolean"
  | "string"
  | "statement"
  | "early-return"
  | "element";

export interface Mutant {
  /** Path in the tree. */
  readonly file: string;
  readonly kind: MutantKind;
  /** From 1. */
  readonly line: number;
  /** Offsets of the text that is replaced. */
  readonly start: number;
  readonly end: number;
  readonly original: string;
  readonly replacement: string;
  /** The source line it stands in, without the white space around it: what a judgement names. */
  readonly context: string;
}

const SWAPPED: ReadonlyMap<ts.SyntaxKind, readonly [kind: MutantKind, text: string]> = new Map([
  [ts.SyntaxKind.LessThanToken, ["comparison", "<="]],
  [ts.SyntaxKind.LessThanEqualsToken, ["comparison", "<"]],
  [ts.SyntaxKind.GreaterThanToken, ["comparison", ">="]],
  [ts.SyntaxKind.GreaterThanEqualsToken, ["comparison", ">"]],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ["comparison", "!=="]],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ["comparison", "==="]],
  [ts.SyntaxKind.AmpersandAmpersandToken, ["logic", "||"]],
  [ts.SyntaxKind.BarBarToken, ["logic", "&&"]],
  [ts.SyntaxKind.PlusToken, ["arithmetic", "-"]],
  [ts.SyntaxKind.MinusToken, ["arithmetic", "+"]],
  [ts.SyntaxKind.AsteriskToken, ["arithmetic", "/"]],
  [ts.SyntaxKind.SlashToken, ["arithmetic", "*"]],
]);

interface Change {
  readonly kind: MutantKind;
  readonly node: ts.Node;
  readonly replacement: string;
}

export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const words = wordsOf(source);
  const mutants: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return;
    for (const change of changesOf(node, words)) mutants.push(toMutant(source, change));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

function toMutant(source: ts.SourceFile, { kind, node, replacement }: Change): Mutant {
  const start = node.getStart(source);
  const { line } = source.getLineAndCharacterOfPosition(start);
  return {
    file: source.fileName,
    kind,
    line: line + 1,
    start,
    end: node.end,
    original: node.getText(source),
    replacement,
    context: (source.text.split("\n")[line] ?? "").trim(),
  };
}

/** Types, imports and assertions hold nothing that a running program does otherwise. */
function isLeftAlone(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return true;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  const call = ts.isExpressionStatement(node) ? node.expression : node;
  return ts.isCallExpression(call) && /^assert(?:Never)?$/.test(call.expression.getText());
}

function changesOf(node: ts.Node, words: readonly string[]): Change[] {
  if (ts.isBinaryExpression(node)) return binary(node);
  if (ts.isIfStatement(node)) return [...turnedRound(node.expression), ...earlyReturn(node)];
  if (ts.isConditionalExpression(node)) return turnedRound(node.condition);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return [{ kind: "condition", node, replacement: node.operand.getText() }];
  }
  if (ts.isNumericLiteral(node)) return [number(node)];
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
    const replacement = node.kind === ts.SyntaxKind.TrueKeyword ? "false" : "true";
    return [{ kind: "boolean", node, replacement }];
  }
  if (ts.isStringLiteral(node)) return string(node, words);
  if (ts.isExpressionStatement(node)) return [{ kind: "statement", node, replacement: ";" }];
  if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap((one) => element(one));
  return [];
}

function binary(node: ts.BinaryExpression): Change[] {
  const swapped = SWAPPED.get(node.operatorToken.kind);
  if (swapped) {
    const [kind, replacement] = swapped;
    return [{ kind, node: node.operatorToken, replacement }];
  }
  if (node.operatorToken.kind !== ts.SyntaxKind.QuestionQuestionToken) return [];
  return [{ kind: "logic", node, replacement: node.right.getText() }];
}

const turnedRound = (condition: ts.Expression): Change[] => [
  { kind: "condition", node: condition, replacement: `!(${condition.getText()})` },
];

/** `if (…) return …;` left out. */
function earlyReturn(node: ts.IfStatement): Change[] {
  const isReturn = ts.isReturnStatement(node.thenStatement) && !node.elseStatement;
  return isReturn ? [{ kind: "early-return", node, replacement: ";" }] : [];
}

function number(node: ts.NumericLiteral): Change {
  const value = Number(node.text.replaceAll("_", ""));
  return { kind: "number", node, replacement: String(value + 1) };
}

/** The next other word of the file; a type check throws away what cannot stand there. */
function string(node: ts.StringLiteral, words: readonly string[]): Change[] {
  const isName = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
  if (isName || isForPeople(node.text) || ts.isCaseClause(node.parent)) return [];
  const place = words.indexOf(node.text);
  return words
    .filter((_, index) => index !== place)
    .map((word) => ({ kind: "string", node, replacement: JSON.stringify(word) }) as const)
    .slice(0, 3);
}

/** A sentence, in English or Chinese. */
const isForPeople = (text: string): boolean => /[ \u{80}-\u{10FFFF}]/u.test(text);

function element(node: ts.Expression): Change[] {
  const elements = (node.parent as ts.ArrayLiteralExpression).elements;
  const rest = elements.filter((one) => one !== node).map((one) => one.getText());
  return [{ kind: "element", node: node.parent, replacement: `[${rest.join(", ")}]` }];
}

function wordsOf(source: ts.SourceFile): string[] {
  const words = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteral(node) && !isForPeople(node.text)) words.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...words];
}

/** The file's text with the mutant in it. */
export const applied = (text: string, { start, end, replacement }: Mutant): string =>
  text.slice(0, start) + replacement + text.slice(end);
