import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { FRAME_BYTES, durationMs } from "../../../../device/media/play/pcm.ts";
import { newPlayback, type Playback } from "../../../../device/media/play/playback.ts";
import { newReorder } from "../../../../device/media/play/reorder.ts";

const MAX_MS = 60;

/**
 * A frame of 20 ms whose samples are all the same. There is no Opus here: the one byte of the
 * payload is the sample.
 */
const frame = (value: number): Uint8Array => {
  const out = new Int16Array(FRAME_BYTES / 2).fill(value);
  return new Uint8Array(out.buffer);
};
const payload = (value: number): Uint8Array => Uint8Array.of(value);
const valueOf = (pcm: Uint8Array): number =>
  new DataView(pcm.buffer, pcm.byteOffset).getInt16(0, true);

let heard: number[];
let outstanding: number;
let isStuck: boolean;
let troubles: string[];
let playback: Playback;

beforeEach(() => {
  heard = [];
  outstanding = 0;
  isStuck = false;
  troubles = [];
  playback = newPlayback({
    maxPlaybackMs: MAX_MS,
    sink: {
      outstandingMs: () => outstanding,
      write(pcm) {
        if (isStuck) return false;
        heard.push(valueOf(pcm));
        outstanding += durationMs(pcm);
        return true;
      },
    },
    decode(bytes) {
      if (bytes[0] === 255) throw new Error("malformed");
      return frame(bytes[0] ?? 0);
    },
    onPlayed: () => undefined,
    onTrouble: (text) => troubles.push(text),
  });
});

const pass = (ms: number): void => {
  outstanding = Math.max(0, outstanding - ms);
};

describe("playback", () => {
  test("plays the voice in order as it comes", () => {
    for (const n of [1, 2, 3]) playback.voice(n, payload(n));
    expect(heard).toEqual([1, 2, 3]);
  });

  test("never lets more wait than its limit, and drops the oldest", () => {
    for (let n = 1; n <= 50; n += 1) {
      playback.voice(n, payload(n));
      expect(outstanding).toBeLessThanOrEqual(MAX_MS);
    }
    pass(60);
    playback.voice(51, payload(51));
    expect(heard.slice(0, 3)).toEqual([1, 2, 3]);
    expect(heard.at(-1)).toBe(51);
    expect(heard.length).toBeLessThanOrEqual(6);
  });

  test("two packets that changed places are played in order", () => {
    for (const n of [1, 3, 2]) playback.voice(n, payload(n));
    expect(heard).toEqual([1, 2, 3]);
  });

  test("a lost packet is replaced by the one before it, after 40 ms of patience", () => {
    playback.voice(1, payload(100));
    playback.voice(3, payload(50));
    expect(heard).toEqual([100]);
    for (let i = 0; i < 5; i += 1) playback.tick();
    expect(heard).toEqual([100, 100, 50]);
    expect(playback.isBusy()).toBe(false);
  });

  test("a malformed packet costs itself alone", () => {
    for (const [n, value] of [
      [1, 10],
      [2, 255],
      [3, 30],
    ] as const) {
      playback.voice(n, payload(value));
    }
    expect(heard).toEqual([10, 10, 30]);
    expect(troubles).toHaveLength(1);
  });

  test("a player that takes nothing loses sound instead of delaying it", () => {
    isStuck = true;
    for (let n = 1; n <= 100; n += 1) playback.voice(n, payload(n));
    isStuck = false;
    playback.voice(101, payload(101));
    expect(heard).toEqual([101]);
  });

  test("a prompt is played at the pace of the speaker", () => {
    const prompt = new Uint8Array(10 * FRAME_BYTES + 100);
    playback.prompt(prompt);
    expect(heard).toHaveLength(3);
    for (let i = 0; i < 20 && playback.isBusy(); i += 1) {
      pass(20);
      playback.tick();
    }
    expect(heard).toHaveLength(11);
    expect(playback.isBusy()).toBe(false);
  });

  test("a voice stops the prompt for good", () => {
    playback.prompt(new Uint8Array(100 * FRAME_BYTES));
    pass(60);
    playback.voice(1, payload(7));
    pass(60);
    playback.tick();
    expect(heard).toEqual([0, 0, 0, 7]);
  });

  test("hushed, it forgets the voice that waits for a missing packet", () => {
    playback.voice(1, payload(1));
    playback.voice(3, payload(3));
    playback.hush();
    for (let i = 0; i < 10; i += 1) playback.tick();
    expect(heard).toEqual([1]);
  });
});

describe("reordering", () => {
  test("numbers wrap around", () => {
    const reorder = newReorder();
    const numbers = [65_534, 0, 65_535, 1];
    const out = numbers.flatMap((n) => reorder.push(n, payload(n & 0xff)));
    expect(out.map((o) => (o === "lost" ? o : o[0]))).toEqual([254, 255, 0, 1]);
  });

  test("a jump is another stream and is followed at once", () => {
    const reorder = newReorder();
    reorder.push(1, payload(1));
    expect(reorder.push(30_000, payload(2))).toHaveLength(1);
  });

  test("whatever comes, it holds little, repeats nothing and stays in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 100 }), (numbers) => {
        const reorder = newReorder();
        const out = numbers.flatMap((n) => reorder.push(n, payload(n)));
        const played = [...out, ...reorder.giveUp()].flatMap((o) => (o === "lost" ? [] : [o[0]!]));
        expect(played).toEqual([...new Set(played)].toSorted((a, b) => a - b));
      }),
    );
  });
});
