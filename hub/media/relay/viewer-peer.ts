/** The hub's end of a browser's connection: it watches and listens (WHEP), or it talks (WHIP). */
import type { RTCRtpSender, RTCRtpTransceiver } from "werift";
import type { CameraId, MediaSessionId, PillarId } from "../../../shared/ids.ts";
import { AUDIO, VIDEO } from "../../../shared/media/codecs.ts";
import { receive } from "./incoming.ts";
import type { MediaSettings, ViewerRole } from "../ipc.ts";
import type { Log } from "../log.ts";
import {
  newOutgoingPicture,
  newOutgoingVoice,
  type Outgoing,
  type OutgoingPicture,
} from "./outgoing.ts";
import { newPeer, type Peer } from "./peer.ts";
import type { Watcher } from "./pictures.ts";
import type { Room } from "./room.ts";

export interface ViewerPeer {
  readonly role: ViewerRole;
  readonly pillarId: PillarId;
  readonly sessionId: MediaSessionId;
  readonly peer: Peer;
  close(): void;
}

export interface ViewerPeerOptions {
  readonly sessionId: MediaSessionId;
  readonly pillarId: PillarId;
  readonly role: ViewerRole;
  /** Whose picture is wanted; undefined: the pillar's first. */
  readonly camera: CameraId | undefined;
  /** It is sent no sound, whatever it offers and whoever else listens. */
  readonly isWithoutVoice: boolean;
  readonly room: Room;
  readonly settings: MediaSettings;
  readonly log: Log;
  onLost(reason: string): void;
}

export function newViewerPeer(options: ViewerPeerOptions): ViewerPeer {
  return options.role === "watch" ? newWatcher(options) : newTalker(options);
}

function newWatcher(options: ViewerPeerOptions): ViewerPeer {
  const { room, camera, isWithoutVoice } = options;
  const senderBySsrc = new Map<number, RTCRtpSender>();
  let picture: OutgoingPicture | undefined;
  let voice: Outgoing | undefined;
  let isReady = false;

  const addStream = (transceiver: RTCRtpTransceiver): void => {
    if (isWithoutVoice && transceiver.kind === "audio") {
      transceiver.setDirection("inactive");
      return;
    }
    transceiver.setDirection("sendonly");
    const { sender } = transceiver;
    // One stream, so that the browser keeps lips and voice together. It is named by the camera, or
    // by the pillar while that has not said which cameras it has.
    sender.streamId = camera ?? room.cameras()?.[0] ?? options.pillarId;
    senderBySsrc.set(sender.ssrc, sender);
    if (transceiver.kind === "audio") voice = newOutgoingVoice(sender, AUDIO.clockRate);
    else picture = newOutgoingPicture(sender, VIDEO.clockRate, () => room.stored(camera));
  };

  const peer = newPeer(options.settings, options.log, {
    onTransceiver: addStream,
    onState(state, reason) {
      if (state === "lost") {
        close();
        options.onLost(reason);
        return;
      }
      isReady = true;
      picture?.refresh(performance.now());
    },
    onPictureLost: () => picture?.refresh(performance.now()),
    timestampNow(ssrc, at) {
      const kind = senderBySsrc.get(ssrc)?.kind;
      if (kind === undefined) return undefined;
      const now = kind === "audio" ? room.voiceTimeAt(at) : room.pictureTimeAt(camera, at);
      if (now === undefined) return undefined;
      return (kind === "audio" ? voice : picture)?.outgoing(now);
    },
  });
  const watcher: Watcher = {
    camera,
    get picture() {
      return picture;
    },
    get voice() {
      return voice;
    },
    isReady: () => isReady,
  };
  room.watchers.add(watcher);
  const close = (): void => {
    isReady = false;
    room.watchers.delete(watcher);
    picture?.close();
    peer.close();
  };
  return { ...identity(options), peer, close };
}

function newTalker(options: ViewerPeerOptions): ViewerPeer {
  const { room, log } = options;
  let isOpen = true;
  const peer = newPeer(options.settings, log, {
    onTransceiver(transceiver) {
      receive(transceiver, log, (packet, at) => {
        if (isOpen) room.onTalkerVoice(packet, at);
      });
    },
    onState(state, reason) {
      if (state === "lost") {
        close();
        options.onLost(reason);
      } else room.newTalkerSource();
    },
  });
  const close = (): void => {
    isOpen = false;
    peer.close();
  };
  return { ...identity(options), peer, close };
}

const identity = (
  options: ViewerPeerOptions,
): Pick<ViewerPeer, "role" | "pillarId" | "sessionId"> => ({
  role: options.role,
  pillarId: options.pillarId,
  sessionId: options.sessionId,
});
