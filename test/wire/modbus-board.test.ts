/** The I/O board over a real serial line: what a bad line can do, and what it cannot. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { modbusBoard } from "../../device/adapters/board/modbus-board.ts";
import { INPUT_BLOCK, LAMP_VALUES } from "../../device/adapters/board/register-map.ts";
import type { Board, InputChange } from "../../device/ports.ts";
import { openBoard } from "../../simulator/live/board/virtual-board.ts";
import { faultyBoard, type FaultyBoard } from "../kit/wire/faulty-board.ts";
import { waitFor } from "../kit/run/wait.ts";

/** A request and its answer on a line that works. */
const ROUND_TRIP_MS = 100;
/** What a busy machine keeps an answer waiting. */
const UNREAD_MS = 120;

/** Longer than any debounce. */
const HOLD_MS = 90;
function keepBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

let hardware: FaultyBoard;
let board: Board;
let edges: InputChange[];
let reach: { isReachable: boolean; detail: string }[];

function readBoard(): Board {
  const opened = modbusBoard({ path: hardware.path, baudRate: 115_200, unit: 1, pollMs: 5 });
  opened.onInput((change) => edges.push(change));
  opened.onReachable((isReachable, detail) => reach.push({ isReachable, detail }));
  return opened;
}

const isUp = (): boolean => reach.at(-1)?.isReachable === true;
const untilUp = (): Promise<void> => waitFor(() => expect(isUp()).toBe(true), { timeout: 10_000 });
const untilLost = (): Promise<void> =>
  waitFor(() => expect(reach.at(-1)?.isReachable).toBe(false), { timeout: 10_000 });
const presses = (): number =>
  edges.filter(({ input, isActive }) => input === "button" && isActive).length;

beforeEach(async () => {
  edges = [];
  reach = [];
  hardware = await faultyBoard();
  board = readBoard();
});

afterEach(async () => {
  await board?.close();
  await hardware?.close();
});

describe("a good line", () => {
  test("a counted press is one edge, at the time the board says", async () => {
    await untilUp();
    const before = performance.now();
    hardware.inputs[INPUT_BLOCK.pressAgeMs] = 60;
    hardware.inputs[INPUT_BLOCK.inputBits] = 1;
    hardware.inputs[INPUT_BLOCK.presses] = 1;
    await waitFor(() => expect(presses()).toBe(1));
    // The request was on its way when the board counted.
    expect(edges[0]?.at).toBeGreaterThan(before - 60 - ROUND_TRIP_MS);
    expect(edges[0]?.at).toBeLessThan(performance.now() - 59);
    hardware.inputs[INPUT_BLOCK.inputBits] = 0;
    await waitFor(() => expect(edges.at(-1)).toMatchObject({ input: "button", isActive: false }));
  });

  test("a press is never told later than it was, however long the board's answer lies unread", async () => {
    const directory = mkdtempSync(join(tmpdir(), "anzhu-board-"));
    const street = await openBoard(join(directory, "board"));
    const told: number[] = [];
    const reading = modbusBoard({ path: street.path, baudRate: 115_200, unit: 1, pollMs: 5 });
    reading.onInput(({ input, isActive, at }) => {
      if (input === "button" && isActive) told.push(at);
    });
    const heard = new Promise<void>((resolve) => reading.onReachable((isUp) => isUp && resolve()));
    try {
      await heard;
      for (let n = 0; n < 12; n += 1) {
        street.setContact("button", true);
        const at = performance.now();
        // At another moment of the poll each time.
        await delay(HOLD_MS + n);
        keepBusy(UNREAD_MS);
        await waitFor(() => expect(told).toHaveLength(n + 1));
        expect(told[n]).toBeLessThanOrEqual(at + 5);
        street.setContact("button", false);
        await delay(HOLD_MS);
      }
    } finally {
      await reading.close();
      await street.close();
      rmSync(directory, { recursive: true });
    }
  });

  test("a press that begins and ends between two polls is still seen", async () => {
    await untilUp();
    hardware.inputs[INPUT_BLOCK.presses] = 2;
    await waitFor(() => expect(presses()).toBe(2));
    expect(edges.at(-1)).toMatchObject({ isActive: false });
  });

  test("a closed contact the board has not counted is no press", async () => {
    await untilUp();
    hardware.inputs[INPUT_BLOCK.inputBits] = 0b101;
    await waitFor(() => expect(edges).toMatchObject([{ input: "tamper", isActive: true }]));
    expect(presses()).toBe(0);
  });

  test("a counter that wraps counts on", async () => {
    await untilUp();
    hardware.inputs[INPUT_BLOCK.presses] = 65_535;
    await waitFor(() => expect(presses()).toBeGreaterThan(0));
    const before = presses();
    hardware.inputs[INPUT_BLOCK.presses] = 0;
    await waitFor(() => expect(presses()).toBe(before + 1));
  });

  test("presses of an earlier life are not pressed again at a start", async () => {
    await untilUp();
    await board?.close();
    hardware.inputs[INPUT_BLOCK.presses] = 9;
    hardware.inputs[INPUT_BLOCK.pressAgeMs] = 30_000;
    reach = [];
    board = readBoard();
    await untilUp();
    hardware.inputs[INPUT_BLOCK.inputBits] = 4;
    await waitFor(() => expect(edges.at(-1)?.input).toBe("tamper"));
    expect(presses()).toBe(0);
  });

  test("a press in the moment of a restart is not lost", async () => {
    await untilUp();
    await board?.close();
    hardware.inputs[INPUT_BLOCK.presses] = 9;
    hardware.inputs[INPUT_BLOCK.pressAgeMs] = 800;
    board = readBoard();
    await waitFor(() => expect(presses()).toBe(1));
  });

  test("a press in the moment of a start waits for an agent that listens late", async () => {
    await untilUp();
    await board?.close();
    hardware.inputs[INPUT_BLOCK.presses] = 9;
    hardware.inputs[INPUT_BLOCK.pressAgeMs] = 800;
    board = modbusBoard({ path: hardware.path, baudRate: 115_200, unit: 1, pollMs: 5 });
    // As long as a slow disk takes to open the ledger: many polls.
    await delay(200);
    board.onInput((change) => edges.push(change));
    await waitFor(() => expect(presses()).toBe(1));
  });

  test("lamp and siren are written, and again when the board has restarted", async () => {
    await untilUp();
    board.setLamp("calling");
    board.setSiren(true);
    const wanted = [LAMP_VALUES.calling, 1, 10];
    await waitFor(() => expect(hardware.writes.at(-1)).toEqual(wanted));
    const before = hardware.writes.length;
    hardware.inputs[INPUT_BLOCK.boardBoots] = 2;
    await waitFor(() => expect(hardware.writes.length).toBeGreaterThan(before));
    expect(hardware.writes.at(-1)).toEqual(wanted);
  });

  test("a press on a board that has just restarted counts", async () => {
    await untilUp();
    hardware.inputs[INPUT_BLOCK.presses] = 1;
    hardware.inputs[INPUT_BLOCK.boardBoots] = 2;
    await waitFor(() => expect(presses()).toBe(1));
  });

  test("an agent that ends puts the lamp out", async () => {
    await untilUp();
    await board?.close();
    expect(hardware.writes.at(-1)?.[0]).toBe(LAMP_VALUES.off);
  });
});

describe("a bad line", () => {
  test.each([
    ["silent", /silent: check power/],
    ["echo-only", /only echoes/],
    ["truncate", /expected an answer of 21 bytes, found 18/],
    ["corrupt", /damaged \(wrong checksum\)/],
    ["exception", /answered: unit 1 says exception 2 \(illegal data address\); check board\.unit/],
    ["other-board", /expected the mark 0x415a, found 0x0007/],
    ["late", /^(?!.*damaged).*it answers too late.*the line is well/],
    ["other-unit", /^(?!.*damaged).*unit 7 answered, expected unit 1: correct board\.unit/],
  ] as const)("that is %s is told as lost with its reason, and comes back", async (how, reason) => {
    await untilUp();
    hardware.behave(how);
    await untilLost();
    expect(reach.at(-1)?.detail).toMatch(reason);
    board.setLamp("received");
    hardware.behave("none");
    await untilUp();
    await waitFor(() => expect(hardware.writes.at(-1)?.[0]).toBe(LAMP_VALUES.received));
  });

  test("that echoes before it answers is as good as any", async () => {
    await untilUp();
    hardware.behave("echo-first");
    board.setLamp("answered");
    await waitFor(() => expect(hardware.writes.at(-1)?.[0]).toBe(LAMP_VALUES.answered));
    hardware.inputs[INPUT_BLOCK.presses] = 1;
    await waitFor(() => expect(presses()).toBe(1));
    expect(isUp()).toBe(true);
  });

  test("that vanishes and returns brings its presses along", async () => {
    await untilUp();
    await hardware.vanish();
    await untilLost();
    expect(reach.at(-1)?.detail).toMatch(/is lost/);
    hardware.inputs[INPUT_BLOCK.presses] = 1;
    await hardware.comeBack();
    await untilUp();
    await waitFor(() => expect(presses()).toBe(1));
  });

  test("that is not there is told as lost, and found when it comes", async () => {
    await board?.close();
    await hardware.vanish();
    reach = [];
    board = readBoard();
    await untilLost();
    expect(reach.at(-1)?.detail).toContain(hardware.path);
    await hardware.comeBack();
    await untilUp();
  });
});
