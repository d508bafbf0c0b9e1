/**
 * Which pillar has which media session, seen from outside the media process.
 *
 * When that process dies its sessions are over, and only this table still knows them: each pillar
 * is told `bye` as soon as the next process can take its offer. Paced, because each message is
 * signed and a city is thousands of pillars.
 */
import type { PillarId } from "../../../shared/ids.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";
import type { FromMedia, ToMedia } from "../ipc.ts";
import { MAX_ROOMS } from "../process-state.ts";

const BYES = 100;
const BYE_PAUSE_MS = 50;
const REASON = "the hub's media has started anew; offer again";

type PillarSignal = Extract<FromMedia, { type: "pillar-signal" }>;

type Name = Pick<Signal, "v" | "sessionId">;

export interface Sessions {
  toMedia(message: ToMedia): void;
  fromMedia(message: FromMedia): void;
  /** The media process has ended, or was not there to take an offer: what was begun is over. */
  over(): void;
  sayBye(send: (message: PillarSignal) => void): void;
  stop(): void;
}

export function newSessions(): Sessions {
  let running = new Map<PillarId, Name>();
  let ended = new Map<PillarId, Name>();
  let timer: NodeJS.Timeout | undefined;

  const sayBye = (send: (message: PillarSignal) => void): void => {
    clearTimeout(timer);
    for (const [pillarId, { v, sessionId }] of [...ended].slice(0, BYES)) {
      ended.delete(pillarId);
      const signal: Signal = { v, sessionId, type: "bye", reason: REASON };
      send({ type: "pillar-signal", pillarId, signal });
    }
    if (ended.size > 0) timer = setTimeout(() => sayBye(send), BYE_PAUSE_MS);
  };

  const forget = (pillarId: PillarId): void => {
    running.delete(pillarId);
    ended.delete(pillarId);
  };

  return {
    sayBye,
    stop: () => clearTimeout(timer),
    toMedia(message) {
      if (message.type === "pillar-gone") return forget(message.pillarId);
      if (message.type !== "pillar-signal") return;
      const { pillarId, signal } = message;
      if (signal.type === "bye") return forget(pillarId);
      // After a newer offer the `bye` for the older one is not needed.
      if (signal.type === "offer") forget(pillarId);
      const { v, sessionId } = signal;
      if (signal.type === "offer" && running.size < MAX_ROOMS)
        running.set(pillarId, { v, sessionId });
    },
    fromMedia(message) {
      if (message.type !== "pillar-signal" || message.signal.type !== "bye") return;
      const isNewest = running.get(message.pillarId)?.sessionId === message.signal.sessionId;
      if (isNewest) forget(message.pillarId);
    },
    over() {
      ended = new Map([...ended, ...running].slice(-MAX_ROOMS));
      running = new Map();
    },
  };
}
