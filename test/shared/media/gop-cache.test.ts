import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newGopCache, type GopPacket } from "../../../shared/media/gop-cache.ts";
import { carriesKeyframe } from "../../../shared/media/h264.ts";

let sequence = 0;
const packet = (timestamp: number, ...bytes: number[]): GopPacket => ({
  sequence: (sequence = (sequence + 1) & 0xffff),
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
    const first = [sps(1), idr(1), slice(2)];
    const second = [sps(4), packet(4, 0x68, 1), idr(4), slice(5), slice(6)];
    for (const p of [...first, ...second]) cache.push(p);
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
    const next = idr(7);
    cache.push(next);
    expect(cache.snapshot()).toEqual([next]);
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
        .map(([timestamp, payload]) => ({ sequence: timestamp * 9, timestamp, payload })),
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

  test("a packet that comes late takes its own place, and what never came stays a hole", () => {
    const cache = newCache();
    const [a, b, c, d, e, f] = [sps(1), idr(1), slice(2), slice(3), slice(4), slice(5)];
    for (const p of [a, b, d, f, c, c]) cache.push(p);
    expect(cache.snapshot()).toEqual([a, b, c, d, f]);
    expect(cache.snapshot()).not.toContain(e);
  });

  test("a keyframe whose first packet comes late begins its group there, with what came before it", () => {
    const cache = newCache();
    const old = [idr(1), slice(2)];
    const [head, rest, next] = [sps(3), packet(3, 0x7c, 0x05), slice(4)];
    for (const p of [...old, rest, next, head]) cache.push(p);
    expect(cache.snapshot()).toEqual([head, rest, next]);
  });

  test("a late packet of the group before is dropped", () => {
    const cache = newCache();
    const [old, late, ...group] = [idr(1), slice(2), sps(3), idr(3)];
    for (const p of [old!, ...group, late!]) cache.push(p);
    expect(cache.snapshot()).toEqual(group);
  });

  test("whatever order packets come in, and whatever is lost, they are kept in the sender's order", () => {
    const shuffled = fc
      .array(fc.nat(9), { minLength: 5, maxLength: 40 })
      .chain((delays) => fc.record({ delays: fc.constant(delays), start: fc.nat(0xffff) }));
    fc.assert(
      fc.property(shuffled, ({ delays, start }) => {
        const sent = delays.map((delay, index) => ({
          sequence: (start + index) & 0xffff,
          timestamp: index < 2 ? 0 : index,
          payload: Uint8Array.of(index === 0 ? 0x67 : index === 1 ? 0x65 : 0x41, 1),
          isLost: index > 0 && delay === 9,
          arrival: index + delay,
        }));
        const arrived = sent
          .filter(({ isLost }) => !isLost)
          .toSorted((x, y) => x.arrival - y.arrival);
        const cache = newGopCache<(typeof sent)[number]>((p) => p);
        for (const p of arrived) cache.push(p);
        expect(cache.snapshot()).toEqual(sent.filter(({ isLost }) => !isLost));
      }),
    );
  });
});
