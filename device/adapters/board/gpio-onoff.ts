/**
 * Button and lamp on GPIO lines of the kernel's sysfs tree, through `onoff`.
 *
 * Lines are named by chip and offset; the chip's base is looked up by its label, because kernels
 * since 6.6 moved the global numbers. `onoff` needs a compiled part, so it is loaded only when
 * asked for.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LampPattern } from "../../core/state/shown.ts";
import type { Board, InputChange, InputName } from "../../ports.ts";
import { Failure, reasonOf } from "../host/failure.ts";
import { DEBOUNCE_MS } from "./register-map.ts";

export interface GpioSettings {
  readonly chip: string;
  readonly button: number;
  readonly silentButton?: number | undefined;
  readonly lamp?: number | undefined;
  readonly siren?: number | undefined;
  readonly tamper?: number | undefined;
  readonly sysfs: string;
}

/** What we use of onoff's `Gpio`. */
export interface GpioLine {
  watch(listener: (error: Error | null | undefined, value: number) => void): void;
  readSync(): number;
  writeSync(value: 0 | 1): void;
  unexport(): void;
}

export type GpioClass = new (
  line: number,
  direction: "in" | "out",
  edge?: "none" | "rising" | "falling" | "both",
  options?: { readonly debounceTimeout?: number; readonly activeLow?: boolean },
) => GpioLine;

/** One lamp on one wire: patterns are told apart by their rhythm, as milliseconds on and off. */
const RHYTHMS: Readonly<Record<LampPattern, readonly [on: number, off: number]>> = {
  off: [0, 1],
  standby: [1, 0],
  calling: [250, 250],
  received: [900, 100],
  answered: [1, 0],
  watched: [200, 800],
  fault: [100, 1900],
};

/**
 * `Gpio` is given in tests; otherwise `onoff` is loaded. Throws a `Failure` that says what to do.
 */
export async function gpioBoard(settings: GpioSettings, Gpio?: GpioClass): Promise<Board> {
  const base = chipBase(settings.sysfs, settings.chip);
  const Line = Gpio ?? (await loadOnoff());
  return new GpioBoard(settings, (offset, direction) => openLine(Line, base + offset, direction));
}

/** The number of a chip's first line. */
export function chipBase(sysfs: string, label: string): number {
  let names: string[];
  try {
    names = readdirSync(sysfs).filter((name) => name.startsWith("gpiochip"));
  } catch (error) {
    throw new Failure(
      "configuration",
      `expected the kernel's GPIO tree at ${sysfs}, found ${reasonOf(error)}. ` +
        "This kernel may lack CONFIG_GPIO_SYSFS: use a Modbus board instead (board.kind: modbus)",
    );
  }
  const labels: string[] = [];
  for (const name of names.toSorted()) {
    const found = readLine(join(sysfs, name, "label"));
    if (found !== label) {
      labels.push(found);
      continue;
    }
    const base = Number(readLine(join(sysfs, name, "base")));
    if (Number.isInteger(base) && base >= 0) return base;
    throw new Failure("device", `${join(sysfs, name, "base")} must hold a line number`);
  }
  throw new Failure(
    "configuration",
    `board.chip must name a chip of this machine, found "${label}"; ` +
      `there is ${labels.length > 0 ? labels.join(", ") : "none"}`,
  );
}

function readLine(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Failure("device", `${file} cannot be read: ${reasonOf(error)}`);
  }
}

async function loadOnoff(): Promise<GpioClass> {
  try {
    const { Gpio } = await import("onoff");
    return Gpio as unknown as GpioClass;
  } catch (error) {
    throw new Failure(
      "configuration",
      `board.kind "onoff" needs the optional package onoff, and it cannot be loaded: ` +
        `${reasonOf(error)}. Run: npm rebuild epoll (a compiler and Node's headers are needed)`,
    );
  }
}

function openLine(Gpio: GpioClass, line: number, direction: "in" | "out"): GpioLine {
  try {
    if (direction === "out") return new Gpio(line, "out");
    return new Gpio(line, "in", "both", { debounceTimeout: DEBOUNCE_MS, activeLow: true });
  } catch (error) {
    throw new Failure(
      "device",
      `GPIO line ${line} cannot be used: ${reasonOf(error)}. Is it free, and is the agent allowed to?`,
    );
  }
}

type Open = (offset: number, direction: "in" | "out") => GpioLine;

class GpioBoard implements Board {
  #lines: GpioLine[] = [];
  #lamp: GpioLine | undefined;
  #siren: GpioLine | undefined;
  #pattern: LampPattern = "off";
  #timer: NodeJS.Timeout | undefined;
  #inputListeners: ((change: InputChange) => void)[] = [];
  #reachListeners: ((isReachable: boolean, detail: string) => void)[] = [];

  constructor(settings: GpioSettings, open: Open) {
    try {
      this.#input("button", settings.button, open);
      this.#input("silent-button", settings.silentButton, open);
      this.#input("tamper", settings.tamper, open);
      this.#lamp = this.#output(settings.lamp, open);
      this.#siren = this.#output(settings.siren, open);
    } catch (error) {
      for (const line of this.#lines) line.unexport();
      throw error;
    }
  }

  get hasLamp(): boolean {
    return this.#lamp !== undefined;
  }

  onInput(listener: (change: InputChange) => void): void {
    this.#inputListeners.push(listener);
  }

  onReachable(listener: (isReachable: boolean, detail: string) => void): void {
    this.#reachListeners.push(listener);
    // The lines were opened before there was a listener.
    queueMicrotask(() => listener(true, ""));
  }

  setLamp(pattern: LampPattern): void {
    if (pattern === this.#pattern) return;
    this.#pattern = pattern;
    clearTimeout(this.#timer);
    this.#blink(true);
  }

  setSiren(isOn: boolean): void {
    this.#write(this.#siren, isOn ? 1 : 0);
  }

  close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#write(this.#lamp, 0);
    this.#write(this.#siren, 0);
    for (const line of this.#lines) line.unexport();
    this.#lines = [];
    return Promise.resolve();
  }

  #input(input: InputName, offset: number | undefined, open: Open): void {
    if (offset === undefined) return;
    const line = open(offset, "in");
    this.#lines.push(line);
    let isActive = false;
    line.watch((error, value) => {
      if (error) return this.#fail(`GPIO input ${input} failed: ${error.message}`);
      if (isActive === (value === 1)) return;
      isActive = value === 1;
      // A closing edge is reported when it has lasted the debouncing time.
      const at = performance.now() - (isActive ? DEBOUNCE_MS : 0);
      for (const listener of this.#inputListeners) listener({ input, isActive, at });
    });
  }

  #output(offset: number | undefined, open: Open): GpioLine | undefined {
    if (offset === undefined) return undefined;
    const line = open(offset, "out");
    this.#lines.push(line);
    return line;
  }

  #blink(isLit: boolean): void {
    const [on, off] = RHYTHMS[this.#pattern];
    if (on === 0 || off === 0) return this.#write(this.#lamp, on === 0 ? 0 : 1);
    this.#write(this.#lamp, isLit ? 1 : 0);
    this.#timer = setTimeout(() => this.#blink(!isLit), isLit ? on : off);
  }

  #write(line: GpioLine | undefined, value: 0 | 1): void {
    try {
      line?.writeSync(value);
    } catch (error) {
      this.#fail(`a GPIO output cannot be written: ${reasonOf(error)}`);
    }
  }

  #fail(detail: string): void {
    for (const listener of this.#reachListeners) listener(false, detail);
  }
}
