/** One `moof` and its `mdat` (ISO/IEC 14496-12 section 8.8), and the index at the file's end. */
import type { GapsSoFar } from "./gaps.ts";
import { AUDIO_TRACK, box, fullBox, OPUS_FRAME, u16, u32, u64, VIDEO_TRACK } from "./mp4-box.ts";

export interface VideoSample {
  /** When it is decoded, in 1/90000 s from the first picture. */
  readonly time: number;
  readonly duration: number;
  /**
   * Shown so much later than decoded; negative: earlier.
   * Not 0 only where the camera sends B-frames.
   */
  readonly shownAfter: number;
  readonly isKeyframe: boolean;
  /** AVCC: each unit after its 32-bit length. */
  readonly data: Uint8Array;
}

export interface Fragment {
  readonly sequence: number;
  /** In samples of 1/48000 s from the recording's start. */
  readonly audioTime: number;
  readonly audio: readonly Uint8Array[];
  readonly video: readonly VideoSample[];
  /** Of the whole recording until here. */
  readonly gaps: GapsSoFar;
}

/** Names a `uuid` box of ours (section 11.1), which players pass over: gaps as JSON. */
export const GAPS_BOX = Buffer.from("anzhu gaps, json", "latin1");

const DEFAULT_BASE_IS_MOOF = 0x020000;
const DEFAULT_DURATION = 0x08;
const DATA_OFFSET = 0x01;
const SAMPLE_DURATION = 0x100;
const SAMPLE_SIZE = 0x200;
const SAMPLE_FLAGS = 0x400;
const SAMPLE_SHOWN_AFTER = 0x800;
/** "Depends on nothing", and "depends on others, is no sync sample". */
const SYNC_SAMPLE = 0x02000000;
const OTHER_SAMPLE = 0x01010000;
const VERSION_1 = 0x01000000;

export function fragmentBytes(fragment: Fragment): Buffer {
  const audioBytes = fragment.audio.reduce((sum, packet) => sum + packet.length, 0);
  // The offsets count from the moof's first byte, and its size does not depend on them.
  const { length } = movieFragment(fragment, 0, 0);
  const start = length + 8;
  return Buffer.concat([
    movieFragment(fragment, start, start + audioBytes),
    box("mdat", ...fragment.audio, ...fragment.video.map((sample) => sample.data)),
  ]);
}

function movieFragment(fragment: Fragment, audioOffset: number, videoOffset: number): Buffer {
  return box(
    "moof",
    fullBox("mfhd", 0, u32(fragment.sequence)),
    ...(fragment.audio.length > 0 ? [audioRun(fragment, audioOffset)] : []),
    ...(fragment.video.length > 0 ? [videoRun(fragment.video, videoOffset)] : []),
    box("uuid", GAPS_BOX, Buffer.from(JSON.stringify(fragment.gaps))),
  );
}

function audioRun(fragment: Fragment, offset: number): Buffer {
  return box(
    "traf",
    fullBox("tfhd", DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION, u32(AUDIO_TRACK, OPUS_FRAME)),
    fullBox("tfdt", VERSION_1, u64(fragment.audioTime)),
    fullBox(
      "trun",
      DATA_OFFSET | SAMPLE_SIZE,
      u32(fragment.audio.length, offset, ...fragment.audio.map((packet) => packet.length)),
    ),
  );
}

function videoRun(samples: readonly VideoSample[], offset: number): Buffer {
  const isReordered = samples.some(({ shownAfter }) => shownAfter !== 0);
  const rows = samples.flatMap((sample) => [
    sample.duration,
    sample.data.length,
    sample.isKeyframe ? SYNC_SAMPLE : OTHER_SAMPLE,
    ...(isReordered ? [sample.shownAfter] : []),
  ]);
  return box(
    "traf",
    fullBox("tfhd", DEFAULT_BASE_IS_MOOF, u32(VIDEO_TRACK)),
    fullBox("tfdt", VERSION_1, u64(samples[0]?.time ?? 0)),
    fullBox(
      "trun",
      DATA_OFFSET |
        SAMPLE_DURATION |
        SAMPLE_SIZE |
        SAMPLE_FLAGS |
        (isReordered ? SAMPLE_SHOWN_AFTER | VERSION_1 : 0),
      u32(samples.length, offset, ...rows),
    ),
  );
}

/** Where a player may begin: one entry per fragment and track. */
export interface IndexEntry {
  readonly track: typeof AUDIO_TRACK | typeof VIDEO_TRACK;
  readonly time: number;
  readonly fragmentOffset: number;
  /** Counted from 1, within the fragment. */
  readonly trackNumber: number;
  readonly sampleNumber: number;
}

export function indexEntries(fragment: Fragment, fragmentOffset: number): IndexEntry[] {
  const entries: IndexEntry[] = [];
  if (fragment.audio.length > 0) {
    const time = fragment.audioTime;
    entries.push({ track: AUDIO_TRACK, time, fragmentOffset, trackNumber: 1, sampleNumber: 1 });
  }
  const keyframe = fragment.video.findIndex((sample) => sample.isKeyframe);
  const sample = fragment.video[keyframe];
  if (sample !== undefined) {
    entries.push({
      track: VIDEO_TRACK,
      time: sample.time,
      fragmentOffset,
      trackNumber: fragment.audio.length > 0 ? 2 : 1,
      sampleNumber: keyframe + 1,
    });
  }
  return entries;
}

export function indexBytes(entries: readonly IndexEntry[]): Buffer {
  const tables = [AUDIO_TRACK, VIDEO_TRACK].flatMap((track) => {
    const own = entries.filter((entry) => entry.track === track);
    if (own.length === 0) return [];
    const rows = own.map((entry) =>
      Buffer.concat([
        u64(entry.time),
        u64(entry.fragmentOffset),
        u16(entry.trackNumber, 1, entry.sampleNumber),
      ]),
    );
    // 0x15: two bytes for each of the three numbers.
    return [fullBox("tfra", VERSION_1, u32(track, 0x15, own.length), ...rows)];
  });
  const size = tables.reduce((sum, table) => sum + table.length, 8 + 16);
  return box("mfra", ...tables, fullBox("mfro", 0, u32(size)));
}
