/**
 * Camera and microphone, each from its capture through its gate to the connection.
 *
 * The gates and their numbering outlive everything else here: a capture may be configured anew and
 * the connection made anew, and the hub still sees one stream of each.
 */
import { randomInt } from "node:crypto";
import { AUDIO, VIDEO } from "../../../shared/media/codecs.ts";
import type { MediaConfig } from "../../config.ts";
import { cameraArguments, cameraRepeats } from "./camera.ts";
import { startCapture, type Capture } from "./capture.ts";
import { newContinuity } from "./continuity.ts";
import { findFfmpeg } from "../ffmpeg.ts";
import { newAudioGate, newVideoGate, type Gate, type OutgoingPacket } from "./gate.ts";
import { microphoneArguments } from "./microphone.ts";
import type { MediaKind, Outgoing } from "../session.ts";
import type { Status } from "../status.ts";
import type { MediaTiming } from "../timing.ts";

const BURST_PAUSE_MS = 1;

export interface UplinkOptions {
  readonly timing: MediaTiming;
  readonly status: Status;
  readonly send: (kind: MediaKind, packet: OutgoingPacket) => void;
  readonly log: (level: "info" | "warn", text: string) => void;
}

export interface Uplink {
  readonly outgoing: Readonly<Record<MediaKind, Outgoing>>;
  configure(media: MediaConfig): void;
  setOpen(isOpen: boolean): void;
  forgetReceiver(): void;
  stop(): void;
}

const PARTS = [
  { name: "camera", kind: "video", codec: VIDEO, argumentsFor: cameraArguments },
  { name: "microphone", kind: "audio", codec: AUDIO, argumentsFor: microphoneArguments },
] as const;

const soon = (callback: () => void): void => void setTimeout(callback, BURST_PAUSE_MS);

export function newUplink({ timing, status, send, log }: UplinkOptions): Uplink {
  const clocks = {
    video: newContinuity(VIDEO.clockRate, randomInt(0x10000)),
    audio: newContinuity(AUDIO.clockRate, randomInt(0x10000)),
  };
  const gates: Record<MediaKind, Gate> = {
    video: newVideoGate({ continuity: clocks.video, send: (p) => send("video", p), soon }),
    audio: newAudioGate({ continuity: clocks.audio, send: (p) => send("audio", p) }),
  };
  let captures: Capture[] = [];
  /** The cause that was logged last: the same again is no news, another one is. */
  const reported = new Map<string, string>();
  let isOpen = false;

  const stop = (): void => {
    for (const capture of captures) capture.stop();
    captures = [];
  };

  const start = (media: MediaConfig, part: (typeof PARTS)[number]): void => {
    const { name, kind } = part;
    status.set(name, "off");
    if (media[name].kind === "none") return;
    captures.push(
      startCapture({
        name,
        timing,
        findFfmpeg,
        payloadType: part.codec.payloadType,
        repeats: name === "camera" && cameraRepeats(media),
        argumentsFor: (port) => part.argumentsFor(media, port) ?? [],
        onPacket: (packet, atMs) => gates[kind].push(packet, atMs),
        onFlow: () => {
          if (status.get(name) === "failed") log("info", `${name}: it works again`);
          reported.delete(name);
          status.set(name, isOpen ? "sending" : "ready");
        },
        onFailure: (detail, lacksFfmpeg) => {
          if (detail !== reported.get(name)) log("warn", detail);
          reported.set(name, detail);
          status.fail(name, detail, lacksFfmpeg);
        },
      }),
    );
  };

  return {
    outgoing: {
      video: { ssrc: newSsrc(), readingAt: clocks.video.readingAt },
      audio: { ssrc: newSsrc(), readingAt: clocks.audio.readingAt },
    },
    configure(media) {
      stop();
      for (const part of PARTS) start(media, part);
    },
    setOpen(shouldOpen) {
      isOpen = shouldOpen;
      for (const { name, kind } of PARTS) {
        gates[kind].setOpen(isOpen);
        const state = status.get(name);
        if (state === "ready" || state === "sending")
          status.set(name, isOpen ? "sending" : "ready");
      }
    },
    forgetReceiver() {
      for (const gate of Object.values(gates)) gate.forgetReceiver();
    },
    stop,
  };
}

/** Zero would mean "none" to some receivers. */
function newSsrc(): number {
  return randomInt(1, 2 ** 32);
}
