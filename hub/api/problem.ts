/**
 * Every error on the HTTP interface is made here: RFC 9457, one stable code each, no inner details.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  isResponseSerializationError,
} from "fastify-type-provider-zod";
import type { Problem, ProblemCode } from "../../shared/api/problem.ts";

const STATUS: Readonly<Record<ProblemCode, number>> = {
  "bad-request": 400,
  unauthenticated: 401,
  forbidden: 403,
  "foreign-origin": 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "not-acceptable": 406,
  timeout: 408,
  conflict: 409,
  "precondition-failed": 412,
  gone: 410,
  "too-large": 413,
  "unsupported-media-type": 415,
  "range-not-satisfiable": 416,
  "too-many-requests": 429,
  "too-many-windows": 429,
  "headers-too-large": 431,
  internal: 500,
  "media-unavailable": 503,
  unavailable: 503,
};

const TITLE: Readonly<Record<ProblemCode, string>> = {
  "bad-request": "Bad request",
  unauthenticated: "Not signed in",
  forbidden: "Not allowed",
  "foreign-origin": "The request comes from a page of another address",
  "not-found": "Not found",
  "method-not-allowed": "Method not allowed",
  "not-acceptable": "None of the accepted types is available",
  timeout: "The request took too long to arrive",
  conflict: "Not possible in the present state",
  "precondition-failed": "The content has changed",
  gone: "Deleted",
  "too-large": "The request is too large",
  "unsupported-media-type": "Content type not supported",
  "range-not-satisfiable": "The range lies beyond the end",
  "too-many-windows": "This account is open in too many windows",
  "too-many-requests": "Too many requests",
  "headers-too-large": "The request's headers are too large",
  internal: "Internal error",
  "media-unavailable": "Picture and sound are not available",
  unavailable: "Not available at the moment",
};

export const PROBLEM_TYPE = "application/problem+json";

export interface ProblemError extends Error {
  readonly problem: Problem;
  /** What the answer carries beside the problem, for example `Content-Range` or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function problem(code: ProblemCode, detail: string, by?: string): ProblemError {
  return Object.assign(new Error(detail), { problem: describe(code, detail, by) });
}

export function describe(code: ProblemCode, detail: string, by?: string): Problem {
  return {
    type: `urn:anzhu:problem:${code}`,
    title: TITLE[code],
    status: STATUS[code],
    code,
    detail,
    ...(by === undefined ? {} : { by }),
  };
}

/** Of a limit that does not say itself when it has room again. */
const RETRY_AFTER_SECONDS = "2";

export function answerError(
  error: FastifyError | ProblemError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const found = understand(error, request);
  if (found.status >= 500) request.log.error({ err: error, url: request.url }, found.detail);
  // What was prepared for the content that is not sent.
  for (const name of ["content-length", "content-range", "etag", "last-modified"]) {
    reply.removeHeader(name);
  }
  if ("problem" in error && error.headers) reply.headers({ ...error.headers });
  if (found.status === 429 && !reply.hasHeader("retry-after")) {
    reply.header("retry-after", RETRY_AFTER_SECONDS);
  }
  // A refused SSE stream or media offer asked for another type; it still gets the reason as JSON.
  return reply.code(found.status).type(PROBLEM_TYPE).send(found);
}

function understand(error: FastifyError | ProblemError, request: FastifyRequest): Problem {
  if ("problem" in error) return error.problem;
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error);
  if (isResponseSerializationError(error)) {
    return describe("internal", "an answer did not fit its own schema; it is in the hub's log");
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const expected = /\/wh[ei]p$/.test(request.url) ? "application/sdp" : "application/json";
    const found = request.headers["content-type"]?.slice(0, 80) ?? "none";
    return describe("unsupported-media-type", `expected Content-Type: ${expected}, found ${found}`);
  }
  const status = error.statusCode ?? 500;
  if (status >= 500 || status < 400) {
    return describe("internal", "something unexpected happened; it is in the hub's log");
  }
  const code = CODE_BY_STATUS.get(status) ?? "bad-request";
  // Only the framework's own refusals are written for the sender of the request.
  const isForSender = (error.code ?? "").startsWith("FST_") || status === 429;
  return describe(code, isForSender ? error.message.slice(0, MAX_ECHO_CHARACTERS) : TITLE[code]);
}

/** A status that several codes share belongs to the first. */
const CODE_BY_STATUS: ReadonlyMap<number, ProblemCode> = new Map(
  Object.entries(STATUS)
    .map(([code, status]) => [status, code as ProblemCode] as const)
    .toReversed(),
);

function invalid(error: FastifyError): Problem {
  const where = error.validationContext ?? "request";
  const first = (error.validation ?? []).slice(0, 3).map((issue) => {
    const field = issue.instancePath.replaceAll("/", ".").slice(0, MAX_FIELD_CHARACTERS);
    return `${where}${field}: ${issue.message ?? "not as expected"}`;
  });
  return describe("bad-request", first.join("; "));
}

/** The framework repeats the address it could not read. */
const MAX_ECHO_CHARACTERS = 300;
/** A field's name may come from the sender. */
const MAX_FIELD_CHARACTERS = 200;
