/**
 * An alarm arrives: again, for an incident that is open, or as a new one.
 *
 * It is never refused and never lost. The same alarm twice is one alarm, answered twice; a
 * different one under a number already held is recorded like any other, and the fork is a fault.
 * Past the limit of open incidents new ones still open, without a recording.
 */
import type { SessionNonce } from "../../../shared/ids.ts";
import { isOfNewerPillar, kindOf, stricterKind } from "../../../shared/protocol/alarm.ts";
import { PROTOCOL_VERSION } from "../../../shared/protocol/version.ts";
import { pressedOf } from "../time/bounds.ts";
import { isAlarmBudgetSpent, keptEvent, spentFacts, withinBudget } from "../pillar/budget.ts";
import { setDeadline } from "./deadline.ts";
import { both, nothing, type Decision } from "../decision.ts";
import type { HubEffect, HubEvent } from "../events.ts";
import type { KnownAlarm } from "../state/known-alarm.ts";
import type { Fact } from "../facts.ts";
import { callOf } from "./incident.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import { faultOf, sight } from "../pillar/ledger.ts";
import { startRecording } from "../recording/recording.ts";
import { faultFact, isTrusted } from "../pillar/pillar-registry.ts";
import type { HubState } from "../state/hub-state.ts";
import { incidentKey } from "./incident-key.ts";
import { firstGrade, nextGrade, severalFacts, type GradedPress } from "./priority.ts";

type AlarmHeard = Extract<HubEvent, { type: "alarm" }>;

export function decideAlarm(state: HubState, event: AlarmHeard): Decision {
  const { same, rival } = sight(state, event);
  if (same) return acceptAgain(state, event, same);
  const { pillarId } = event;
  const openId = state.openByKey.get(incidentKey({ pillarId, kind: kindOf(event.alarm.event) }));
  const open = openId && state.incidents.get(openId);
  const isVerified = isTrusted(state.pillars.get(pillarId), event.at);
  if (
    open &&
    !isWorse(state, { event, open, isVerified }) &&
    isAlarmBudgetSpent(state, pillarId, event.at)
  ) {
    // The incident rings already, and the pillar sends this
    // alarm again: it is recorded when the budget has room.
    return { facts: spentFacts(state, event), effects: [] };
  }
  const decision = open
    ? join(state, { event, open, isVerified })
    : openNew(state, event, isVerified);
  const told = both(decision, newerPillar(state, event));
  return rival ? both(told, equivocation(state, event, { rival, open })) : told;
}

/**
 * Whether the incident is another one by this alarm: such
 * an alarm is recorded at once, whatever it costs.
 */
function isWorse(state: HubState, { event, open, isVerified }: Joined): boolean {
  const isStricter = stricterKind(open.kind, kindOf(event.alarm.event)) !== open.kind;
  const { priority } = nextGrade(state, open, pressOf(event, open));
  return isStricter || priority < open.priority || (isVerified && !open.isVerified);
}

/** What it says of its incident. */
function pressOf(
  { at, pillarId, alarm }: AlarmHeard,
  open?: Pick<IncidentRecord, "answeredAt" | "presses">,
): GradedPress {
  const { text = null } = alarm.event;
  const { pressedAt } = pressedOf(alarm, at);
  const unanswered = open && open.answeredAt !== null ? 0 : (open?.presses ?? 0) + 1;
  return { pillarId, kind: kindOf(alarm.event), pressedAt, text, unanswered };
}

/** The incident rings; the fault says that part of the alarm may not be shown. */
function newerPillar(state: HubState, { at, pillarId, alarm }: AlarmHeard): Decision {
  const isKnown = state.pillars.get(pillarId)?.faults.includes("protocol-newer") ?? true;
  if (isKnown || !isOfNewerPillar(alarm.event)) return nothing;
  const { v, kind } = alarm.event;
  const detail = `expected protocol ${PROTOCOL_VERSION}, found ${v} (kind "${kind}"); update this hub`;
  const fault = faultFact({ at, pillarId, code: "protocol-newer", detail });
  return { facts: withinBudget(state, { at, pillarId }, [fault]), effects: [] };
}

/** Same receipt as the first time, and what has become of the call since. */
function acceptAgain(state: HubState, { alarm }: AlarmHeard, known: KnownAlarm): Decision {
  const { pillarId, eventId, seq, incidentId, index } = known;
  const incident = state.incidents.get(incidentId) ?? state.closed.get(incidentId);
  // One that is not known any more was closed long ago.
  const isOver = incident === undefined || incident.state === "closed";
  const accept: HubEffect = {
    ...{ type: "accept", pillarId, eventId, seq, incidentId, isOver, index },
    ...sessionOf(alarm),
  };
  return { facts: [], effects: [accept, ...callSince(known, incident)] };
}

const sessionOf = ({ sessionNonce }: AlarmHeard["alarm"]): { sessionNonce?: SessionNonce } =>
  sessionNonce ? { sessionNonce } : {};

/**
 * The newest alarm is answered with the state of its call. Of an end the receipt tells; only that
 * nothing may be said aloud of it needs a word of its own.
 */
function callSince(known: KnownAlarm, incident: IncidentRecord | undefined): HubEffect[] {
  const { pillarId, eventId } = known;
  if (incident?.lastEventId !== eventId) return [];
  const call = callOf(incident);
  if (call.status === "ended" && call.isSilent !== true) return [];
  return [{ type: "tell-pillar", pillarId, call }];
}

interface AlarmRecord {
  readonly incidentId: IncidentRecord["id"];
  readonly isVerified: boolean;
}

function recorded(state: HubState, event: AlarmHeard, into: AlarmRecord): Fact {
  const { at, via, alarm, hash } = event;
  const { sig } = alarm;
  const pressed = pressedOf(alarm, at);
  const { ageMs } = alarm;
  const age = pressed.doubt === "age" && ageMs !== undefined && { ageMs };
  const told = { ...keptEvent(state, alarm.event, at), sig, via, ...pressed, ...age, hash };
  return { type: "alarm-recorded", at, ...into, ...told };
}

function acceptNew(event: AlarmHeard, incidentId: IncidentRecord["id"]): HubEffect {
  const { pillarId, alarm } = event;
  const { eventId, seq } = alarm.event;
  const about = { pillarId, eventId, seq, incidentId, isOver: false };
  return { type: "accept", ...about, ...sessionOf(alarm) };
}

interface Joined {
  readonly event: AlarmHeard;
  readonly open: IncidentRecord;
  readonly isVerified: boolean;
}

function join(state: HubState, { event, open, isVerified }: Joined): Decision {
  const { at, pillarId } = event;
  const { eventId, text = null } = event.alarm.event;
  const kind = stricterKind(open.kind, kindOf(event.alarm.event));
  const grade = nextGrade(state, open, pressOf(event, open));
  // Somebody may be speaking at this moment: the voice
  // is cut here, without waiting for the console.
  const hush: HubEffect[] =
    kind === "silent" && open.kind !== "silent"
      ? [{ type: "end-views", incidentId: open.id, who: "talkers" }]
      : [];
  return {
    facts: [
      recorded(state, event, { incidentId: open.id, isVerified }),
      {
        type: "incident-joined",
        at,
        incidentId: open.id,
        eventId,
        kind,
        ...grade,
        text,
        isVerified,
      },
    ],
    effects: [
      acceptNew(event, open.id),
      ...hush,
      { type: "tell-pillar", pillarId, call: callOf({ ...open, kind, lastEventId: eventId }) },
    ],
  };
}

function openNew(state: HubState, event: AlarmHeard, isVerified: boolean): Decision {
  const { at, pillarId, newIncidentId: incidentId, newRecordingId: recordingId } = event;
  const { eventId, text = null } = event.alarm.event;
  const pressed = pressOf(event);
  const { kind, pressedAt } = pressed;
  const opened: Decision = {
    facts: [
      recorded(state, event, { incidentId, isVerified }),
      {
        type: "incident-opened",
        at,
        incidentId,
        pillarId,
        kind,
        ...firstGrade(state, pressed),
        eventId,
        pressedAt,
        text,
        isVerified,
      },
      ...severalFacts(state, { at, id: incidentId, pillarId, kind, pressedAt, isVerified }),
      setDeadline(state.settings.escalation, { at, incidentId, reason: "unacknowledged" }),
    ],
    effects: [
      acceptNew(event, incidentId),
      { type: "tell-pillar", pillarId, call: { v: 1, incidentId, eventId, status: "ringing" } },
      ...(kind === "test" ? [] : [{ type: "review-views", pillarId } as const]),
    ],
  };
  return both(
    opened,
    startRecording(state, { id: incidentId, pillarId, kind }, { at, recordingId }),
  );
}

function equivocation(
  state: HubState,
  event: AlarmHeard,
  found: { readonly rival: KnownAlarm; readonly open: IncidentRecord | undefined | "" },
): Decision {
  const { at, pillarId } = event;
  const { eventId, seq } = event.alarm.event;
  const incidentId = found.open ? found.open.id : event.newIncidentId;
  const earlierEventId = found.rival.eventId;
  const names = `(${earlierEventId} and ${eventId}); both are kept`;
  const boots = { before: found.rival.bootEpoch, now: event.alarm.event.bootEpoch };
  const fault = faultOf(boots, `expected one alarm under number ${seq}, found two ${names}`);
  const isKnown = state.pillars.get(pillarId)?.faults.includes(fault.code) ?? true;
  return {
    facts: [
      { type: "alarm-equivocation", at, incidentId, pillarId, eventId, seq, earlierEventId },
      ...(isKnown ? [] : [faultFact({ at, pillarId, ...fault })]),
    ],
    effects: [],
  };
}
