/** The events of the hub's core, and the effects it decides on. */
import type {
  EventId,
  IncidentId,
  PillarId,
  RecordingId,
  SessionNonce,
  Username,
} from "../../shared/ids.ts";
import type { Call } from "../../shared/protocol/call.ts";
import type { Kinds } from "./kinds.ts";

interface OfConsole {
  readonly at: number;
  readonly username: Username;
}

/** `at`: Unix ms. New ids arrive here, because the core draws no random numbers. */
export type HubEvent =
  | Kinds["event"]
  /**
   * A person's event stream began or ended, or answered; any other sign of them is `console-seen`.
   */
  | (OfConsole & { readonly type: "console-connected" })
  | (OfConsole & { readonly type: "console-disconnected" })
  | (OfConsole & { readonly type: "console-beat" })
  | (OfConsole & { readonly type: "console-seen" })
  | { readonly type: "tick"; readonly at: number };

export type EventOf<T extends HubEvent["type"]> = Extract<HubEvent, { type: T }>;

/** Effects: what the shell must do. All wait for the facts decided with them. */
export type HubEffect =
  | {
      readonly type: "accept";
      readonly pillarId: PillarId;
      readonly eventId: EventId;
      readonly seq: number;
      readonly incidentId: IncidentId;
      /** The incident is closed, or so old that it is not known any more. */
      readonly isOver: boolean;
      /**
       * The pillar's session that the alarm named: the receipt
       * counts there. Absent when it came by HTTPS.
       */
      readonly sessionNonce?: SessionNonce;
      /**
       * Where the journal holds it; absent for one decided just now, whose index the shell knows.
       */
      readonly index?: number;
    }
  | { readonly type: "tell-pillar"; readonly pillarId: PillarId; readonly call: Call }
  | {
      readonly type: "ask-resend";
      readonly pillarId: PillarId;
      readonly fromSeq: number;
      readonly bootEpoch: number;
      readonly sessionNonce: SessionNonce;
    }
  | {
      readonly type: "call-external";
      readonly incidentId: IncidentId;
      readonly ring: number;
      /** Its address. */
      readonly target: string;
      readonly attempt: number;
    }
  | {
      readonly type: "start-recording";
      readonly recordingId: RecordingId;
      readonly incidentId: IncidentId;
      readonly pillarId: PillarId;
      /**
       * The pillar sends already, or should: what is missing at the beginning is a gap from the
       * first moment on.
       */
      readonly isCallRunning: boolean;
    }
  | {
      readonly type: "stop-recording";
      readonly recordingId: RecordingId;
      readonly pillarId: PillarId;
    }
  /** `all`: nobody may watch or talk any more. `talkers`: the owner changed. */
  | {
      readonly type: "end-views";
      readonly incidentId: IncidentId;
      readonly who: "all" | "talkers";
    }
  /** Somebody calls there: who looks at it without a call may not any more. */
  | { readonly type: "review-views"; readonly pillarId: PillarId }
  /**
   * The last words to a pillar, then its connection is cut, and its picture and voice with it.
   * `sessionNonce`: the session they are signed for; null when the hub knows none, and they cannot
   * be said.
   */
  | {
      readonly type: "expel-pillar";
      readonly pillarId: PillarId;
      readonly reason: string;
      readonly sessionNonce: SessionNonce | null;
      readonly lastCalls: readonly Call[];
    }
  | {
      readonly type: "refuse";
      readonly code: "not-found" | "conflict" | "forbidden" | "bad-request";
      readonly detail: string;
      readonly by?: string;
    };
export type Tick = Extract<HubEvent, { type: "tick" }>;
