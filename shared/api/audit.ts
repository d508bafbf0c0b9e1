/** Who read, watched, listened, talked, ordered and signed in: `GET /api/v1/audit`. */
import { z } from "zod";
import { AreaId, IncidentId, PillarId, RecordingId, Username } from "../ids.ts";
import { LookPurpose } from "../protocol/purpose.ts";
import { OrderedCommandName } from "../protocol/command.ts";
import { ServiceScope } from "./service.ts";
import { Role } from "./session.ts";
import { IncidentDetail } from "./timeline.ts";

export const AuditKind = z.enum([
  /** An incident, a list of incidents, of accounts or of services was read. */
  "read",
  /** Somebody watched and listened, or talked. */
  "watch",
  "talk",
  /** A recording was played or downloaded. */
  "recording",
  /** An order about an incident, a command to a pillar, an identity ended. */
  "order",
  "session",
  "sign-in-refused",
  "account",
  /** This list was read. */
  "audit",
]);
export type AuditKind = z.infer<typeof AuditKind>;

/** `unanswered`: the pillar said nothing of it in time. */
export const CommandOutcome = z.enum(["done", "refused", "failed", "unanswered"]);
export type CommandOutcome = z.infer<typeof CommandOutcome>;

/**
 * What a fact of the audit says besides its type; facts of an incident say what its history says.
 */
export const AuditDetail = z.discriminatedUnion("kind", [
  ...IncidentDetail.options,
  z.object({
    kind: z.literal("account"),
    change: z.enum(["created", "renamed", "role", "scope", "disabled", "enabled", "password"]),
    /** The account's role; null where the change leaves it as it was. */
    role: Role.nullable(),
    /** The account's area; null where the change leaves it as it was. */
    scope: AreaId.nullable(),
  }),
  /** A service's token was made or revoked. */
  z.object({
    kind: z.literal("service"),
    change: z.enum(["made", "revoked"]),
    scopes: z.array(ServiceScope),
    expiresAt: z.iso.datetime(),
  }),
  z.object({
    kind: z.literal("read"),
    what: z.enum(["incident", "incidents", "audit", "accounts", "services"]),
  }),
  /** How a recording was seen. */
  z.object({ kind: z.literal("viewed"), how: z.enum(["play", "download"]) }),
  /** Somebody looked at a pillar from which nobody called. */
  z.object({ kind: z.literal("look"), purpose: LookPurpose, reason: z.string() }),
  z.object({ kind: z.literal("command"), name: OrderedCommandName }),
  z.object({
    kind: z.literal("command-result"),
    name: OrderedCommandName,
    outcome: CommandOutcome,
    /** In the words of the pillar, or of the hub when the pillar did not answer. May be empty. */
    detail: z.string(),
  }),
  /** The journal index of the fact that was sealed, and why. */
  z.object({ kind: z.literal("sealed"), index: z.number().int(), reason: z.string() }),
]);
export type AuditDetail = z.infer<typeof AuditDetail>;

export const AuditEntry = z.object({
  /** Its place in the journal. */
  index: z.number().int().positive(),
  at: z.iso.datetime(),
  kind: AuditKind,
  /** The fact's type, for example `view-opened`. */
  type: z.string(),
  /** Name of the account or service that did it; null for the command line and for names nobody has. */
  by: Username.nullable(),
  byName: z.string().nullable(),
  /** Network address, where it is known. */
  from: z.string().nullable(),
  incidentId: IncidentId.nullable(),
  pillarId: PillarId.nullable(),
  recordingId: RecordingId.nullable(),
  /** The account or the service that was changed. */
  account: Username.nullable(),
  /** Null where the type says everything. */
  detail: AuditDetail.nullable(),
  /** How often it happened within a few minutes. */
  count: z.number().int().positive(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = z.object({ items: z.array(AuditEntry), next: z.string().nullable() });
export type AuditPage = z.infer<typeof AuditPage>;

export const AuditQuery = z.strictObject({
  person: Username.optional(),
  kind: AuditKind.optional(),
  incidentId: IncidentId.optional(),
  /** At or after, and before. */
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  cursor: z
    .string()
    .regex(/^\d{1,16}\.\d{1,16}$/, "expected the `next` of an earlier answer")
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type AuditQuery = z.infer<typeof AuditQuery>;
