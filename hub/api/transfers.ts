/** Recordings that are being sent, by the session that asked: they end with it. */
import type { ServerResponse } from "node:http";

export interface Transfers {
  /** Until the answer is over. */
  add(sessionId: string, response: Pick<ServerResponse, "once" | "destroy" | "closed">): void;
  /** Sessions that are sent something now. */
  sessions(): ReadonlySet<string>;
  /**
   * Cuts what a session is being sent: the length that was
   * announced tells its receiver that it is not whole.
   */
  endSession(id: string): void;
}

type Response = Parameters<Transfers["add"]>[1];

/** As many as there are connections, which the server bounds. */
export function createTransfers(): Transfers {
  const responsesBySession = new Map<string, Set<Response>>();
  return {
    add(sessionId, response) {
      if (response.closed) return;
      const own = responsesBySession.get(sessionId) ?? new Set();
      responsesBySession.set(sessionId, own.add(response));
      response.once("close", () => {
        own.delete(response);
        if (own.size === 0 && responsesBySession.get(sessionId) === own) {
          responsesBySession.delete(sessionId);
        }
      });
    },
    sessions: () => new Set(responsesBySession.keys()),
    endSession(id) {
      for (const response of responsesBySession.get(id) ?? []) response.destroy();
    },
  };
}
