/**
 * What consoles are told, as it becomes durable.
 *
 * Events are read from the read models after the commit, in journal order, behind the receipts: a
 * screen may be a millisecond late, a pillar's lamp not.
 */
import type { Logger } from "pino";
import type { HubNotification } from "../../shared/api/event.ts";
import type { Fact } from "../core/facts.ts";
import type { Reads } from "../journal/read/reads.ts";
import type { NumberedEvent } from "../ports.ts";

export interface ConsoleFeed {
  tell(facts: readonly Fact[], first: number): void;
  /** Told now and kept nowhere: for what cannot be written down. */
  notify(notification: HubNotification): void;
  subscribe(listener: (event: NumberedEvent) => void): () => void;
  /** Resolves when everything told so far has reached the listeners. */
  drain(): Promise<void>;
  /** Why the latest news did not reach the consoles; `undefined` when it did. */
  trouble(): string | undefined;
}

const UNTOLD: HubNotification = { level: "error", code: "news-unreadable", detail: "" };

export function createConsoleFeed(reads: Pick<Reads, "eventsOf">, log: Logger): ConsoleFeed {
  const listeners = new Set<(event: NumberedEvent) => void>();
  let lastIndex = 0;
  let queue: Promise<void> = Promise.resolve();
  let trouble: string | undefined;

  const emit = (event: NumberedEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        log.error({ error }, "a console's listener failed");
      }
    }
  };
  const read = async (facts: readonly { index: number; fact: Fact }[]): Promise<void> => {
    try {
      for (const event of await reads.eventsOf(facts)) emit(event);
      trouble = undefined;
    } catch (error) {
      trouble = `consoles were not told of ${facts.length} facts: ${String(error)}`;
      log.error({ error }, trouble);
      emit({ index: lastIndex, event: { type: "notification", notification: UNTOLD } });
      emit({ index: lastIndex, event: { type: "reload" } });
    }
  };
  return {
    tell(facts, first) {
      lastIndex = Math.max(lastIndex, first + facts.length - 1);
      if (listeners.size === 0 || facts.length === 0) return;
      const numbered = facts.map((fact, offset) => ({ index: first + offset, fact }));
      queue = queue.then(() => read(numbered));
    },
    drain: () => queue,
    trouble: () => trouble,
    notify: (notification) =>
      emit({ index: lastIndex, event: { type: "notification", notification } }),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
