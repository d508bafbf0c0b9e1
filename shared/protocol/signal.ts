/**
 * WebRTC signalling between a pillar and the hub (RFC 9429 offer/answer, RFC 8838 trickle).
 *
 * The hub's messages are signed like everything that changes what a person sees or hears: its
 * answer decides whose voice plays and who gets the picture. The pillar offers, the hub answers. A
 * new `sessionId` replaces the pillar's session before it; `bye` ends one.
 */
import { z } from "zod";
import { MediaSessionId } from "../ids.ts";
import { MAX_MESSAGE_BYTES } from "../parse.ts";
import { addressed } from "./addressed.ts";
import { Version } from "./version.ts";

export const MAX_SDP_BYTES = 32 * 1024;
export const MAX_CANDIDATES = 32;
/** A pillar's cameras, wherever they are listed: settings, SDP, room, reports. */
export const MAX_CAMERAS = 4;

/**
 * The session description (RFC 8866). In a pillar's offer each picture names its camera as the
 * stream of its one `a=msid` (RFC 8830), and there is at most one section of sound.
 */
const Sdp = z.string().min(1).max(MAX_SDP_BYTES).startsWith("v=0");
const base = { v: Version, sessionId: MediaSessionId };

/** Fields the reader does not know are kept: on the way down the signature covers them. */
const open = <Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> =>
  z.looseObject(shape) as unknown as z.ZodObject<Shape>;

export const Signal = z.discriminatedUnion("type", [
  open({ ...base, type: z.literal("offer"), sdp: Sdp }),
  open({ ...base, type: z.literal("answer"), sdp: Sdp }),
  open({
    ...base,
    type: z.literal("candidate"),
    /** As in SDP, without `a=`; empty marks the end of candidates. */
    candidate: z.string().max(1024),
    /** The media section it belongs to, by its name. */
    sdpMid: z.string().max(16).optional(),
    /** The media section it belongs to, by its position. */
    sdpMLineIndex: z.number().int().min(0).max(MAX_CAMERAS).optional(),
  }),
  open({
    ...base,
    type: z.literal("bye"),
    /** Why the session ends, for the log. */
    reason: z.string().max(200),
  }),
]);
export type Signal = z.infer<typeof Signal>;

/** As the hub sends it: signed, for one session of one pillar, in its order. */
export const SignedSignal = addressed(
  {
    /** The message itself. */
    signal: Signal,
  },
  MAX_MESSAGE_BYTES,
);
export type SignedSignal = z.infer<typeof SignedSignal>;
export type SignalBody = SignedSignal["body"];
