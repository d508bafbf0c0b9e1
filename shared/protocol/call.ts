/**
 * What became of the call, told to the pillar so that its lamp and voice say no more than is true.
 */
import { z } from "zod";
import { EventId, IncidentId } from "../ids.ts";
import { addressed } from "./addressed.ts";
import { signedObject, Version } from "./version.ts";

/**
 * `ringing`: desks ring. `answered`: a named operator
 * talks. `held`: they wait. `ended`: incident closed.
 */
export const CallStatus = z.enum(["ringing", "answered", "held", "ended"]);
export type CallStatus = z.infer<typeof CallStatus>;

export const Call = signedObject({
  v: Version,
  /** The incident that the pillar's alarm opened or joined. */
  incidentId: IncidentId,
  /** The incident's newest alarm from this pillar. */
  eventId: EventId,
  status: CallStatus,
  /** The operator's display name, with `answered` and `held`. */
  by: z.string().min(1).max(60).optional(),
  /** The caller must not be heard: the pillar plays no prompts, whichever button began the call. */
  isSilent: z.boolean().optional(),
});
export type Call = z.infer<typeof Call>;

/** As it is sent: signed, for one session of one pillar, in its order. */
export const SignedCall = addressed({
  /** What became of the call. */
  call: Call,
});
export type SignedCall = z.infer<typeof SignedCall>;
export type CallBody = SignedCall["body"];
