/**
 * Whether the person who owns an incident is still there.
 *
 * A console holds an event stream and answers its pings. A person without one for 30 s is gone,
 * whatever their last order was, and what they owned rings again for everybody. A stream that never
 * answered a ping is believed as long as it is open, so that simple programs work. Any request of
 * theirs counts as a sign of life, so a program without a stream may own an incident as long as it
 * asks for something. After a restart of the hub nobody has a stream, and everybody has these 30 s
 * to come back.
 */
import type { Username } from "../../../shared/ids.ts";
import { setDeadline } from "./deadline.ts";
import type { EscalationSettings } from "./escalation.ts";
import type { Tick, HubEvent } from "../events.ts";
import { both, nothing, type Decision } from "../decision.ts";
import { callOf, evolveIncident } from "./incident.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import type { Heard, PersonContact } from "../state/heard-state.ts";
import type { HubState } from "../state/hub-state.ts";

export const OWNER_GONE_MS = 30_000;
/** People with an open stream or an incident are always remembered; of the others so many. */
const MAX_REMEMBERED = 10_000;

type Sign = Extract<
  HubEvent,
  { type: "console-connected" | "console-disconnected" | "console-beat" | "console-seen" }
>;

/** Owns `heard.people`. */
export function hearConsole(
  heard: Heard,
  { type, username }: Pick<Sign, "type" | "username">,
): void {
  const contact = heard.people.get(username) ?? newContact();
  heard.people.set(username, contact);
  if (type === "console-connected") contact.streams += 1;
  if (type === "console-disconnected") contact.streams = Math.max(0, contact.streams - 1);
  if (type === "console-beat") contact.hasBeat = true;
  if (contact.streams === 0) contact.hasBeat = false;
  contact.goneAt = null;
}

const newContact = (): PersonContact => ({ streams: 0, hasBeat: false, goneAt: null });

/** Absence is measured from tick to tick, by the clock nobody can set. */
export function hearAbsence(state: HubState): void {
  const { people, clock } = state.heard;
  for (const [, owner] of owned(state.incidents)) {
    if (!people.has(owner)) people.set(owner, { ...newContact(), goneAt: clock.nowMs });
  }
  for (const [username, contact] of people) {
    if (contact.streams > 0 && !contact.hasBeat) continue;
    contact.goneAt ??= clock.nowMs;
    if (contact.streams === 0 && people.size > MAX_REMEMBERED) people.delete(username);
  }
}

/** Incidents somebody has taken; a hand-over that still rings belongs to nobody. */
function owned(incidents: HubState["incidents"]): [IncidentRecord, Username][] {
  const found: [IncidentRecord, Username][] = [];
  for (const incident of incidents.values()) {
    if (incident.state !== "open" && incident.owner) found.push([incident, incident.owner]);
  }
  return found;
}

export function decideReleases(state: HubState, { at }: Tick): Decision {
  const { people, clock } = state.heard;
  const gone = owned(state.incidents).filter(([, owner]) => {
    const goneAt = people.get(owner)?.goneAt ?? clock.nowMs;
    return clock.nowMs - goneAt >= OWNER_GONE_MS;
  });
  return gone.length === 0
    ? nothing
    : both(
        ...gone.map(([incident, from]) =>
          release(state.settings.escalation, { incident, from, at }),
        ),
      );
}

function release(
  settings: EscalationSettings,
  of: { readonly incident: IncidentRecord; readonly from: Username; readonly at: number },
): Decision {
  const { incident, from, at } = of;
  const { id: incidentId, pillarId, ownerName } = incident;
  const reason = "owner-lost" as const;
  const fromName = ownerName ?? from;
  const released = { type: "incident-released", at, incidentId, reason, from, fromName } as const;
  const call = callOf(evolveIncident(incident, released) ?? incident);
  return {
    facts: [released, setDeadline(settings, { at, incidentId, reason })],
    effects: [
      { type: "tell-pillar", pillarId, call },
      { type: "end-views", incidentId, who: "talkers" },
    ],
  };
}
