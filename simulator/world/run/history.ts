/**
 * What the checkers are given: a plain record of what happened, and how it all stood at the end.
 *
 * It is written by the world, which sees everything, and never read by the programs under test.
 * Times are the world's own, in ms, whatever any clock in it says.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { EventId, HubEpoch, IncidentId } from "../../../shared/ids.ts";
import type { Presence } from "../../../shared/api/pillar.ts";
import type { Happening } from "./happening.ts";

export interface PillarEnding {
  readonly pillar: string;
  readonly isOn: boolean;
  readonly isLinked: boolean;
  readonly pending: readonly EventId[];
  readonly unstored: number;
  /** Its spare ledger has been in use: a fault until somebody comes. */
  readonly isMoved: boolean;
  /** Its wall clock has never been set, as far as it can tell. */
  readonly isClockLost: boolean;
  readonly phase: "idle" | "calling" | "received" | "answered";
  readonly callEvent: EventId | undefined;
  readonly incident: IncidentId | undefined;
  readonly isReplaying: boolean;
  readonly head: { readonly seq: number; readonly hash: string };
}

export interface HubEnding {
  readonly isUp: boolean;
  readonly hubEpoch: HubEpoch;
  /** The whole journal, index 1 first. */
  readonly journal: readonly Fact[];
  readonly open: readonly { readonly incidentId: IncidentId; readonly isAttended: boolean }[];
  readonly pillars: readonly {
    readonly pillar: string;
    readonly presence: Presence;
    readonly faults: readonly string[];
    readonly headSeq: number;
    /** Unix ms; `undefined`: its certificate does not end. */
    readonly expiresAt: number | undefined;
    /** By the hub's clock, at the end. */
    readonly isExpired: boolean;
  }[];
}

/** A whole run: what happened, when everything was healed, and how it all stood at the end. */
export interface History {
  readonly happenings: readonly Happening[];
  readonly healedAt: number;
  readonly endedAt: number;
  readonly pillars: readonly PillarEnding[];
  readonly hub: HubEnding;
}

export interface Violation {
  /** As in the list of invariants: I1, I2, … */
  readonly invariant: string;
  readonly at: number;
  readonly detail: string;
  /** Who and which alarm, to tell the story by. */
  readonly about: readonly string[];
}

export type Checker = (history: History) => Violation[];
