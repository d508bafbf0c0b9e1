/**
 * An incident's history: one entry for each fact, with its detail as data.
 *
 * A detail holds values and no sentences; whoever shows it puts them into the reader's language.
 */
import { z } from "zod";
import { EventId, RecordingId } from "../ids.ts";
import { AlarmKind } from "../protocol/alarm.ts";
import {
  DeletionReason,
  Disposition,
  Escalation,
  Priority,
  PriorityReason,
  Recording,
} from "./incident.ts";
import { RevocationReason } from "./pillar.ts";
import { Gaps } from "./recording-gap.ts";

/** Why a deadline runs: nobody has seen the incident, or its owner went away. */
export const DeadlineReason = z.enum(["unacknowledged", "owner-lost"]);
export type DeadlineReason = z.infer<typeof DeadlineReason>;

const seq = z.number().int();

/** What a fact of an incident says besides its type, its time and who did it. */
export const IncidentDetail = z.discriminatedUnion("kind", [
  /** An alarm: the kind it rings as, its number in the pillar's ledger, and the way it took. */
  z.object({ kind: z.literal("alarm"), alarm: AlarmKind, seq, via: z.enum(["mqtt", "https"]) }),
  /** What the person at the pillar typed. */
  z.object({ kind: z.literal("typed"), text: z.string() }),
  /** Another alarm came under a number or id that this earlier one has. */
  z.object({ kind: z.literal("same-number"), seq, earlierEventId: EventId }),
  z.object({ kind: z.literal("due"), at: z.iso.datetime(), reason: DeadlineReason }),
  z.object({ kind: z.literal("overdue"), reason: DeadlineReason }),
  z.object({ kind: z.literal("escalation"), level: Escalation.exclude(["none"]) }),
  /** Whose incident it was before. */
  z.object({ kind: z.literal("from-person"), name: z.string() }),
  /** Whose it is now. */
  z.object({ kind: z.literal("to-person"), name: z.string() }),
  /** Another system that was told; `failure` says why it was not reached. */
  z.object({ kind: z.literal("receiver"), host: z.string(), failure: z.string().nullable() }),
  z.object({ kind: z.literal("revocation"), reason: RevocationReason }),
  /** False: the call goes on. */
  z.object({ kind: z.literal("hold"), isHeld: z.boolean() }),
  /** How urgent it is from now on, and why. */
  z.object({ kind: z.literal("priority"), priority: Priority, reason: PriorityReason }),
  z.object({ kind: z.literal("note"), text: z.string() }),
  z.object({ kind: z.literal("unit"), unit: z.string() }),
  /** `note` may be empty. */
  z.object({ kind: z.literal("close"), disposition: Disposition, note: z.string() }),
  z.object({ kind: z.literal("recording"), recordingId: RecordingId }),
  z.object({
    kind: z.literal("recording-end"),
    recordingId: RecordingId,
    state: Recording.shape.state,
    durationMs: z.number(),
    /** What is missing in it; null where that is not known. */
    gaps: Gaps.nullable(),
  }),
  z.object({ kind: z.literal("deletion"), reason: DeletionReason }),
  /** Why its recordings were locked or unlocked. */
  z.object({ kind: z.literal("lock"), reason: z.string() }),
  z.object({ kind: z.literal("view"), role: z.enum(["watch", "talk"]) }),
]);
export type IncidentDetail = z.infer<typeof IncidentDetail>;

/** One line of an incident's history. */
export const TimelineEntry = z.object({
  index: z.number().int().nonnegative(),
  at: z.iso.datetime(),
  /** The fact's type, for example `incident-answered`; `damaged`: the fact cannot be read. */
  type: z.string(),
  by: z.string().nullable(),
  byName: z.string().nullable(),
  /** Null where the type says everything. */
  detail: IncidentDetail.nullable(),
  eventId: EventId.nullable(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;
export const Timeline = z.object({ items: z.array(TimelineEntry), next: z.null() });
