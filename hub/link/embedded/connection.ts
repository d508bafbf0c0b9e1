/** One pillar's live connection to the embedded broker, and the limits that hold for it. */
import type { Client } from "aedes";
import type { TLSSocket } from "node:tls";
import type { Peer } from "../entrance/peer-identity.ts";
import type { Refusal } from "./topic-access.ts";

/** Messages on their way to one pillar. Beyond it the pillar is not reading and is disconnected. */
export const MAX_QUEUED_DOWN = 64;
/**
 * Nonsense from one connection is acknowledged and dropped this often; then the connection ends.
 */
export const MAX_BAD_MESSAGES = 10;
/** Messages of one connection that wait for their turn. */
export const MAX_WAITING = 200;

export interface Connection {
  readonly peer: Peer;
  readonly client: Client;
  readonly socket: TLSSocket;
  /** Found at the CONNECT packet, told to the client with the CONNACK. */
  refusal: Refusal | undefined;
  isReady: boolean;
  /** Another one of this pillar was open and ready when this one asked to be let in. */
  hasTakenOver: boolean;
  queuedDown: number;
  /** It is over when what is queued down is written; what comes up on it is not read. */
  isLeaving: boolean;
  badMessages: number;
  waiting: number;
  /** Why we closed it; the log tells this instead of the socket's error. */
  closedBecause: string | undefined;
}

export function openConnection(
  peer: Peer,
  { client, socket }: Pick<Connection, "client" | "socket">,
): Connection {
  return {
    peer,
    client,
    socket,
    refusal: undefined,
    isReady: false,
    hasTakenOver: false,
    queuedDown: 0,
    isLeaving: false,
    badMessages: 0,
    waiting: 0,
    closedBecause: undefined,
  };
}
