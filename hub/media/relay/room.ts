/**
 * Everything around one pillar: its connection, who watches, who talks, what is recorded.
 *
 * The room outlives its pillar's connection: a pillar that reconnects in the middle of a call finds
 * its viewers waiting, and they see an unbroken stream. Viewers may also come first.
 */
import type { CameraId } from "../../../shared/ids.ts";
import { AUDIO } from "../../../shared/media/codecs.ts";
import type { Recording } from "../recorder/recording.ts";
import type { IncomingPacket } from "./incoming.ts";
import type { Outgoing } from "./outgoing.ts";
import { newPictures, type Pictures, type StoredPicture, type Watcher } from "./pictures.ts";
import { newStreams } from "./stream.ts";

export interface Room {
  readonly watchers: Set<Watcher>;
  readonly recordings: Set<Recording>;
  /** Where a talker's voice goes; undefined while the pillar is away. */
  downlink: Outgoing | undefined;
  readonly cameras: Pictures["cameras"];
  onPillarPicture(camera: CameraId, packet: IncomingPacket, at: number): void;
  onPillarVoice(packet: IncomingPacket, at: number): void;
  onTalkerVoice(packet: IncomingPacket, at: number): void;
  /** A new connection of the pillar, or a new talker: what follows is another stream. */
  newPillarSource(cameras: readonly CameraId[]): void;
  newTalkerSource(): void;
  stored(camera?: CameraId): StoredPicture;
  pictureTimeAt(camera: CameraId | undefined, at: number): number | undefined;
  voiceTimeAt(at: number): number | undefined;
  talkerTimeAt(at: number): number | undefined;
}

export function newRoom(): Room {
  const watchers = new Set<Watcher>();
  const recordings = new Set<Recording>();
  const streams = newStreams();
  const pictures = newPictures(watchers, streams);
  const voice = streams.begin(AUDIO.clockRate);
  const talker = streams.begin(AUDIO.clockRate);

  const room: Room = {
    watchers,
    recordings,
    downlink: undefined,
    cameras: pictures.cameras,
    onPillarPicture(camera, packet, at) {
      const shown = pictures.push(camera, packet, at);
      if (shown?.isFirst !== true) return;
      const from = { camera, source: shown.source };
      for (const recording of recordings) recording.picture(packet, from, at);
    },
    onPillarVoice(packet, at) {
      streams.observe(voice, packet, at);
      for (const watcher of watchers) {
        if (watcher.isReady()) watcher.voice?.live(voice.source, packet, at);
      }
      for (const recording of recordings) recording.voice("citizen", packet, at);
    },
    onTalkerVoice(packet, at) {
      streams.observe(talker, packet, at);
      room.downlink?.live(talker.source, packet, at);
      for (const recording of recordings) recording.voice("operator", packet, at);
    },
    newPillarSource(cameras) {
      pictures.begin(cameras);
      streams.renew(voice);
    },
    newTalkerSource: () => streams.renew(talker),
    stored: (camera) => pictures.stored(camera),
    pictureTimeAt: (camera, at) => pictures.timeAt(camera, at),
    voiceTimeAt: (at) => voice.clock.timestampAt(at),
    talkerTimeAt: (at) => talker.clock.timestampAt(at),
  };
  return room;
}
