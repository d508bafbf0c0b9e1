/** The pillar's media process under test, forked as the agent forks it. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { MediaConfig } from "../../../device/config.ts";
import type { FromMedia } from "../../../device/core/state/media-channel.ts";
import type { ToMedia } from "../../../device/media/ipc.ts";

const ENTRY = join(import.meta.dirname, "../../../device/media/main.ts");

export type StateMessage = Extract<FromMedia, { type: "state" }>;

export interface MediaChild {
  readonly process: ChildProcess;
  readonly messages: readonly FromMedia[];
  send(message: ToMedia): void;
  configure(media: unknown): void;
  state(): StateMessage | undefined;
  /** The newest message of a kind that also satisfies `is`; `undefined` when none has come. */
  latest<T extends FromMedia["type"]>(type: T): Extract<FromMedia, { type: T }> | undefined;
  close(): Promise<void>;
}

export function forkMedia(env: NodeJS.ProcessEnv = {}): MediaChild {
  const child = fork(ENTRY, { env: { ...process.env, ...env }, execArgv: [] });
  const messages: FromMedia[] = [];
  child.on("message", (message: FromMedia) => messages.push(message));

  const latest = <T extends FromMedia["type"]>(type: T) =>
    messages.findLast((m): m is Extract<FromMedia, { type: T }> => m.type === type);

  const send = (message: ToMedia): void => {
    if (child.connected) child.send(message);
  };
  return {
    process: child,
    messages,
    send,
    configure: (media) => send({ type: "configure", media: MediaConfig.parse(media) }),
    latest,
    state: () => latest("state"),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      send({ type: "shutdown" });
      await ended;
    },
  };
}
