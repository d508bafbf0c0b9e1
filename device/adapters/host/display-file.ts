/**
 * What the pillar's screen shows, as a file: read by the kiosk page and by technicians.
 *
 * Only the newest text is written, one write
 * at a time; a disk that fails costs the text and never an alarm.
 */
import { setImmediate } from "node:timers/promises";
import { writeWhole } from "../../../shared/host/whole-file.ts";
import type { Display } from "../../core/state/shown.ts";
import type { Screen } from "../../ports.ts";
import { reasonOf } from "./failure.ts";

/** Technicians read it too. It is made anew at every start, so nothing waits for the disk. */
const READABLE = { mode: 0o644, isSynced: false };

export function displayFile(file: string, warn: (text: string) => void): Screen {
  let next: Display | undefined;
  let writing: Promise<void> | undefined;
  let isFailing = false;

  const write = async (): Promise<void> => {
    // The other effects of this event, an alarm perhaps, go first.
    await setImmediate();
    while (next) {
      const text = `${JSON.stringify(next)}\n`;
      next = undefined;
      try {
        await writeWhole(file, text, READABLE);
        isFailing = false;
      } catch (error) {
        if (!isFailing) warn(`the display's file cannot be written: ${reasonOf(error)}`);
        isFailing = true;
      }
    }
    writing = undefined;
  };
  return {
    show: (display) => {
      next = display;
      writing ??= write();
    },
    close: async () => {
      await writing;
    },
  };
}
