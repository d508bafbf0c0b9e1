/** A schema as a Markdown table: field, what it must be, and the words from its source. */
import { z } from "zod";
import type { SourceComments, Words } from "./doc-comments.ts";

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
  readonly schema: z.ZodType;
  readonly comments: SourceComments;
}

/** One line of a table. `field` is empty for the line that opens a case of a union. */
export interface Row {
  readonly field: string;
  readonly mustBe: string;
  readonly meaning: string;
  readonly fallback: string;
  readonly unit: string;
  readonly isCase: boolean;
  /** Only one value is possible: it tells the cases apart and needs no words. */
  readonly isTag: boolean;
  readonly isNumber: boolean;
  readonly isGroup: boolean;
}

export function rowsOf({ schema, comments }: Named): readonly Row[] {
  return rows(jsonSchemaOf(schema), { path: "", key: "", comments });
}

export function schemaTable(named: Named): string {
  const lines = rowsOf(named).map(({ field, mustBe, meaning, isCase }) =>
    isCase ? `| **${field}** | | ${cell(meaning)} |` : line([`\`${field}\``, mustBe, meaning]),
  );
  return ["| field | must be | meaning |", "|---|---|---|", ...lines].join("\n");
}

export function settingsTable(named: Named): string {
  const shown = rowsOf(named).filter(({ isTag }) => !isTag);
  const lines = shown.map(({ field, mustBe, fallback, unit, meaning, isCase, isGroup }) => {
    if (isCase) return `| **${field}** | | | | ${cell(meaning)} |`;
    if (isGroup) return line([`\`${field}\``, "group of settings", "", "", meaning]);
    return line([`\`${field}\``, mustBe, fallback, unit, meaning]);
  });
  const head = ["| setting | must be | default | unit | meaning |", "|---|---|---|---|---|"];
  return [...head, ...lines].join("\n");
}

/**
 * What a reader would miss: a setting without words,
 * with another one's words, a number without a unit.
 */
export function settingsComplaints(named: Named): readonly string[] {
  const all = rowsOf(named).filter(({ isCase, isTag }) => !isCase && !isTag);
  const fieldByMeaning = new Map<string, string>();
  return all.flatMap(({ field, meaning, unit, isNumber }) => {
    const other = fieldByMeaning.get(meaning);
    fieldByMeaning.set(meaning, field);
    return [
      ...(meaning === "" ? [`${field} has no meaning: write a comment above it`] : []),
      ...(meaning !== "" && other !== undefined ? [`${field} has the meaning of ${other}`] : []),
      ...(isNumber && unit === "" ? [`${field} has no unit: write @unit in its comment`] : []),
    ];
  });
}

/** Fields of a message that nobody explains. */
export const silentFields = (named: Named): readonly string[] =>
  rowsOf(named)
    .filter(({ isCase, isTag, meaning }) => !isCase && !isTag && meaning === "")
    .map(({ field }) => field);

interface Place {
  readonly path: string;
  /** The path with the cases of unions, as the comments are found by it. */
  readonly key: string;
  readonly comments: SourceComments;
}

function rows(schema: JsonSchema, place: Place): Row[] {
  const cases = (schema.oneOf ?? schema.anyOf)?.filter(({ properties }) => properties);
  if (cases) {
    return cases.flatMap((one) => {
      const tag = tagOf(one);
      if (cases.length === 1 || !tag) return rows(one, place);
      const key = `${place.key}[${tag.value}]`;
      return [caseRow(tag, key, place), ...rows(one, { ...place, key })];
    });
  }
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([field, value]) => {
    const path = place.path ? `${place.path}.${field}` : field;
    const key = place.key ? `${place.key}.${field}` : field;
    const isOptional = !required.has(field) && value.default === undefined;
    const inner = value.items ? rows(value.items, { ...place, path: `${path}[]`, key }) : [];
    return [
      fieldRow(value, { ...place, path, key }, isOptional),
      ...rows(value, { ...place, path, key }),
      ...inner,
    ];
  });
}

function fieldRow(schema: JsonSchema, { path, key, comments }: Place, isOptional: boolean): Row {
  const words: Words | undefined = comments.byPath.get(key);
  const isNumber = schema.type === "integer" || schema.type === "number";
  return {
    field: path,
    mustBe: typeWords(schema) + (isOptional ? ", optional" : ""),
    meaning: words?.meaning || words?.ofSchema || "",
    fallback: schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``,
    unit: words?.unit ?? (isNumber ? unitOf(path) : ""),
    isCase: false,
    isTag: schema.const !== undefined,
    isNumber,
    isGroup: schema.properties !== undefined,
  };
}

/** The unit stands last in the name of a number. */
const UNITS: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/Ms$/, "ms"],
  [/(?:Seconds|^seconds)$/, "s"],
  [/Hours$/, "h"],
  [/Days$/, "days"],
  [/Percent$/, "%"],
  [/PerSecond$/, "per second"],
  [/(?:^hz|Hz)$/, "Hz"],
  [/baudRate$/, "bit/s"],
  [/(?:^port|Port)$/, "port number"],
];

function unitOf(path: string): string {
  const name = path.split(".").at(-1) ?? "";
  return UNITS.find(([ending]) => ending.test(name))?.[1] ?? "";
}

interface Tag {
  readonly name: string;
  readonly value: string;
}

function tagOf(schema: JsonSchema): Tag | undefined {
  const found = Object.entries(schema.properties ?? {}).find(
    ([name, value]) => name !== "v" && value.const !== undefined,
  );
  return found && { name: found[0], value: String(found[1].const) };
}

const caseRow = ({ name, value }: Tag, key: string, { comments }: Place): Row => ({
  field: `\`${name}\` = \`${value}\``,
  mustBe: "",
  meaning: comments.byPath.get(key)?.meaning ?? "",
  fallback: "",
  unit: "",
  isCase: true,
  isTag: false,
  isNumber: false,
  isGroup: false,
});

function typeWords(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(" ");
  if (schema.oneOf) return "one of the cases below";
  if (schema.anyOf) return schema.anyOf.map(typeWords).join(" or ");
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeWords).join(", ")}]`;
  if (schema.type === "array") return `list of ${typeWords(schema.items ?? {})}${limits(schema)}`;
  return `${String(schema.type ?? "any")}${limits(schema)}`;
}

/** Formats whose pattern says less to a reader than their name. */
const FORMATS: Readonly<Record<string, string>> = {
  ipv4: "IPv4 address",
  ipv6: "IPv6 address",
  uri: "URL",
};

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
  if (schema.format !== undefined && FORMATS[schema.format])
    words.push(FORMATS[schema.format] ?? "");
  else if (schema.pattern) words.push(`\`${schema.pattern}\``);
  else if (schema.format) words.push(schema.format);
  return words.length > 0 ? `, ${words.join(", ")}` : "";
}

const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
