/**
 * The pictures of a recording, from packets to samples with their times.
 *
 * Pictures come in the order of decoding; a camera with B-frames shows them in another. A sample is
 * decoded at the next free time of its group and shown at its own, so the file keeps both orders. A
 * group is cut only where everything before is shown before everything behind.
 */
import type { CameraId } from "../../../shared/ids.ts";
import { MAX_CAMERAS } from "../../../shared/protocol/signal.ts";
import { newAccessUnits, type AccessUnit, type VideoPacket } from "./access-unit.ts";
import type { GapTrack } from "./gaps.ts";
import { newMediaClock } from "./media-clock.ts";
import { VIDEO_TIMESCALE } from "./mp4-box.ts";
import type { VideoSample } from "./mp4-fragment.ts";
import { videoFormat, type VideoFormat } from "./parameter-set.ts";

/** A picture that nothing follows is shown until the fragment's end, and at most this long. */
const MAX_PICTURE_TICKS = 10 * VIDEO_TIMESCALE;
/** H.264 holds 16 pictures back at most; one further back belongs to another timeline. */
const MAX_REORDER_TICKS = VIDEO_TIMESCALE;

export type TrackFormat = VideoFormat & {
  readonly startMs: number;
  /** Whose picture the first one is; the track is named by it. */
  readonly camera: CameraId;
};

/** Whose packet it is, and in which counting of its sequence numbers and time. */
export interface PictureSource {
  readonly camera: CameraId;
  readonly source: number;
}

export interface PictureTrack {
  push(packet: VideoPacket, from: PictureSource, at: number): void;
  /**
   * Samples that are shown before a time of the recording (1/90000 s); all there are when `all`.
   */
  takeUntil(time: number, all: boolean): VideoSample[];
  format(): TrackFormat | undefined;
  /** Those of which pictures were written, in the order of their first. */
  cameras(): readonly CameraId[];
  lost(): number;
  /** Whole pictures that came, written or not. */
  received(): number;
  /** Whose they were last. */
  camera(): CameraId | undefined;
}

interface QueuedPicture {
  /** Of RTP: the order in which the camera shows them. */
  readonly timestamp: number;
  readonly time: number;
  readonly isKeyframe: boolean;
  readonly data: Uint8Array;
}

export function newPictureTrack(
  startedAt: number,
  gaps: GapTrack,
  onFormat: (format: TrackFormat) => void,
): PictureTrack {
  let assembly: { from: PictureSource; units: ReturnType<typeof newAccessUnits> } | undefined;
  /** Bounded, because a pillar that connects anew may name others. */
  const cameras = new Set<CameraId>();
  let clock = newMediaClock(VIDEO_TIMESCALE);
  let format: TrackFormat | undefined;
  let lostBefore = 0;
  let received = 0;
  let waiting: QueuedPicture[] = [];
  /** The picture that is shown last of all so far. */
  let newest: { timestamp: number; time: number } | undefined;
  /** The first time the next sample may have. */
  let free = 0;

  const timeOf = (unit: AccessUnit, at: number): number => {
    const behind = newest === undefined ? -1 : (newest.timestamp - unit.timestamp) | 0;
    if (newest !== undefined && behind > 0 && behind < MAX_REORDER_TICKS) {
      return between(waiting, unit.timestamp, { wanted: newest.time - behind, free });
    }
    const sinceStart = clock.observe(unit.timestamp, at) - startedAt - (format?.startMs ?? 0);
    const wanted = Math.round((sinceStart * VIDEO_TIMESCALE) / 1000);
    const time = Math.max(wanted, free, (newest?.time ?? -1) + 1);
    newest = { timestamp: unit.timestamp, time };
    return time;
  };

  const add = (unit: AccessUnit, camera: CameraId, at: number): void => {
    received += 1;
    if (format === undefined) {
      const found = videoFormat(unit.units);
      if (found === undefined) return;
      const happened = clock.observe(unit.timestamp, at);
      format = { ...found, camera, startMs: Math.max(0, Math.floor(happened - startedAt)) };
      onFormat(format);
    }
    if (cameras.size < MAX_CAMERAS) cameras.add(camera);
    const time = timeOf(unit, at);
    gaps.seen(format.startMs + (time * 1000) / VIDEO_TIMESCALE, 0);
    const { timestamp, isKeyframe } = unit;
    waiting.push({ timestamp, time, isKeyframe, data: lengthPrefixed(unit.units) });
  };

  return {
    push(packet, from, at) {
      if (assembly?.from.source !== from.source) {
        lostBefore += assembly?.units.lost() ?? 0;
        assembly = { from, units: newAccessUnits() };
        clock = newMediaClock(VIDEO_TIMESCALE);
        newest = newest && { time: newest.time, timestamp: packet.timestamp };
      }
      for (const unit of assembly.units.push(packet)) add(unit, from.camera, at);
    },
    takeUntil(recordingTime, all) {
      const until = recordingTime - ((format?.startMs ?? 0) * VIDEO_TIMESCALE) / 1000;
      const count = closedCount(waiting, all ? Infinity : until);
      const [taken, rest] = [waiting.slice(0, count), waiting.slice(count)];
      waiting = rest;
      const end = rest.length > 0 ? Math.min(...rest.map(({ time }) => time)) : until;
      const samples = timed(taken, free, end);
      const last = samples.at(-1);
      if (last !== undefined) free = last.time + last.duration;
      return samples;
    },
    format: () => format,
    cameras: () => [...cameras],
    received: () => received,
    camera: () => assembly?.from.camera,
    lost: () => lostBefore + (assembly?.units.lost() ?? 0),
  };
}

/**
 * A picture shown before others that came earlier keeps its place among them. Only the first
 * pictures of a stream can lack the room: what came ahead of its time there moved the clock.
 */
function between(
  waiting: readonly QueuedPicture[],
  timestamp: number,
  { wanted, free }: { readonly wanted: number; readonly free: number },
): number {
  const isBefore = (other: QueuedPicture): boolean => ((other.timestamp - timestamp) | 0) < 0;
  const earlier = waiting.filter(isBefore).map(({ time }) => time + 1);
  const later = waiting.filter((other) => !isBefore(other)).map(({ time }) => time - 1);
  return Math.max(free, ...earlier, Math.min(wanted, ...later));
}

/** How many may be taken: all shown before `until`, and before everything that stays. */
function closedCount(waiting: readonly QueuedPicture[], until: number): number {
  let closed = 0;
  let latest = -Infinity;
  let earliestBehind = Infinity;
  const behind = waiting.toReversed().map(({ time }) => {
    const before = earliestBehind;
    earliestBehind = Math.min(earliestBehind, time);
    return before;
  });
  behind.reverse();
  waiting.forEach(({ time }, index) => {
    latest = Math.max(latest, time);
    if (latest < until && latest < (behind[index] ?? Infinity)) closed = index + 1;
  });
  return closed;
}

/**
 * Decoded one after the other from `free` on, at the
 * times at which pictures of this group are shown.
 */
function timed(taken: readonly QueuedPicture[], free: number, end: number): VideoSample[] {
  const order = taken.toSorted((a, b) => a.time - b.time || (a.timestamp - b.timestamp) | 0);
  let next = free;
  const shown = order.map((sample) => {
    const at = Math.max(sample.time, next);
    next = at + 1;
    return [sample, at] as const;
  });
  const shownAt = new Map(shown);
  return taken.map((sample, index) => {
    const time = shown[index]?.[1] ?? sample.time;
    const until = shown[index + 1]?.[1] ?? end;
    const duration = Math.min(Math.max(1, Math.round(until - time)), MAX_PICTURE_TICKS);
    const shownAfter = (shownAt.get(sample) ?? time) - time;
    return { time, duration, shownAfter, isKeyframe: sample.isKeyframe, data: sample.data };
  });
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
