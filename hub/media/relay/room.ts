/**
 * Everything around one pillar: its connection, who watches, who talks, what is recorded.
 *
 * The room outlives its pillar's connection: a pillar that reconnects in the middle of a call finds
 * its viewers waiting, and they see an unbroken stream. Viewers may also come first. A stored
 * picture is forgotten after a moment without packets, because nothing stale may be shown as live.
 */
import { AUDIO, VIDEO } from "../../../shared/media/codecs.ts";
import { newGopCache } from "../../../shared/media/gop-cache.ts";
import type { IncomingPacket } from "./incoming.ts";
import { newMediaClock, type MediaClock } from "../recorder/media-clock.ts";
import type { MediaPacket, Outgoing, OutgoingPicture } from "./outgoing.ts";
import type { Recording } from "../recorder/recording.ts";

/** A gap longer than this ends a live picture: the gate was shut, or the camera died. */
export const STALE_PICTURE_MS = 1500;

export interface Watcher {
  readonly picture: OutgoingPicture | undefined;
  readonly voice: Outgoing | undefined;
  isReady(): boolean;
}

export interface Room {
  readonly watchers: Set<Watcher>;
  readonly recordings: Set<Recording>;
  /** Where a talker's voice goes; undefined while the pillar is away. */
  downlink: Outgoing | undefined;
  onPillarPicture(packet: IncomingPacket, at: number): void;
  onPillarVoice(packet: IncomingPacket, at: number): void;
  onTalkerVoice(packet: IncomingPacket, at: number): void;
  /** A new connection of the pillar, or a new talker: what follows is another stream. */
  newPillarSource(): void;
  newTalkerSource(): void;
  stored(): { readonly source: number; readonly packets: readonly MediaPacket[] };
  pictureTimeAt(at: number): number | undefined;
  voiceTimeAt(at: number): number | undefined;
  talkerTimeAt(at: number): number | undefined;
}

/** A stream of packets that share one counting of sequence numbers and time. */
interface Stream {
  source: number;
  ssrc: number | undefined;
  clock: MediaClock;
}

export function newRoom(): Room {
  const watchers = new Set<Watcher>();
  const recordings = new Set<Recording>();
  const store = newGopCache<MediaPacket>((packet) => packet);
  let pictureAt = -Infinity;
  let sources = 0;
  const picture = newStream(VIDEO.clockRate);
  const voice = newStream(AUDIO.clockRate);
  const talker = newStream(AUDIO.clockRate);

  const renew = (stream: Stream, clockRate: number): void => {
    sources += 1;
    stream.source = sources;
    stream.ssrc = undefined;
    stream.clock = newMediaClock(clockRate);
  };

  const observe = (stream: Stream, packet: IncomingPacket, at: number): void => {
    const clockRate = stream === picture ? VIDEO.clockRate : AUDIO.clockRate;
    if (stream.ssrc !== packet.ssrc) {
      renew(stream, clockRate);
      stream.ssrc = packet.ssrc;
      if (stream === picture) forgetPicture();
    }
    stream.clock.observe(packet.timestamp, at);
  };

  const forgetPicture = (): void => {
    store.clear();
    watchers.forEach((watcher) => watcher.picture?.restart());
  };

  const room: Room = {
    watchers,
    recordings,
    downlink: undefined,
    onPillarPicture(packet, at) {
      if (at - pictureAt > STALE_PICTURE_MS) forgetPicture();
      pictureAt = at;
      observe(picture, packet, at);
      store.push(packet);
      for (const watcher of watchers) {
        if (watcher.isReady()) watcher.picture?.live(picture.source, packet, at);
      }
      for (const recording of recordings) recording.picture(packet, picture.source, at);
    },
    onPillarVoice(packet, at) {
      observe(voice, packet, at);
      for (const watcher of watchers) {
        if (watcher.isReady()) watcher.voice?.live(voice.source, packet, at);
      }
      for (const recording of recordings) recording.voice("citizen", packet, at);
    },
    onTalkerVoice(packet, at) {
      observe(talker, packet, at);
      room.downlink?.live(talker.source, packet, at);
      for (const recording of recordings) recording.voice("operator", packet, at);
    },
    newPillarSource() {
      renew(picture, VIDEO.clockRate);
      renew(voice, AUDIO.clockRate);
      forgetPicture();
    },
    newTalkerSource: () => renew(talker, AUDIO.clockRate),
    stored() {
      const isLive = performance.now() - pictureAt <= STALE_PICTURE_MS;
      return { source: picture.source, packets: isLive ? store.snapshot() : [] };
    },
    pictureTimeAt: (at) => picture.clock.timestampAt(at),
    voiceTimeAt: (at) => voice.clock.timestampAt(at),
    talkerTimeAt: (at) => talker.clock.timestampAt(at),
  };
  return room;
}

const newStream = (clockRate: number): Stream => ({
  source: 0,
  ssrc: undefined,
  clock: newMediaClock(clockRate),
});
