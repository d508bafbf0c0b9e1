/**
 * Total parsers: whatever the bytes, an answer and never an exception.
 *
 * A reason names the field, what was expected and what was
 * found, because somebody reads it in a log at night.
 */
import type { z } from "zod";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** The largest message on any topic, in bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

export function parseWith<T>(schema: z.ZodType<T>, input: unknown): Parsed<T> {
  const result = schema.safeParse(input);
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, reason: explain(result.error) };
}

/** Parses one UTF-8 JSON message of at most `MAX_MESSAGE_BYTES`. */
export function parseJson<T>(schema: z.ZodType<T>, bytes: Uint8Array): Parsed<T> {
  if (bytes.byteLength > MAX_MESSAGE_BYTES) {
    return refuse(`expected at most ${MAX_MESSAGE_BYTES} bytes, found ${bytes.byteLength}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("expected UTF-8 text, found other bytes");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`expected JSON, found ${JSON.stringify(text.slice(0, 40))}`);
  }
  return parseWith(schema, value);
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}

function explain(error: z.ZodError): string {
  const first = error.issues.slice(0, 3).map((issue) => {
    const where = issue.path.length > 0 ? issue.path.map(String).join(".") : "message";
    return `${where}: ${issue.message}`;
  });
  return first.join("; ");
}
