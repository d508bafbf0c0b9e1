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
import { cameraPart, type Part, type Status } from "../status.ts";
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
  setOpen(isOpen: Readonly<Record<MediaKind, boolean>>): void;
  forgetReceiver(): void;
  stop(): void;
}

/** What is captured: a camera or the microphone. */
interface Source {
  readonly part: Part;
  /** Opens every complaint about it. */
  readonly name: string;
  readonly kind: MediaKind;
  readonly payloadType: number;
  readonly repeats: boolean;
  readonly argumentsFor: (port: number) => readonly string[];
}

/** The settings allow one camera; several would need a gate and a stream each. */
function sourcesOf(media: MediaConfig): Source[] {
  const cameras = media.cameras.map((camera): Source => ({
    part: cameraPart(camera.id),
    name: camera.id,
    kind: "video",
    payloadType: VIDEO.payloadType,
    repeats: cameraRepeats(camera),
    argumentsFor: (port) => cameraArguments(camera, media, port),
  }));
  if (media.microphone.kind === "none") return cameras;
  const microphone: Source = {
    part: "microphone",
    name: "microphone",
    kind: "audio",
    payloadType: AUDIO.payloadType,
    repeats: false,
    argumentsFor: (port) => microphoneArguments(media, port) ?? [],
  };
  return [...cameras, microphone];
}

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
  let sources: readonly Source[] = [];
  /** The cause that was logged last: the same again is no news, another one is. */
  const reported = new Map<Part, string>();
  let isOpen: Readonly<Record<MediaKind, boolean>> = { video: false, audio: false };

  const stop = (): void => {
    for (const capture of captures) capture.stop();
    captures = [];
  };

  const start = ({ part, kind, ...source }: Source): void => {
    const { name } = source;
    status.set(part, "off");
    captures.push(
      startCapture({
        ...source,
        timing,
        findFfmpeg,
        onPacket: (packet, atMs) => gates[kind].push(packet, atMs),
        onFlow: () => {
          if (status.get(part) === "failed") log("info", `${name}: it works again`);
          reported.delete(part);
          status.set(part, isOpen[kind] ? "sending" : "ready");
        },
        onFailure: (detail, lacksFfmpeg) => {
          if (detail !== reported.get(part)) log("warn", detail);
          reported.set(part, detail);
          status.fail(part, detail, lacksFfmpeg);
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
      sources = sourcesOf(media);
      status.setCameras(media.cameras.map(({ id }) => id));
      status.set("microphone", "off");
      for (const source of sources) start(source);
    },
    setOpen(shouldOpen) {
      isOpen = shouldOpen;
      gates.video.setOpen(isOpen.video);
      gates.audio.setOpen(isOpen.audio);
      for (const { part, kind } of sources) {
        const state = status.get(part);
        if (state === "ready" || state === "sending") {
          status.set(part, isOpen[kind] ? "sending" : "ready");
        }
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
