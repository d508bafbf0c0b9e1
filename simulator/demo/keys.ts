/**
 * The demo's keys: a digit presses the button of that pillar, `s` or shift makes it the silent one.
 */
import type { ReadStream } from "node:tty";
import type { PressKind } from "../live/pillar.ts";

export interface Keys {
  readonly onPress: (pillarNumber: number, kind: PressKind) => void;
  readonly onQuit: () => void;
}

/** Shift and a digit, on the keyboards of the United States and China. */
const SHIFTED = "!@#$%^&*(";
const CONTROL_C = "\u0003";
const CONTROL_D = "\u0004";

/** Tells one key at a time; returns how a typed text is read. */
export function newKeyReader(keys: Keys): (typed: string) => void {
  let isSilentNext = false;
  return (typed) => {
    for (const key of typed) {
      const digit = "123456789".indexOf(key);
      const shifted = SHIFTED.indexOf(key);
      if (key === "q" || key === CONTROL_C || key === CONTROL_D) keys.onQuit();
      else if (digit >= 0) keys.onPress(digit + 1, isSilentNext ? "silent" : "voice");
      else if (shifted >= 0) keys.onPress(shifted + 1, "silent");
      isSilentNext = key === "s" || key === "S";
    }
  };
}

/** Reads keys without Enter; returns the way to stop, which gives the terminal back as it was. */
export function readKeys(terminal: ReadStream, keys: Keys): () => void {
  const read = newKeyReader(keys);
  const take = (bytes: Buffer): void => read(bytes.toString());
  terminal.setRawMode(true);
  terminal.resume();
  terminal.on("data", take);
  return () => {
    terminal.off("data", take);
    terminal.setRawMode(false);
    terminal.pause();
  };
}
