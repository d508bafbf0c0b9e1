/**
 * Ends a program when the one that started it is gone, however that ended.
 *
 * Loaded before the program with `--import`. The one idea: a process whose parent died gets another
 * parent, and that can be seen, so even `kill -9` on the simulator leaves nothing behind.
 */
import { isMainThread } from "node:worker_threads";

/** Names the parent; it holds for the direct child only, not for that child's own children. */
const VARIABLE = "ANZHU_PARENT";
const LOOK_EVERY_MS = 500;
/** What a program may take to end in order. */
const END_TIMEOUT_MS = 4000;

/**
 * Put before the program's file on Node's command line,
 * with `exitWithParentEnv` in the environment.
 */
export const exitWithParentOptions: readonly string[] = ["--import", import.meta.url];

export const exitWithParentEnv = (): Record<string, string> => ({
  [VARIABLE]: String(process.pid),
});

const parent = Number(process.env[VARIABLE]);
if (isMainThread && parent === process.ppid) {
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    // The program leads its group: with it go its media process and every ffmpeg.
    process.kill(-process.pid, "SIGTERM");
    setTimeout(() => process.kill(-process.pid, "SIGKILL"), END_TIMEOUT_MS).unref();
  }, LOOK_EVERY_MS).unref();
}
