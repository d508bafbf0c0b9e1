/**
 * The only receipt: it says that the hub's journal holds
 * this alarm. A broker's PUBACK does not say that.
 *
 * On an external broker other clients may write to the pillar's topics, and repeat a receipt that
 * was signed before the hub's database was set back. So a receipt counts in the session that its
 * alarm named, and in no other, and not after a later run of the hub was heard. By HTTPS it is the
 * answer to its own request.
 */
import { z } from "zod";
import {
  EventId,
  HubEpoch,
  HubRun,
  IncidentId,
  PillarId,
  SessionNonce,
  Signature,
} from "../ids.ts";
import { AnyVersion, signedObject } from "./version.ts";

/** What the hub signs. */
export const Receipt = signedObject({
  v: AnyVersion,
  eventId: EventId,
  pillarId: PillarId,
  /** The alarm's number in the pillar's ledger. */
  seq: z.number().int().positive(),
  /** The incident it opened or joined. */
  incidentId: IncidentId,
  /** That incident is closed: the pillar says that the call is over. */
  isOver: z.boolean(),
  /** Changes when the hub's database is not the one we last spoke to: the pillar then replays. */
  hubEpoch: HubEpoch,
  /** Where the hub's journal holds it. */
  journalIndex: z.number().int().nonnegative(),
  /** Made at each start of the hub. */
  hubRun: HubRun,
  /** As in the alarm that it answers; absent by HTTPS. */
  sessionNonce: SessionNonce.optional(),
});
export type Receipt = z.infer<typeof Receipt>;

export const Accepted = z.object({
  v: AnyVersion,
  receipt: Receipt,
  /** Ed25519 by the hub's key over `canonicalJson(receipt)`. */
  sig: Signature,
});
export type Accepted = z.infer<typeof Accepted>;
