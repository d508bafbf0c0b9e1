/** A schema as a Markdown table: field, what it must be, and the words from its source. */
import { z } from "zod";
import type { SourceComments } from "./doc-comments.ts";

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly exclusiveMinimum?: number;
  readonly format?: string;
  readonly [keyword: string]: unknown;
}

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

export interface Named {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly comments: SourceComments;
}

export function schemaTable({ name, schema, comments }: Named): string {
  const rows = rowsOf(jsonSchemaOf(schema), { path: "", name, comments });
  return ["| field | must be | meaning |", "|---|---|---|", ...rows].join("\n");
}

interface Place {
  readonly path: string;
  readonly name: string;
  readonly comments: SourceComments;
}

function rowsOf(schema: JsonSchema, place: Place): string[] {
  const cases = schema.oneOf ?? schema.anyOf;
  if (cases) return cases.flatMap((one) => [caseRow(one), ...rowsOf(one, place)]);
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([field, value]) => {
    const path = place.path ? `${place.path}.${field}` : field;
    const meaning = meaningOf(path, place);
    const presence = required.has(field) || value.default !== undefined ? "" : ", optional";
    const row = `| \`${path}\` | ${escapeCell(typeWords(value) + presence)} | ${escapeCell(meaning)} |`;
    return value.properties || value.oneOf ? [row, ...rowsOf(value, { ...place, path })] : [row];
  });
}

/** A field of a schema that is used by name in another one is found by its last part. */
function meaningOf(path: string, { name, comments }: Place): string {
  const own = comments.byName.get(`${name}.${path}`);
  if (own) return own;
  const tail = `.${path.split(".").at(-1)}`;
  return [...comments.byName].find(([key]) => key.endsWith(tail))?.[1] ?? "";
}

function caseRow(schema: JsonSchema): string {
  const [field, tag] = Object.entries(schema.properties ?? {}).find(
    ([name, value]) => name !== "v" && value.const !== undefined,
  ) ?? ["", {}];
  return `| **\`${field}\` = \`${String(tag.const)}\`** | | |`;
}

function typeWords(schema: JsonSchema): string {
  const fallback =
    schema.default === undefined ? "" : `; default \`${JSON.stringify(schema.default)}\``;
  return baseWords(schema) + fallback;
}

function baseWords(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(" ");
  if (schema.oneOf) return "one of the cases below";
  if (schema.anyOf) return schema.anyOf.map(typeWords).join(" or ");
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeWords).join(", ")}]`;
  if (schema.type === "array") return `list of ${typeWords(schema.items ?? {})}${limits(schema)}`;
  return `${String(schema.type ?? "any")}${limits(schema)}`;
}

function limits(schema: JsonSchema): string {
  const words: string[] = [];
  const between = (low: unknown, high: unknown, unit: string): void => {
    const top = typeof high === "number" && high < Number.MAX_SAFE_INTEGER ? high : undefined;
    const bottom = typeof low === "number" && low > -Number.MAX_SAFE_INTEGER ? low : undefined;
    if (bottom !== undefined && top !== undefined) words.push(`${bottom} to ${top}${unit}`);
    else if (bottom !== undefined) words.push(`at least ${bottom}${unit}`);
    else if (top !== undefined) words.push(`at most ${top}${unit}`);
  };
  between(schema["minimum"], schema["maximum"], "");
  if (schema.exclusiveMinimum !== undefined) words.push(`more than ${schema.exclusiveMinimum}`);
  between(schema["minLength"], schema["maxLength"], " characters");
  between(schema["minItems"], schema["maxItems"], " items");
  if (schema.pattern) words.push(`\`${schema.pattern}\``);
  else if (schema.format) words.push(schema.format);
  return words.length > 0 ? `, ${words.join(", ")}` : "";
}

const escapeCell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
