/** What a pillar tells besides alarms and heartbeats. */
import { z } from "zod";
import { CameraId, CommandId } from "../ids.ts";
import { FaultHeard } from "./heartbeat.ts";
import { MAX_CAMERAS } from "./signal.ts";
import { AnyVersion } from "./version.ts";

/**
 * Characters of a report's words; a pillar cuts its own
 * to this, so that no fault is refused for its length.
 */
export const MAX_FAULT_DETAIL = 500;

export const Report = z.discriminatedUnion("type", [
  z.object({
    v: AnyVersion,
    type: z.literal("fault-raised"),
    /** What is wrong; the codes are those of the heartbeat. */
    code: FaultHeard,
    /** What was expected, what was found, what to do. */
    detail: z.string().max(MAX_FAULT_DETAIL),
  }),
  z.object({
    v: AnyVersion,
    type: z.literal("fault-cleared"),
    /** What is right again. */
    code: FaultHeard,
  }),
  z.object({
    v: AnyVersion,
    type: z.literal("command-result"),
    /** The command this answers. */
    commandId: CommandId,
    /**
     * `refused`: not for this pillar, boot or session,
     * or too late. `failed`: tried, without success.
     */
    outcome: z.enum(["done", "refused", "failed"]),
    /** Why, when it was not done. */
    detail: z.string().max(MAX_FAULT_DETAIL),
    /** Of a self-test that is done: from its press to the hub's receipt. */
    confirmedAfterMs: z.number().int().nonnegative().optional(),
  }),
  z.object({
    v: AnyVersion,
    type: z.literal("media-state"),
    /** Each camera of the pillar; one with several failed cameras has one fault `camera-lost`. */
    cameras: z
      .array(
        z.object({
          /** Its name in the pillar's settings, in SDP and in recordings. */
          id: CameraId,
          /** `sending` only while its packets leave the pillar. */
          state: z.enum(["off", "ready", "sending", "failed"]),
        }),
      )
      .max(MAX_CAMERAS),
    /** `sending` only while its packets leave the pillar. */
    microphone: z.enum(["off", "ready", "sending", "failed"]),
    /** `playing` only while somebody is heard. */
    speaker: z.enum(["off", "ready", "playing", "failed"]),
  }),
]);
export type Report = z.infer<typeof Report>;
