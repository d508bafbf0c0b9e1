import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  DEBOUNCE_MS,
  INPUT_BLOCK,
  LAMP_VALUES,
  MAGIC,
  OUTPUT_BLOCK,
} from "../../../../device/adapters/board/register-map.ts";
import {
  closeContact,
  inputWords,
  newRegisters,
  openContact,
  shownLamp,
  writeOutput,
} from "../../../../simulator/live/board/board-registers.ts";

test("a press counts when the contact stays closed for the debounce time, and not before", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), (holdMs) => {
      const board = newRegisters(1, 0);
      closeContact(board, "button", 1000);
      const isCounted = openContact(board, "button", 1000 + holdMs);
      expect(isCounted).toBe(holdMs >= DEBOUNCE_MS);
      expect(inputWords(board, 2000)[INPUT_BLOCK.presses]).toBe(isCounted ? 1 : 0);
    }),
  );
});

test("a press is seen while it is still held, and counts once however often it is read", () => {
  const board = newRegisters(1, 0);
  closeContact(board, "button", 1000);
  expect(inputWords(board, 1059)[INPUT_BLOCK.presses]).toBe(0);
  for (const at of [1060, 1100, 1500]) {
    expect(inputWords(board, at)[INPUT_BLOCK.presses]).toBe(1);
    expect(inputWords(board, at)[INPUT_BLOCK.pressAgeMs]).toBe(at - 1000);
  }
  openContact(board, "button", 1600);
  expect(inputWords(board, 1700)[INPUT_BLOCK.presses]).toBe(1);
});

test("the counter wraps at 65,536 and the age stops at 65,535", () => {
  const board = newRegisters(1, 0);
  for (let press = 0; press < 65_537; press += 1) {
    closeContact(board, "silent-button", press * 200);
    openContact(board, "silent-button", press * 200 + 100);
  }
  expect(inputWords(board, 1e9)[INPUT_BLOCK.silentPresses]).toBe(1);
  expect(inputWords(board, 1e9)[INPUT_BLOCK.silentPressAgeMs]).toBe(65_535);
});

test("the block begins with the magic number and shows the contacts as they are now", () => {
  const board = newRegisters(3, 0);
  closeContact(board, "tamper", 10);
  const words = inputWords(board, 20);
  expect(words).toHaveLength(INPUT_BLOCK.length);
  expect(words[INPUT_BLOCK.magic]).toBe(MAGIC);
  expect(words[INPUT_BLOCK.inputBits]).toBe(0b100);
  expect(words[INPUT_BLOCK.boardBoots]).toBe(3);
});

test("the board shows fault by itself when nobody has asked it for the watchdog's time", () => {
  const board = newRegisters(1, 0);
  writeOutput(board, OUTPUT_BLOCK.lamp, LAMP_VALUES.received);
  expect(shownLamp(board, 60_000)).toBe("received");
  writeOutput(board, OUTPUT_BLOCK.watchdogSeconds, 3);
  board.requestedAt = 60_000;
  expect(shownLamp(board, 63_000)).toBe("received");
  expect(shownLamp(board, 63_001)).toBe("fault");
});
