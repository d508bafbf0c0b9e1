/**
 * Settings of incidents: who is called when nobody answers, what is urgent, and how many there may
 * be.
 */
import { z } from "zod";
import { AreaId } from "../../shared/ids.ts";
import { DEFAULT_PRIORITY, type PrioritySettings } from "../core/incident/priority-settings.ts";
import { isSafeUrl } from "./safe-url.ts";

const seconds = (least: number, most: number): z.ZodNumber => z.number().min(least).max(most);

/** Somebody outside who is called by a signed POST (standardwebhooks.com). */
const Webhook = z.strictObject({
  /** Where the call is posted: HTTPS, or plain HTTP on loopback. */
  url: z.url().refine(isSafeUrl, "expected https, or http on loopback"),
  /** Key of the signature, shared with the receiver: `whsec_` and 24 to 64 bytes in base64. */
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "expected whsec_ and 24 to 64 bytes in base64"),
});
export type Webhook = z.infer<typeof Webhook>;

/** Steps for an incident that nobody has taken, each counted from the first ring. */
const Escalation = z
  .strictObject({
    /** All other ready desks ring as well when the first one has not answered by then. */
    desksAfterSeconds: seconds(3, 120).default(10),
    /** The supervisors ring by then. */
    supervisorAfterSeconds: seconds(4, 600).default(20),
    /** The webhook is called by then. */
    externalAfterSeconds: seconds(5, 3600).default(40),
    /**
     * Who is called when nobody in the room answers. Of several, each is tried when the one before
     * fails; `none`: the last step is left out.
     */
    webhook: z.union([z.literal("none"), Webhook, z.array(Webhook).min(1).max(4)]).default("none"),
  })
  .refine(
    ({ desksAfterSeconds, supervisorAfterSeconds, externalAfterSeconds }) =>
      desksAfterSeconds < supervisorAfterSeconds && supervisorAfterSeconds < externalAfterSeconds,
    "expected desksAfterSeconds < supervisorAfterSeconds < externalAfterSeconds",
  );

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time of day from 00:00 to 23:59");

/** What makes an incident urgent beside a silent alarm. A person may decide otherwise. */
const PriorityRules = z.strictObject({
  /**
   * Presses in this time of day are urgent, by the clock of the place; `none`: by night nothing is
   * more urgent than by day. A span may pass midnight.
   */
  night: z
    .union([
      z.literal("none"),
      z.strictObject({
        /** When the night begins. */
        from: timeOfDay,
        /** When it is over. */
        until: timeOfDay,
      }),
    ])
    .default({ from: "23:00", until: "05:00" }),
  /**
   * Difference of the clock of the place from UTC: `+08:00` is that of China.
   */
  utcOffset: z
    .string()
    .regex(/^[+-](0\d|1[0-4]):[0-5]\d$/, "expected an offset from UTC like +08:00")
    .default("+08:00"),
  /** A typed call with one of these in it is urgent. Capitals count as small letters. */
  urgentWords: z
    .array(z.string().trim().min(1).max(40))
    .max(200)
    .default([...DEFAULT_PRIORITY.urgentWords]),
  /** Every press in these areas is urgent. */
  urgentAreas: z.array(AreaId).max(1000).default([]),
});

export const IncidentSettings = z.strictObject({
  escalation: Escalation.prefault({}),
  priority: PriorityRules.prefault({}),
  /**
   * Open incidents up to which each is recorded. Alarms beyond it still open incidents and
   * ring, without a recording.
   * @unit incidents
   */
  maxOpen: z.number().int().min(10).max(100_000).default(10_000),
});

export function priorityOf({ priority }: z.infer<typeof IncidentSettings>): PrioritySettings {
  const { night, utcOffset, urgentWords, urgentAreas } = priority;
  const sign = utcOffset.startsWith("-") ? -1 : 1;
  return {
    ...{ urgentWords, urgentAreas, offsetMinutes: sign * minutesOf(utcOffset.slice(1)) },
    night:
      night === "none"
        ? null
        : { fromMinute: minutesOf(night.from), untilMinute: minutesOf(night.until) },
  };
}

/** Of `hours:minutes`. */
function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}
