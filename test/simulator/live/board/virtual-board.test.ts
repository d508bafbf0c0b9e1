import modbus from "modbus-serial";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { INPUT_BLOCK, LAMP_VALUES, MAGIC } from "../../../../device/adapters/board/register-map.ts";
import { openBoard } from "../../../../simulator/live/board/virtual-board.ts";
import type { LineFault, VirtualBoard } from "../../../../simulator/live/board/virtual-board.ts";
import { waitFor } from "../../../kit/run/wait.ts";

type Master = InstanceType<typeof modbus.default>;

let dir: string;
let board: VirtualBoard;
let master: Master;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-board-"));
  board = await openBoard(join(dir, "board"));
  master = await connect();
});

afterEach(async () => {
  await disconnect();
  await board.close();
  rmSync(dir, { recursive: true, force: true });
});

async function connect(): Promise<Master> {
  const client = new modbus.default();
  await client.connectRTUBuffered(join(dir, "board"), { baudRate: 115_200 });
  client.setID(1);
  client.setTimeout(200);
  return client;
}

async function disconnect(): Promise<void> {
  if (!master.isOpen) return;
  await new Promise<void>((resolve) => void master.close(() => resolve()));
}

const readBlock = async (): Promise<number[]> =>
  (await master.readInputRegisters(INPUT_BLOCK.start, INPUT_BLOCK.length)).data;

test("an ordinary Modbus master reads a press and lights the lamp over a real serial line", async () => {
  expect((await readBlock())[INPUT_BLOCK.magic]).toBe(MAGIC);
  const before = Date.now();
  const pressed = await board.press("button", 120);
  expect(pressed).toEqual({ pressedAt: expect.any(Number), isCounted: true });
  expect(pressed?.pressedAt).toBeGreaterThanOrEqual(before);
  expect((await readBlock())[INPUT_BLOCK.presses]).toBe(1);
  await master.writeRegisters(0, [LAMP_VALUES.calling, 1]);
  expect(board.outputs()).toEqual({ lamp: "calling", siren: true });
});

test("a press too short for the debounce is reported as not counted", async () => {
  expect((await board.press("button", 5))?.isCounted).toBe(false);
  expect((await readBlock())[INPUT_BLOCK.presses]).toBe(0);
});

test("a button that is held cannot be pressed again until it is let go", async () => {
  const held = board.press("button", 200);
  expect(await board.press("button", 50)).toBeUndefined();
  expect((await held)?.isCounted).toBe(true);
});

test.each<LineFault>(["echo", "truncate", "corrupt", "mute"])(
  "with the line fault %s a master gets no good answer, and gets one when it is over",
  async (fault) => {
    board.setLineFault(fault, true);
    await expect(readBlock()).rejects.toThrow(/./);
    board.setLineFault(fault, false);
    await waitFor(async () => expect((await readBlock())[INPUT_BLOCK.magic]).toBe(MAGIC), {
      timeout: 5000,
    });
  },
);

test("a pulled cable loses no press: the counter is right when it is back under its old name", async () => {
  await board.unplug();
  expect(board.isPlugged()).toBe(false);
  await disconnect();
  await board.press("button", 100);
  await board.replug();
  master = await connect();
  expect((await readBlock())[INPUT_BLOCK.presses]).toBe(1);
});
