/**
 * Whether the person who owns an incident is still there.
 *
 * A console holds an event stream and answers its pings. A person without one for 30 s is gone, whatever their last
 * order was, and what they owned rings again for everybody. A stream that never answered a ping is believed as long
 * as it is open, so that simple programs work. Any request of theirs counts as a sign of life, so a program without
 * a stream may own an incident as long as it asks for something. After a restart of the hub nobody has a stream,
 * and everybody has these 30 s to come back.
 */
import type { Username } from "../../../shared/ids.ts";
import { setDeadline } from "./deadline.ts";
import type { Tick, HubEvent } from "../events.ts";
import { both, nothing, type Decision } from "../decision.ts";
import { callOf, evolveIncident, type IncidentRecord } from "./incident.ts";
import type { Heard, PersonContact } from "../state/heard-state.ts";
import type { HubState } from "../state/hub-state.ts";

export const OWNER_GONE_MS = 30_000;
/** People with an open stream or an incident are always remembered; of the others so many. */
const MAX_REMEMBERED = 10_000;

type Sign = Extract<
  HubEvent,
  { type: "console-connected" | "console-disconnected" | "console-beat" | "console-seen" }
>;

/** Owns `heard.desks`. */
export function hearConsole(
  heard: Heard,
  { type, username }: Pick<Sign, "type" | "username">,
): void {
  const desk = heard.people.get(username) ?? newContact();
  heard.people.set(username, desk);
  if (type === "console-connected") desk.streams += 1;
  if (type === "console-disconnected") desk.streams = Math.max(0, desk.streams - 1);
  if (type === "console-beat") desk.hasBeat = true;
  if (desk.streams === 0) desk.hasBeat = false;
  desk.goneAt = null;
}

const newContact = (): PersonContact => ({ streams: 0, hasBeat: false, goneAt: null });

/** Absence is measured from tick to tick, by the clock nobody can set. */
export function hearAbsence(state: HubState): void {
  const { people: desks, clock } = state.heard;
  for (const [, owner] of owned(state)) {
    if (!desks.has(owner)) desks.set(owner, { ...newContact(), goneAt: clock.nowMs });
  }
  for (const [username, desk] of desks) {
    if (desk.streams > 0 && !desk.hasBeat) continue;
    desk.goneAt ??= clock.nowMs;
    if (desk.streams === 0 && desks.size > MAX_REMEMBERED) desks.delete(username);
  }
}

/** Incidents somebody has taken; a hand-over that still rings belongs to nobody. */
function owned(state: HubState): [IncidentRecord, Username][] {
  const found: [IncidentRecord, Username][] = [];
  for (const incident of state.incidents.values()) {
    if (incident.state !== "open" && incident.owner) found.push([incident, incident.owner]);
  }
  return found;
}

export function decideReleases(state: HubState, { at }: Tick): Decision {
  const { people: desks, clock } = state.heard;
  const gone = owned(state).filter(([, owner]) => {
    const goneAt = desks.get(owner)?.goneAt ?? clock.nowMs;
    return clock.nowMs - goneAt >= OWNER_GONE_MS;
  });
  return gone.length === 0
    ? nothing
    : both(...gone.map(([incident, from]) => release(state, { incident, from, at })));
}

function release(
  state: HubState,
  of: { readonly incident: IncidentRecord; readonly from: Username; readonly at: number },
): Decision {
  const { incident, from, at } = of;
  const { id: incidentId, pillarId, ownerName } = incident;
  const reason = "owner-lost" as const;
  const fromName = ownerName ?? from;
  const released = { type: "incident-released", at, incidentId, reason, from, fromName } as const;
  const call = callOf(evolveIncident(incident, released) ?? incident);
  return {
    facts: [released, setDeadline(state, { at, incidentId, reason })],
    effects: [
      { type: "tell-pillar", pillarId, call },
      { type: "end-views", incidentId, who: "talkers" },
    ],
  };
}
