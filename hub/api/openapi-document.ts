/**
 * From what the framework writes of our routes to what
 * is really sent: a pure function over the document.
 */
import type { Action } from "../../shared/access/rights.ts";
import type { ServiceScope } from "../../shared/api/service.ts";
import type { Role } from "../../shared/api/session.ts";

/** What the document cannot see of a route. */
export interface Told {
  /** A row of `shared/access/rights.ts`. */
  readonly action: Action | undefined;
  /** `undefined`: no session is needed. */
  readonly roles: readonly Role[] | undefined;
  /** With any of them a service may do it. */
  readonly scopes: readonly ServiceScope[];
  /** Some are answered without a session all the same. */
  readonly isOpenToSome: boolean;
  readonly takesSomething: boolean;
  /** Something in the path that may not be there. */
  readonly namesSomething: boolean;
  readonly mayOmitBody: boolean;
  readonly isLimited: boolean;
  readonly headers: Readonly<Record<number, Readonly<Record<string, string>>>>;
}

interface Answer {
  description?: string;
  headers?: unknown;
  content?: Record<string, unknown>;
}

type Security = readonly Readonly<Record<string, readonly string[]>>[];

interface Operation {
  operationId?: string;
  tags?: readonly string[];
  security?: Security;
  requestBody?: { required?: boolean; content: Record<string, unknown> };
  responses: Record<string, Answer>;
  "x-action"?: Action;
  "x-roles"?: readonly Role[];
  "x-scopes"?: readonly ServiceScope[];
}

export interface Document {
  components?: { schemas?: Record<string, unknown> };
  paths: Record<string, Record<string, Operation>>;
  tags?: readonly { readonly name: string; readonly description: string }[];
}

const SUCCESS: Readonly<Record<string, string>> = {
  200: "What was asked for.",
  201: "It was made.",
  202: "It was taken and is under way.",
  204: "It is done; there is nothing to add.",
  206: "The part of it that `Range` asks for.",
  304: "What the client has is still right.",
};

const REFUSAL: Readonly<Record<string, string>> = {
  400: "The request does not fit this description.",
  401: "Nobody is signed in, or the session has ended.",
  403: "This person, page or pillar may not do this.",
  404: "What the path names is not there.",
  413: "The body is too large.",
  415: "The body is of another type.",
  429: "Too many requests; `Retry-After` says when to come again.",
  "4XX": "The request is refused.",
  "5XX": "The hub cannot do this now.",
};

const TAGS: Readonly<Record<string, string>> = {
  health: "For supervisors of processes and of fleets.",
  sessions: "Signing in and out.",
  services: "Programs with a token of their own.",
  incidents: "Calls, and the orders that move them.",
  pillars: "The fleet.",
  recordings: "What was recorded of an incident.",
};

export function finishDocument<T extends Document>(
  document: T,
  told: ReadonlyMap<string, Told>,
): T {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, shared] of Object.entries(operations)) {
      const known = told.get(`${method === "head" ? "get" : method} ${path}`);
      // The framework gives GET and HEAD the same object.
      const operation = structuredClone(shared);
      finishOperation(operation, { path, method, told: known });
      operations[method] = operation;
    }
  }
  dropUnused(document);
  const used = new Set(
    Object.values(document.paths)
      .flatMap((operations) => Object.values(operations))
      .flatMap(({ tags = [] }) => tags),
  );
  const tags = [...used].toSorted().map((name) => ({
    name,
    description: TAGS[name] ?? `Everything under \`/api/v1/${name}\`.`,
  }));
  return { ...document, tags };
}

/** A schema has a form that goes in and one that comes out; most are used in one way only. */
function dropUnused(document: Document): void {
  const { schemas = {} } = document.components ?? {};
  for (let before = -1; before !== Object.keys(schemas).length;) {
    before = Object.keys(schemas).length;
    const text = JSON.stringify(document);
    for (const name of Object.keys(schemas)) {
      if (!text.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
    }
  }
}

interface Place {
  readonly path: string;
  readonly method: string;
  readonly told: Told | undefined;
}

function finishOperation(operation: Operation, { path, method, told }: Place): void {
  const words = path
    .replace("/api/v1/", "")
    .split(/[^a-zA-Z]+/)
    .filter(Boolean);
  operation.operationId = method + words.map(capital).join("");
  operation.tags = [path.startsWith("/api/") ? (words[0] ?? "health") : "health"];
  if (operation.requestBody && told?.mayOmitBody) operation.requestBody.required = false;
  operation.security = securityOf(told);
  if (told?.action) operation["x-action"] = told.action;
  if (told?.roles) operation["x-roles"] = told.roles;
  if (told?.roles) operation["x-scopes"] = told.scopes;
  // `Range` is for GET only.
  if (method === "head") delete operation.responses["206"];
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (/^[123]/.test(status)) finishSuccess(answer, { status, method, told });
  }
  for (const status of refusalsOf(operation, told)) operation.responses[status] = refusal(status);
}

const capital = (word: string): string => `${word[0]?.toUpperCase()}${word.slice(1)}`;

function securityOf(told: Told | undefined): Security {
  if (!told?.roles) return [];
  const ways = [{ bearer: [] }, { cookie: [] }];
  return told.isOpenToSome ? [...ways, {}] : ways;
}

interface Success {
  readonly status: string;
  readonly method: string;
  readonly told: Told | undefined;
}

function finishSuccess(answer: Answer, { status, method, told }: Success): void {
  answer.description = SUCCESS[status] ?? "Done.";
  const headers = Object.entries(told?.headers[Number(status)] ?? {});
  if (headers.length > 0) {
    answer.headers = Object.fromEntries(
      headers.map(([name, description]) => [name, { description, schema: { type: "string" } }]),
    );
  }
  if (method === "head") delete answer.content;
  const { content } = answer;
  if (!content) return;
  // Any bytes (OpenAPI 3.1, 4.8.14.4).
  if ("video/mp4" in content) content["video/mp4"] = {};
  if ("text/event-stream" in content) {
    const { schema: contentSchema } = content["text/event-stream"] as { schema: unknown };
    const description = "Server-sent events (WHATWG HTML, 9.2); each `data` is one `ServerEvent`.";
    content["text/event-stream"] = { schema: { type: "string", description, contentSchema } };
  }
}

/** Those that are certain by name, and the rest as ranges. */
function refusalsOf({ requestBody, responses }: Operation, told: Told | undefined): string[] {
  if (!("4XX" in responses)) return [];
  return [
    ...(told?.takesSomething ? ["400"] : []),
    ...(told?.roles ? ["401", "403"] : []),
    ...(told?.namesSomething ? ["404"] : []),
    ...(requestBody ? ["413", "415"] : []),
    ...(told?.isLimited ? ["429"] : []),
    "4XX",
    "5XX",
  ];
}

function refusal(status: string): Answer {
  const content = {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  };
  const description = REFUSAL[status] ?? "Refused.";
  if (status !== "429") return { description, content };
  const seconds = { description: "Seconds to wait.", schema: { type: "string" } };
  return { description, headers: { "Retry-After": seconds }, content };
}
