/**
 * The pillar's media as the agent commands it: capture, connection, playback, and the gate over all
 * three.
 *
 * The gate stands open only for what the agent says *and* while the connection stands; whichever
 * fails shuts it. A prompt is no voice of the hub: it plays whether the gate is open or not.
 */
import { assertNever } from "../../shared/assert.ts";
import { isAnyOpen, SHUT, type Opening } from "../../shared/protocol/purpose.ts";
import type { MediaConfig } from "../config.ts";
import { newDownlink } from "./play/downlink.ts";
import type { FromMedia } from "../core/state/media-channel.ts";
import type { ToMedia } from "./ipc.ts";
import { newOutlet } from "./outlet.ts";
import { newPeer } from "./peer.ts";
import { newStatus } from "./status.ts";
import type { MediaTiming } from "./timing.ts";
import { newUplink } from "./send/uplink.ts";

export interface PillarMedia {
  receive(message: Exclude<ToMedia, { type: "shutdown" | "ping" }>): void;
  stop(): void;
}

export function newPillarMedia(tell: (m: FromMedia) => void, timing: MediaTiming): PillarMedia {
  const outlet = newOutlet(tell);
  const { post, log } = outlet;
  const status = newStatus(post);
  let configured = "";
  let offered: Pick<MediaConfig, "addresses" | "cameras"> = { addresses: [], cameras: [] };
  let opening: Opening = SHUT;
  let isConnected = false;

  const applyGate = (): void => {
    const open = isConnected ? opening : SHUT;
    uplink.setOpen({ video: open.camera, audio: open.microphone });
    downlink.setOpen(open.speaker);
  };

  const shared = { timing, status, log };
  const downlink = newDownlink(shared);
  const uplink = newUplink({ ...shared, send: (kind, packet) => peer.send(kind, packet) });
  const peer = newPeer({
    timing,
    log,
    addresses: () => offered.addresses,
    cameras: () => offered.cameras.map(({ id }) => id),
    outgoing: uplink.outgoing,
    onVoice: (packet) => downlink.voice(packet),
    signal: (signal) => post({ type: "signal", signal }),
    isUrgent: () => isAnyOpen(opening),
    onState: (state, detail) => {
      isConnected = state === "connected";
      if (isConnected) uplink.forgetReceiver();
      applyGate();
      status.setPeer(state, detail);
    },
  });

  const configure = (media: MediaConfig): void => {
    status.repeat();
    const text = JSON.stringify(media);
    // The same again must not cost a running call its picture.
    if (text === configured) return;
    configured = text;
    outlet.hide(media);
    offered = media;
    uplink.configure(media);
    downlink.configure(media);
  };

  return {
    receive(message) {
      switch (message.type) {
        case "configure":
          return configure(message.media);
        case "connect":
          return peer.connect();
        case "disconnect":
          return peer.disconnect("the agent disconnected");
        case "signal":
          return peer.receive(message.signal);
        case "gate":
          ({ opening } = message);
          if (isAnyOpen(opening)) peer.hasten();
          return applyGate();
        case "prompt":
          return downlink.prompt(message.name);
        default:
          return assertNever(message);
      }
    },
    stop() {
      peer.disconnect("the agent stops");
      uplink.stop();
      downlink.stop();
    },
  };
}
