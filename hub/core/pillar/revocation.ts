/**
 * The end of an identity before its time: revoked by
 * an administrator, or replaced by a new enrolment.
 *
 * With its last signed words the pillar learns that its calls are over, because lamp and voice
 * cannot be corrected afterwards: its session is forgotten, nothing more is signed for it, and
 * nothing it says counts. The open incidents of a revoked pillar stay open for people, and the
 * reason is in their history.
 */
import type { Call } from "../../../shared/protocol/call.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { nothing, refuse, type Decision } from "../decision.ts";
import type { HubEffect, HubEvent } from "../events.ts";
import type { Fact, FactOf } from "../facts.ts";
import { incidentKey } from "../incident/incident-key.ts";
import { callOf } from "../incident/incident.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import type { HubState } from "../state/hub-state.ts";
import { goodSerials } from "./certificate.ts";
import { sessionOf } from "./session.ts";

type RevokeOrder = Extract<HubEvent, { type: "revoke-order" }>;

/** Repeating it changes nothing and is no error. */
export function decideRevoke(state: HubState, event: RevokeOrder): Decision {
  const { at, pillarId, reason, note, by, byName } = event;
  const record = state.pillars.get(pillarId);
  if (!record) return refuse("not-found", `expected the id of a pillar, found ${pillarId}`);
  const { certificate, revocation } = record;
  const certificateSerials = goodSerials(record);
  const { certificateSerial } = event;
  if (certificateSerial !== undefined && !certificateSerials.includes(certificateSerial)) {
    // What was to be revoked is refused already: nothing
    // is left to do, and nothing else is revoked.
    if (revocation) return nothing;
    const found = certificate?.serial ?? "none";
    return refuse("conflict", `expected the certificate ${certificateSerial}, found ${found}`);
  }
  if (revocation) return nothing;
  if (!certificate) {
    return refuse("conflict", `${pillarId} has no identity: it was never enrolled`);
  }
  const person = { by, byName };
  const incidents = openIncidents(state, pillarId);
  return {
    facts: [
      { type: "pillar-revoked", at, pillarId, certificateSerials, reason, note, ...person },
      ...endedNow(state, pillarId, at),
      ...incidents.map(({ id: incidentId }): Fact => ({
        type: "incident-pillar-revoked",
        ...{ at, incidentId, reason, ...person },
      })),
    ],
    effects: [
      expel(state, pillarId, `its identity was revoked by ${byName}`),
      ...incidents.flatMap(({ id: incidentId, recordingId }): HubEffect[] => [
        { type: "end-views", incidentId, who: "all" },
        ...(recordingId ? [{ type: "stop-recording", recordingId, pillarId } as const] : []),
      ]),
    ],
  };
}

/**
 * Asked before the fact is folded. The machine of the old
 * identity may be another one than that of the new.
 */
export function expelReplaced(
  state: HubState,
  { pillarId, at }: FactOf<"pillar-enrolled">,
): Decision {
  if (!state.pillars.get(pillarId)?.certificate) return nothing;
  const reason = "its identity was replaced: the pillar was enrolled again";
  return { facts: endedNow(state, pillarId, at), effects: [expel(state, pillarId, reason)] };
}

function endedNow(state: HubState, pillarId: PillarId, at: number): Fact[] {
  const sessionNonce = sessionOf(state, pillarId);
  return sessionNonce ? [{ type: "pillar-session-ended", at, pillarId, sessionNonce }] : [];
}

function expel(state: HubState, pillarId: PillarId, reason: string): HubEffect {
  const sessionNonce = sessionOf(state, pillarId) ?? null;
  const lastCalls = [
    ...endsUnderWay(state, pillarId),
    ...openIncidents(state, pillarId).map(overFor),
  ];
  return { type: "expel-pillar", pillarId, reason, sessionNonce, lastCalls };
}

/**
 * Ends that were decided just before: they wait for their facts, and by then the session is over.
 */
const endsUnderWay = ({ heard }: HubState, pillarId: PillarId): Call[] =>
  [...(heard.untold.get(pillarId)?.values() ?? [])].filter(({ status }) => status === "ended");

/** Over for the pillar alone. */
const overFor = (incident: IncidentRecord): Call => callOf({ ...incident, state: "closed" });

function openIncidents(state: HubState, pillarId: PillarId): IncidentRecord[] {
  return (["voice", "test"] as const).flatMap((kind) => {
    const id = state.openByKey.get(incidentKey({ pillarId, kind }));
    return (id && state.incidents.get(id)) ?? [];
  });
}
