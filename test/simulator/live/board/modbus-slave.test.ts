import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  crc16,
  QUIET,
  receive,
  sealed,
  silence,
  SILENCE_MS,
} from "../../../../simulator/live/board/modbus-slave.ts";
import type { RegisterBank, SlaveStep } from "../../../../simulator/live/board/modbus-slave.ts";

const UNIT = 7;

function newBank(): RegisterBank & { written: Map<number, number> } {
  const written = new Map<number, number>();
  return {
    written,
    inputWords: () => [0x415a, 1, 0, 3],
    inputBits: () => [true, false, false, true],
    outputWords: () => [written.get(0) ?? 0, written.get(1) ?? 0, 0],
    writeOutput(address, value) {
      if (value > 5) return false;
      written.set(address, value);
      return true;
    },
  };
}

function ask(body: readonly number[], bank = newBank()): number[][] {
  const step = receive({ unit: UNIT, bank }, QUIET, { bytes: sealed(body), at: 100 });
  return step.replies.map((reply) => [...reply]);
}

const answered = (body: readonly number[]): number[][] => [[...sealed(body)]];

test("the checksum is the one of the standard's example", () => {
  // Modbus over Serial Line V1.02, 6.2.2: slave 02, function 07 gives 0x1241, sent as 41 12.
  expect(crc16(Uint8Array.from([0x02, 0x07]))).toBe(0x1241);
});

test("input registers, discrete inputs and holding registers are read", () => {
  expect(ask([UNIT, 4, 0, 0, 0, 2])).toEqual(answered([UNIT, 4, 4, 0x41, 0x5a, 0, 1]));
  expect(ask([UNIT, 2, 0, 0, 0, 4])).toEqual(answered([UNIT, 2, 1, 0b1001]));
  expect(ask([UNIT, 3, 0, 0, 0, 3])).toEqual(answered([UNIT, 3, 6, 0, 0, 0, 0, 0, 0]));
});

test("holding registers are written one by one and several at once", () => {
  const bank = newBank();
  expect(ask([UNIT, 6, 0, 0, 0, 3], bank)).toEqual(answered([UNIT, 6, 0, 0, 0, 3]));
  const several = [UNIT, 16, 0, 0, 0, 2, 4, 0, 4, 0, 1];
  expect(ask(several, bank)).toEqual(answered([UNIT, 16, 0, 0, 0, 2]));
  expect([...bank.written]).toEqual([
    [0, 4],
    [1, 1],
  ]);
});

test.each([
  ["a function the board does not have", [UNIT, 1, 0, 0, 0, 1], 1],
  ["an address outside the map", [UNIT, 4, 0, 3, 0, 2], 2],
  ["a write outside the map", [UNIT, 6, 0, 9, 0, 0], 2],
  ["a count of nothing", [UNIT, 4, 0, 0, 0, 0], 3],
  ["a value the map does not allow", [UNIT, 6, 0, 0, 0, 9], 3],
  ["a byte count that contradicts the count", [UNIT, 16, 0, 0, 0, 2, 2, 0, 1], 3],
])("%s gets its exception", (_name, body, code) => {
  expect(ask(body)).toEqual(answered([UNIT, (body[1] ?? 0) | 0x80, code]));
});

test("a function of unknown length is refused once the line is silent", () => {
  const slave = { unit: UNIT, bank: newBank() };
  const step = receive(slave, QUIET, { bytes: sealed([UNIT, 0x2b, 0x0e, 1, 0]), at: 5 });
  expect(step.replies).toEqual([]);
  expect([...(silence(slave, step.state).replies[0] ?? [])]).toEqual([...sealed([UNIT, 0xab, 1])]);
});

test("a broadcast is carried out and not answered", () => {
  const bank = newBank();
  expect(ask([0, 6, 0, 0, 0, 2], bank)).toEqual([]);
  expect(bank.written.get(0)).toBe(2);
});

test("requests for another unit get no answer", () => {
  expect(ask([UNIT + 1, 4, 0, 0, 0, 1])).toEqual([]);
});

test("a request is answered however its bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 8, maxLength: 8 }),
      (cuts) => {
        const slave = { unit: UNIT, bank: newBank() };
        const request = sealed([UNIT, 4, 0, 0, 0, 4]);
        let step: SlaveStep = { state: QUIET, replies: [], requests: 0 };
        let from = 0;
        let replies = 0;
        for (const [i, cut] of cuts.entries()) {
          const bytes = request.slice(from, from + cut);
          from += bytes.length;
          step = receive(slave, step.state, { bytes, at: 100 + i });
          replies += step.replies.length;
        }
        expect(replies).toBe(1);
      },
    ),
  );
});

test("no bytes make the slave throw, and after silence it answers again", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (chunks) => {
      const slave = { unit: UNIT, bank: newBank() };
      let state = QUIET;
      let at = 0;
      for (const bytes of chunks) {
        at += 1;
        ({ state } = receive(slave, state, { bytes, at }));
        expect(state.pending.length).toBeLessThanOrEqual(256);
      }
      at += SILENCE_MS;
      const step = receive(slave, state, { bytes: sealed([UNIT, 4, 0, 0, 0, 1]), at });
      expect([...(step.replies.at(-1) ?? [])]).toEqual([...sealed([UNIT, 4, 2, 0x41, 0x5a])]);
    }),
  );
});

test("a frame with one wrong bit has no effect", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 63 }), (bit) => {
      const bank = newBank();
      const bytes = sealed([UNIT, 6, 0, 0, 0, 3]);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const slave = { unit: UNIT, bank };
      const step = receive(slave, QUIET, { bytes, at: 50 });
      expect(silence(slave, step.state).replies).toEqual([]);
      expect(step.replies).toEqual([]);
      expect(bank.written.size).toBe(0);
    }),
  );
});
