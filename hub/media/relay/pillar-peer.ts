/**
 * The hub's end of a pillar's connection: the pictures of its cameras and its voice come in, the
 * operator's voice goes out.
 */
import type { RTCRtpSender } from "werift";
import { AUDIO } from "../../../shared/media/codecs.ts";
import type { CameraId, MediaSessionId } from "../../../shared/ids.ts";
import type { CandidateBook } from "./candidates.ts";
import { receive } from "./incoming.ts";
import type { MediaSettings } from "../ipc.ts";
import type { Log } from "../log.ts";
import { newOutgoingVoice, type Outgoing } from "./outgoing.ts";
import { newPeer, type Peer, type PeerState } from "./peer.ts";
import type { Room } from "./room.ts";

export interface PillarPeer {
  readonly sessionId: MediaSessionId;
  readonly peer: Peer;
  /** Candidates taken so far; they are bounded. */
  readonly book: CandidateBook;
  isConnected: boolean;
}

export interface PillarPeerOptions {
  readonly sessionId: MediaSessionId;
  readonly book: CandidateBook;
  readonly room: Room;
  /** Whose picture each video of the offer is, in their order. */
  readonly cameras: readonly CameraId[];
  readonly settings: MediaSettings;
  readonly log: Log;
  onState(state: PeerState, reason: string): void;
}

export function newPillarPeer(options: PillarPeerOptions): PillarPeer {
  const { room, cameras, log } = options;
  const unheard = cameras.values();
  let sender: RTCRtpSender | undefined;
  let downlink: Outgoing | undefined;

  const peer = newPeer(options.settings, log, {
    onTransceiver(transceiver) {
      if (transceiver.kind === "video") {
        const { value: camera } = unheard.next();
        if (camera === undefined) return;
        receive(transceiver, log, (packet, at) => {
          if (room.downlink === downlink) room.onPillarPicture(camera, packet, at);
        });
        return;
      }
      transceiver.setDirection("sendrecv");
      sender = transceiver.sender;
      downlink = newOutgoingVoice(sender, AUDIO.clockRate);
      receive(transceiver, log, (packet, at) => {
        if (room.downlink === downlink) room.onPillarVoice(packet, at);
      });
    },
    onState(state, reason) {
      pillar.isConnected = state === "connected";
      if (state === "connected") {
        room.newPillarSource(cameras);
        room.downlink = downlink;
      } else if (room.downlink === downlink) room.downlink = undefined;
      options.onState(state, reason);
    },
    timestampNow(ssrc, at) {
      if (ssrc !== sender?.ssrc) return undefined;
      const now = room.talkerTimeAt(at);
      return now === undefined ? undefined : downlink?.outgoing(now);
    },
  });
  const pillar: PillarPeer = {
    sessionId: options.sessionId,
    peer,
    book: options.book,
    isConnected: false,
  };
  return pillar;
}
