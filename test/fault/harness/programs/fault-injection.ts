/**
 * Loaded before a program by `NODE_OPTIONS=--import`: on SIGUSR2 it does to its process, or to one
 * of its threads, what a bug could do there. So a bug can be in every program and thread, and no
 * program has a hook.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { BroadcastChannel, isMainThread } from "node:worker_threads";

/** Names the file that says what to do when the signal comes. */
const VARIABLE = "ANZHU_MISCHIEF";
const BUSY_MS = 40_000;
const BITE_BYTES = 32 * 1024 * 1024;

export interface Mischief {
  /** `main`, or the file of a thread: `ledger-worker.ts`. */
  readonly where: string;
  /**
   * `throw`, `reject`: as a bug in a callback or in a promise;
   * `end`: exits without a message; `eat`: memory.
   */
  readonly what: "throw" | "reject" | "end" | "busy" | "eat";
}

export const mischiefEnv = (file: string): Record<string, string> => ({
  [VARIABLE]: file,
  NODE_OPTIONS: `--import=${import.meta.url}`,
});

const file = process.env[VARIABLE];
if (file !== undefined) {
  const channel = new BroadcastChannel(VARIABLE);
  channel.unref();
  const own = isMainThread ? "main" : basename(process.argv[1] ?? "");
  const act = ({ where, what }: Mischief): void => {
    if (where === own) setTimeout(() => perform(what), 0);
  };
  channel.addEventListener("message", (event) => act((event as MessageEvent<Mischief>).data));
  if (isMainThread) {
    process.on("SIGUSR2", () => {
      const mischief = JSON.parse(readFileSync(file, "utf8")) as Mischief;
      if (mischief.where === own) act(mischief);
      else channel.postMessage(mischief);
    });
  }
}

function perform(what: Mischief["what"]): void {
  switch (what) {
    case "throw":
      throw new Error("mischief: an error nobody catches");
    case "reject":
      void Promise.reject(new Error("mischief: a rejection nobody handles"));
      return;
    case "end":
      process.exit(1);
      return;
    case "busy": {
      const end = performance.now() + BUSY_MS;
      while (performance.now() < end);
      return;
    }
    case "eat": {
      const eaten: Buffer[] = [];
      setInterval(() => eaten.push(Buffer.alloc(BITE_BYTES, 1)), 5);
    }
  }
}
