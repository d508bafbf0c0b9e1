/** What happens to views, and what the shell does about it. */
import type { ProblemCode } from "../../../shared/api/problem.ts";
import type { Role } from "../../../shared/api/session.ts";
import type {
  AreaId,
  CameraId,
  IncidentId,
  MediaId,
  MediaSessionId,
  PillarId,
  Username,
} from "../../../shared/ids.ts";
import type { LookPurpose } from "../../../shared/protocol/purpose.ts";
import type { FactOf } from "../facts.ts";

/** What is watched, and for what. */
export type ViewSubject =
  | { readonly purpose: "call"; readonly incidentId: IncidentId; readonly role: "watch" | "talk" }
  /** Of a pillar from which nobody calls. `reason`: in the words of whoever asks; may be empty. */
  | {
      readonly purpose: LookPurpose;
      readonly pillarId: PillarId;
      readonly role: "watch";
      readonly reason: string;
    };

/** What a console asks for, and who sits there. */
export type ViewWish = ViewSubject & ViewAsker;

export interface ViewAsker {
  /** Whose picture; undefined: the pillar's first. */
  readonly camera?: CameraId;
  readonly by: {
    readonly username: Username;
    readonly displayName: string;
    readonly role: Role;
    readonly scope: AreaId;
  };
  /** The sign-in session it belongs to and ends with. */
  readonly signInId: string;
  /** Address of the console. */
  readonly from: string;
}

/** `at`: Unix ms, for the record. */
export type ViewEvent = { readonly at: number } & (
  | {
      readonly type: "view-asked";
      readonly id: MediaSessionId;
      readonly wish: ViewWish;
      /** Ms of a clock that never steps. */
      readonly monotonicMs: number;
    }
  /** The media process has an answer for the console. */
  | { readonly type: "view-answered"; readonly id: MediaSessionId }
  /** It could not be connected, or is connected no more. */
  | {
      readonly type: "view-failed";
      readonly id: MediaSessionId;
      readonly code: ViewRefusal;
      readonly detail: string;
    }
  /** The pillar has opened its gate for it. */
  | { readonly type: "look-granted"; readonly id: MediaSessionId; readonly monotonicMs: number }
  /** The journal has its begin, or cannot take it. */
  | { readonly type: "view-recorded"; readonly id: MediaSessionId }
  | { readonly type: "view-unrecorded"; readonly id: MediaSessionId; readonly reason: string }
  | { readonly type: "view-closed-by-console"; readonly id: MediaSessionId }
  | { readonly type: "sign-in-ended"; readonly signInId: string }
  | {
      readonly type: "incident-over";
      readonly incidentId: IncidentId;
      readonly who: "all" | "talkers";
    }
  /** About every `RENEW_EVERY_MS`: grants are given again, or are over. */
  | { readonly type: "looks-due"; readonly monotonicMs: number }
  /** Somebody calls there, or it lost its identity. */
  | { readonly type: "pillar-changed"; readonly pillarId: PillarId }
  /** Whatever the hub knew may have changed: the fold was made again. */
  | { readonly type: "state-renewed" }
  /** A media process began: what the one before it carried is gone, and nothing else. */
  | { readonly type: "media-ready"; readonly mediaId: MediaId }
);

/** As it is told, before its time is added. */
export type ViewTold<E = ViewEvent> = E extends ViewEvent ? Omit<E, "at"> : never;

export type ViewRefusal = Extract<
  ProblemCode,
  | "bad-request"
  | "conflict"
  | "forbidden"
  | "media-unavailable"
  | "not-found"
  | "too-many-requests"
  | "too-many-windows"
  | "unavailable"
>;

export type ViewEffect =
  | {
      readonly type: "offer-view";
      readonly id: MediaSessionId;
      readonly pillarId: PillarId;
      readonly wish: ViewWish;
    }
  | { readonly type: "close-view"; readonly id: MediaSessionId; readonly pillarId: PillarId }
  /** Answered by `view-recorded` or `view-unrecorded`. */
  | {
      readonly type: "record-view";
      readonly id: MediaSessionId;
      readonly fact: FactOf<"view-opened" | "look-opened">;
    }
  /** To its pillar, for so long; answered by `look-granted` or `view-failed`. */
  | {
      readonly type: "grant-look";
      readonly id: MediaSessionId;
      readonly pillarId: PillarId;
      readonly purpose: LookPurpose;
      readonly seconds: number;
    }
  | { readonly type: "end-grant"; readonly id: MediaSessionId; readonly pillarId: PillarId }
  /** Nobody waits for it. */
  | { readonly type: "record-end"; readonly fact: FactOf<"view-closed" | "look-closed"> }
  /** To the console that asked. */
  | { readonly type: "give-view"; readonly id: MediaSessionId }
  | {
      readonly type: "refuse-view";
      readonly id: MediaSessionId;
      readonly code: ViewRefusal;
      readonly detail: string;
    };
