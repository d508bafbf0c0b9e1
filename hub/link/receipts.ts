/**
 * How an alarm that came by HTTPS gets its receipt: in the answer to its own request.
 *
 * The hub sends `accepted` to a pillar without asking by which way the alarm came. Here it goes down the MQTT link
 * as usual, and also to the request that waits for that alarm.
 */
import type { EventId } from "../../shared/ids.ts";
import type { Accepted } from "../../shared/protocol/accepted.ts";
import type { PillarLink } from "../ports.ts";

/** Requests that wait at once. Beyond it an alarm is still taken in, its receipt comes at the next try. */
const MAX_WAITING = 1000;

export interface Receipts {
  /** The link the hub should send through, so that receipts are seen passing. */
  through(link: PillarLink): PillarLink;
  /** `undefined` when no receipt came in time. Call it before the alarm is handed in. */
  wait(eventId: EventId, timeoutMs: number): Promise<Accepted | undefined>;
}

export function openReceipts(): Receipts {
  const waitersByEvent = new Map<EventId, Set<(accepted: Accepted) => void>>();
  let waiting = 0;
  return {
    through: (link) => ({
      send: (pillarId, message) => {
        if (message.channel === "accepted") {
          const waiters = waitersByEvent.get(message.message.receipt.eventId);
          waiters?.forEach((told) => told(message.message));
        }
        link.send(pillarId, message);
      },
      drop: (pillarId, reason) => link.drop(pillarId, reason),
      close: () => link.close(),
    }),
    wait: async (eventId, timeoutMs) => {
      if (waiting >= MAX_WAITING) return undefined;
      waiting += 1;
      const waiters = waitersByEvent.get(eventId) ?? new Set();
      waitersByEvent.set(eventId, waiters);
      const { promise, resolve } = Promise.withResolvers<Accepted | undefined>();
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      waiters.add(resolve);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        waiting -= 1;
        waiters.delete(resolve);
        if (waiters.size === 0) waitersByEvent.delete(eventId);
      }
    },
  };
}
