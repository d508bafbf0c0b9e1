/**
 * The alarm: what a pillar sends when somebody asks for help.
 *
 * The inner `event` never changes once it is made: it is what the ledger stores, the chain links
 * and the key signs. The envelope around it says how old the event is *now*, so it differs at every
 * resend and is not signed; mutual TLS protects it on the way.
 *
 * The alarm of a newer pillar rings too: known fields
 * are read; all fields are kept, linked and verified.
 */
import { z } from "zod";
import { EventId, PillarId, SessionNonce, Sha256, Signature } from "../ids.ts";
import { AnyVersion, isNewer, signedObject } from "./version.ts";

/**
 * `voice`: a person pressed. `silent`: help without sound.
 * `text`: a typed call. `test`: a technician's.
 */
export const AlarmKind = z.enum(["voice", "silent", "text", "test"]);
export type AlarmKind = z.infer<typeof AlarmKind>;

/** What the pillar knows about its own wall clock. */
export const ClockState = signedObject({
  /** Whether a time source has set the clock since this boot. */
  synced: z.boolean(),
  /** Estimated error, ms; absent when unknown. */
  errorMs: z.number().int().nonnegative().optional(),
});
export type ClockState = z.infer<typeof ClockState>;

export const AlarmEvent = signedObject({
  v: AnyVersion,
  eventId: EventId,
  pillarId: PillarId,
  /** Rises by one at each start of the agent; persisted before anything is sent. */
  bootEpoch: z.number().int().positive(),
  /** Gap-free per pillar, from 1. Orders alarms; the wall clock never does. */
  seq: z.number().int().positive(),
  /** Hash of the pillar's preceding event; 64 zeros for the first. */
  prevHash: Sha256,
  /** A kind that this release does not know rings as `voice`. */
  kind: z.union([AlarmKind, z.string().min(1).max(40)]),
  /** Wall clock at the edge, Unix ms. For the record only. */
  wallMs: z.number().int(),
  clock: ClockState,
  /** `text` alarms: what the person typed. */
  text: z.string().max(1000).optional(),
});
export type AlarmEvent = z.infer<typeof AlarmEvent>;

/** The kind an alarm rings as: an unknown one counts as `voice`, never as something quieter. */
export function kindOf({ kind }: Pick<AlarmEvent, "kind">): AlarmKind {
  return AlarmKind.options.find((known) => known === kind) ?? "voice";
}

/**
 * From the least to the most careful. The strictest decides,
 * because nobody may speak aloud to somebody who hides.
 */
const STRICTNESS: Readonly<Record<AlarmKind, number>> = { test: 0, text: 1, voice: 2, silent: 3 };

/**
 * What a call is when both kinds of alarm belong to
 * it. Pillar and hub ask here, so that they agree.
 */
export const stricterKind = (one: AlarmKind, other: AlarmKind): AlarmKind =>
  STRICTNESS[other] > STRICTNESS[one] ? other : one;

/** Whether its pillar speaks a newer protocol than this program. */
export const isOfNewerPillar = ({ v, kind }: Pick<AlarmEvent, "v" | "kind">): boolean =>
  isNewer(v) || kindOf({ kind }) !== kind;

export const Alarm = z.object({
  v: AnyVersion,
  /** What the pillar signs; it never changes again. */
  event: AlarmEvent,
  /** Ed25519 by the pillar's key over `canonicalJson(event)`. */
  sig: Signature,
  /** Monotonic ms from the edge to this sending; absent when a reboot lies between. */
  ageMs: z.number().int().nonnegative().optional(),
  /** 1 for the first sending. */
  attempt: z.number().int().positive(),
  /**
   * The pillar's connection that carries it, as in its
   * heartbeat: the receipt repeats it. Absent by HTTPS.
   */
  sessionNonce: SessionNonce.optional(),
});
export type Alarm = z.infer<typeof Alarm>;
