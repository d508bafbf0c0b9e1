/** Every error on the HTTP interface leaves here: RFC 9457, one stable code each, no inner details. */
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
  "not-found": 404,
  "method-not-allowed": 405,
  "not-acceptable": 406,
  conflict: 409,
  "too-large": 413,
  "unsupported-media-type": 415,
  "too-many-requests": 429,
  internal: 500,
  "media-unavailable": 503,
  unavailable: 503,
};

const TITLE: Readonly<Record<ProblemCode, string>> = {
  "bad-request": "The request could not be understood",
  unauthenticated: "Nobody is signed in",
  forbidden: "This is not allowed",
  "not-found": "There is no such thing",
  "method-not-allowed": "This method does not apply here",
  "not-acceptable": "None of the accepted types can be given",
  conflict: "Somebody else was first",
  "too-large": "The request is too large",
  "unsupported-media-type": "This type of content is not understood",
  "too-many-requests": "Too many requests",
  internal: "The hub made a mistake",
  "media-unavailable": "Picture and sound are not available",
  unavailable: "The hub cannot do this now",
};

export type ProblemError = Error & { readonly problem: Problem };

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

export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const found = understand(error, request);
  if (found.status >= 500) request.log.error({ err: error, url: request.url }, found.detail);
  // A refused SSE stream or media offer asked for another type; it still gets the reason as JSON.
  return reply.code(found.status).type("application/problem+json").send(found);
}

function understand(error: FastifyError | ProblemError, request: FastifyRequest): Problem {
  if ("problem" in error) return error.problem;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext ?? "request";
    const first = error.validation.slice(0, 3).map((issue) => {
      const field = issue.instancePath.replaceAll("/", ".");
      return `${where}${field}: ${issue.message ?? "not as expected"}`;
    });
    return describe("bad-request", first.join("; "));
  }
  if (isResponseSerializationError(error)) {
    return describe("internal", "an answer did not fit its own schema; it is in the hub's log");
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const expected = /\/wh[ei]p$/.test(request.url) ? "application/sdp" : "application/json";
    const found = request.headers["content-type"]?.slice(0, 80) ?? "none";
    return describe("unsupported-media-type", `expected Content-Type: ${expected}, found ${found}`);
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return describe("too-large", error.message);
  const status = error.statusCode ?? 500;
  if (status === 429) return describe("too-many-requests", error.message);
  if (status >= 400 && status < 500) return describe("bad-request", error.message);
  return describe("internal", "something unexpected happened; it is in the hub's log");
}
