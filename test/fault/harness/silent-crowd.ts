/** Many silent connections from one address, held by a process of their own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SilentCounts, SilentOptions } from "./silent-child.ts";

/**
 * Another address than the one everybody else in a test
 * comes from; all of 127.0.0.0/8 is this machine.
 */
const FROM = "127.0.0.2";
const PATIENCE_MS = 30_000;

export interface SilentCrowd {
  counts(): SilentCounts;
  /** Resolves when so many have been connected, however many of them the hub has closed since. */
  whole(): Promise<void>;
  leave(): Promise<void>;
}

/** Resolves when they begin to come. */
export async function silentCrowd(wanted: Omit<SilentOptions, "from">): Promise<SilentCrowd> {
  const options: SilentOptions = { ...wanted, from: FROM };
  const child = fork(join(import.meta.dirname, "silent-child.ts"), [JSON.stringify(options)]);
  let counts: SilentCounts = { connected: 0, open: 0, closedByHub: 0 };
  child.on("message", (told) => (counts = told as SilentCounts));
  await once(child, "message");
  return {
    counts: () => counts,
    whole: async () => {
      const startedAt = performance.now();
      while (counts.connected < options.connections) {
        if (performance.now() - startedAt > PATIENCE_MS) {
          const found = `found ${JSON.stringify(counts)}`;
          throw new Error(`expected ${options.connections} silent connections, ${found}`);
        }
        await delay(50);
      }
    },
    leave: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
