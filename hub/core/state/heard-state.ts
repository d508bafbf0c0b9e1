/**
 * What the wire said lately, of pillars, operators and clocks.
 * Not folded from facts: a restart begins it anew.
 */
import { nothingDue, type Due } from "../time/due.ts";
import type { Call } from "../../../shared/protocol/call.ts";
import type {
  EventId,
  IncidentId,
  MediaId,
  PillarId,
  SessionNonce,
  Username,
} from "../../../shared/ids.ts";

export interface Clock {
  /** Monotonic ms of the event that is being handled, or was last. */
  nowMs: number;
  /** Monotonic ms of the latest tick. */
  tickedAtMs: number | null;
  /** Wall minus monotonic, at the last step or at the first tick. */
  offsetMs: number | null;
  /** By how much the wall clock was set before the latest tick; 0 when it was not. */
  stepMs: number;
  /** Monotonic ms since when the wall clock has not leapt, as far as this process knows. */
  steadySinceMs: number | null;
}

export const unset = (): Clock => ({
  nowMs: 0,
  tickedAtMs: null,
  offsetMs: null,
  stepMs: 0,
  steadySinceMs: null,
});

/** One deadline by the clock nobody can set. */
export interface Countdown {
  /** The deadline it belongs to. */
  readonly dueAt: number;
  /** Monotonic ms. */
  readonly endsAt: number;
  /**
   * Its moment is by a wall clock that was set shortly
   * before, and may be set back before the next tick.
   */
  readonly isOfOtherClock: boolean;
}

export interface PersonContact {
  streams: number;
  /** A stream has answered a ping: from then on an open one alone is not believed. */
  hasBeat: boolean;
  /** Monotonic; null after a sign of life until the next tick, and while there is no doubt. */
  goneAt: number | null;
}

/** One owed call by the clock nobody can set. */
export interface OutsideCall {
  readonly ring: number;
  readonly tries: number;
  readonly dueAt: number;
  /** When it was made; null while it waits. */
  calledAt: number | null;
}

/** What was received from one pillar since this process began. */
export interface PillarContact {
  heardAt: number;
  disconnectedAt: number | null;
  /** It has been told the state of its call since it connected. */
  isTold: boolean;
  /** Monotonic. */
  toldAt: number;
  resendAskedAt: number | null;
  resendAfterMs: number;
  /**
   * Of its latest heartbeat; null until the connection has had one. Whether it still counts is told
   * by `sessionOf`.
   */
  sessionNonce: SessionNonce | null;
  /** Since when its ledger has shown less than the hub holds. */
  behindSince: number | null;
  cloneWatch: CloneWatch | undefined;
}

/** Which pillars are looked at when. */
export interface DuePillars {
  readonly due: Due<PillarId>;
  /** At this tick. */
  now: readonly PillarId[];
  isAllDue: boolean;
  /** A fact of a pillar may have changed what its grid is. */
  areGridsDue: boolean;
  /** At this tick. */
  areGridsNow: boolean;
}

export interface Heard {
  readonly duePillars: DuePillars;
  readonly contacts: Map<PillarId, PillarContact>;
  /**
   * Told since a pillar's latest heartbeat, by alarm, also to a pillar that is not connected: told
   * again when the next heartbeat shows that the session was another one by then.
   */
  readonly untold: Map<PillarId, Map<EventId, Call>>;
  /** The media processes that run and are ready. */
  readonly mediaUp: Set<MediaId>;
  /** When listening began; null before the first event. */
  since: number | null;
  readonly clock: Clock;
  readonly countdowns: Map<IncidentId, Countdown>;
  readonly people: Map<Username, PersonContact>;
  readonly outsideCalls: Map<IncidentId, OutsideCall>;
}

const allDue = (): DuePillars => ({
  due: nothingDue(),
  now: [],
  isAllDue: true,
  areGridsDue: true,
  areGridsNow: true,
});

export const silence = (): Heard => ({
  duePillars: allDue(),
  contacts: new Map(),
  untold: new Map(),
  mediaUp: new Set(),
  since: null,
  clock: unset(),
  countdowns: new Map(),
  people: new Map(),
  outsideCalls: new Map(),
});

export interface Session {
  readonly nonce: SessionNonce;
  readonly bootEpoch: number;
  /** The hub's clock minus the uptime: the least seen, because delays only add. */
  bootedAt: number;
}

export interface CloneWatch {
  /** Enrolments when it began: a new identity is watched anew. */
  readonly enrolments: number;
  /** The latest last. */
  sessions: Session[];
  highestEpoch: number;
  backSince: number | null;
  takenOverAt: number[];
  /** What shows a second machine. */
  suspicion: string | undefined;
}
