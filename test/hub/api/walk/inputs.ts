/**
 * What is sent to an operation: valid input, made from its description, and every kind of invalid
 * input.
 */
import { sample, stringMatching } from "fast-check";
import type { Description, JsonSchema, Operation } from "./description.ts";

export interface Input {
  readonly what: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | undefined;
}

const SEED = 4711;
const HUGE = "x".repeat(70_000);

/**
 * Sent in the place of an id: paths to other folders, other alphabets, reserved file names (fault
 * I-4).
 */
export const HOSTILE_NAMES = [
  "..",
  "..%2f..%2faccounts.db",
  "%2e%2e%2faccounts.db",
  "..%5c..%5caccounts.db",
  "%252e%252e%252faccounts.db",
  "..%c0%af..%c0%afaccounts.db",
  "%c0%ae%c0%ae%c0%af",
  "%e0%80%ae%e0%80%ae%e0%80%af",
  "a%00b",
  "%00",
  "CON",
  "NUL.mp4",
  "C:%5caccounts.db",
  "accounts.db::$DATA",
  "%5c%5chost%5cshare",
  "file:%2f%2f%2fetc%2fpasswd",
  "%2fetc%2fpasswd",
  "__proto__",
  "constructor",
  "toString",
  "%",
  "%zz",
  "%F0%9F%9A%A8",
  "%E2%80%AE",
  "'%20OR%201=1--",
  "-1",
  "null",
  "x".repeat(127),
  "x".repeat(1000),
  "0".repeat(31),
  "0".repeat(32),
] as const;

/** Sent in the place of any value (fault I-10). */
const WRONG_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  2 ** 53,
  "",
  "\u0000",
  "\u202E",
  "x".repeat(5000),
  [],
  ["x"],
  {},
  { toString: "x" },
];

/** Sent in addition to the allowed fields: fields that an attacker would like to set. */
const WISHES = {
  id: "0".repeat(32),
  role: "admin",
  roles: ["admin"],
  username: "admin",
  owner: "admin",
  by: "admin",
  isVerified: true,
  isEnrolled: true,
  state: "closed",
  passwordHash: "x",
} as const;

const RAW_BODIES: readonly (readonly [what: string, text: string])[] = [
  ["no JSON", "{"],
  ["bytes", "\u0001\u0002\uFFFD"],
  ["a number beyond JSON", "NaN"],
  ["a deep list", "[".repeat(5000) + "]".repeat(5000)],
  ["a prototype", '{"__proto__":{"role":"admin","isAdmin":true}}'],
  ["a constructor", '{"constructor":{"prototype":{"isAdmin":true}}}'],
  ["too much", JSON.stringify({ text: HUGE })],
];

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { "idempotency-key": "x".repeat(65) },
  { "last-event-id": "-1" },
  { "last-event-id": "9".repeat(40) },
  { range: "bytes=0-18446744073709551616" },
  { range: "bytes=9-1" },
  { range: "bytes=-0" },
  { range: "bytes=0-0,1-1,2-2" },
  { range: "x".repeat(1000) },
  { "if-range": '"x"', range: "bytes=1-" },
  { "if-match": '"x"' },
  { "if-none-match": "*" },
  { accept: "image/png" },
  { "x-forwarded-for": "127.0.0.1", "x-http-method-override": "DELETE" },
  { "content-length": "-1" },
];

/** Valid input; its ids are those of things that exist. */
export function rightInput(
  operation: Operation,
  { resolve }: Description,
  known: ReadonlyMap<string, string>,
): Input {
  const path = operation.path.replaceAll(
    /\/([a-z]+)\/\{([a-z]+)\}/gi,
    (_all, kind: string, name: string) => {
      const schema = operation.parameters.find((one) => one.name === name)?.schema ?? {};
      return `/${kind}/${known.get(kind) ?? String(exampleOf(schema, resolve))}`;
    },
  );
  const needed = operation.parameters.filter((one) => one.in === "query" && one.required);
  const query = needed.map(({ name, schema }) => `${name}=${String(exampleOf(schema, resolve))}`);
  const url = query.length === 0 ? path : `${path}?${query.join("&")}`;
  const isSdp = operation.bodyType === "application/sdp";
  const body = isSdp
    ? "v=0\r\noffer"
    : operation.bodySchema && JSON.stringify(exampleOf(operation.bodySchema, resolve));
  const headers = operation.bodyType === undefined ? {} : { "content-type": operation.bodyType };
  return { what: "right", url, headers, payload: body };
}

/** The same input for something that does not exist or belongs to somebody else (fault I-3). */
export function foreignInput(operation: Operation, right: Input): Input | undefined {
  if (!operation.path.includes("{")) return undefined;
  const [path = "", query] = right.url.split("?");
  const known = path.split("/");
  const foreignPath = operation.path
    .split("/")
    .map((part, index) => (part.startsWith("{") ? foreign(known[index] ?? "") : part))
    .join("/");
  const url = query === undefined ? foreignPath : `${foreignPath}?${query}`;
  return { ...right, what: "somebody else's", url };
}

const foreign = (id: string): string =>
  /^[0-9a-f]{32}$/.test(id) ? "f".repeat(32) : `not-${id}`.slice(0, 32);

export function* wrongInputs(
  operation: Operation,
  right: Input,
  { resolve }: Description,
): Generator<Input> {
  for (const { name, in: place } of operation.parameters) {
    if (place !== "path") continue;
    for (const hostile of HOSTILE_NAMES) {
      const known = right.url.split("/");
      const parts = operation.path.split("/").map((part, at) => {
        return part === `{${name}}` ? hostile : (known[at] ?? part);
      });
      yield { ...right, what: `${name} is ${hostile.slice(0, 40)}`, url: parts.join("/") };
    }
  }
  const names = operation.parameters.filter((one) => one.in === "query").map((one) => one.name);
  for (const name of [...names, "unknown", "__proto__[x]", "constructor"]) {
    for (const value of ["", "-1", "%00", "x".repeat(500), `1&${name}=2`, "%E2%80%AE", "%zz"]) {
      const what = `?${name}=${value.slice(0, 20)}`;
      const url = `${right.url}${right.url.includes("?") ? "&" : "?"}${name}=${value}`;
      yield { ...right, what, url };
    }
  }
  for (const extra of HEADERS) {
    yield {
      ...right,
      what: JSON.stringify(extra).slice(0, 60),
      headers: { ...right.headers, ...extra },
    };
  }
  yield* wrongBodies(operation, right, resolve);
}

function* wrongBodies(
  operation: Operation,
  right: Input,
  resolve: Description["resolve"],
): Generator<Input> {
  if (operation.bodySchema === undefined) return;
  for (const type of [
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "application/jsonx",
  ]) {
    yield { ...right, what: `the body as ${type}`, headers: { "content-type": type } };
  }
  for (const [what, payload] of RAW_BODIES) yield { ...right, what, payload };
  if (operation.bodyType !== "application/json") return;
  const body = exampleOf(operation.bodySchema, resolve) as Readonly<Record<string, unknown>>;
  for (const value of WRONG_VALUES) {
    const payload = JSON.stringify(value);
    yield { ...right, what: `the body is ${payload.slice(0, 30)}`, payload };
    for (const key of Object.keys(body ?? {})) {
      yield {
        ...right,
        what: `${key} is ${payload.slice(0, 30)}`,
        payload: JSON.stringify({ ...body, [key]: value }),
      };
    }
  }
  for (const [key, value] of Object.entries(WISHES)) {
    if (key in (body ?? {})) continue;
    yield { ...right, what: `also ${key}`, payload: JSON.stringify({ ...body, [key]: value }) };
  }
  const [first = "x"] = Object.keys(body ?? {});
  const twice = JSON.stringify({ ...body }).replace("{", `{"${first}":null,`);
  yield { ...right, what: "a key twice", payload: twice };
}

/** The smallest value that fits. */
export function exampleOf(given: JsonSchema, resolve: Description["resolve"]): unknown {
  const schema = resolve(given);
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const cases = (schema["anyOf"] ?? schema["oneOf"]) as readonly JsonSchema[] | undefined;
  if (cases?.[0]) return exampleOf(cases[0], resolve);
  const least = Number(schema["minimum"] ?? 0);
  switch (schema["type"]) {
    case "object": {
      const properties = (schema["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>;
      const required = (schema["required"] ?? []) as readonly string[];
      return Object.fromEntries(
        required.map((key) => [key, exampleOf(properties[key] ?? {}, resolve)]),
      );
    }
    case "array": {
      const first = (schema["prefixItems"] ?? []) as readonly JsonSchema[];
      const isShort = first.length < Number(schema["minItems"] ?? 0);
      const items = isShort ? [(schema["items"] ?? {}) as JsonSchema] : first;
      return items.map((item) => exampleOf(item, resolve));
    }
    case "integer":
    case "number":
      return Math.max(least, 0);
    case "boolean":
      return true;
    case "string":
      return textOf(schema);
    default:
      return null;
  }
}

function textOf(schema: JsonSchema): string {
  if (schema["format"] === "date-time") return "2026-03-04T05:06:07.000Z";
  const pattern = schema["pattern"];
  if (typeof pattern !== "string") return "x".repeat(Number(schema["minLength"] ?? 1));
  const [text = ""] = sample(stringMatching(new RegExp(pattern)), { seed: SEED, numRuns: 1 });
  return text;
}
