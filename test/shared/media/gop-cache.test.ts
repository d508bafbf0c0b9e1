import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newGopCache, type GopPacket } from "../../../shared/media/gop-cache.ts";
import { carriesKeyframe } from "../../../shared/media/h264.ts";

const packet = (timestamp: number, ...bytes: number[]): GopPacket => ({
  timestamp,
  payload: Uint8Array.from(bytes),
});
const sps = (timestamp: number): GopPacket => packet(timestamp, 0x67, 1);
const idr = (timestamp: number): GopPacket => packet(timestamp, 0x65, 1);
const slice = (timestamp: number): GopPacket => packet(timestamp, 0x41, 1);

const newCache = (limits?: { maxPackets: number; maxBytes: number }) =>
  newGopCache<GopPacket>((p) => p, limits);

describe("a GOP cache", () => {
  test("holds nothing before the first keyframe", () => {
    const cache = newCache();
    cache.push(slice(1));
    expect(cache.snapshot()).toEqual([]);
  });

  test("holds everything since the last keyframe, oldest first", () => {
    const cache = newCache();
    const second = [sps(4), packet(4, 0x68, 1), idr(4), slice(5), slice(6)];
    for (const p of [sps(1), idr(1), slice(2), ...second]) cache.push(p);
    expect(cache.snapshot()).toEqual(second);
  });

  test("a keyframe of several slices is one access unit", () => {
    const cache = newCache();
    const group = [sps(7), idr(7), idr(7), idr(7), slice(8)];
    for (const p of group) cache.push(p);
    expect(cache.snapshot()).toEqual(group);
  });

  test("a group that outgrows its limit is forgotten until the next keyframe", () => {
    const cache = newCache({ maxPackets: 3, maxBytes: 1000 });
    for (const p of [idr(1), slice(2), slice(3)]) cache.push(p);
    expect(cache.snapshot()).toHaveLength(3);
    for (const p of [slice(4), slice(5), slice(6)]) cache.push(p);
    expect(cache.snapshot()).toEqual([]);
    cache.push(idr(7));
    expect(cache.snapshot()).toEqual([idr(7)]);
  });

  test("a later slice of a keyframe that outgrew the limit begins no group of its own", () => {
    const cache = newCache({ maxPackets: 2, maxBytes: 1000 });
    for (const p of [sps(1), idr(1), idr(1), idr(1), slice(2)]) cache.push(p);
    expect(cache.snapshot()).toEqual([]);
  });

  test("a change of source empties it", () => {
    const cache = newCache();
    cache.push(idr(1));
    cache.clear();
    cache.push(slice(2));
    expect(cache.snapshot()).toEqual([]);
  });

  test("whatever is pushed, it starts with a keyframe and stays within its limits", () => {
    const anyPacket = fc.oneof(
      fc.nat(6).map(sps),
      fc.nat(6).map(idr),
      fc.nat(6).map(slice),
      fc
        .tuple(fc.nat(6), fc.uint8Array({ maxLength: 40 }))
        .map(([timestamp, payload]) => ({ timestamp, payload })),
    );
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 60 }), (packets) => {
        const limits = { maxPackets: 8, maxBytes: 100 };
        const cache = newCache(limits);
        for (const p of packets) {
          cache.push(p);
          const held = cache.snapshot();
          expect(held.length).toBeLessThanOrEqual(limits.maxPackets);
          expect(held.reduce((sum, h) => sum + h.payload.length, 0)).toBeLessThanOrEqual(
            limits.maxBytes,
          );
          const startsRight = held[0] === undefined || carriesKeyframe(held[0].payload);
          expect(startsRight).toBe(true);
        }
      }),
    );
  });
});
