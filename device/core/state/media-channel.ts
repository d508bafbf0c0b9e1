/** What the core tells media, and what media answers, as plain data. */
import type { CameraId } from "../../../shared/ids.ts";
import type { Opening } from "../../../shared/protocol/purpose.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";

export type PartState = "off" | "ready" | "sending" | "playing" | "failed";

export interface CameraState {
  readonly id: CameraId;
  readonly state: PartState;
  /** What is wrong and what to do, beginning with the id; empty for one that has not failed. */
  readonly cause: string;
}

export type MediaEffect =
  /** The hub can be reached (again): make a new offer. */
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  | { readonly type: "signal"; readonly signal: Signal }
  /**
   * The gate: from what is shut no packet leaves, and a speaker that is shut plays nothing of the
   * hub's.
   */
  | { readonly type: "gate"; readonly opening: Opening }
  /** Play a prompt from the prompts folder; a live voice has priority over it. */
  | { readonly type: "prompt"; readonly name: string }
  /** The process ends, and is started again. */
  | { readonly type: "shutdown" };

export type FromMedia =
  | { readonly type: "ready" }
  | { readonly type: "pong" }
  | { readonly type: "signal"; readonly signal: Signal }
  | {
      readonly type: "state";
      readonly peer: "connecting" | "connected" | "lost";
      /** In the order of the settings. */
      readonly cameras: readonly CameraState[];
      readonly microphone: PartState;
      readonly speaker: PartState;
      /** What is wrong and what to do, when a part has failed. */
      readonly detail: string;
      /** The same for each part that has failed; empty for one that has not. */
      readonly causes: Readonly<Record<"microphone" | "speaker", string>>;
      /** The reason of a failure: ffmpeg is not where it should be, or cannot be started. */
      readonly lacksFfmpeg: boolean;
    }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly text: string;
    };
