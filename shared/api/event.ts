/**
 * The console's one stream: `GET /api/v1/events` (server-sent events).
 *
 * `id` is a place in the stream, for the hub alone to read: given back as `Last-Event-ID`, what was
 * missed since comes first, or `reload` where that is too much or the hub's journal is another one.
 * Each event carries the whole new state of its subject, never a difference: a console that misses
 * one is right again at the next.
 */
import { z } from "zod";
import { HubFaultCode, HubStatus } from "./hub.ts";
import { Incident, Recording } from "./incident.ts";
import { Pillar } from "./pillar.ts";

/**
 * Time between two pings on every stream, ms. A program that has not received one for longer than
 * this and a little more is connected to nobody and should connect again.
 */
export const PING_INTERVAL_MS = 5000;

/**
 * What a notification can be about. The console has words for each, and for one it does not know.
 */
export const NOTIFICATION_CODES = [
  "alarm-equivocation",
  "alarm-not-recorded",
  "alarm-refused",
  "deadline-passed",
  "external-failed",
  "external-gone",
  "files-exhausted",
  "grid-back",
  "grid-lost",
  "incident-released",
  "journal-failing",
  "journal-recovered",
  "ledger-forked",
  "ledger-lost",
  "media-started",
  "news-unreadable",
  "pillar-cloned",
  "pillar-revoked",
  "row-damaged",
  "broker-back",
  "broker-unreachable",
  ...HubFaultCode.options,
] as const;
export type NotificationCode = (typeof NOTIFICATION_CODES)[number];

export const ConsoleNotification = z.object({
  level: z.enum(["info", "warning", "error"]),
  /**
   * Stable name the console translates, for example `media-started`;
   * a newer hub may know more of them.
   */
  code: z.string(),
  detail: z.string(),
  /** How often it happened since the last one of its kind, when that was more than once. */
  count: z.number().int().positive().optional(),
});
export type ConsoleNotification = z.infer<typeof ConsoleNotification>;
/** As this hub sends it. */
export type HubNotification = ConsoleNotification & { readonly code: NotificationCode };

export const ServerEvent = z.discriminatedUnion("type", [
  /** First on every connection: the hub's clock and what this session may show. */
  z.object({ type: z.literal("hello"), at: z.iso.datetime(), hubEpoch: z.string() }),
  z.object({ type: z.literal("incident"), incident: Incident }),
  z.object({ type: z.literal("pillar"), pillar: Pillar }),
  z.object({ type: z.literal("recording"), recording: Recording }),
  z.object({ type: z.literal("hub"), hub: HubStatus }),
  z.object({ type: z.literal("notification"), notification: ConsoleNotification }),
  /**
   * Every `PING_INTERVAL_MS`. A console answers with `POST /api/v1/presence`, so that the hub
   * notices a cut cable.
   */
  z.object({ type: z.literal("ping") }),
  /** More was missed than is kept: fetch everything again. */
  z.object({ type: z.literal("reload") }),
]);
export type ServerEvent = z.infer<typeof ServerEvent>;

/** The `event:` names of the stream, as a console subscribes to them. */
export const EVENT_NAMES: readonly ServerEvent["type"][] = ServerEvent.options.map(
  ({ shape }) => shape.type.value,
);
