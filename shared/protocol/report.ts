/** What a pillar tells besides alarms and heartbeats. */
import { z } from "zod";
import { CommandId } from "../ids.ts";
import { FaultHeard } from "./heartbeat.ts";
import { AnyVersion } from "./version.ts";

/** Characters of a report's words; a pillar cuts its own to this, so that no fault is refused for its length. */
export const MAX_FAULT_DETAIL = 500;

export const Report = z.discriminatedUnion("type", [
  z.object({
    v: AnyVersion,
    type: z.literal("fault-raised"),
    code: FaultHeard,
    /** What was expected, what was found, what to do. */
    detail: z.string().max(MAX_FAULT_DETAIL),
  }),
  z.object({ v: AnyVersion, type: z.literal("fault-cleared"), code: FaultHeard }),
  z.object({
    v: AnyVersion,
    type: z.literal("command-result"),
    commandId: CommandId,
    outcome: z.enum(["done", "refused", "failed"]),
    detail: z.string().max(MAX_FAULT_DETAIL),
  }),
  z.object({
    v: AnyVersion,
    type: z.literal("media-state"),
    camera: z.enum(["off", "ready", "sending", "failed"]),
    microphone: z.enum(["off", "ready", "sending", "failed"]),
    speaker: z.enum(["off", "ready", "playing", "failed"]),
  }),
]);
export type Report = z.infer<typeof Report>;
