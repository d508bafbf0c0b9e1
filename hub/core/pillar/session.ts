/**
 * The session of a pillar for which something may be signed. One that ended with its identity stays
 * ended, also after a restart of the hub: an old machine may still be connected to another's broker.
 * Limit: a journal that was put back from an older copy has forgotten the ends that followed it.
 */
import type { PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { HubEvent } from "../events.ts";
import type { FactOf } from "../facts.ts";
import type { HubState } from "../state/hub-state.ts";
import type { PillarRecord } from "../state/pillar-record.ts";

/** Of each pillar. */
const MAX_ENDED_SESSIONS = 8;

export function withEndedSession(
  record: PillarRecord,
  { sessionNonce }: FactOf<"pillar-session-ended">,
): PillarRecord {
  const endedSessions = [...record.endedSessions, sessionNonce].slice(-MAX_ENDED_SESSIONS);
  return { ...record, endedSessions };
}

/** Undefined before the first heartbeat of a session. */
export function sessionOf(state: HubState, pillarId: PillarId): SessionNonce | undefined {
  const { sessionNonce = null } = state.heard.contacts.get(pillarId) ?? {};
  if (sessionNonce === null || hasEnded(state, pillarId, sessionNonce)) return undefined;
  return sessionNonce;
}

/** A heartbeat in such a session is no sign of life. */
export const isOfEndedSession = (
  state: HubState,
  { pillarId, heartbeat }: Extract<HubEvent, { type: "heartbeat" }>,
): boolean => hasEnded(state, pillarId, heartbeat.sessionNonce);

const hasEnded = (state: HubState, pillarId: PillarId, sessionNonce: SessionNonce): boolean =>
  state.pillars.get(pillarId)?.endedSessions.includes(sessionNonce) ?? false;
