/** What the agent knows of the call at this pillar: no call, calling, received, or answered. */
import type { Instant } from "../../../shared/duration.ts";
import type { EventId, IncidentId } from "../../../shared/ids.ts";
import type { Call as CallMessage } from "../../../shared/protocol/call.ts";
import type { Press } from "../events.ts";

export type Call =
  | { readonly phase: "idle" }
  | {
      readonly phase: "calling";
      readonly eventId: EventId;
      readonly isSilent: boolean;
      readonly edgeAt: Instant;
      /** 20 s have passed: the person has been told to dial 110 as well. */
      readonly isLate: boolean;
    }
  | {
      readonly phase: "received";
      readonly eventId: EventId;
      readonly isSilent: boolean;
      readonly incidentId: IncidentId;
    }
  | {
      readonly phase: "answered";
      readonly eventId: EventId;
      readonly isSilent: boolean;
      readonly incidentId: IncidentId;
      readonly by: string;
      readonly isHeld: boolean;
      /** False from the loss of the link until the hub says again that somebody is there. */
      readonly isLive: boolean;
    };

/** A call remembers so many of its alarms after its first; the hub names the newest one it has. */
export const MAX_NEWER = 16;

export interface CallState {
  readonly call: Call;
  /** The newest alarm, also after a reboot: the hub may still be in a call about it. */
  readonly lastEventId: EventId | undefined;
  /**
   * Alarms of the running call after its first, newest last: each may be the one the hub speaks of.
   */
  readonly newer: readonly EventId[];
  /** What the hub said last of an alarm whose receipt has not come: believed only after it. */
  readonly early: CallMessage | undefined;
  /** Whether that alarm's call makes no sound. False after a reboot, when it is not known. */
  readonly wasSilent: boolean;
  /** The end of the last call is still on the display. */
  readonly hasJustEnded: boolean;
  /** When the call's newest alarm was born. */
  readonly bornAt: Instant | undefined;
  /** A press that has no alarm yet. */
  readonly owed: Pick<Press, "kind" | "edgeAt"> | undefined;
}

export const IDLE: CallState = {
  call: { phase: "idle" },
  lastEventId: undefined,
  newer: [],
  early: undefined,
  wasSilent: false,
  hasJustEnded: false,
  bornAt: undefined,
  owed: undefined,
};

export type RunningCall = Exclude<Call, { phase: "idle" }>;
