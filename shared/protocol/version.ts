/**
 * The protocol's version, in every topic and in every
 * payload; and what a reader does with a newer one.
 *
 * A field keeps its name and its meaning for ever; a newer writer may add fields, kinds and codes.
 * So a reader passes over what it does not know, and an alarm of any version rings. A `command`
 * gives power over a pillar and is refused when it holds anything unknown.
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
 * An object that is signed: fields the reader does not know are kept, because the signature covers
 * them. The type hides them, so that no code depends on them.
 *
 * zod leaves out a field named `__proto__`, whose signature would then not verify: it is put back.
 * That and the check of the whole happen in one place, because a check that zod runs sees only what
 * zod has kept.
 */
export function signedObject<Shape extends z.ZodRawShape>(
  shape: Shape,
  maxLength = MAX_SIGNED_LENGTH,
): z.ZodObject<Shape> {
  return z
    .looseObject(shape)
    .apply((schema) => asSigned(schema, maxLength)) as unknown as z.ZodObject<Shape>;
}

function asSigned<Schema extends z.ZodObject>(schema: Schema, maxLength: number): Schema {
  const message = `expected integers only, at most ${MAX_SIGNED_DEPTH} levels and ${maxLength} characters`;
  const { run } = schema._zod;
  schema._zod.run = (payload, context) => {
    const { value: input } = payload;
    const read = run(payload, context);
    // Nothing here is asynchronous.
    if (read instanceof Promise || read.issues.length > 0) return read;
    const { value } = read;
    keepProto(input, value as object);
    if (!isCanonical(value, MAX_SIGNED_DEPTH) || canonicalJson(value).length > maxLength) {
      read.issues.push({ code: "custom", message, input, inst: schema });
    }
    return read;
  };
  return schema;
}

const PROTO = "__proto__";

/** As a field of its own, like JSON.parse makes it, and never as the prototype. */
function keepProto(input: unknown, output: object): void {
  if (typeof input !== "object" || input === null || !Object.hasOwn(input, PROTO)) return;
  const field = Object.getOwnPropertyDescriptor(input, PROTO);
  if (field) Object.defineProperty(output, PROTO, field);
}

/** Bounded in depth, so that no bytes can exhaust the stack. */
function isCanonical(value: unknown, depth: number): value is CanonicalValue {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (value === undefined || value === null || typeof value !== "object") return true;
  return depth > 0 && Object.values(value).every((part) => isCanonical(part, depth - 1));
}
