/**
 * What people order for an incident, and who wins when two do at once.
 *
 * One owner at a time: the first to acknowledge or answer. The second is told the winner's name; a
 * supervisor may take over by answering, and both names stay in the journal. Repeating an order
 * that has already come true changes nothing and is not an error, because networks repeat.
 */
import { isOwner, isWithin, may, personOf, type Principal } from "../../../shared/access/may.ts";
import { MAX_PRIORITY_REASON } from "../../../shared/api/incident.ts";
import { assertNever } from "../../../shared/assert.ts";
import { setDeadline } from "./deadline.ts";
import { both, nothing, refuse, type Decision } from "../decision.ts";
import type { HubEvent } from "../events.ts";
import type { OperatorOrder } from "./kinds.ts";
import type { IncidentFact } from "../facts.ts";
import { callOf, evolveIncident } from "./incident.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import { areasOf } from "../pillar/place.ts";
import { startRecording } from "../recording/recording.ts";
import { MAX_CLOSED, type HubState } from "../state/hub-state.ts";
import { incidentKey } from "./incident-key.ts";

export const MAX_NOTES = 200;
export const MAX_UNITS = 20;
export const MAX_NOTE_LENGTH = 2000;
const MAX_UNIT_LENGTH = 60;

type Ordered = Extract<HubEvent, { type: "operator-order" }>;
type OrderNamed<N extends OperatorOrder["name"]> = Extract<OperatorOrder, { name: N }>;

/** One order and what it is about. */
interface Request {
  readonly event: Ordered;
  readonly incident: IncidentRecord;
  readonly person: Principal;
  /** Begins every fact. */
  readonly base: {
    readonly at: number;
    readonly incidentId: IncidentRecord["id"];
    readonly by: Ordered["by"];
    readonly byName: string;
  };
}

export function decideOrder(state: HubState, event: Ordered): Decision {
  const { at, incidentId, by, byName, order } = event;
  const incident = state.incidents.get(incidentId) ?? state.closed.get(incidentId);
  const person = personOf({ username: by, role: event.role, scope: event.scope });
  // What lies outside somebody's scope is not there for them.
  if (!incident || !isWithin(person, areasOf(state, incident.pillarId))) {
    const detail = `no such incident, or closed before the latest ${MAX_CLOSED}: ${incidentId}`;
    return refuse("not-found", detail);
  }
  if (!may(person, "incidents:order", { incident })) {
    return refuse("forbidden", `expected an operator or a supervisor, found a ${event.role}`);
  }
  const request = { event, incident, person, base: { at, incidentId, by, byName } };
  if (incident.state === "closed") return decideClosed(state, request);
  return decideOpen(state, request, order);
}

function decideOpen(state: HubState, request: Request, order: OperatorOrder): Decision {
  switch (order.name) {
    case "acknowledge":
      return acknowledge(request);
    case "answer":
      return answer(request);
    case "hold":
      return hold(request, order);
    case "transfer":
      return transfer(state, request, order);
    case "dispatch":
      return dispatch(request, order);
    case "grade":
      return grade(request, order);
    case "note":
      return note(request, order);
    case "close":
      return close(request, order);
    case "reopen":
      return nothing;
    default:
      return assertNever(order);
  }
}

function decideClosed(state: HubState, request: Request): Decision {
  const { event, incident } = request;
  const { order } = event;
  if (order.name === "reopen") return reopen(state, request);
  if (order.name === "note") return note(request, order);
  const isRepeated =
    order.name === "close" &&
    order.disposition === incident.disposition &&
    incident.closedByName === event.byName;
  if (isRepeated) return nothing;
  return refuse("conflict", "the incident is closed; reopen it first", incident.closedByName);
}

/** A hand-over still ringing belongs to nobody yet. */
const hasTaken = (incident: IncidentRecord): boolean => incident.state !== "open";
const isOwn = ({ person, incident }: Request): boolean => isOwner(person, incident);

function taken({ incident }: Pick<Request, "incident">): Decision {
  return refuse("conflict", "somebody else was first", incident.ownerName);
}

/** Why an order that is not everybody's is refused. */
function whyNot(
  { person, incident }: Request,
  action: `incidents:${"transfer" | "dispatch" | "close" | "lower"}`,
): Decision | undefined {
  if (may(person, action, { incident })) return undefined;
  return hasTaken(incident)
    ? taken({ incident })
    : refuse("conflict", "acknowledge or answer the incident first");
}

function acknowledge(request: Request): Decision {
  if (hasTaken(request.incident)) return isOwn(request) ? nothing : taken(request);
  return { facts: [{ type: "incident-acknowledged", ...request.base }], effects: [] };
}

function answer(request: Request): Decision {
  const { incident, base } = request;
  const isTakeOver = hasTaken(incident) && !isOwn(request);
  if (isTakeOver && !may(request.person, "incidents:take-over")) return taken(request);
  if (incident.state === "answered" && !isTakeOver) {
    return incident.isHeld
      ? told(incident, { type: "incident-held", ...base, held: false })
      : nothing;
  }
  const decision = told(incident, {
    type: "incident-answered",
    ...base,
    from: isTakeOver ? incident.owner : null,
    fromName: isTakeOver ? incident.ownerName : null,
  });
  return isTakeOver ? both(decision, endTalk(incident)) : decision;
}

function hold(request: Request, order: OrderNamed<"hold">): Decision {
  const { incident, base } = request;
  if (incident.state !== "answered") {
    return refuse("conflict", `expected an answered call, found it ${incident.state}`);
  }
  if (!may(request.person, "incidents:hold", { incident })) return taken(request);
  if (incident.isHeld === order.held) return nothing;
  return told(incident, { type: "incident-held", ...base, held: order.held });
}

/** Rings one person first; if nobody takes it in time, everybody. */
function transfer(state: HubState, request: Request, order: OrderNamed<"transfer">): Decision {
  const { incident, base } = request;
  const refused = whyNot(request, "incidents:transfer");
  if (refused) return refused;
  if (incident.owner === order.to) {
    return refuse("bad-request", `${order.toName} has this incident already`);
  }
  const { at, incidentId } = base;
  const toName = order.toName.slice(0, MAX_UNIT_LENGTH);
  const moved = told(
    incident,
    { type: "incident-transferred", ...base, to: order.to, toName },
    setDeadline(state.settings.escalation, { at, incidentId, reason: "unacknowledged" }),
  );
  return both(moved, endTalk(incident));
}

function dispatch(request: Request, order: OrderNamed<"dispatch">): Decision {
  const refused = whyNot(request, "incidents:dispatch");
  if (refused) return refused;
  if (request.incident.units >= MAX_UNITS) {
    return refuse("bad-request", `expected at most ${MAX_UNITS} units for one incident`);
  }
  const unit = order.unit.slice(0, MAX_UNIT_LENGTH);
  return { facts: [{ type: "unit-dispatched", ...request.base, unit }], effects: [] };
}

/** More urgent: everybody at a desk may. Less urgent: only whoever answers for it. */
function grade(request: Request, order: OrderNamed<"grade">): Decision {
  const { incident, base } = request;
  const { priority } = order;
  if (incident.kind === "test") return refuse("bad-request", "a test has no other priority");
  if (incident.priority === priority) return nothing;
  const refused = priority > incident.priority ? whyNot(request, "incidents:lower") : undefined;
  if (refused) return refused;
  const reason = order.reason.slice(0, MAX_PRIORITY_REASON);
  return { facts: [{ type: "incident-regraded", ...base, priority, reason }], effects: [] };
}

function note(request: Request, order: OrderNamed<"note">): Decision {
  if (request.incident.notes >= MAX_NOTES) {
    return refuse("bad-request", `expected at most ${MAX_NOTES} notes for one incident`);
  }
  if (order.text.length > MAX_NOTE_LENGTH) {
    return refuse("bad-request", `expected at most ${MAX_NOTE_LENGTH} characters`);
  }
  return { facts: [{ type: "incident-noted", ...request.base, text: order.text }], effects: [] };
}

function close(request: Request, order: OrderNamed<"close">): Decision {
  const { incident, base } = request;
  const refused = whyNot(request, "incidents:close");
  if (refused) return refused;
  if (order.note.length > MAX_NOTE_LENGTH) {
    return refuse("bad-request", `expected at most ${MAX_NOTE_LENGTH} characters`);
  }
  const { disposition } = order;
  const closed = told(incident, {
    type: "incident-closed",
    ...base,
    disposition,
    note: order.note,
  });
  const { recordingId, pillarId } = incident;
  return both(closed, {
    facts: [],
    effects: [
      { type: "end-views", incidentId: incident.id, who: "all" },
      ...(recordingId ? [{ type: "stop-recording", recordingId, pillarId } as const] : []),
    ],
  });
}

function reopen(state: HubState, request: Request): Decision {
  const { event, incident, base } = request;
  const { at, incidentId } = base;
  if (state.openByKey.has(incidentKey(incident))) {
    return refuse("conflict", "the pillar has a newer open incident; work on that one");
  }
  const opened = told(
    incident,
    { type: "incident-reopened", ...base },
    setDeadline(state.settings.escalation, { at, incidentId, reason: "unacknowledged" }),
  );
  const { pillarId } = incident;
  const seen = both(opened, { facts: [], effects: [{ type: "review-views", pillarId }] });
  return both(seen, startRecording(state, incident, { at, recordingId: event.newRecordingId }));
}

/** The facts, and the message that tells the pillar how its call stands now. */
function told(incident: IncidentRecord, ...facts: readonly IncidentFact[]): Decision {
  const next = facts.reduce<IncidentRecord>(
    (now, fact) => evolveIncident(now, fact) ?? now,
    incident,
  );
  return {
    facts,
    effects: [{ type: "tell-pillar", pillarId: incident.pillarId, call: callOf(next) }],
  };
}

function endTalk(incident: IncidentRecord): Decision {
  return {
    facts: [],
    effects: [{ type: "end-views", incidentId: incident.id, who: "talkers" }],
  };
}
