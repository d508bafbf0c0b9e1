/**
 * The gate between a capture and the connection: nothing leaves the pillar while it is shut.
 *
 * Of the camera the packets since the last keyframe are kept in memory, and they go out first when
 * it opens, so that the hub has a picture at once. They go in small batches: hundreds of packets in
 * one instant overflow a receiver's socket.
 */
import { newGopCache } from "../../../shared/media/gop-cache.ts";
import { carriesKeyframe } from "../../../shared/media/h264.ts";
import type { Continuity } from "./continuity.ts";
import type { MediaPacket } from "./packet.ts";

export interface OutgoingPacket {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly isMarked: boolean;
  readonly payload: Uint8Array;
}

export interface Gate {
  push(packet: MediaPacket, atMs: number): void;
  setOpen(isOpen: boolean): void;
  /** Another receiver, which has nothing of what was sent before. */
  forgetReceiver(): void;
}

export interface GateOptions {
  readonly continuity: Continuity;
  readonly send: (packet: OutgoingPacket) => void;
  /** Calls back shortly; the gate never has more than one such call outstanding. */
  readonly soon: (callback: () => void) => void;
}

/** 8 packets a millisecond: a keyframe of 60 kB takes 7 ms, a whole group of 400 kB 45 ms. */
const BATCH = 8;
/**
 * What may wait behind a burst: a group at its limit and then some; more means that sending has
 * stopped.
 */
const MAX_WAITING = 4096;

interface Stamped {
  readonly packet: MediaPacket;
  readonly timestamp: number;
  /** Position in the source, across its restarts. */
  readonly index: number;
}

export function newVideoGate({ continuity, send, soon }: GateOptions): Gate {
  const cache = newGopCache<Stamped>(({ packet, timestamp }) => {
    return { sequence: packet.sequenceNumber, payload: packet.payload, timestamp };
  });
  let isOpen = false;
  /**
   * The receiver has everything since a keyframe, so that the next packet means something to it.
   */
  let isInStep = false;
  let waiting: Stamped[] = [];
  let nextIndex = 0;
  let lastSent = -1;
  let ssrc: number | undefined;
  let isDraining = false;

  const sendNow = (stamped: Stamped): void => {
    if (stamped.index !== lastSent + 1) continuity.interrupt();
    lastSent = stamped.index;
    send(outgoing(stamped.packet, stamped.timestamp, continuity));
  };

  const drain = (): void => {
    for (const stamped of waiting.splice(0, BATCH)) sendNow(stamped);
    isDraining = waiting.length > 0;
    if (isDraining) soon(drain);
  };

  const open = (): void => {
    const group = cache.snapshot();
    const first = group[0];
    // The same group as before the gate was shut goes on where it stopped.
    const goesOn = isInStep && first !== undefined && first.index <= lastSent;
    waiting = group.filter((stamped) => !goesOn || stamped.index > lastSent);
    isInStep = first !== undefined;
    if (!isDraining) drain();
  };

  const pass = (stamped: Stamped): void => {
    if (!isInStep && !carriesKeyframe(stamped.packet.payload)) return;
    isInStep = true;
    if (waiting.length === 0) return sendNow(stamped);
    waiting.push(stamped);
    if (waiting.length <= MAX_WAITING) return;
    waiting = [];
    isInStep = false;
  };

  return {
    push(packet, atMs) {
      if (ssrc !== packet.ssrc) {
        ssrc = packet.ssrc;
        cache.clear();
        isInStep = false;
      }
      const timestamp = continuity.timestampOf(packet, atMs);
      const stamped = { packet, timestamp, index: nextIndex };
      nextIndex += 1;
      cache.push(stamped);
      if (isOpen) pass(stamped);
    },
    setOpen(shouldOpen) {
      if (shouldOpen === isOpen) return;
      isOpen = shouldOpen;
      if (isOpen) return open();
      // What still waited was never sent: the receiver's group ends there.
      if (waiting.length > 0) isInStep = false;
      waiting = [];
    },
    forgetReceiver() {
      isInStep = false;
      lastSent = -1;
    },
  };
}

/** Sound from before the gate opened is not kept. */
export function newAudioGate({ continuity, send }: Omit<GateOptions, "soon">): Gate {
  let isOpen = false;
  return {
    push(packet, atMs) {
      const timestamp = continuity.timestampOf(packet, atMs);
      if (isOpen) send(outgoing(packet, timestamp, continuity));
    },
    setOpen(shouldOpen) {
      if (shouldOpen && !isOpen) continuity.interrupt();
      isOpen = shouldOpen;
    },
    // Every packet of sound can be played by itself.
    forgetReceiver: () => undefined,
  };
}

function outgoing(packet: MediaPacket, timestamp: number, numbers: Continuity): OutgoingPacket {
  const { isMarked, payload } = packet;
  return { sequenceNumber: numbers.numberOf(packet), timestamp, isMarked, payload };
}
