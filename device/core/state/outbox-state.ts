/** What the agent knows of its alarms: which no hub has accepted, and how often each was sent. */
import type { Instant } from "../../../shared/duration.ts";
import type { LedgerHead, SealedAlarm } from "./kept.ts";
import type { HubEpoch, EventId } from "../../../shared/ids.ts";

/** So many alarms wait in memory at most; more wait on the disk. */
export const MAX_OUTBOX = 10_000;

export interface FallbackRequest {
  readonly dueAt: Instant;
  readonly tries: number;
  readonly isUnderWay: boolean;
}

export interface Pending {
  readonly alarm: SealedAlarm;
  /** Unknown when a reboot lies between. */
  readonly edgeAt: Instant | undefined;
  readonly attempts: number;
  /** Stored, or late enough that we no longer wait for the disk. */
  readonly maySend: boolean;
  readonly isSentOnThisLink: boolean;
  /** A hub has accepted it; it is sent to another one again, after everything else. */
  readonly isReplay: boolean;
  /** Where it stands in the HTTPS fallback; none until it is free to go. */
  readonly fallback: FallbackRequest | undefined;
}

export interface Outbox {
  readonly head: LedgerHead;
  readonly hubEpoch: HubEpoch | undefined;
  /** In order of `seq`. */
  readonly pending: ReadonlyMap<EventId, Pending>;
  /** Resends since the last news; sets the wait. */
  readonly round: number;
  /**
   * Accepted alarms of the running call, oldest first: a
   * hub that lacks them hears these before all others.
   */
  readonly ofCall: readonly SealedAlarm[];
  /** Kept alarms are being sent again, from this sequence number. */
  readonly replay: { readonly fromSeq: number; readonly isFetching: boolean } | undefined;
}

export function keptAlarm(alarm: SealedAlarm, isReplay: boolean): Pending {
  return {
    alarm,
    edgeAt: undefined,
    attempts: 0,
    maySend: true,
    isSentOnThisLink: false,
    isReplay,
    fallback: undefined,
  };
}

export function emptyOutbox(from: {
  readonly head: LedgerHead;
  readonly hubEpoch: HubEpoch | undefined;
  readonly unaccepted: readonly SealedAlarm[];
  readonly replayFrom: number | undefined;
}): Outbox {
  const entry = (alarm: SealedAlarm) => [alarm.event.eventId, keptAlarm(alarm, false)] as const;
  const pending = from.unaccepted.map(entry);
  const { replayFrom } = from;
  return {
    head: from.head,
    hubEpoch: from.hubEpoch,
    pending: new Map(pending.slice(-MAX_OUTBOX)),
    round: 0,
    ofCall: [],
    replay: replayFrom === undefined ? undefined : { fromSeq: replayFrom, isFetching: false },
  };
}
