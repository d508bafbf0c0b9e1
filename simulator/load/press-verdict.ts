/**
 * What became of many presses: pillars' records against
 * the hub's journal, and how long each step took.
 *
 * A pure function, so that a lost press, a doubled one
 * and a false receipt can each be seen to be found.
 */
import type { EventId, IncidentId } from "../../shared/ids.ts";
import type { PressRecord } from "./fleet.ts";

/** An alarm as the journal holds it. */
export interface JournalledAlarm {
  readonly eventId: EventId;
  readonly incidentId: IncidentId;
}

export interface PressVerdict {
  readonly pressed: number;
  readonly accepted: number;
  /** Presses the journal does not hold. */
  readonly lost: readonly EventId[];
  /** Receipts for what the journal does not hold. */
  readonly falselyAccepted: readonly EventId[];
  /** Alarms the journal holds twice. */
  readonly doubled: readonly EventId[];
  /** Alarms without a press. */
  readonly foreign: readonly EventId[];
  /** Incidents they opened. */
  readonly incidents: number;
  /** From each press to its receipt, ms; only of those accepted. */
  readonly waitsMs: readonly number[];
  /** From the last press of all to the last receipt, ms; NaN when one is missing. */
  readonly tailMs: number;
}

export function judgePresses(
  presses: readonly PressRecord[],
  journal: readonly JournalledAlarm[],
): PressVerdict {
  const timesByEvent = new Map<EventId, number>();
  for (const { eventId } of journal) {
    timesByEvent.set(eventId, (timesByEvent.get(eventId) ?? 0) + 1);
  }
  const pressed = new Set(presses.map(({ eventId }) => eventId));
  const accepted = presses.filter(({ acceptedAt }) => acceptedAt !== null);
  const absent = (of: readonly PressRecord[]): EventId[] =>
    of.map(({ eventId }) => eventId).filter((eventId) => !timesByEvent.has(eventId));
  const isComplete = accepted.length === presses.length && presses.length > 0;
  return {
    pressed: presses.length,
    accepted: accepted.length,
    lost: absent(presses),
    falselyAccepted: absent(accepted),
    doubled: [...timesByEvent].filter(([, times]) => times > 1).map(([eventId]) => eventId),
    foreign: [...timesByEvent.keys()].filter((eventId) => !pressed.has(eventId)),
    incidents: new Set(journal.map(({ incidentId }) => incidentId)).size,
    waitsMs: accepted.map(({ pressedAt, acceptedAt }) => (acceptedAt ?? 0) - pressedAt),
    tailMs: isComplete
      ? Math.max(...accepted.map(({ acceptedAt }) => acceptedAt ?? 0)) -
        Math.max(...presses.map(({ pressedAt }) => pressedAt))
      : Number.NaN,
  };
}

/** Nothing lost, nothing twice, nothing invented, no receipt without its alarm. */
export const isExactlyOnce = (verdict: PressVerdict): boolean =>
  [verdict.lost, verdict.falselyAccepted, verdict.doubled, verdict.foreign].every(
    (found) => found.length === 0,
  );
