/** What a pillar tells besides alarms and heartbeats. */
import { z } from "zod";
import { CommandId } from "../ids.ts";
import { FaultCode } from "./heartbeat.ts";
import { Version } from "./version.ts";

export const Report = z.discriminatedUnion("type", [
  z.strictObject({
    v: Version,
    type: z.literal("fault-raised"),
    code: FaultCode,
    /** What was expected, what was found, what to do. */
    detail: z.string().max(500),
  }),
  z.strictObject({ v: Version, type: z.literal("fault-cleared"), code: FaultCode }),
  z.strictObject({
    v: Version,
    type: z.literal("command-result"),
    commandId: CommandId,
    outcome: z.enum(["done", "refused", "failed"]),
    detail: z.string().max(500),
  }),
  z.strictObject({
    v: Version,
    type: z.literal("media-state"),
    camera: z.enum(["off", "ready", "sending", "failed"]),
    microphone: z.enum(["off", "ready", "sending", "failed"]),
    speaker: z.enum(["off", "ready", "playing", "failed"]),
  }),
]);
export type Report = z.infer<typeof Report>;
