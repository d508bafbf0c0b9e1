/**
 * Which pillars a tick looks at: those whose presence or certificate may have changed by time alone,
 * or by a fact, since they were looked at. Ten thousand that are well cost nothing in most seconds.
 *
 * All are looked at after a start, after the wall clock was set, and after a tick with so many changes
 * that some were left for the next.
 */
import type { PillarId } from "../../../shared/ids.ts";
import type { Tick } from "../events.ts";
import type { Fact } from "../facts.ts";
import type { Heard } from "../state/heard-state.ts";
import type { HubState } from "../state/hub-state.ts";
import { planAt, takeDue } from "../time/due.ts";
import { certificateChangesInMs } from "./certificate.ts";
import { presenceChangesInMs } from "./presence.ts";

/** Times by the wall clock are looked at again after so long, whatever they were. */
const LONGEST_MS = 3_600_000;
/** With so many facts a tick may have left some out (`MAX_CHANGES_PER_TICK`). */
const MANY_FACTS = 1000;

/** The pillar may be another one after so long. */
export const dueIn = ({ duePillars, clock }: Heard, pillarId: PillarId, inMs: number): void =>
  planAt(duePillars.due, pillarId, clock.nowMs + Math.min(inMs, LONGEST_MS));

/** Owns `heard.duePillars`. */
export function hearDuePillars(state: HubState, { at }: Tick): void {
  const { duePillars, clock } = state.heard;
  if (clock.stepMs !== 0) duePillars.isAllDue = true;
  const due = takeDue(duePillars.due, clock.nowMs);
  duePillars.now = duePillars.isAllDue ? [...state.pillars.keys()] : due;
  duePillars.areGridsNow = duePillars.isAllDue || duePillars.areGridsDue;
  duePillars.isAllDue = false;
  duePillars.areGridsDue = false;
  for (const pillarId of duePillars.now) {
    const record = state.pillars.get(pillarId);
    const changes = [
      presenceChangesInMs(state.heard, pillarId, at),
      record && certificateChangesInMs(record, at),
    ];
    dueIn(state.heard, pillarId, Math.min(LONGEST_MS, ...changes.filter((ms) => ms !== undefined)));
  }
}

/** A fact may change what time does next. */
export function noteDuePillar(heard: Heard, fact: Fact): void {
  if (!("pillarId" in fact) || "incidentId" in fact) return;
  dueIn(heard, fact.pillarId, 0);
  heard.duePillars.areGridsDue = true;
}

/** What a tick decided. */
export function noteTick({ duePillars }: Heard, facts: readonly Fact[]): void {
  if (facts.length >= MANY_FACTS) duePillars.isAllDue = true;
}
