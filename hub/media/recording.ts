/**
 * One recording: the pillar's picture and both voices, from start to stop, whatever comes or stays away.
 *
 * The timeline begins when the hub says so. About every second what has settled becomes a fragment on
 * the disk, with a keyframe in it or without: a fragment that waited for a picture would be lost with
 * the process. The limit: pictures from a source that changes its size keep the first size in the
 * header; their own parameter sets travel with them.
 */
import { newAccessUnits, type AccessUnit, type VideoPacket } from "./access-unit.ts";
import { newMediaClock } from "./media-clock.ts";
import { fileHead, OPUS_FRAME, VIDEO_TIMESCALE } from "./mp4-box.ts";
import {
  fragmentBytes,
  indexBytes,
  indexEntries,
  type IndexEntry,
  type VideoSample,
} from "./mp4-fragment.ts";
import { videoFormat, type VideoFormat } from "./parameter-set.ts";
import { openRecordingFile, type RecordingFile } from "./recording-file.ts";
import { newVoiceTrack, VOICE_DELAY_MS, type Side, type VoicePacket } from "./voice-track.ts";

/** A fragment holds at most this much of the timeline, and one tick more. */
export const FRAGMENT_MS = 1000;
/** A picture that nothing follows is shown until the fragment's end, and at most this long. */
const MAX_PICTURE_TICKS = 10 * VIDEO_TIMESCALE;
/** A day: the index must not grow for ever when a stop was lost. */
export const MAX_RECORDING_MS = 24 * 60 * 60 * 1000;

export interface RecordingEnd {
  readonly state: "closed" | "failed";
  readonly durationMs: number;
  readonly bytes: number;
  readonly detail: string;
}

export interface Recording {
  picture(packet: VideoPacket, source: number, at: number): void;
  voice(side: Side, packet: VoicePacket, at: number): void;
  /** Called about every 100 ms. False once the recording cannot go on. */
  tick(at: number): boolean;
  stop(at: number): Promise<RecordingEnd>;
}

export function startRecording(path: string, startedAt: number): Recording {
  const file = openRecordingFile(path, fileHead({ video: undefined, durationMs: 0 }));
  const voices = newVoiceTrack(startedAt);
  const pictures = newPictureTrack(startedAt, (format) => {
    file.rewriteHead(fileHead({ video: format, durationMs: 0 }));
  });
  const index: IndexEntry[] = [];
  let audio: Uint8Array[] = [];
  let audioTime = 0;
  let sequence = 0;

  const cut = (isLast: boolean): void => {
    const samples = audioTime + audio.length * OPUS_FRAME;
    const video = pictures.takeUntil((samples * VIDEO_TIMESCALE) / 48_000, isLast);
    if (audio.length === 0 && video.length === 0) return;
    sequence += 1;
    const fragment = { sequence, audioTime, audio, video };
    index.push(...indexEntries(fragment, file.append(fragmentBytes(fragment))));
    audioTime = samples;
    audio = [];
  };

  const advance = (until: number): void => {
    for (const packet of voices.encodeUntil(until)) {
      audio.push(packet);
      if (audio.length * 20 >= FRAGMENT_MS) cut(false);
    }
  };

  return {
    picture: (packet, source, at) => pictures.push(packet, source, at),
    voice: (side, packet, at) => voices.push(side, packet, at),
    tick(at) {
      advance(Math.min(at, startedAt + MAX_RECORDING_MS) - VOICE_DELAY_MS);
      return file.failure() === undefined && at - startedAt < MAX_RECORDING_MS;
    },
    async stop(at) {
      advance(Math.min(at, startedAt + MAX_RECORDING_MS));
      cut(true);
      const durationMs = Math.round(audioTime / 48);
      file.append(indexBytes(index));
      file.rewriteHead(fileHead({ video: pictures.format(), durationMs }));
      await file.close();
      return ending(
        file,
        durationMs,
        `${pictures.lost()} pictures and ${voices.late()} sounds lost`,
      );
    },
  };
}

function ending(file: RecordingFile, durationMs: number, lost: string): RecordingEnd {
  const failure = file.failure();
  return {
    state: failure === undefined ? "closed" : "failed",
    durationMs,
    bytes: file.bytes(),
    detail: failure ?? lost,
  };
}

interface PictureTrack {
  push(packet: VideoPacket, source: number, at: number): void;
  /** Samples that begin before a time of the recording (1/90000 s); the newest waits for its successor unless `all`. */
  takeUntil(time: number, all: boolean): VideoSample[];
  format(): TrackFormat | undefined;
  lost(): number;
}

type TrackFormat = VideoFormat & { readonly startMs: number };

function newPictureTrack(startedAt: number, onFormat: (format: TrackFormat) => void): PictureTrack {
  let assembly: { source: number; units: ReturnType<typeof newAccessUnits> } | undefined;
  let clock = newMediaClock(VIDEO_TIMESCALE);
  let format: TrackFormat | undefined;
  let lostBefore = 0;
  let waiting: { time: number; isKeyframe: boolean; data: Uint8Array }[] = [];
  /** The first time the next sample may have. */
  let free = 0;

  const add = (unit: AccessUnit, at: number): void => {
    const happened = clock.observe(unit.timestamp, at);
    if (format === undefined) {
      const found = videoFormat(unit.units);
      if (found === undefined) return;
      format = { ...found, startMs: Math.max(0, Math.floor(happened - startedAt)) };
      onFormat(format);
    }
    const sinceStart = happened - startedAt - format.startMs;
    const time = Math.round((sinceStart * VIDEO_TIMESCALE) / 1000);
    const placed = Math.max(time, free);
    free = placed + 1;
    waiting.push({ time: placed, isKeyframe: unit.isKeyframe, data: lengthPrefixed(unit.units) });
  };

  return {
    push(packet, source, at) {
      if (assembly?.source !== source) {
        lostBefore += assembly?.units.lost() ?? 0;
        assembly = { source, units: newAccessUnits() };
        clock = newMediaClock(VIDEO_TIMESCALE);
      }
      for (const unit of assembly.units.push(packet)) add(unit, at);
    },
    takeUntil(recordingTime, all) {
      const until = recordingTime - ((format?.startMs ?? 0) * VIDEO_TIMESCALE) / 1000;
      const taken: VideoSample[] = [];
      while (waiting.length > 0) {
        const [sample, next] = waiting;
        if (sample === undefined || (sample.time >= until && !all)) break;
        const end = next?.time ?? until;
        const duration = Math.min(Math.max(1, Math.round(end - sample.time)), MAX_PICTURE_TICKS);
        taken.push({ ...sample, duration });
        free = Math.max(free, sample.time + duration);
        waiting = waiting.slice(1);
      }
      return taken;
    },
    format: () => format,
    lost: () => lostBefore + (assembly?.units.lost() ?? 0),
  };
}

function lengthPrefixed(units: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    units.flatMap((unit) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(unit.length);
      return [length, unit];
    }),
  );
}
