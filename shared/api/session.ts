/** Signing in: who somebody is and what they may do. */
import { z } from "zod";
import { AreaId, Username } from "../ids.ts";

export const Role = z.enum(["operator", "supervisor", "technician", "admin"]);
export type Role = z.infer<typeof Role>;

export const Credentials = z.strictObject({
  username: z.string().max(32),
  password: z.string().max(256),
});
export type Credentials = z.infer<typeof Credentials>;

export const Session = z.object({
  /** Also works as `Authorization: Bearer`; only in the answer to signing in. */
  token: z.string().optional(),
  username: Username,
  displayName: z.string(),
  role: Role,
  /** The area that this person may see and act in: `all`, or a part of it. */
  scope: AreaId,
  expiresAt: z.iso.datetime(),
});
export type Session = z.infer<typeof Session>;

/** Who an incident may be handed to: `GET /api/v1/operators`. */
export const OperatorPage = z.object({
  items: z.array(Session.pick({ username: true, displayName: true, role: true, scope: true })),
});
export type OperatorPage = z.infer<typeof OperatorPage>;
