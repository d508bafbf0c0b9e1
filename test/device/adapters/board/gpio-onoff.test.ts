/** GPIO lines by chip and offset, with a made-up sysfs tree and made-up lines. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  chipBase,
  gpioBoard,
  type GpioLine,
  type GpioSettings,
} from "../../../../device/adapters/board/gpio-onoff.ts";
import type { Board, InputChange } from "../../../../device/ports.ts";

type Watcher = (error: Error | null | undefined, value: number) => void;

class FalseGpio implements GpioLine {
  static lines = new Map<number, FalseGpio>();
  static refuses: number | undefined;
  readonly written: number[] = [];
  watcher: Watcher | undefined;
  isExported = true;
  isDead = false;

  constructor(line: number, _direction: "in" | "out") {
    if (line === FalseGpio.refuses) throw new Error("EBUSY: resource busy");
    FalseGpio.lines.set(line, this);
  }

  watch(watcher: Watcher): void {
    this.watcher = watcher;
  }
  readSync(): number {
    return 0;
  }
  writeSync(value: 0 | 1): void {
    if (this.isDead) throw new Error("EIO");
    this.written.push(value);
  }
  unexport(): void {
    this.isExported = false;
  }
}

let sysfs: string;
let board: Board | undefined;
const settings = (): GpioSettings => ({
  chip: "pinctrl-bcm2711",
  button: 17,
  silentButton: 27,
  lamp: 22,
  siren: 23,
  sysfs,
});
const line = (offset: number): FalseGpio => FalseGpio.lines.get(512 + offset)!;

beforeEach(() => {
  sysfs = mkdtempSync(join(tmpdir(), "anzhu-gpio-"));
  for (const [name, label, base] of [
    ["gpiochip512", "pinctrl-bcm2711", "512"],
    ["gpiochip570", "raspberrypi-exp-gpio", "570"],
  ] as const) {
    mkdirSync(join(sysfs, name));
    writeFileSync(join(sysfs, name, "label"), `${label}\n`);
    writeFileSync(join(sysfs, name, "base"), `${base}\n`);
  }
  FalseGpio.lines.clear();
  FalseGpio.refuses = undefined;
});

afterEach(async () => {
  await board?.close();
  board = undefined;
  rmSync(sysfs, { recursive: true, force: true });
});

test("a line is found by its chip's label, wherever the kernel has moved its numbers", () => {
  expect(chipBase(sysfs, "pinctrl-bcm2711")).toBe(512);
  expect(chipBase(sysfs, "raspberrypi-exp-gpio")).toBe(570);
});

test("an unknown chip is refused with the chips there are", () => {
  expect(() => chipBase(sysfs, "pinctrl-rp1")).toThrow(
    /must name a chip of this machine, found "pinctrl-rp1"; there is pinctrl-bcm2711, raspberrypi/,
  );
});

test("a kernel without the tree is refused with another way", () => {
  expect(() => chipBase(join(sysfs, "no"), "x")).toThrow(/use a Modbus board instead/);
});

test("a press is an edge that began before its debouncing time", async () => {
  board = await gpioBoard(settings(), FalseGpio);
  const edges: InputChange[] = [];
  board.onInput((change) => edges.push(change));
  const before = performance.now();
  line(17).watcher?.(null, 1);
  line(17).watcher?.(null, 1);
  line(17).watcher?.(null, 0);
  line(27).watcher?.(null, 1);
  expect(edges.map(({ input, isActive }) => `${input} ${isActive}`)).toEqual([
    "button true",
    "button false",
    "silent-button true",
  ]);
  expect(edges[0]!.at).toBeGreaterThanOrEqual(before - 60);
  expect(edges[0]!.at).toBeLessThan(performance.now() - 59);
});

test("one lamp tells its patterns by rhythm", async () => {
  vi.useFakeTimers();
  try {
    board = await gpioBoard(settings(), FalseGpio);
    board.setLamp("calling");
    vi.advanceTimersByTime(1000);
    expect(line(22).written).toEqual([1, 0, 1, 0, 1]);
    board.setLamp("answered");
    vi.advanceTimersByTime(5000);
    expect(line(22).written.slice(5)).toEqual([1]);
  } finally {
    vi.useRealTimers();
  }
});

test("a failing line is told and stops nothing", async () => {
  board = await gpioBoard(settings(), FalseGpio);
  const told: string[] = [];
  board.onReachable((isReachable, detail) => told.push(`${isReachable} ${detail}`));
  line(23).isDead = true;
  board.setSiren(true);
  line(17).watcher?.(new Error("EIO"), 0);
  expect(told).toEqual([
    "false a GPIO output cannot be written: EIO",
    "false GPIO input button failed: EIO",
  ]);
  line(23).isDead = false;
});

test("a line that is taken gives all others back and says which it is", async () => {
  FalseGpio.refuses = 512 + 22;
  await expect(gpioBoard(settings(), FalseGpio)).rejects.toThrow(/GPIO line 534 cannot be used/);
  expect([...FalseGpio.lines.values()].every(({ isExported }) => !isExported)).toBe(true);
});
