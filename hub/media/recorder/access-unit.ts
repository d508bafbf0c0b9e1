/**
 * H.264 pictures out of RTP packets (RFC 6184: single units, STAP-A, FU-A).
 *
 * Packets are put back in order first; a hole that is not filled in time damages its picture, and
 * since later pictures build on earlier ones, everything up to the next keyframe is left out and
 * counted. No bytes can make this throw.
 */

export interface VideoPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
}

export interface AccessUnit {
  readonly timestamp: number;
  readonly isKeyframe: boolean;
  /** NAL units without start codes, parameter sets included. */
  readonly units: readonly Uint8Array[];
}

export interface AccessUnits {
  push(packet: VideoPacket): AccessUnit[];
  /** Pictures left out because of losses. */
  lost(): number;
}

/** Packets held while one before them is missing: 100 ms of a busy picture. */
export const MAX_REORDER_PACKETS = 64;
export const MAX_ACCESS_UNIT_BYTES = 2 * 1024 * 1024;

const IDR = 5;
const AUD = 9;
const FILLER = 12;
const STAP_A = 24;
const FU_A = 28;

const typeOf = (unit: Uint8Array): number => (unit[0] ?? 0) & 0x1f;

export function newAccessUnits(): AccessUnits {
  const waiting = new Map<number, VideoPacket>();
  const picture = newPicture();
  let expected: number | undefined;

  const drain = (out: AccessUnit[]): void => {
    while (expected !== undefined) {
      const next = waiting.get(expected);
      if (next === undefined) return;
      waiting.delete(expected);
      expected = (expected + 1) & 0xffff;
      picture.add(next, out);
    }
  };

  const skipHole = (out: AccessUnit[]): void => {
    const from = expected ?? 0;
    const ahead = (sequence: number): number => (sequence - from) & 0xffff;
    expected = [...waiting.keys()].reduce((a, b) => (ahead(a) < ahead(b) ? a : b));
    picture.damage();
    drain(out);
  };

  return {
    push(packet) {
      const out: AccessUnit[] = [];
      expected ??= packet.sequence;
      const ahead = ((packet.sequence - expected) << 16) >> 16;
      if (ahead < 0) return out;
      waiting.set(packet.sequence, packet);
      drain(out);
      if (waiting.size > MAX_REORDER_PACKETS) skipHole(out);
      return out;
    },
    lost: () => picture.lost(),
  };
}

interface Picture {
  add(packet: VideoPacket, out: AccessUnit[]): void;
  damage(): void;
  lost(): number;
}

function newPicture(): Picture {
  let units: Uint8Array[] = [];
  let fragments: Uint8Array[] | undefined;
  let bytes = 0;
  let timestamp: number | undefined;
  let isDamaged = false;
  let needsKeyframe = true;
  let lost = 0;

  const finish = (out: AccessUnit[]): void => {
    const isKeyframe = units.some((unit) => typeOf(unit) === IDR);
    const isUsable = !isDamaged && fragments === undefined && (isKeyframe || !needsKeyframe);
    if (isUsable && units.length > 0 && timestamp !== undefined) {
      needsKeyframe = false;
      out.push({ timestamp, isKeyframe, units });
    } else if (units.length > 0 || isDamaged) {
      needsKeyframe = true;
      lost += 1;
    }
    units = [];
    fragments = undefined;
    bytes = 0;
    isDamaged = false;
    timestamp = undefined;
  };

  const keep = (unit: Uint8Array): void => {
    const type = typeOf(unit);
    if (unit.length === 0 || type === AUD || type === FILLER) return;
    units.push(unit);
  };

  const addFragment = (payload: Uint8Array): void => {
    const [indicator, header] = payload;
    if (indicator === undefined || header === undefined) return;
    if ((header & 0x80) !== 0) fragments = [Uint8Array.of((indicator & 0xe0) | (header & 0x1f))];
    if (fragments === undefined) {
      isDamaged = true;
      return;
    }
    fragments.push(payload.subarray(2));
    if ((header & 0x40) === 0) return;
    keep(Buffer.concat(fragments));
    fragments = undefined;
  };

  return {
    add(packet, out) {
      if (timestamp !== undefined && timestamp !== packet.timestamp) finish(out);
      timestamp = packet.timestamp;
      const { payload } = packet;
      bytes += payload.length;
      if (bytes > MAX_ACCESS_UNIT_BYTES) isDamaged = true;
      else if (typeOf(payload) === STAP_A) splitAggregate(payload).forEach(keep);
      else if (typeOf(payload) === FU_A) addFragment(payload);
      else keep(payload);
      if (packet.marker) finish(out);
    },
    damage() {
      isDamaged = true;
      needsKeyframe = true;
    },
    lost: () => lost,
  };
}

function splitAggregate(payload: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let offset = 1;
  while (offset + 2 < payload.length) {
    const size = ((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0);
    if (size === 0 || offset + 2 + size > payload.length) break;
    units.push(payload.subarray(offset + 2, offset + 2 + size));
    offset += 2 + size;
  }
  return units;
}
