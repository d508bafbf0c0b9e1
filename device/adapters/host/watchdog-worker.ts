/**
 * The thread that looks; see `watchdog.ts`. It ends the process from outside, because nothing
 * inside may still answer.
 */
import { write } from "node:fs";
import { workerData } from "node:worker_threads";
import { LOOK_MS, newLook } from "./watchdog.ts";

/** The line may hang in a full pipe; the end must not. */
const LAST_WORDS_MS = 100;
const STANDARD_ERROR = 2;

const { cells } = workerData as { cells: SharedArrayBuffer };
const look = newLook(cells);
const looking = setInterval(() => {
  const task = look();
  if (task === undefined) return;
  clearInterval(looking);
  const msg = `watchdog: ${task} has stopped working; the agent ends and is to be started again`;
  write(
    STANDARD_ERROR,
    `${JSON.stringify({ level: 60, time: Date.now(), msg })}\n`,
    () => undefined,
  );
  setTimeout(() => process.kill(process.pid, "SIGKILL"), LAST_WORDS_MS);
}, LOOK_MS);
