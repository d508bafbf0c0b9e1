/**
 * The protocol's version, in every topic and in every payload; and what a reader does with a newer one.
 *
 * A field keeps its name and its meaning for ever; a newer writer may add fields, kinds and codes. So a reader
 * passes over what it does not know, and an alarm of any version rings. A `command` gives power over a pillar
 * and is refused when it holds anything unknown.
 */
import { z } from "zod";
import { canonicalJson, type CanonicalValue } from "../canonical-json.ts";

export const PROTOCOL_VERSION = 1;
/** This version, and no other. */
export const Version = z.literal(PROTOCOL_VERSION);
/** This version or a newer one. */
export const AnyVersion = z.number().int().min(PROTOCOL_VERSION).max(1000);

export const isNewer = (version: number): boolean => version > PROTOCOL_VERSION;

/** Of a signed value as canonical JSON, in characters. */
const MAX_SIGNED_LENGTH = 16_384;
const MAX_SIGNED_DEPTH = 8;

/**
 * An object that is signed: fields the reader does not know are kept, because the signature covers them. The
 * type hides them, so that no code depends on them.
 */
export function signedObject<Shape extends z.ZodRawShape>(
  shape: Shape,
  maxLength = MAX_SIGNED_LENGTH,
): z.ZodObject<Shape> {
  const most = `at most ${MAX_SIGNED_DEPTH} levels and ${maxLength} characters`;
  const hasCanonicalForm = (value: unknown): boolean =>
    isCanonical(value, MAX_SIGNED_DEPTH) && canonicalJson(value).length <= maxLength;
  return z
    .looseObject(shape)
    .refine(hasCanonicalForm, `expected integers only, ${most}`) as unknown as z.ZodObject<Shape>;
}

/** Bounded in depth, so that no bytes can exhaust the stack. */
function isCanonical(value: unknown, depth: number): value is CanonicalValue {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (value === undefined || value === null || typeof value !== "object") return true;
  return depth > 0 && Object.values(value).every((part) => isCanonical(part, depth - 1));
}
