/**
 * Who is connected: one ready connection for each pillar,
 * the newest; and those that are about to be.
 */
import type { Client } from "aedes";
import type { Logger } from "pino";
import type { PillarId } from "../../../shared/ids.ts";
import type { ConnectedHow } from "../../ports.ts";
import { openConnection, type Connection } from "./connection.ts";
import type { Peer } from "../entrance/peer-identity.ts";
import type { SampledLog } from "../sampled-log.ts";

export interface Connections {
  add(peer: Peer, wire: Pick<Connection, "client" | "socket">): Connection;
  of(client: Client): Connection;
  find(pillarId: PillarId): Connection | undefined;
  /** The broker has accepted its CONNECT. Returns whose it is and how. */
  ready(client: Client): [PillarId, ConnectedHow];
  /** Returns whose it was, when the pillar is not connected by another one. */
  gone(client: Client): PillarId | undefined;
  /** The broker is about to close it for this reason. */
  troubled(client: Client, error: Error): void;
  close(connection: Connection, reason: string): void;
  /**
   * Every connection of the pillar: nothing more is heard
   * on it, and it ends with the last words sent before.
   */
  drop(pillarId: PillarId, reason: string): void;
}

export interface ConnectionsOptions {
  readonly refused: SampledLog;
  readonly log: Logger;
}

export function createConnections({ refused, log }: ConnectionsOptions): Connections {
  const connectionByClient = new WeakMap<Client, Connection>();
  const connectionByPillar = new Map<PillarId, Connection>();
  const openByPillar = new Map<PillarId, Set<Connection>>();
  const of = (client: Client): Connection => {
    const connection = connectionByClient.get(client);
    if (!connection) throw new Error("bug: the broker knows a client without a connection");
    return connection;
  };
  const end = (connection: Connection, reason: string): void => {
    if (connection.closedBecause !== undefined) return;
    connection.closedBecause = reason;
    refused(endOf(connection, reason));
  };
  return {
    of,
    add: (peer, wire) => {
      const connection = openConnection(peer, wire);
      connectionByClient.set(wire.client, connection);
      const open = openByPillar.get(peer.pillarId) ?? new Set();
      openByPillar.set(peer.pillarId, open.add(connection));
      wire.socket.once("close", () => {
        open.delete(connection);
        if (open.size === 0) openByPillar.delete(peer.pillarId);
      });
      return connection;
    },
    find: (pillarId) => connectionByPillar.get(pillarId),
    ready: (client) => {
      const connection = of(client);
      const { pillarId, serial, address } = connection.peer;
      connection.isReady = true;
      connectionByPillar.set(pillarId, connection);
      log.info({ pillarId, peer: address }, `pillar ${pillarId} connected`);
      return [pillarId, { serial, hasTakenOver: connection.hasTakenOver }];
    },
    gone: (client) => {
      const connection = of(client);
      const { pillarId, address } = connection.peer;
      if (connectionByPillar.get(pillarId) !== connection) return undefined;
      connectionByPillar.delete(pillarId);
      log.info({ pillarId, peer: address }, `pillar ${pillarId} disconnected`);
      return pillarId;
    },
    troubled: (client, error) => end(of(client), error.message),
    close: (connection, reason) => {
      end(connection, reason);
      connection.client.close();
    },
    drop: (pillarId, reason) => {
      for (const connection of openByPillar.get(pillarId) ?? []) {
        end(connection, reason);
        leave(connection);
      }
    },
  };
}

/** A pillar that does not read may not stay for what was said last. */
const LAST_WORDS_MS = 250;

function leave(connection: Connection): void {
  const { socket } = connection;
  if (connection.queuedDown === 0) {
    socket.destroy();
    return;
  }
  connection.isLeaving = true;
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
  socket.once("close", () => clearTimeout(timer));
}

function endOf(connection: Connection, reason: string): Parameters<SampledLog>[0] {
  const { pillarId, address } = connection.peer;
  const verb = connection.isReady ? "disconnected" : "refused";
  return {
    kind: "connection",
    cause: verb,
    sender: { pillarId },
    text: `pillar link: ${verb} ${pillarId} at ${address}: ${reason}`,
    fields: { pillarId, peer: address },
  };
}
