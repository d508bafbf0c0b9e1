/**
 * The console's one stream: `GET /api/v1/events` (server-sent events).
 *
 * `id` is the journal index, so `Last-Event-ID` replays what was missed. Each event carries the whole new
 * state of its subject, never a difference: a console that misses one is right again at the next.
 */
import { z } from "zod";
import { HubStatus } from "./hub.ts";
import { Incident, Recording } from "./incident.ts";
import { Pillar } from "./pillar.ts";

export const Notice = z.object({
  level: z.enum(["info", "warning", "error"]),
  /** Stable name the console translates, for example `media-restarted`. */
  code: z.string(),
  detail: z.string(),
  /** How often it happened since the last one of its kind, when that was more than once. */
  count: z.number().int().positive().optional(),
});
export type Notice = z.infer<typeof Notice>;

export const ServerEvent = z.discriminatedUnion("type", [
  /** First on every connection: the hub's clock and what this session may show. */
  z.object({ type: z.literal("hello"), at: z.iso.datetime(), hubEpoch: z.string() }),
  z.object({ type: z.literal("incident"), incident: Incident }),
  z.object({ type: z.literal("pillar"), pillar: Pillar }),
  z.object({ type: z.literal("recording"), recording: Recording }),
  z.object({ type: z.literal("hub"), hub: HubStatus }),
  z.object({ type: z.literal("notice"), notice: Notice }),
  /** Every 10 s. A console answers `POST /api/v1/presence`: so the hub sees one whose cable was cut. */
  z.object({ type: z.literal("ping") }),
  /** More was missed than is kept: fetch everything again. */
  z.object({ type: z.literal("reload") }),
]);
export type ServerEvent = z.infer<typeof ServerEvent>;
