/**
 * WebRTC signalling between a pillar and the hub (RFC 9429 offer/answer, RFC 8838 trickle).
 *
 * The pillar offers, the hub answers. A new `sessionId` replaces the pillar's session before it; `bye`
 * ends one.
 */
import { z } from "zod";
import { MediaSessionId } from "../ids.ts";
import { Version } from "./version.ts";

export const MAX_SDP_BYTES = 32 * 1024;
export const MAX_CANDIDATES = 32;

const Sdp = z.string().min(1).max(MAX_SDP_BYTES).startsWith("v=0");
const base = { v: Version, sessionId: MediaSessionId };

export const Signal = z.discriminatedUnion("type", [
  z.object({ ...base, type: z.literal("offer"), sdp: Sdp }),
  z.object({ ...base, type: z.literal("answer"), sdp: Sdp }),
  z.object({
    ...base,
    type: z.literal("candidate"),
    /** As in SDP, without `a=`; empty marks the end of candidates. */
    candidate: z.string().max(1024),
    sdpMid: z.string().max(16).optional(),
    sdpMLineIndex: z.number().int().min(0).max(3).optional(),
  }),
  z.object({ ...base, type: z.literal("bye"), reason: z.string().max(200) }),
]);
export type Signal = z.infer<typeof Signal>;
