/**
 * Loaded before a program by `NODE_OPTIONS=--import`: on SIGUSR2 it does to its process, or to one
 * of its threads, what a bug could do there. So a bug can be in every program and thread, and no
 * program has a hook.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { BroadcastChannel, isMainThread } from "node:worker_threads";

/** Names the file that says what to do when the signal comes. */
const VARIABLE = "ANZHU_INJECTED_FAULT";
const BUSY_MS = 40_000;
const BLOCK_BYTES = 32 * 1024 * 1024;

export interface InjectedFault {
  /** `main`, or the file of a thread: `ledger-worker.ts`. */
  readonly where: string;
  /**
   * `throw`, `reject`: as a bug in a callback or in a promise;
   * `end`: exits without a message; `fill-memory`: takes memory without end.
   */
  readonly what: "throw" | "reject" | "end" | "busy" | "fill-memory";
}

export const injectedFaultEnv = (file: string): Record<string, string> => ({
  [VARIABLE]: file,
  NODE_OPTIONS: `--import=${import.meta.url}`,
});

const file = process.env[VARIABLE];
if (file !== undefined) {
  const channel = new BroadcastChannel(VARIABLE);
  channel.unref();
  const own = isMainThread ? "main" : basename(process.argv[1] ?? "");
  const act = ({ where, what }: InjectedFault): void => {
    if (where === own) setTimeout(() => perform(what), 0);
  };
  channel.addEventListener("message", (event) => act((event as MessageEvent<InjectedFault>).data));
  if (isMainThread) {
    process.on("SIGUSR2", () => {
      const fault = JSON.parse(readFileSync(file, "utf8")) as InjectedFault;
      if (fault.where === own) act(fault);
      else channel.postMessage(fault);
    });
  }
}

function perform(what: InjectedFault["what"]): void {
  switch (what) {
    case "throw":
      throw new Error("injected fault: an error nobody catches");
    case "reject":
      void Promise.reject(new Error("injected fault: a rejection nobody handles"));
      return;
    case "end":
      process.exit(1);
      return;
    case "busy": {
      const end = performance.now() + BUSY_MS;
      while (performance.now() < end);
      return;
    }
    case "fill-memory": {
      const held: Buffer[] = [];
      setInterval(() => held.push(Buffer.alloc(BLOCK_BYTES, 1)), 5);
    }
  }
}
