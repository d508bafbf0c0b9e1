/**
 * Who may have a view: of a call by what the incident is, of a pillar from which nobody calls by
 * what it is wanted for.
 */
import { isWithin, may, personOf, type Principal } from "../../../shared/access/may.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { LookPurpose } from "../../../shared/protocol/purpose.ts";
import { incidentKey } from "../incident/incident-key.ts";
import { areasOf } from "../pillar/place.ts";
import type { HubState } from "../state/hub-state.ts";
import type { ViewRefusal, ViewWish } from "./view-events.ts";

export type Known = Pick<HubState, "incidents" | "closed" | "openByKey" | "pillars" | "settings">;

export interface Refusal {
  readonly code: ViewRefusal;
  readonly detail: string;
}

export type CallWish = Extract<ViewWish, { purpose: "call" }>;
export type LookWish = Exclude<ViewWish, CallWish>;

/** Whose picture it would be; undefined for an incident that nobody knows. */
export function pillarIn(wish: ViewWish, known: Known): PillarId | undefined {
  if (wish.purpose !== "call") return wish.pillarId;
  return incidentOf(wish, known)?.pillarId;
}

/** Why this person may not have it, as everything stands; nothing when they may. */
export const whyNot = (wish: ViewWish, known: Known): Refusal | undefined =>
  wish.purpose === "call" ? whyNotOfCall(wish, known) : whyNoLook(wish, known);

const incidentOf = ({ incidentId }: CallWish, { incidents, closed }: Known) =>
  incidents.get(incidentId) ?? closed.get(incidentId);

const conflict = (detail: string): Refusal => ({ code: "conflict", detail });

function whyNotOfCall(wish: CallWish, known: Known): Refusal | undefined {
  const { incidentId, role, by } = wish;
  const incident = incidentOf(wish, known);
  const person = personOf(by);
  if (!incident || !isWithin(person, areasOf(known, incident.pillarId))) {
    return { code: "not-found", detail: `no such incident: ${incidentId}` };
  }
  if (!may(person, "media:use", { incident })) {
    const detail = `expected an operator or a supervisor, found a ${by.role}`;
    return { code: "forbidden", detail };
  }
  // A pillar has one picture and one voice: those of its call, or of a look.
  if (incident.kind === "test") return conflict("a self-test has no picture: look at the pillar");
  if (incident.state === "closed") return conflict("the incident is closed");
  const revoked = whyRevoked(incident.pillarId, known);
  if (revoked || role === "watch") return revoked;
  if (incident.state !== "answered") return conflict("answer the incident first");
  return may(person, "media:talk", { incident })
    ? undefined
    : conflict(`${incident.ownerName ?? "somebody else"} is talking`);
}

function whyRevoked(pillarId: PillarId, { pillars }: Known): Refusal | undefined {
  return pillars.get(pillarId)?.revocation
    ? conflict("the pillar's identity was revoked: it has no picture and no voice")
    : undefined;
}

/** A call goes first: whoever may see it watches the incident. */
function whyNoLook(wish: LookWish, known: Known): Refusal | undefined {
  const { pillarId, purpose, reason } = wish;
  const person = personOf(wish.by);
  if (!known.pillars.has(pillarId) || !isWithin(person, areasOf(known, pillarId))) {
    return { code: "not-found", detail: `no such pillar: ${pillarId}` };
  }
  const refusal = whyNotFor(purpose, { person, role: wish.by.role, reason });
  if (refusal) return refusal;
  if (known.openByKey.has(incidentKey({ pillarId, kind: "voice" }))) {
    return conflict("somebody calls at this pillar: watch the incident");
  }
  return whyRevoked(pillarId, known);
}

interface Asker {
  readonly person: Principal;
  readonly role: string;
  readonly reason: string;
}

function whyNotFor(purpose: LookPurpose, { person, role, reason }: Asker): Refusal | undefined {
  if (purpose === "check") {
    if (may(person, "pillars:check")) return undefined;
    const detail = `expected an operator, a supervisor or a technician, found a ${role}`;
    return { code: "forbidden", detail };
  }
  if (!may(person, "pillars:listen", { hasReason: true })) {
    const detail = `expected an operator or a supervisor, found a ${role}`;
    return { code: "forbidden", detail };
  }
  if (may(person, "pillars:listen", { hasReason: reason !== "" })) return undefined;
  return { code: "bad-request", detail: "expected a reason: whoever listens says why" };
}
