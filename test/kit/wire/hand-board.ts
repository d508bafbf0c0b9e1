/** A board that the test presses and a media process that only records. */
import type { LampPattern } from "../../../device/core/state/shown.ts";
import type { ToMedia } from "../../../device/media/ipc.ts";
import type { Board, InputChange, MediaPort } from "../../../device/ports.ts";

export interface HandBoard extends Board {
  press(): void;
  readonly lamps: LampPattern[];
}

export function handBoard(): HandBoard {
  const listeners: ((change: InputChange) => void)[] = [];
  const lamps: LampPattern[] = [];
  const tell = (isActive: boolean): void =>
    listeners.forEach((listener) => listener({ input: "button", isActive, at: performance.now() }));
  return {
    lamps,
    press: () => [true, false].forEach(tell),
    onInput: (listener) => void listeners.push(listener),
    onReachable: (listener) => listener(true, ""),
    setLamp: (pattern) => void lamps.push(pattern),
    setSiren: () => undefined,
    close: () => Promise.resolve(),
  };
}

export function deafMedia(): MediaPort & { readonly said: ToMedia[] } {
  const said: ToMedia[] = [];
  return {
    said,
    send: (message) => void said.push(message),
    onMessage: () => undefined,
    onRunning: () => undefined,
    close: () => Promise.resolve(),
  };
}
