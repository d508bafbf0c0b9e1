import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  newPlaybackBuffer,
  BUFFER_SECONDS,
  START_LATENCY_MS,
} from "../../../../simulator/live/sound/playback-buffer.ts";
import { MAX_CATCH_UP_MS, samplesDue } from "../../../../simulator/live/sound/sample-clock.ts";
import type { SampleClock } from "../../../../simulator/live/sound/sample-clock.ts";
import {
  render,
  SAMPLES_PER_MS,
  streetNoise,
  tone,
  wavFile,
} from "../../../../simulator/live/sound/sound.ts";

const BLOCK = 10 * SAMPLES_PER_MS;

test("timers that are late by any amount do not make the microphone drift", () => {
  const lateness = fc.array(fc.double({ min: 0.1, max: 150, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(lateness, (pauses) => {
      let clock: SampleClock = { startedAt: 1000, position: 0 };
      let now = 1000;
      let sent = 0;
      for (const pause of pauses) {
        now += pause;
        const due = samplesDue(clock, now, BLOCK);
        expect(due.from).toBe(sent);
        clock = due.clock;
        sent += due.count;
      }
      const behind = (now - 1000) * SAMPLES_PER_MS - sent;
      expect(behind).toBeGreaterThanOrEqual(0);
      expect(behind).toBeLessThan(BLOCK + 1);
    }),
  );
});

test("after a long pause the microphone leaves out what is lost instead of sending it all at once", () => {
  const due = samplesDue({ startedAt: 0, position: 0 }, 60_000, BLOCK);
  expect(due.count).toBe(MAX_CATCH_UP_MS * SAMPLES_PER_MS);
  expect(due.from + due.count).toBe(60_000 * SAMPLES_PER_MS);
});

test("a tone asked for in pieces is the tone asked for at once", () => {
  const signal = tone(1000);
  const pieces = [render(signal, 0, 480), render(signal, 480, 480)];
  expect(Buffer.concat(pieces)).toEqual(render(signal, 0, 960));
});

test("the street is faint, and never exact silence for long", () => {
  const bytes = render(streetNoise, 0, 48_000);
  const samples = Array.from({ length: 48_000 }, (_, i) => bytes.readInt16LE(i * 2));
  const rms = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
  expect(rms).toBeGreaterThan(10);
  expect(rms).toBeLessThan(400);
});

test("what the speaker played lies where it sounded, with silence where nothing came", () => {
  const buffer = newPlaybackBuffer(0);
  const frame = new Int16Array(20 * SAMPLES_PER_MS).fill(100);
  buffer.play(frame, 1000);
  buffer.play(frame, 1020);
  const heard = buffer.last(2, 2000);
  const first = heard.indexOf(100);
  expect(first / SAMPLES_PER_MS).toBe(1000 + START_LATENCY_MS);
  expect(heard.lastIndexOf(100) + 1 - first).toBe(40 * SAMPLES_PER_MS);
  expect(heard.filter((sample) => sample !== 0)).toHaveLength(40 * SAMPLES_PER_MS);
});

test("frames that come a little late are played without a gap", () => {
  const buffer = newPlaybackBuffer(0);
  const frame = new Int16Array(20 * SAMPLES_PER_MS).fill(1);
  for (const [i, late] of [0, 9, 3, 15, 0].entries()) buffer.play(frame, 500 + i * 20 + late);
  const heard = buffer.last(1, 1000);
  const from = heard.indexOf(1);
  expect(heard.subarray(from, from + 100 * SAMPLES_PER_MS).every((sample) => sample === 1)).toBe(
    true,
  );
});

test("the speaker remembers two minutes and not more", () => {
  const buffer = newPlaybackBuffer(0);
  buffer.play(new Int16Array(SAMPLES_PER_MS).fill(7), 0);
  const later = (BUFFER_SECONDS + 1) * 1000;
  buffer.play(new Int16Array(SAMPLES_PER_MS).fill(8), later);
  const heard = buffer.last(10_000, later + 100);
  expect(heard).toHaveLength(BUFFER_SECONDS * 48_000);
  expect(heard.includes(7)).toBe(false);
  expect(heard.includes(8)).toBe(true);
});

test("a WAV file says 48 kHz, mono, 16 bit and how long it is", () => {
  const file = wavFile(Int16Array.of(1, -1));
  expect(file.subarray(0, 4).toString()).toBe("RIFF");
  expect(file.readUInt32LE(24)).toBe(48_000);
  expect(file.readUInt16LE(22)).toBe(1);
  expect(file.readUInt32LE(40)).toBe(4);
  expect(file).toHaveLength(48);
});
