/**
 * The boxes of a fragmented MP4 (ISO/IEC 14496-12): a head, then fragments, then an index.
 *
 * Written by hand because a recording must go on when one of its tracks does not: the libraries at
 * hand hold a fragment back until every track has a keyframe in it. The head has a fixed size with
 * free space behind it, so that it can be rewritten in place when the first picture comes and when
 * the recording ends, while everything after it is only ever appended.
 */
import type { CameraId } from "../../../shared/ids.ts";
import type { VideoFormat } from "./parameter-set.ts";

export const HEAD_BYTES = 2048;
export const AUDIO_TRACK = 1;
export const VIDEO_TRACK = 2;
export const AUDIO_TIMESCALE = 48_000;
export const VIDEO_TIMESCALE = 90_000;
export const MOVIE_TIMESCALE = 1000;
/** One Opus packet of 20 ms, in samples. */
export const OPUS_FRAME = 960;
/** What libopus looks ahead: the recorder places sounds that much earlier. */
export const OPUS_PRE_SKIP = 312;

export type Part = Uint8Array | readonly number[];

export function box(type: string, ...parts: readonly Part[]): Buffer {
  const bodies = parts.map((part) => Buffer.from(part as Uint8Array));
  const size = bodies.reduce((sum, body) => sum + body.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, ...bodies]);
}

export const fullBox = (type: string, versionAndFlags: number, ...parts: readonly Part[]): Buffer =>
  box(type, u32(versionAndFlags), ...parts);

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value & 0xffff, index * 2));
  return bytes;
}

export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(Math.max(0, Math.round(value))), 0);
  return bytes;
}

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const zeros = (count: number): Buffer => Buffer.alloc(count);

export interface Head {
  /** Undefined until the first picture came, `startMs` after the recording began. */
  readonly video:
    | (VideoFormat & { readonly startMs: number; readonly camera: CameraId })
    | undefined;
  /** 0 while the recording runs. */
  readonly durationMs: number;
}

/** The file's first `HEAD_BYTES` bytes. */
export function fileHead(head: Head): Buffer {
  const tracks = [audioTrack(), ...(head.video === undefined ? [] : [videoTrack(head.video)])];
  const trackIds = head.video === undefined ? [AUDIO_TRACK] : [AUDIO_TRACK, VIDEO_TRACK];
  const movie = box(
    "moov",
    fullBox(
      "mvhd",
      0,
      u32(0, 0, MOVIE_TIMESCALE, 0, 0x10000),
      u16(0x100, 0),
      zeros(8),
      MATRIX,
      zeros(24),
      u32(VIDEO_TRACK + 1),
    ),
    ...tracks,
    box(
      "mvex",
      fullBox("mehd", 0, u32(head.durationMs)),
      ...trackIds.map((id) => fullBox("trex", 0, u32(id, 1, 0, 0, 0))),
    ),
  );
  const start = Buffer.concat([
    box("ftyp", Buffer.from("isom"), u32(0x200), Buffer.from("isomiso5iso6avc1mp41")),
    movie,
  ]);
  return Buffer.concat([start, box("free", zeros(HEAD_BYTES - start.length - 8))]);
}

function audioTrack(): Buffer {
  const entry = box(
    "Opus",
    zeros(6),
    u16(1),
    zeros(8),
    u16(2, 16, 0, 0),
    u32(AUDIO_TIMESCALE * 0x10000),
    box("dOps", [0, 2], u16(OPUS_PRE_SKIP), u32(AUDIO_TIMESCALE), u16(0), [0]),
  );
  return track(AUDIO_TRACK, {
    timescale: AUDIO_TIMESCALE,
    handler: "soun",
    name: "anzhu",
    edits: Buffer.alloc(0),
    volume: 0x100,
    size: [0, 0],
    mediaHeader: fullBox("smhd", 0, zeros(4)),
    entry,
  });
}

function videoTrack(format: NonNullable<Head["video"]>): Buffer {
  const { sps, pps, width, height, startMs, camera } = format;
  const entry = box(
    "avc1",
    zeros(6),
    u16(1),
    zeros(16),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    zeros(32),
    u16(24, 0xffff),
    box(
      "avcC",
      [1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1],
      u16(sps.length),
      sps,
      [1],
      u16(pps.length),
      pps,
    ),
  );
  return track(VIDEO_TRACK, {
    timescale: VIDEO_TIMESCALE,
    handler: "vide",
    name: camera,
    edits: emptyEdit(startMs),
    volume: 0,
    size: [width, height],
    mediaHeader: fullBox("vmhd", 1, zeros(8)),
    entry,
  });
}

/**
 * A track that begins late says so here, and counts its own time from its first picture: players
 * that take a track's end for its length would add the wait a second time.
 */
function emptyEdit(startMs: number): Buffer {
  if (startMs === 0) return Buffer.alloc(0);
  return box("edts", fullBox("elst", 0, u32(2, startMs, 0xffffffff, 0x10000, 0, 0, 0x10000)));
}

interface Track {
  readonly timescale: number;
  readonly handler: "soun" | "vide";
  /** What players call the track. */
  readonly name: string;
  readonly volume: number;
  /** An `edts` box, or nothing. */
  readonly edits: Buffer;
  readonly size: readonly [number, number];
  readonly mediaHeader: Buffer;
  readonly entry: Buffer;
}

function track(id: number, about: Track): Buffer {
  const [width, height] = about.size;
  const table = box(
    "stbl",
    fullBox("stsd", 0, u32(1), about.entry),
    fullBox("stts", 0, u32(0)),
    fullBox("stsc", 0, u32(0)),
    fullBox("stsz", 0, u32(0, 0)),
    fullBox("stco", 0, u32(0)),
  );
  const references = box("dinf", fullBox("dref", 0, u32(1), fullBox("url ", 1)));
  return box(
    "trak",
    fullBox(
      "tkhd",
      3,
      u32(0, 0, id, 0, 0, 0, 0),
      u16(0, 0, about.volume, 0),
      MATRIX,
      u32(width * 0x10000, height * 0x10000),
    ),
    about.edits,
    box(
      "mdia",
      fullBox("mdhd", 0, u32(0, 0, about.timescale, 0), u16(0x55c4, 0)),
      fullBox(
        "hdlr",
        0,
        zeros(4),
        Buffer.from(about.handler),
        zeros(12),
        Buffer.from(`${about.name}\0`),
      ),
      box("minf", about.mediaHeader, references, table),
    ),
  );
}
