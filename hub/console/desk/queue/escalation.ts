/**
 * How long somebody has waited, as a stage and a bar.
 *
 * The bar runs to the hub's own deadline, so the screen never shows a step before the hub takes it;
 * the stage colours follow the waiting time, because that is the time the person at the pillar has
 * waited.
 */
import type { Incident } from "../../../../shared/api/incident.ts";

export const STAGE_AFTER_MS = { late: 10_000, overdue: 20_000 } as const;

export type WaitStage = "fresh" | "late" | "overdue";

export interface EscalationClock {
  readonly waitMs: number;
  readonly stage: WaitStage;
  /** 0 to 1 on the way to the deadline; 1 once it has passed. */
  readonly filled: number;
  /** Until the next step; null when no deadline runs. Negative: it has passed. */
  readonly leftMs: number | null;
}

type Clocked = Pick<Incident, "pressedAt" | "openedAt" | "deadlineAt">;

export function escalationClock(incident: Clocked, now: number): EscalationClock {
  const waitMs = Math.max(0, now - Date.parse(incident.pressedAt));
  const stage = stageOf(waitMs);
  if (incident.deadlineAt === null) return { waitMs, stage, filled: 0, leftMs: null };
  const dueAt = Date.parse(incident.deadlineAt);
  const length = Math.max(1, dueAt - Date.parse(incident.openedAt));
  const leftMs = dueAt - now;
  const filled = Math.min(1, Math.max(0, 1 - leftMs / length));
  return { waitMs, stage, filled, leftMs };
}

function stageOf(waitMs: number): WaitStage {
  if (waitMs >= STAGE_AFTER_MS.overdue) return "overdue";
  return waitMs >= STAGE_AFTER_MS.late ? "late" : "fresh";
}
