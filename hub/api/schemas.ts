/** Pieces that several routes' descriptions share. */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { Problem } from "../../shared/api/problem.ts";
import { IncidentId, PillarId, RecordingId } from "../../shared/ids.ts";

/** The error answers of every route. */
export const failures = { "4xx": Problem, "5xx": Problem } as const;

/** A repeated request with the same key is answered with the first outcome. */
export const IdempotencyKey = z.object({ "idempotency-key": z.string().min(1).max(64).optional() });

/** Of a route whose headers are `IdempotencyKey`. */
export function idempotencyKeyOf({ headers }: Pick<FastifyRequest, "headers">): string | undefined {
  const key = headers["idempotency-key"];
  return typeof key === "string" ? key : undefined;
}

export const IncidentParams = z.object({ id: IncidentId });
export const PillarParams = z.object({ id: PillarId });
export const RecordingParams = z.object({ id: RecordingId });
