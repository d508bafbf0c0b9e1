import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newContinuity } from "../../../../device/media/send/continuity.ts";
import {
  newAudioGate,
  newVideoGate,
  type Gate,
  type OutgoingPacket,
} from "../../../../device/media/send/gate.ts";
import type { MediaPacket } from "../../../../device/media/send/packet.ts";
import { carriesKeyframe } from "../../../../shared/media/h264.ts";

const KEYFRAME = Uint8Array.of(0x67, 1);
const SLICE = Uint8Array.of(0x41, 1);
const FRAME_MS = 40;

interface Bench {
  readonly gate: Gate;
  readonly sent: OutgoingPacket[];
  /** The next frame of the source, 40 ms after the one before. */
  frame(payload?: Uint8Array): void;
  /** ffmpeg starts again, with another SSRC and other sequence numbers. */
  restartSource(): void;
  /** Time passes while nothing comes. */
  wait(ms: number): void;
  /** Waits until a burst has been sent. */
  settle(): void;
}

function newBench(kind: "video" | "audio" = "video"): Bench {
  const sent: OutgoingPacket[] = [];
  const due: (() => void)[] = [];
  const clockRate = kind === "video" ? 90_000 : 48_000;
  const options = {
    continuity: newContinuity(clockRate, 65_530),
    send: (packet: OutgoingPacket) => void sent.push(packet),
    soon: (callback: () => void) => void due.push(callback),
  };
  const gate = kind === "video" ? newVideoGate(options) : newAudioGate(options);
  let [ssrc, sequenceNumber, timestamp, now] = [1, 500, 4_294_900_000, 0];
  return {
    gate,
    sent,
    frame(payload = SLICE) {
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      timestamp = (timestamp + (clockRate * FRAME_MS) / 1000) >>> 0;
      now += FRAME_MS;
      const packet: MediaPacket = { ssrc, sequenceNumber, timestamp, isMarked: true, payload };
      gate.push(packet, now);
    },
    restartSource() {
      ssrc += 1;
      sequenceNumber = (sequenceNumber * 7919) & 0xffff;
      timestamp = (timestamp * 31) >>> 0;
    },
    wait(ms) {
      now += ms;
      timestamp = (timestamp + (clockRate * ms) / 1000) >>> 0;
    },
    settle() {
      for (let next = due.shift(); next !== undefined; next = due.shift()) next();
    },
  };
}

const steps = (sent: readonly OutgoingPacket[], of: "sequenceNumber" | "timestamp"): number[] => {
  const mask = of === "sequenceNumber" ? 0xffff : 0xffffffff;
  return sent.slice(1).map((packet, i) => ((packet[of] - sent[i]![of]) & mask) >>> 0);
};

describe("the gate of the camera", () => {
  test("lets nothing through while it is shut", () => {
    const bench = newBench();
    for (const payload of [KEYFRAME, SLICE, SLICE]) bench.frame(payload);
    expect(bench.sent).toEqual([]);
  });

  test("sends the group since the last keyframe when it opens, then what follows", () => {
    const bench = newBench();
    for (const payload of [KEYFRAME, SLICE, KEYFRAME, SLICE, SLICE]) bench.frame(payload);
    bench.gate.setOpen(true);
    bench.frame();
    bench.settle();
    expect(bench.sent.map(({ payload }) => payload)).toEqual([KEYFRAME, SLICE, SLICE, SLICE]);
    expect(steps(bench.sent, "timestamp")).toEqual([3600, 3600, 3600]);
  });

  test("a long burst goes out in batches, and live packets wait behind it", () => {
    const bench = newBench();
    bench.frame(KEYFRAME);
    for (let i = 0; i < 50; i += 1) bench.frame();
    bench.gate.setOpen(true);
    expect(bench.sent.length).toBeLessThan(20);
    bench.frame();
    bench.settle();
    expect(bench.sent).toHaveLength(52);
    expect(new Set(steps(bench.sent, "sequenceNumber"))).toEqual(new Set([1]));
  });

  test("opened before the first keyframe, it waits for it", () => {
    const bench = newBench();
    bench.gate.setOpen(true);
    for (const payload of [SLICE, SLICE, KEYFRAME, SLICE]) bench.frame(payload);
    expect(bench.sent.map(({ payload }) => payload)).toEqual([KEYFRAME, SLICE]);
  });

  test("opened again within the same group, it repeats nothing and skips nothing", () => {
    const bench = newBench();
    bench.gate.setOpen(true);
    for (const payload of [KEYFRAME, SLICE]) bench.frame(payload);
    bench.gate.setOpen(false);
    bench.frame();
    bench.gate.setOpen(true);
    bench.frame();
    bench.settle();
    expect(bench.sent).toHaveLength(4);
    expect(steps(bench.sent, "timestamp")).toEqual([3600, 3600, 3600]);
  });

  test("another receiver gets the whole group, although it was sent before", () => {
    const bench = newBench();
    bench.gate.setOpen(true);
    for (const payload of [KEYFRAME, SLICE]) bench.frame(payload);
    bench.gate.setOpen(false);
    bench.gate.forgetReceiver();
    bench.gate.setOpen(true);
    bench.settle();
    expect(bench.sent.slice(2).map(({ payload }) => payload)).toEqual([KEYFRAME, SLICE]);
  });

  test("shut in the middle of a burst, it stops at once and begins with a keyframe next time", () => {
    const bench = newBench();
    bench.frame(KEYFRAME);
    for (let i = 0; i < 50; i += 1) bench.frame();
    bench.gate.setOpen(true);
    const before = bench.sent.length;
    bench.gate.setOpen(false);
    bench.settle();
    expect(bench.sent).toHaveLength(before);
    bench.gate.setOpen(true);
    expect(bench.sent[before]?.payload).toEqual(KEYFRAME);
  });

  test("a source that starts again goes on with the same numbers and the real time", () => {
    const bench = newBench();
    bench.gate.setOpen(true);
    for (const payload of [KEYFRAME, SLICE]) bench.frame(payload);
    bench.wait(1000);
    bench.restartSource();
    for (const payload of [SLICE, KEYFRAME]) bench.frame(payload);
    expect(bench.sent).toHaveLength(3);
    expect(steps(bench.sent, "sequenceNumber")).toEqual([1, 1]);
    expect(steps(bench.sent, "timestamp")).toEqual([3600, 90_000 + 2 * 3600]);
  });

  test("whatever happens, no packet leaves a shut gate and no number is skipped", () => {
    const act = fc.constantFrom("key", "slice", "open", "shut", "restart", "receiver", "settle");
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const bench = newBench();
        let isOpen = false;
        const expectSilence = (run: () => void): void => {
          const before = bench.sent.length;
          run();
          expect(isOpen || bench.sent.length === before).toBe(true);
        };
        for (const what of acts) {
          if (what === "open" || what === "shut") {
            isOpen = what === "open";
            bench.gate.setOpen(isOpen);
          } else if (what === "restart") bench.restartSource();
          else if (what === "receiver") bench.gate.forgetReceiver();
          else if (what === "settle") expectSilence(bench.settle);
          else expectSilence(() => bench.frame(what === "key" ? KEYFRAME : SLICE));
        }
        expect(steps(bench.sent, "sequenceNumber").every((step) => step === 1)).toBe(true);
        const first = bench.sent[0];
        expect(first === undefined || carriesKeyframe(first.payload)).toBe(true);
      }),
    );
  });
});

describe("the gate of the microphone", () => {
  test("keeps nothing of the time before it opened", () => {
    const bench = newBench("audio");
    bench.frame();
    bench.frame();
    bench.gate.setOpen(true);
    expect(bench.sent).toEqual([]);
    bench.frame();
    expect(bench.sent).toHaveLength(1);
  });

  test("numbers have no hole across a closure, and timestamps tell its length", () => {
    const bench = newBench("audio");
    bench.gate.setOpen(true);
    bench.frame();
    bench.gate.setOpen(false);
    for (let i = 0; i < 24; i += 1) bench.frame();
    bench.gate.setOpen(true);
    bench.frame();
    expect(steps(bench.sent, "sequenceNumber")).toEqual([1]);
    expect(steps(bench.sent, "timestamp")).toEqual([25 * 1920]);
  });
});

const packet = (sequenceNumber: number): MediaPacket => {
  return { ssrc: 9, sequenceNumber, timestamp: 0, isMarked: false, payload: SLICE };
};

describe("continuity", () => {
  test("a packet lost on the way to us stays a visible loss", () => {
    const numbers = newContinuity(90_000, 10);
    const given = [100, 101, 104].map((n) => numbers.numberOf(packet(n)));
    expect(given).toEqual([11, 12, 15]);
  });

  test("its clock can be read between packets", () => {
    const numbers = newContinuity(90_000, 0);
    expect(numbers.readingAt(0)).toBeUndefined();
    numbers.timestampOf({ ...packet(1), timestamp: 5000 }, 1000);
    expect(numbers.readingAt(1100)).toBe(5000 + 9000);
  });
});
