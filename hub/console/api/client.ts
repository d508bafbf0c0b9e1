/**
 * Requests to the hub, with errors as values.
 *
 * The session is a cookie, so nothing here holds a secret. Every order carries an idempotency key,
 * because a double click and a slow line both send it twice.
 */
import type { z } from "zod";
import { Problem, type ProblemCode } from "../../../shared/api/problem.ts";

/**
 * Where the hub is: `/`, or the path under which a reverse
 * proxy shows it; the hub writes it into `<base>`.
 */
export const BASE = new URL(globalThis.document?.baseURI ?? "http://hub/").pathname;
export const API = `${BASE}api/v1`;
/** Longer than this, an operator has already pressed again. */
const TIMEOUT_MS = 8000;

/** `offline`: no answer came. `malformed`: one came that is not in the contract. */
export type FailureCode = ProblemCode | "offline" | "malformed";

export interface Failure {
  readonly ok: false;
  readonly code: FailureCode;
  readonly detail: string;
  /** With `conflict`: who won. */
  readonly by: string | null;
}
export type Answer<T> = { readonly ok: true; readonly value: T } | Failure;

interface Ask {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

export async function ask<T>(
  path: string,
  schema: z.ZodType<T>,
  options: Ask = {},
): Promise<Answer<T>> {
  const sent = await send(path, options);
  if (!sent.ok) return sent;
  const response = sent.value;
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok) return failure(response.status, json);
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const where = parsed.error.issues[0];
  return malformed(`${path}: ${where?.path.join(".") ?? ""} ${where?.message ?? ""}`);
}

/** For orders whose answer is not needed: the event stream brings the new state. */
export async function order(path: string, options: Ask): Promise<Answer<null>> {
  const sent = await send(path, { method: "POST", ...options });
  if (!sent.ok) return sent;
  if (sent.value.ok) return { ok: true, value: null };
  return failure(sent.value.status, await sent.value.json().catch(() => undefined));
}

/** Reads page after page until the end or `maxItems`. */
export async function askAll<T>(
  path: string,
  schema: z.ZodType<{ items: T[]; next: string | null }>,
  maxItems: number,
): Promise<Answer<T[]>> {
  const items: T[] = [];
  let next: string | null = null;
  do {
    const joint = path.includes("?") ? "&" : "?";
    const page: Answer<{ items: T[]; next: string | null }> = await ask(
      next === null ? path : `${path}${joint}cursor=${encodeURIComponent(next)}`,
      schema,
    );
    if (!page.ok) return page;
    items.push(...page.value.items);
    next = page.value.items.length > 0 ? page.value.next : null;
  } while (next !== null && items.length < maxItems);
  return { ok: true, value: items };
}

async function send(path: string, options: Ask): Promise<Answer<Response>> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey;
  try {
    const response = await fetch(API + path, {
      method: options.method ?? "GET",
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    return { ok: true, value: response };
  } catch (error) {
    return { ok: false, code: "offline", detail: String(error), by: null };
  }
}

export function failure(status: number, json: unknown): Failure {
  const problem = Problem.safeParse(json);
  if (!problem.success) return malformed(`HTTP ${status}`);
  const { code, detail, by } = problem.data;
  return { ok: false, code, detail, by: by ?? null };
}

const malformed = (detail: string): Failure => ({ ok: false, code: "malformed", detail, by: null });
