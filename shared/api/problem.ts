/** Errors on the HTTP interface: RFC 9457 problem details with a stable `code`. */
import { z } from "zod";

export const ProblemCode = z.enum([
  "bad-request",
  "unauthenticated",
  "forbidden",
  "foreign-origin",
  "not-found",
  "method-not-allowed",
  "not-acceptable",
  "conflict",
  "precondition-failed",
  "gone",
  "too-large",
  "range-not-satisfiable",
  "headers-too-large",
  "timeout",
  "too-many-requests",
  /** Of one account: another window has to be closed first. */
  "too-many-windows",
  "unsupported-media-type",
  "media-unavailable",
  "unavailable",
  "internal",
]);
export type ProblemCode = z.infer<typeof ProblemCode>;

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: ProblemCode,
  /** What was expected, what was found, what to do. */
  detail: z.string(),
  /** With `conflict`: who won. */
  by: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;
