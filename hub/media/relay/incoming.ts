/**
 * The streams a connection receives: each packet once, without what belongs to its connection only.
 */
import type { RTCRtpTransceiver, RtpPacket } from "werift";
import type { Log } from "../log.ts";
import type { MediaPacket } from "./outgoing.ts";
import { guarded } from "./peer.ts";
import { newReplayGuard } from "./replay-window.ts";

export interface IncomingPacket extends MediaPacket {
  readonly ssrc: number;
}

/** Padding packets that probe the line carry no media. */
const isEmpty = (packet: RtpPacket): boolean => packet.payload.length === 0;

export function receive(
  transceiver: RTCRtpTransceiver,
  log: Log,
  onPacket: (packet: IncomingPacket, at: number) => void,
): void {
  const isNew = newReplayGuard();
  transceiver.onTrack.subscribe(
    guarded(log, (track) => {
      track.onReceiveRtp.subscribe(
        guarded(log, (rtp: RtpPacket) => {
          const { ssrc, sequenceNumber, timestamp, marker } = rtp.header;
          if (isEmpty(rtp) || !isNew(ssrc, sequenceNumber)) return;
          const { payload } = rtp;
          onPacket(
            { ssrc, sequence: sequenceNumber, timestamp, marker, payload },
            performance.now(),
          );
        }),
      );
    }),
  );
}
