/**
 * What a pillar is told of its calls: for its present session, numbered.
 *
 * The session stands in each heartbeat, and a pillar sends one as soon as it is connected, so what
 * is not known is known a moment later: the core then tells the call again.
 */
import type { HubRun, PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { Stamp } from "../../../shared/protocol/addressed.ts";
import type { Call, CallBody } from "../../../shared/protocol/call.ts";
import { sessionOf } from "../pillar/session.ts";
import type { HubState } from "../state/hub-state.ts";

/** Of everything that one run of the hub signs for a session. */
export interface Numbering {
  readonly hubRun: HubRun;
  /** The last one given out. */
  number: number;
}

export const newNumbering = (hubRun: HubRun): Numbering => ({ hubRun, number: 0 });

export function nextStamp(
  numbering: Numbering,
  pillarId: PillarId,
  sessionNonce: SessionNonce,
): Stamp {
  numbering.number += 1;
  const { hubRun, number } = numbering;
  return { v: 1, pillarId, sessionNonce, hubRun, number };
}

/** Nothing is signed for a session that has not shown itself, or has ended. */
export function callFor(
  numbering: Numbering,
  state: HubState,
  { pillarId, call }: { readonly pillarId: PillarId; readonly call: Call },
): CallBody | undefined {
  const sessionNonce = sessionOf(state, pillarId);
  return sessionNonce && { ...nextStamp(numbering, pillarId, sessionNonce), call };
}

export interface LastWords {
  readonly sessionNonce: SessionNonce | null;
  readonly lastCalls: readonly Call[];
}

/** The last that a session is told, also when it has ended in the same decision. */
export function lastWords(
  numbering: Numbering,
  pillarId: PillarId,
  { sessionNonce, lastCalls }: LastWords,
): CallBody[] {
  if (!sessionNonce) return [];
  return lastCalls.map((call) => ({ ...nextStamp(numbering, pillarId, sessionNonce), call }));
}
