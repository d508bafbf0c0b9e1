/**
 * What is left of a recording whose process died: whole fragments, and a torn tail that is cut off.
 *
 * Reads box headers only, fragment by fragment, so that a long recording costs little. Total:
 * whatever the bytes are, an answer. The file is changed in two places at most: its end, and the
 * length in its head.
 */
import { open, type FileHandle } from "node:fs/promises";
import { NO_GAPS, type Gaps } from "../../../shared/api/recording-gap.ts";
import { CameraId } from "../../../shared/ids.ts";
import { gapsUntil, GapsSoFar } from "./gaps.ts";
import { GAPS_BOX } from "./mp4-fragment.ts";
import { HEAD_BYTES, MOVIE_TIMESCALE } from "./mp4-box.ts";

export type Inspection =
  | {
      readonly durationMs: number;
      readonly bytes: number;
      readonly fragments: number;
      /** Those that were noted until its last whole fragment, and what was missing there. */
      readonly gaps: Gaps;
      /** Whose picture its video track is named by; none without a picture. */
      readonly cameras: readonly CameraId[];
    }
  | { readonly failed: true; readonly reason: string };

/** A moof of ours is a few kilobytes. */
const MAX_MOOF_BYTES = 1024 * 1024;
/** A day of fragments and then some: a loop over a file of nothing but tiny boxes must end. */
const MAX_BOXES = 1_000_000;

/** Cuts the file after its last whole fragment. */
export async function inspectRecording(path: string): Promise<Inspection> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r+");
    return await inspect(handle);
  } catch (error) {
    return { failed: true, reason: `cannot read ${path}: ${String(error)}` };
  } finally {
    await handle?.close();
  }
}

async function inspect(handle: FileHandle): Promise<Inspection> {
  const { size } = await handle.stat();
  const head = await readAt(handle, 0, HEAD_BYTES);
  const tracks = head === undefined ? undefined : readHead(head);
  if (head === undefined || tracks === undefined) {
    return { failed: true, reason: `expected an MP4 head of ${HEAD_BYTES} bytes, found ${size}` };
  }
  const found = await walk(handle, size, tracks);
  if (found.fragments === 0) {
    return { failed: true, reason: "expected at least one whole fragment, found none" };
  }
  if (found.end < size) await handle.truncate(found.end);
  const duration = head.indexOf("mehd", 0, "latin1");
  if (duration > 0) {
    head.writeUInt32BE(found.durationMs, duration + 8);
    await handle.write(head, 0, HEAD_BYTES, 0);
  }
  await handle.datasync();
  const { durationMs, end: bytes, fragments } = found;
  const gaps = gapsUntil(gapsIn(found.moof), durationMs);
  return { durationMs, bytes, fragments, gaps, cameras: camerasIn(head) };
}

interface Walk {
  readonly end: number;
  readonly fragments: number;
  readonly durationMs: number;
  /** The last whole fragment's. */
  readonly moof: Buffer;
}

async function walk(handle: FileHandle, size: number, timescales: Timescales): Promise<Walk> {
  let offset = HEAD_BYTES;
  let end = HEAD_BYTES;
  let fragments = 0;
  let durationMs = 0;
  let last: Buffer = Buffer.alloc(0);
  let pending: { readonly moof: Buffer; readonly endsAt: number } | undefined;
  for (let count = 0; count < MAX_BOXES && offset < size; count += 1) {
    const header = await boxAt(handle, offset);
    if (header === undefined || offset + header.size > size) break;
    if (header.type === "moof" && header.size <= MAX_MOOF_BYTES) {
      const moof = await readAt(handle, offset, header.size);
      const endsAt = moof && fragmentEnd(moof, timescales);
      if (moof === undefined || endsAt === undefined) break;
      pending = { moof, endsAt };
    } else if (header.type === "mdat" && pending !== undefined) {
      durationMs = Math.max(durationMs, pending.endsAt);
      last = pending.moof;
      pending = undefined;
      fragments += 1;
      end = offset + header.size;
    } else if (header.type === "mfra" && pending === undefined) {
      end = offset + header.size;
    } else break;
    offset += header.size;
  }
  const length = Math.min(Math.round(durationMs), 0xffffffff);
  return { end, fragments, durationMs: length, moof: last };
}

async function boxAt(
  handle: FileHandle,
  offset: number,
): Promise<{ type: string; size: number } | undefined> {
  const bytes = await readAt(handle, offset, 8);
  if (bytes === undefined) return undefined;
  const size = bytes.readUInt32BE(0);
  return size < 8 ? undefined : { size, type: bytes.toString("latin1", 4, 8) };
}

async function readAt(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  return bytesRead === length ? bytes : undefined;
}

/** Units per second of each track, by its id. */
type Timescales = ReadonlyMap<number, number>;

function readHead(head: Buffer): Timescales | undefined {
  const movie = children(head).find((child) => child.type === "moov");
  if (movie === undefined) return undefined;
  const timescales = new Map<number, number>();
  for (const track of children(movie.body).filter((child) => child.type === "trak")) {
    const header = inside(track.body, "tkhd");
    const mediaHeader = inside(track.body, "mdia", "mdhd");
    if (header === undefined || mediaHeader === undefined) continue;
    if (header.length < 16 || mediaHeader.length < 16) continue;
    timescales.set(header.readUInt32BE(12), Math.max(1, mediaHeader.readUInt32BE(12)));
  }
  return timescales.size > 0 ? timescales : undefined;
}

/** The name of a track lies behind its kind (ISO/IEC 14496-12, 8.4.3). */
const NAME_OFFSET = 24;

function camerasIn(head: Buffer): CameraId[] {
  const movie = children(head).find(({ type }) => type === "moov")?.body ?? Buffer.alloc(0);
  const tracks = children(movie).filter(({ type }) => type === "trak");
  return tracks.flatMap(({ body }) => {
    const handler = inside(body, "mdia", "hdlr");
    if (handler?.toString("latin1", 8, 12) !== "vide") return [];
    const [name] = handler.toString("latin1", NAME_OFFSET).split("\0");
    const camera = CameraId.safeParse(name);
    return camera.success ? [camera.data] : [];
  });
}

/** The body of a box in a box, the outermost first. */
const inside = (body: Buffer, ...path: readonly string[]): Buffer | undefined =>
  path.reduce<Buffer | undefined>(
    (at, wanted) => at && children(at).find(({ type }) => type === wanted)?.body,
    body,
  );

interface Child {
  readonly type: string;
  readonly body: Buffer;
}

function children(bytes: Buffer): Child[] {
  const found: Child[] = [];
  let offset = 0;
  while (offset + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(offset);
    if (size < 8 || offset + size > bytes.length) break;
    const type = bytes.toString("latin1", offset + 4, offset + 8);
    found.push({ type, body: bytes.subarray(offset + 8, offset + size) });
    offset += size;
  }
  return found;
}

/**
 * What the fragment says of the recording until there; nothing when it says nothing that can be
 * read.
 */
function gapsIn(moof: Buffer): GapsSoFar {
  const nothing = { ...NO_GAPS, waiting: [] };
  const body = children(moof.subarray(8))
    .filter(({ type }) => type === "uuid")
    .map((child) => child.body)
    .find((found) => found.subarray(0, GAPS_BOX.length).equals(GAPS_BOX));
  if (!body) return nothing;
  try {
    const read: unknown = JSON.parse(body.toString("utf8", GAPS_BOX.length));
    return GapsSoFar.safeParse(read).data ?? nothing;
  } catch {
    return nothing;
  }
}

/**
 * When the fragment's last sample ends, in milliseconds; undefined for what is no fragment of ours.
 */
function fragmentEnd(moof: Buffer, timescales: Timescales): number | undefined {
  const runs = children(moof.subarray(8)).filter((child) => child.type === "traf");
  if (runs.length === 0) return undefined;
  let end = 0;
  for (const run of runs) {
    const parts = children(run.body);
    const [header, time, samples] = ["tfhd", "tfdt", "trun"].map(
      (type) => parts.find((child) => child.type === type)?.body,
    );
    if (header === undefined || time === undefined || samples === undefined) return undefined;
    if (header.length < 8 || time.length < 12 || samples.length < 12) return undefined;
    const timescale = timescales.get(header.readUInt32BE(4));
    if (timescale === undefined) return undefined;
    const length = runLength(header, samples);
    if (length === undefined) return undefined;
    const units = Number(time.readBigUInt64BE(4)) + length;
    end = Math.max(end, (units * MOVIE_TIMESCALE) / timescale);
  }
  return end;
}

/** The run's duration in its track's units, in the three layouts the recorder writes. */
function runLength(header: Buffer, samples: Buffer): number | undefined {
  const count = samples.readUInt32BE(4);
  const hasDurations = (samples.readUInt32BE(0) & 0x100) !== 0;
  if (!hasDurations) return header.length < 12 ? undefined : count * header.readUInt32BE(8);
  const isReordered = (samples.readUInt32BE(0) & 0x800) !== 0;
  const row = isReordered ? 16 : 12;
  if (samples.length < 12 + count * row) return undefined;
  let units = 0;
  for (let index = 0; index < count; index += 1) units += samples.readUInt32BE(12 + index * row);
  return units;
}
