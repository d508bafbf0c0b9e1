/**
 * The deadline of an incident that nobody has taken.
 *
 * While nobody owns an incident a deadline runs; when it passes, the next level is called and the
 * next deadline starts. It never stops by itself. It is due when the wall clock or the monotonic
 * clock says so, whichever is first, so a wall clock that is set back delays nothing. After a jump
 * of the wall clock the remaining time is written down anew, so a jump forward makes nothing due
 * early.
 *
 * Limit: while the whole machine sleeps neither clock
 * is seen to run, and the deadline waits as well.
 */
import { isOfOtherClock } from "../time/clock.ts";
import type { Decision } from "../decision.ts";
import { nextLevel, REPEAT_MS, waitAt, type EscalationSettings } from "./escalation.ts";
import type { Tick } from "../events.ts";
import type { Fact, FactOf } from "../facts.ts";
import type { Deadline, IncidentRecord } from "../state/incident-record.ts";
import type { Heard, Countdown } from "../state/heard-state.ts";
import type { HubState } from "../state/hub-state.ts";

/**
 * Deadlines handled in one tick: when hundreds are due
 * at once, new alarms must not wait behind them.
 */
export const MAX_FIRED_PER_TICK = 1000;

/** The first deadline of a ring. */
export function setDeadline(
  settings: Pick<EscalationSettings, "desksAfterMs">,
  of: Pick<FactOf<"deadline-set">, "at" | "incidentId" | "reason">,
): FactOf<"deadline-set"> {
  return { type: "deadline-set", ...of, dueAt: of.at + settings.desksAfterMs };
}

/** Every running deadline gets its countdown, and no other has one. Owns `heard.countdowns`. */
export function hearDeadlines(state: HubState, { at }: Tick): void {
  const { countdowns, clock } = state.heard;
  for (const id of countdowns.keys()) {
    if (!state.incidents.get(id)?.deadline) countdowns.delete(id);
  }
  for (const { id, deadline } of state.incidents.values()) {
    if (!deadline || countdowns.get(id)?.dueAt === deadline.dueAt) continue;
    countdowns.set(id, afterRestart(deadline, { at, nowMs: clock.nowMs }));
  }
}

/**
 * After a restart only the wall clock tells how long
 * we were away; it is believed up to the whole wait.
 */
function afterRestart(
  { dueAt, setAt }: Deadline,
  now: { readonly at: number; readonly nowMs: number },
): Countdown {
  const leftMs = Math.min(Math.max(0, dueAt - now.at), Math.max(0, dueAt - setAt));
  return { dueAt, endsAt: now.nowMs + leftMs, isOfOtherClock: false };
}

/** Called for each deadline as it is set. */
export function noteDeadline(
  { countdowns, clock }: Pick<Heard, "countdowns" | "clock">,
  { incidentId, dueAt, at }: FactOf<"deadline-set">,
): void {
  const endsAt = clock.nowMs + Math.max(0, dueAt - at);
  countdowns.set(incidentId, { dueAt, endsAt, isOfOtherClock: isOfOtherClock(clock, at) });
}

export function decideDeadlines(state: HubState, { at }: Tick): Decision {
  const { clock, countdowns } = state.heard;
  const facts: Fact[] = [];
  let fired = 0;
  for (const incident of state.incidents.values()) {
    const { deadline, id: incidentId } = incident;
    if (!deadline) continue;
    const countdown = countdowns.get(incidentId);
    const isSet = clock.stepMs !== 0 || countdown?.isOfOtherClock === true;
    const leftMs = (countdown?.endsAt ?? clock.nowMs) - clock.nowMs;
    if (leftMs <= 0 || (!isSet && deadline.dueAt <= at)) {
      // The clock was set since this deadline was written: what counts is how long ago that was.
      const wasDueAt = isSet ? at + Math.min(0, leftMs) : Math.min(at, deadline.dueAt);
      if (fired < MAX_FIRED_PER_TICK) {
        facts.push(...fire(state.settings.escalation, { ...incident, deadline, wasDueAt }, at));
      }
      fired += 1;
    } else if (isSet) {
      const { reason } = deadline;
      facts.push({ type: "deadline-set", at, incidentId, reason, dueAt: Math.round(at + leftMs) });
    }
  }
  return { facts, effects: [] };
}

type WithDeadline = IncidentRecord & {
  readonly deadline: Deadline;
  /** By the clock as it is now. */
  readonly wasDueAt: number;
};

/** After an absence of the hub the next step counts from when this one was due. */
function fire(settings: EscalationSettings, incident: WithDeadline, at: number): Fact[] {
  const { id: incidentId, deadline, wasDueAt, ring, kind } = incident;
  const level = nextLevel(settings, incident);
  const wait = waitAt(settings, { kind, escalation: level ?? incident.escalation });
  const dueAt = wait === undefined ? at + REPEAT_MS : Math.round(wasDueAt + wait);
  return [
    { type: "deadline-passed", at, incidentId, reason: deadline.reason },
    ...(level ? [{ type: "incident-escalated", at, incidentId, level, ring } as const] : []),
    { type: "deadline-set", at, incidentId, reason: "unacknowledged", dueAt },
  ];
}
