/**
 * Configuration: YAML text and environment in, checked settings or a list of complaints out.
 *
 * A complaint names file, line and column (or the variable), what was expected and what was found.
 * Unknown keys are refused: a misspelt setting that silently means its default is a fault at night.
 */
import { isMap, isPair, isScalar, LineCounter, parse, parseDocument, type Document } from "yaml";
import { z } from "zod";
import type { Parsed } from "./parse.ts";

const MAX_COMPLAINTS = 10;

export interface ConfigSource {
  /** As the reader knows it: it opens every complaint. */
  readonly file: string;
  /** `ANZHU_AGENT`: then `ANZHU_AGENT__HUB__HOST` overrides `hub.host`. */
  readonly envPrefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Path = readonly PropertyKey[];

interface Override {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Reads settings; `reason` holds one complaint a line. */
export function readConfig<T>(schema: z.ZodType<T>, text: string, source: ConfigSource): Parsed<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax) {
    const { line, col } = lines.linePos(syntax.pos[0]);
    return refuse(`${source.file}:${line}:${col}  this is not YAML: ${syntax.message}`);
  }
  let settings: unknown;
  try {
    settings = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (error) {
    return refuse(`${source.file}:1:1  aliases (*name) are not allowed here: ${String(error)}`);
  }
  if (!isRecord(settings)) {
    return refuse(
      `${source.file}:1:1  the file must hold settings (key: value), ${found(settings)}`,
    );
  }
  const overrides = readOverrides(schema, source);
  if (!overrides.ok) return overrides;
  for (const override of overrides.value) assign(settings, override);

  const result = schema.safeParse(settings);
  if (result.success) return { ok: true, value: result.data };
  const where = (path: Path): string => {
    // An override of the setting itself or of one that contains it.
    const variable = overrides.value.find((override) =>
      override.path.every((key, i) => key === path[i]),
    );
    if (variable) return variable.name;
    const { line, col } = lines.linePos(offsetOf(document, path));
    return `${source.file}:${line}:${col}`;
  };
  const complaints = result.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? complainOfKeys(issue, { schema, where })
      : [complain(issue, settings, where)],
  );
  return refuse([...new Set(complaints)].slice(0, MAX_COMPLAINTS).join("\n"));
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}

interface KeyContext {
  readonly schema: z.ZodType;
  readonly where: (path: Path) => string;
}

/** One for each unknown key, with the setting of nearly that name where there is one. */
function complainOfKeys(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  { schema, where }: KeyContext,
): string[] {
  const known = namesAt(schema, issue.path);
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const near = known.find((name) => isNearly(name, key));
    const meant = near === undefined ? "" : `; the setting is ${[...issue.path, near].join(".")}`;
    return `${where(path)}  ${path.join(".")} is not a setting${meant || "; remove it or correct its name"}`;
  });
}

/** One is the other with something behind it: `camera`, `cameras`. */
const isNearly = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) >= 3 &&
  (folded(a).startsWith(folded(b)) || folded(b).startsWith(folded(a)));

/** `where  what must be, what was found`. */
function complain(
  issue: z.core.$ZodIssue,
  settings: unknown,
  where: (path: Path) => string,
): string {
  const name = issue.path.length > 0 ? issue.path.map(String).join(".") : "the file";
  const value = issue.path.reduce<unknown>(
    (at, key) => (isRecord(at) ? at[String(key)] : undefined),
    settings,
  );
  const seen = isSecret(issue.path.at(-1)) ? hidden(value) : found(value);
  return `${where(issue.path)}  ${name} must be ${expected(issue)}, ${seen}`;
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "int" ? "a whole number" : `of type ${issue.expected}`;
    case "too_small":
      return `at least ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "invalid_union":
      return "discriminator" in issue ? "a documented kind" : "one of the documented forms";
    case "invalid_format":
      return (
        `a valid ${issue.format}${issue.pattern === undefined ? "" : ` (${issue.pattern})`}` +
        (issue.format === "url" ? ESCAPES : "")
      );
    default:
      return `different (${issue.message})`;
  }
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " entries" : "";
}

/** Characters in a password that most often make an address unreadable. */
const ESCAPES =
  " (in its user, password and path write % as %25, @ as %40, : as %3A, / as %2F, # as %23, ? as %3F)";

/** By the name of the setting, whatever its value looks like. */
const isSecret = (key: PropertyKey | undefined): boolean =>
  /password|secret|token/i.test(String(key));

const hidden = (value: unknown): string =>
  typeof value === "string" ? `found a text of ${value.length} characters` : found(typeof value);

/**
 * Complaints are shown in logs and on screens, and a refused address often has a password in it.
 */
function found(value: unknown): string {
  if (value === undefined) return "found nothing";
  return `found ${withoutAddresses(JSON.stringify(value, hideSecrets)).slice(0, 80)}`;
}

const hideSecrets = (key: string, value: unknown): unknown =>
  typeof value === "string" && isSecret(key) ? "***" : value;

const withoutAddresses = (text: string): string =>
  text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^"]+/gi, "$1***");

/** Where in the text a setting stands, or its nearest parent that does. */
function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = String(path[length - 1]);
    const pair = isMap(parent)
      ? parent.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
        )
      : undefined;
    if (pair && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
  }
  return 0;
}

function assign(settings: Record<string, unknown>, override: Override): void {
  let at = settings;
  for (const key of override.path.slice(0, -1)) {
    const next = at[key];
    const child: Record<string, unknown> = isRecord(next) ? next : {};
    at[key] = child;
    at = child;
  }
  at[override.path.at(-1) ?? ""] = override.value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The environment's settings, their names resolved against the schema. */
function readOverrides(schema: z.ZodType, source: ConfigSource): Parsed<readonly Override[]> {
  const prefix = `${source.envPrefix}__`;
  const names = Object.keys(source.env)
    .filter((name) => name.startsWith(prefix))
    .toSorted();
  if (names.length === 0) return { ok: true, value: [] };
  const root = inputOf(schema);
  const overrides: Override[] = [];
  for (const name of names) {
    let at: readonly JsonSchema[] = [root];
    const path: string[] = [];
    for (const segment of name.slice(prefix.length).split("__")) {
      const properties = propertiesOf(at);
      const matches = properties.filter(([key]) => folded(key) === folded(segment));
      const [first] = matches;
      if (!first) {
        const known = [...new Set(properties.map(([key]) => key.toUpperCase()))].join(", ");
        return refuse(
          `${name}  names no setting: after ${[prefix, ...path].join("")} expected one of ${known}`,
        );
      }
      path.push(first[0]);
      at = matches.map(([, property]) => property as JsonSchema);
    }
    overrides.push({ name, path, value: valueOf(source.env[name] ?? "", at) });
  }
  return { ok: true, value: overrides };
}

const inputOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });

const propertiesOf = (schemas: readonly JsonSchema[]): [string, JsonSchema][] =>
  schemas
    .flatMap(alternatives)
    .flatMap((one) => Object.entries(one.properties ?? {}) as [string, JsonSchema][]);

/** The settings that stand there; a number in the path is a place in a list. */
function namesAt(schema: z.ZodType, path: Path): string[] {
  const inner = path.reduce<readonly JsonSchema[]>(
    (at, key) =>
      typeof key === "number"
        ? at.flatMap(alternatives).flatMap(({ items }) => (items ? [items as JsonSchema] : []))
        : propertiesOf(at).flatMap(([name, one]) => (name === key ? [one] : [])),
    [inputOf(schema)],
  );
  return propertiesOf(inner).map(([name]) => name);
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.flatMap((one) => alternatives(one as JsonSchema))];
}

const folded = (key: string): string => key.replaceAll("_", "").toLowerCase();

/** Text stays text where text is wanted (`host: 10`); anything else is read as YAML. */
function valueOf(text: string, schemas: readonly JsonSchema[]): unknown {
  const types = schemas.flatMap(alternatives).map((one) => one.type ?? typeof one.const);
  if (types.includes("string")) return text;
  try {
    return parse(text, { maxAliasCount: 0 }) as unknown;
  } catch {
    return text; // The schema then says what was expected and shows this text.
  }
}
