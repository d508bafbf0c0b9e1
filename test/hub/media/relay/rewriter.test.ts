import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newRewriter, type Stamp } from "../../../../hub/media/relay/rewriter.ts";

const FRAME = 3600;
const stamp = (sequence: number, timestamp: number): Stamp => ({
  sequence: sequence & 0xffff,
  timestamp: timestamp >>> 0,
});
const ahead = (a: Stamp, b: Stamp): [number, number] => [
  ((b.sequence - a.sequence) << 16) >> 16,
  (b.timestamp - a.timestamp) | 0,
];

describe("a receiver sees one stream", () => {
  test("whatever the sources, their numbers and their times, time and sequence only go on", () => {
    const source = fc.record({
      sequence: fc.integer({ min: 0, max: 0xffff }),
      timestamp: fc.integer({ min: 0, max: 0xffffffff }),
      pictures: fc.integer({ min: 1, max: 30 }),
      hasBurst: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(source, { minLength: 1, maxLength: 8 }), (sources) => {
        const rewriter = newRewriter(90_000, stamp(65_530, 0xfffffff0));
        const out: Stamp[] = [];
        let at = 1000;
        sources.forEach(({ sequence, timestamp, pictures, hasBurst }, id) => {
          const stamps = Array.from({ length: pictures }, (_, index) =>
            stamp(sequence + index, timestamp + index * FRAME),
          );
          if (hasBurst) out.push(...rewriter.burst(id, stamps, at));
          for (let index = 0; index < 10; index += 1) {
            at += 40;
            const place = pictures + index;
            const live = stamp(sequence + place, timestamp + place * FRAME);
            const sent = rewriter.live(id, live, at);
            if (sent !== undefined) out.push(sent);
          }
        });
        out.slice(1).forEach((next, index) => {
          const [sequences, ticks] = ahead(out[index] ?? next, next);
          expect(sequences).toBe(1);
          expect(ticks).toBeGreaterThan(0);
        });
      }),
    );
  });

  test("a joiner's stored pictures end where the live one begins, a millisecond apart", () => {
    const rewriter = newRewriter(90_000, stamp(100, 500_000));
    const stored = Array.from({ length: 50 }, (_, index) => stamp(10 + index, index * FRAME));
    const burst = rewriter.burst(1, stored, 0);
    const live = rewriter.live(1, stamp(60, 50 * FRAME), 40);
    expect(ahead(burst[0] ?? stamp(0, 0), burst[49] ?? stamp(0, 0))).toEqual([49, 49 * 90]);
    expect(ahead(burst[49] ?? stamp(0, 0), live ?? stamp(0, 0))).toEqual([1, FRAME]);
  });

  test("packets of one picture keep one timestamp in a burst", () => {
    const rewriter = newRewriter(90_000, stamp(0, 0));
    const burst = rewriter.burst(1, [stamp(1, 9), stamp(2, 9), stamp(3, FRAME)], 0);
    expect(burst[0]?.timestamp).toBe(burst[1]?.timestamp);
    expect(burst[1]?.timestamp).not.toBe(burst[2]?.timestamp);
  });

  test("a lost picture is sent again ahead of everything shown, and live goes on behind it", () => {
    const rewriter = newRewriter(90_000, stamp(0, 0));
    const stored = Array.from({ length: 20 }, (_, index) => stamp(index, index * FRAME));
    rewriter.burst(1, stored, 0);
    const before = rewriter.live(1, stamp(20, 20 * FRAME), 40) ?? stamp(0, 0);
    const again = rewriter.burst(1, [...stored, stamp(20, 20 * FRAME)], 60);
    const live = rewriter.live(1, stamp(21, 21 * FRAME), 80) ?? stamp(0, 0);
    const last = again.at(-1) ?? stamp(0, 0);
    expect(ahead(before, again[0] ?? stamp(0, 0))[1]).toBeGreaterThan(0);
    expect(ahead(last, live)[0]).toBe(1);
    expect(ahead(last, live)[1]).toBeGreaterThan(0);
  });

  test("a hole among the stored packets stays a hole, and what fills it late finds its place there", () => {
    const rewriter = newRewriter(90_000, stamp(0, 0));
    const [first, second] = rewriter.burst(1, [stamp(10, 0), stamp(12, FRAME)], 0);
    const late = rewriter.live(1, stamp(11, 0), 10);
    expect(ahead(first ?? stamp(0, 0), second ?? stamp(0, 0))[0]).toBe(2);
    expect(late).toEqual({ sequence: (first?.sequence ?? 0) + 1, timestamp: first?.timestamp });
    expect(rewriter.live(1, stamp(9, 0), 20)).toBeUndefined();
  });

  test("whatever was stored and whatever comes late, places and pictures stay as they were sent", () => {
    const packets = fc.array(fc.record({ isNewPicture: fc.boolean(), stored: fc.nat(4) }), {
      minLength: 3,
      maxLength: 60,
    });
    fc.assert(
      fc.property(packets, fc.nat(0xffff), (all, start) => {
        let picture = 0;
        const sent = all.map(({ isNewPicture, stored }, index) => {
          if (isNewPicture) picture += 1;
          const isStored = index === 0 || index === all.length - 1 || stored > 0;
          return { isStored, stamp: stamp(start + index, 0xffffff00 + picture * FRAME) };
        });
        const rewriter = newRewriter(90_000, stamp(60_000, 0xfffff000));
        const stored = sent.filter(({ isStored }) => isStored).map((one) => one.stamp);
        const rest = sent.filter(({ isStored }) => !isStored).map((one) => one.stamp);
        const out = rewriter.burst(7, stored, 0);
        out.push(...rest.map((one) => rewriter.live(7, one, 30) ?? stamp(0, 0)));
        const pairs = [...stored, ...rest].map((from, index) => ({ from, out: out[index]! }));
        for (const pair of pairs) {
          expect(ahead(pairs[0]!.out, pair.out)[0]).toBe(ahead(pairs[0]!.from, pair.from)[0]);
        }
        const inOrder = pairs.toSorted((a, b) => ahead(b.from, a.from)[0]);
        inOrder.slice(1).forEach((next, index) => {
          const before = inOrder[index]!;
          const isSame = next.from.timestamp === before.from.timestamp;
          const ticks = ahead(before.out, next.out)[1];
          expect(isSame ? ticks === 0 : ticks >= 0).toBe(true);
        });
      }),
    );
  });

  test("a loss stays a loss, so that a retransmission finds its place", () => {
    const rewriter = newRewriter(48_000, stamp(0, 0));
    const first = rewriter.live(1, stamp(5, 0), 0) ?? stamp(0, 0);
    const third = rewriter.live(1, stamp(7, 1920), 40) ?? stamp(0, 0);
    const second = rewriter.live(1, stamp(6, 960), 60) ?? stamp(0, 0);
    expect(ahead(first, third)).toEqual([2, 1920]);
    expect(ahead(first, second)).toEqual([1, 960]);
  });

  test("after a reconnection the time that has passed is the time that is seen to pass", () => {
    const rewriter = newRewriter(48_000, stamp(0, 0));
    const before = rewriter.live(1, stamp(5, 100), 0) ?? stamp(0, 0);
    const behind = rewriter.live(2, stamp(40_000, 7), 2000) ?? stamp(0, 0);
    expect(ahead(before, behind)).toEqual([1, 96_000]);
  });
});
