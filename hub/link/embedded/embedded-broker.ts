/**
 * The embedded MQTT broker: a transport between each pillar and this hub, and between nobody else.
 *
 * Messages are taken in-process before the PUBACK, so an alarm whose commit failed is not
 * acknowledged: the connection closes and the pillar sends it again. Nothing is ever routed from
 * one client to another; what goes down is written to that pillar's own connection.
 *
 * MQTT 3.1.1 by aedes. What it acknowledges, and when, is
 * in decision 0003: read it before aedes is upgraded.
 */
import type { Logger } from "pino";
import type { PillarId } from "../../../shared/ids.ts";
import type { DownMessage } from "../../../shared/protocol/messages.ts";
import type { HubConfig } from "../../config.ts";
import type { Authority } from "../../identity/ports.ts";
import type { PillarLinkEvents, WayIn } from "../../ports.ts";
import { createRuledBroker } from "./broker-rules.ts";
import { MAX_QUEUED_DOWN, type Connection } from "./connection.ts";
import { createConnections, type Connections } from "./connections.ts";
import { downPacket } from "../down-packet.ts";
import { guardStream } from "../entrance/guarded-stream.ts";
import { FIRST_BYTE } from "../entrance/length-guard.ts";
import { listenForPillars } from "../entrance/pillar-server.ts";
import { createReceiver } from "../receiver.ts";
import { createSampledLog, type SampledLog } from "../sampled-log.ts";

export interface BrokerOptions {
  readonly config: HubConfig;
  readonly authority: Authority;
  /**
   * `serial`: of the certificate shown, so that an older
   * one of the same pillar can be refused. Or why not.
   */
  readonly knownPillars: (pillarId: PillarId, serial: string) => boolean | string;
  readonly log: Logger;
  /** Of the whole hub, so that the metrics count what happens here; unless given, its own. */
  readonly refused?: SampledLog | undefined;
  /** For measurements only. */
  readonly noDelay?: boolean;
}

export function createBroker(options: BrokerOptions): WayIn {
  const { log, config } = options;
  const { refused = createSampledLog(log) } = options;
  const connections = createConnections({ refused, log });
  let listening: Listening | undefined;
  const port = (): number => listening?.port ?? config.mqtt.port;
  return {
    listen: async (events) => {
      listening = await listen({ ...options, refused, connections }, events);
    },
    port,
    health: () => ({ isOk: true, detail: `pillars connect on port ${port()}` }),
    send: (pillarId, message) => {
      const connection = connections.find(pillarId);
      if (!connection) return;
      if (connection.queuedDown < MAX_QUEUED_DOWN) sendDown(connection, message, log);
      else connections.close(connection, `it has not read the last ${MAX_QUEUED_DOWN} messages`);
    },
    drop: connections.drop,
    close: async () => await listening?.close(),
  };
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

interface Broker extends BrokerOptions {
  readonly refused: SampledLog;
  readonly connections: Connections;
}

async function listen(broker: Broker, events: PillarLinkEvents): Promise<Listening> {
  const { config, authority, knownPillars, connections, refused, log, noDelay = true } = broker;
  const aedes = await createRuledBroker({
    connections,
    receiver: createReceiver({ events, refused }),
    knownPillars,
    onBrokerError: (error) => log.error({ err: error }, `broker: ${error.message}`),
  });
  aedes.on("clientReady", (client) => events.onConnected(...connections.ready(client)));
  aedes.on("clientDisconnect", (client) => {
    const pillarId = connections.gone(client);
    if (pillarId !== undefined) events.onDisconnected(pillarId);
  });
  aedes.on("clientError", connections.troubled);
  aedes.on("connectionError", connections.troubled);
  const server = await listenForPillars({
    config: config.mqtt,
    authority,
    refused,
    noDelay,
    onPeer: (peer, socket) => {
      const guarded = guardStream(socket, FIRST_BYTE, (reason) =>
        connections.close(connection, reason),
      );
      const client = aedes.handle(guarded.stream);
      const connection = connections.add(peer, { client, socket });
      client.once("connected", guarded.connected);
    },
  });
  log.info({ port: server.port }, `pillar link: mutual TLS 1.3 on port ${server.port}`);
  return {
    port: server.port,
    close: async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      await server.close();
    },
  };
}

function sendDown(connection: Connection, message: DownMessage, log: Logger): void {
  const packet = downPacket(connection.peer.pillarId, message, log);
  if (!packet) return;
  connection.queuedDown += 1;
  const settled = (): void => {
    connection.queuedDown -= 1;
    if (connection.isLeaving && connection.queuedDown === 0) connection.socket.destroySoon();
  };
  connection.client.publish({ cmd: "publish", retain: false, dup: false, ...packet }, settled);
}
