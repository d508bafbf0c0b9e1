/**
 * What the hub and its media process say to each other over the child's channel.
 *
 * Media may die at any instant: every message here can be lost, and none carries an alarm.
 */
import type { IncidentId, MediaSessionId, PillarId, RecordingId } from "../../shared/ids.ts";
import type { Gaps } from "../../shared/api/recording-gap.ts";
import type { Signal } from "../../shared/protocol/signal.ts";

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
  | { readonly type: "configure"; readonly settings: MediaSettings }
  | { readonly type: "pillar-signal"; readonly pillarId: PillarId; readonly signal: Signal }
  | { readonly type: "pillar-gone"; readonly pillarId: PillarId }
  | {
      readonly type: "viewer-offer";
      readonly sessionId: MediaSessionId;
      readonly incidentId: IncidentId;
      readonly pillarId: PillarId;
      readonly role: ViewerRole;
      readonly sdp: string;
    }
  | { readonly type: "viewer-close"; readonly sessionId: MediaSessionId }
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
  | { readonly type: "record-stop"; readonly recordingId: RecordingId }
  /** Asked about every second; no answer for a while, and the process is replaced. */
  | { readonly type: "ping" }
  | { readonly type: "shutdown" };

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
  | { readonly type: "viewer-answer"; readonly sessionId: MediaSessionId; readonly sdp: string }
  | {
      readonly type: "viewer-refused";
      readonly sessionId: MediaSessionId;
      readonly code: "bad-request" | "media-unavailable" | "too-many-requests";
      readonly detail: string;
    }
  | { readonly type: "viewer-closed"; readonly sessionId: MediaSessionId; readonly reason: string }
  | {
      readonly type: "record-ended";
      readonly recordingId: RecordingId;
      readonly state: "closed" | "failed";
      readonly durationMs: number;
      readonly bytes: number;
      readonly detail: string;
      readonly gaps: Gaps;
    }
  /**
   * Once when it is known, and again when it changes:
   * whether the pictures that come can be written.
   */
  | {
      readonly type: "record-picture";
      readonly recordingId: RecordingId;
      readonly isWritten: boolean;
      readonly detail: string;
    }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly text: string;
    };
