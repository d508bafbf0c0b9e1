/** An incident as the console and programs see it, and the commands that move it. */
import { z } from "zod";
import { CameraId, IncidentId, PillarId, RecordingId, Username } from "../ids.ts";
import { Gaps } from "./recording-gap.ts";
import { AlarmKind } from "../protocol/alarm.ts";
import { MAX_CAMERAS } from "../protocol/signal.ts";

export const IncidentState = z.enum(["open", "acknowledged", "answered", "closed"]);
export type IncidentState = z.infer<typeof IncidentState>;

/** 1 urgent, 2 high, 3 medium, 4 information. */
export const Priority = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
export type Priority = z.infer<typeof Priority>;

/**
 * A rule that makes an incident urgent: what it is (`kind`), a caller who must not be heard, words in
 * a typed call, presses again and again, calls from several pillars of one grid, the night, a place.
 */
export const PriorityRule = z.enum([
  "kind",
  "silent",
  "words",
  "repeated",
  "several",
  "night",
  "area",
]);
export type PriorityRule = z.infer<typeof PriorityRule>;

export const PriorityReason = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("rule"), rule: PriorityRule }),
  z.object({ kind: z.literal("person"), byName: z.string(), reason: z.string() }),
]);
export type PriorityReason = z.infer<typeof PriorityReason>;

export const Disposition = z.enum([
  "resolved",
  "dispatched",
  "false-press",
  "transferred",
  "test",
  "no-contact",
]);
export type Disposition = z.infer<typeof Disposition>;

/** Who has been called while nobody took the incident; begins anew whenever it rings anew. */
export const Escalation = z.enum(["none", "desks", "supervisor", "external"]);
export type Escalation = z.infer<typeof Escalation>;

export const Incident = z.object({
  id: IncidentId,
  pillarId: PillarId,
  pillarName: z.string(),
  kind: AlarmKind,
  state: IncidentState,
  priority: Priority,
  priorityReason: PriorityReason,
  /** When the person pressed, by the hub's clock minus the alarm's age. */
  pressedAt: z.iso.datetime(),
  openedAt: z.iso.datetime(),
  acknowledgedAt: z.iso.datetime().nullable(),
  answeredAt: z.iso.datetime().nullable(),
  closedAt: z.iso.datetime().nullable(),
  /** Account name of the one responsible. */
  owner: Username.nullable(),
  ownerName: z.string().nullable(),
  isHeld: z.boolean(),
  /** Presses that belong to this incident. */
  presses: z.number().int().positive(),
  /**
   * False: the pillar's certificate has expired, or somebody else may have its keys. The alarm is
   * answered all the same.
   */
  isVerified: z.boolean(),
  escalation: Escalation,
  /** When the next step of the escalation is due; null when somebody owns it or it is closed. */
  deadlineAt: z.iso.datetime().nullable(),
  disposition: Disposition.nullable(),
  note: z.string().nullable(),
  text: z.string().nullable(),
  /**
   * Its row cannot be read. What can be known without it is
   * shown; for the rest the most urgent value is assumed.
   */
  isDamaged: z.literal(true).optional(),
  /** Its recordings are kept until a supervisor unlocks it; null: they go by age and space. */
  lock: z.object({ at: z.iso.datetime(), byName: z.string(), reason: z.string() }).nullable(),
});
export type Incident = z.infer<typeof Incident>;

export const IncidentQuery = z.strictObject({
  state: z.union([IncidentState, z.literal("active")]).optional(),
  pillarId: PillarId.optional(),
  /** Pressed at or after, and before. */
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "expected the `next` of an earlier answer")
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type IncidentQuery = z.infer<typeof IncidentQuery>;

export const IncidentPage = z.object({ items: z.array(Incident), next: z.string().nullable() });
export type IncidentPage = z.infer<typeof IncidentPage>;

export const NoteBody = z.strictObject({ text: z.string().trim().min(1).max(2000) });
export const CloseBody = z.strictObject({
  disposition: Disposition,
  note: z.string().max(2000).default(""),
});
export const HoldBody = z.strictObject({ held: z.boolean().default(true) });
export const TransferBody = z.strictObject({ to: Username });
/** Characters of the reason for another priority. */
export const MAX_PRIORITY_REASON = 200;
/** Less urgent than before: only its owner or a supervisor may. */
export const PriorityBody = z.strictObject({
  priority: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  reason: z.string().trim().min(1).max(MAX_PRIORITY_REASON),
});
export const DispatchBody = z.strictObject({ unit: z.string().trim().min(1).max(60) });

/** Why recordings are locked, or unlocked. */
export const LockBody = z.strictObject({ reason: z.string().trim().min(1).max(500) });

/** `age`: older than the hub keeps them. `space`: the disk had too little room. */
export const DeletionReason = z.enum(["age", "space"]);
export type DeletionReason = z.infer<typeof DeletionReason>;

export const Recording = z.object({
  id: RecordingId,
  incidentId: IncidentId,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  durationMs: z.number().int().nonnegative().nullable(),
  bytes: z.number().int().nonnegative().nullable(),
  /** `recording` now, `closed` in order, `recovered` after a crash of the recorder. */
  state: z.enum(["recording", "closed", "recovered", "failed"]),
  /** Left channel: the person at the pillar. Right channel: the operator. */
  mediaType: z.literal("video/mp4"),
  /** Its file is gone, or about to go: asked for, it is answered with 410. */
  deletion: z.object({ at: z.iso.datetime(), reason: DeletionReason }).nullable(),
  /** What is missing in it; null while it runs, and where nothing of it could be read. */
  gaps: Gaps.nullable(),
  /**
   * Cameras whose pictures are in it, by their names in the pillar's settings; null like `gaps`. The
   * video track has the name of the first.
   */
  cameras: z.array(CameraId).max(MAX_CAMERAS).nullable(),
});
export type Recording = z.infer<typeof Recording>;
export const RecordingPage = z.object({ items: z.array(Recording), next: z.string().nullable() });
