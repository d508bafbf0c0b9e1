/**
 * Services: programs that ask the hub with a token of their own, which an administrator makes.
 *
 * The command line and the HTTP interface check with these schemas.
 */
import { z } from "zod";
import { Username } from "../ids.ts";

/** What a service may be given; `shared/access/rights.ts` says which actions each includes. */
export const ServiceScope = z.enum([
  "incidents:read",
  "events:read",
  "pillars:read",
  "recordings:read",
  "audit:read",
  "hub:read",
  "metrics:read",
]);
export type ServiceScope = z.infer<typeof ServiceScope>;

/** A year: a token that nobody renews ends by itself. */
export const MAX_SERVICE_DAYS = 365;

/**
 * A service's name is of the same kind as an account's, and no account has it: a name in the
 * journal is one of them.
 */
export const NewService = z.strictObject({
  name: Username,
  scopes: z
    .array(ServiceScope)
    .min(1, "expected at least one scope")
    .max(ServiceScope.options.length)
    .refine((scopes) => new Set(scopes).size === scopes.length, "expected each scope once"),
  days: z
    .number()
    .int()
    .min(1, `expected 1 to ${MAX_SERVICE_DAYS} days`)
    .max(MAX_SERVICE_DAYS, `expected 1 to ${MAX_SERVICE_DAYS} days`),
});
export type NewService = z.infer<typeof NewService>;

export const Service = z.object({
  name: Username,
  scopes: z.array(ServiceScope),
  createdAt: z.iso.datetime(),
  /** Null: the command line. */
  createdBy: Username.nullable(),
  expiresAt: z.iso.datetime(),
  /** To within ten minutes. */
  lastUsedAt: z.iso.datetime().nullable(),
});
export type Service = z.infer<typeof Service>;
export const ServicePage = z.object({ items: z.array(Service), next: z.null() });

/** The only time that the token is shown. */
export const MadeService = Service.extend({ token: z.string() });
export type MadeService = z.infer<typeof MadeService>;
