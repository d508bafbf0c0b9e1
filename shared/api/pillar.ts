/** A pillar as the fleet sees it. */
import { z } from "zod";
import { PillarId } from "../ids.ts";
import { OrderedCommand } from "../protocol/command.ts";
import { FaultCode } from "../protocol/heartbeat.ts";

export const Presence = z.enum(["online", "late", "lost", "out-of-service"]);
export type Presence = z.infer<typeof Presence>;

/** GeoJSON point (RFC 7946): WGS-84, longitude then latitude. */
export const Position = z.object({
  type: z.literal("Point"),
  coordinates: z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]),
});
export type Position = z.infer<typeof Position>;

/**
 * Limits on what may be entered of a place; the command
 * line, the enrolment and the fact share them.
 */
export const PlaceText = {
  name: z.string().trim().min(1).max(80),
  /** Grid cell or street office the pillar belongs to. */
  grid: z.string().max(40),
  /** What an operator reads to a patrol: crossing, landmark. */
  address: z.string().max(200),
} as const;

export interface Place {
  readonly name: string;
  readonly grid: string;
  readonly address: string;
}

/**
 * Applies the same limits to values written before there were
 * any. Total, so that an old fact can always be shown.
 */
export const boundedPlace = ({ name, grid, address }: Place): Place => ({
  name: clipped(name, 80),
  grid: clipped(grid, 40),
  address: clipped(address, 200),
});

/** Cuts between characters, never inside one. */
const clipped = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");

export const RevocationReason = z.enum(["key-compromised", "pillar-stolen", "retired", "other"]);
export type RevocationReason = z.infer<typeof RevocationReason>;

export const Certificate = z.object({
  serial: z.string(),
  issuedAt: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  /**
   * Its time is over: alarms by HTTPS ring as unverified, everything else is refused until the
   * pillar is enrolled again.
   */
  isExpired: z.boolean(),
});

export const Revocation = z.object({
  at: z.iso.datetime(),
  byName: z.string(),
  reason: RevocationReason,
  note: z.string(),
});

export const Pillar = z.object({
  id: PillarId,
  name: z.string(),
  grid: z.string(),
  address: z.string(),
  position: Position.nullable(),
  presence: Presence,
  lastSeenAt: z.iso.datetime().nullable(),
  isEnrolled: z.boolean(),
  certificate: Certificate.nullable(),
  /** Until the pillar is enrolled again. */
  revocation: Revocation.nullable(),
  faults: z.array(FaultCode),
  release: z.string().nullable(),
  /** Its row cannot be read: only the id and the name are known. */
  isDamaged: z.literal(true).optional(),
});
export type Pillar = z.infer<typeof Pillar>;
export const PillarPage = z.object({ items: z.array(Pillar), next: z.string().nullable() });

export const RevokeRequest = z.strictObject({
  reason: RevocationReason,
  note: z.string().max(500).default(""),
  /** Refused when the pillar has another certificate by now: somebody enrolled it again. */
  certificateSerial: z.string().max(64).optional(),
});
export type RevokeRequest = z.infer<typeof RevokeRequest>;

export const CommandRequest = z.strictObject({
  command: OrderedCommand,
  /** For a siren without an incident of one's own: why. It is kept. */
  reason: z.string().trim().min(1).max(200).optional(),
});
export type CommandRequest = z.infer<typeof CommandRequest>;

/** What the pillar said of a command it carried out. */
export const CommandAnswer = z.object({
  detail: z.string(),
  /** Of a self-test: from its press to the hub's receipt at the pillar. */
  confirmedAfterMs: z.number().int().nonnegative().nullable(),
});
