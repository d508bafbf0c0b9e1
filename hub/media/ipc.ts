/**
 * What the hub and each of its media processes say to each other over the child's channel.
 *
 * A process may die at any instant: every message here can be lost, and none carries an alarm. On
 * the channel each names the process that it is for or comes from, and those about a pillar name
 * the pillar.
 */
import type { CameraId, MediaId, MediaSessionId, PillarId, RecordingId } from "../../shared/ids.ts";
import type { Gaps } from "../../shared/api/recording-gap.ts";
import type { Signal } from "../../shared/protocol/signal.ts";

/** As it is on the channel. */
export type OfMedia<Message> = Message & { readonly mediaId: MediaId };

export interface MediaSettings {
  readonly udpPorts: readonly [number, number];
  /**
   * Addresses offered as host candidates, and bound; empty
   * = all external IPv4 addresses of this machine.
   */
  readonly addresses: readonly string[];
  /**
   * Without addresses of its own choice, loopback is offered as well: consoles are on this machine.
   */
  readonly offersLoopback: boolean;
  readonly maxViewers: number;
}

/** A console watches a pillar (WHEP) or talks to it (WHIP). */
export type ViewerRole = "watch" | "talk";

export type ToMedia =
  | AboutPillar
  | { readonly type: "configure"; readonly settings: MediaSettings }
  /** Asked about every second; no answer for a while, and the process is replaced. */
  | { readonly type: "ping" }
  | { readonly type: "shutdown" };

/** Goes to the process that carries this pillar. */
export type AboutPillar =
  | { readonly type: "pillar-signal"; readonly pillarId: PillarId; readonly signal: Signal }
  | { readonly type: "pillar-gone"; readonly pillarId: PillarId }
  | {
      readonly type: "viewer-offer";
      readonly sessionId: MediaSessionId;
      readonly pillarId: PillarId;
      readonly role: ViewerRole;
      /** Undefined: the pillar's first. */
      readonly camera?: CameraId;
      /** Picture only, also while the pillar's voice comes in for somebody else. */
      readonly isWithoutVoice: boolean;
      readonly sdp: string;
    }
  | {
      readonly type: "viewer-close";
      readonly pillarId: PillarId;
      readonly sessionId: MediaSessionId;
    }
  | {
      readonly type: "record-start";
      readonly recordingId: RecordingId;
      readonly pillarId: PillarId;
      /** Absolute path of the MP4 file; its directory exists. */
      readonly path: string;
      /**
       * Picture and voice are expected at once, and not only when the pillar has learnt that it is
       * called.
       */
      readonly isCallRunning: boolean;
    }
  | {
      readonly type: "record-stop";
      readonly pillarId: PillarId;
      readonly recordingId: RecordingId;
    };

export type FromMedia =
  /** After every start, also after a restart: pillars must offer again, recordings start anew. */
  | { readonly type: "ready" }
  | { readonly type: "pong" }
  | { readonly type: "pillar-signal"; readonly pillarId: PillarId; readonly signal: Signal }
  | {
      readonly type: "pillar-media";
      readonly pillarId: PillarId;
      readonly state: "connected" | "lost";
    }
  | {
      readonly type: "viewer-answer";
      readonly pillarId: PillarId;
      readonly sessionId: MediaSessionId;
      readonly sdp: string;
    }
  | {
      readonly type: "viewer-refused";
      readonly pillarId: PillarId;
      readonly sessionId: MediaSessionId;
      readonly code: "bad-request" | "media-unavailable" | "not-found" | "too-many-requests";
      readonly detail: string;
    }
  | {
      readonly type: "viewer-closed";
      readonly pillarId: PillarId;
      readonly sessionId: MediaSessionId;
      readonly reason: string;
    }
  | {
      readonly type: "record-ended";
      readonly pillarId: PillarId;
      readonly recordingId: RecordingId;
      readonly state: "closed" | "failed";
      readonly durationMs: number;
      readonly bytes: number;
      readonly detail: string;
      readonly gaps: Gaps;
      /** Whose pictures are in the file. */
      readonly cameras: readonly CameraId[];
    }
  /**
   * Once when it is known, and again when it changes:
   * whether the pictures that come can be written.
   */
  | {
      readonly type: "record-picture";
      readonly pillarId: PillarId;
      readonly recordingId: RecordingId;
      readonly isWritten: boolean;
      readonly detail: string;
    }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly text: string;
    };
