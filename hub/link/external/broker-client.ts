/**
 * One connection of the hub to an external broker: MQTT 3.1.1 over mutual TLS 1.3.
 *
 * It is up when the broker has delivered our own probe, which travels like the pillars' messages: a
 * broker that accepts connections and subscriptions and delivers nothing does not count. One client
 * per attempt, so that nothing the library keeps in memory outlives the connection.
 *
 * The library hands in messages one at a time and acknowledges when told; waiting there for the
 * disk would give every alarm a commit of its own. So it is told not to acknowledge, and we do,
 * after the commit.
 */
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { MqttClient, type IClientOptions, type IPublishPacket } from "mqtt";
import { EVERY_UP, probeTopic } from "../../../shared/protocol/topics.ts";
import { acknowledgementsInOrder } from "./acknowledgements.ts";
import type { DownPacket } from "../down-packet.ts";
import { guardStream } from "../entrance/guarded-stream.ts";
import { FIRST_BYTE_OF_BROKER } from "../entrance/length-guard.ts";

/** From the first packet to the first probe that came back. */
const ATTEMPT_MS = 5000;
const PROBE_MS = 2500;
/** A probe that is out for longer means that nothing arrives, whatever the state of the socket. */
const PROBE_PATIENCE_MS = 6000;
/** For the DISCONNECT, and for what is still being acknowledged. */
const FAREWELL_MS = 500;
/**
 * After one and a half times this the broker gives up a hub that is gone. The hub itself does not
 * depend on it: it notices a dead broker sooner, by its probe.
 */
const HUB_KEEP_ALIVE_SECONDS = 10;
/** Alarms that came and are not settled. Beyond it nothing is read until some are. */
const MAX_UNSETTLED = 4096;
/**
 * Messages down that the broker has not taken. Beyond
 * it they are dropped, and the pillar asks again.
 */
const MAX_DOWN_UNDER_WAY = 8192;

export interface BrokerAccess {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface BrokerEvents {
  onUp(): void;
  /** Once, also when it never was up. */
  onEnd(reason: string): void;
  /** `settled`: it is durable, or never will be; a message of QoS 1 is acknowledged then. */
  onMessage(packet: IPublishPacket, settled: () => void): void;
}

export interface BrokerConnection {
  readonly isUp: () => boolean;
  /** How long the latest probe took, ms. */
  readonly roundTripMs: () => number | undefined;
  /** `false` when too much is on its way already. */
  publish(packet: DownPacket): boolean;
  /** Says DISCONNECT if it can. `onEnd` is told. */
  end(reason: string): void;
}

const OPTIONS = {
  protocolVersion: 4,
  // Messages that a broker kept for us while we were
  // away would carry an age that is no longer true.
  clean: true,
  keepalive: HUB_KEEP_ALIVE_SECONDS,
  reconnectPeriod: 0,
  // With the library's default a client that was refused once would not reconnect.
  reconnectOnConnackError: true,
  resubscribe: false,
  queueQoSZero: false,
  connectTimeout: ATTEMPT_MS,
} as const satisfies IClientOptions;

interface Wire {
  readonly client: MqttClient;
  /** Ends the connection without a DISCONNECT. */
  end(reason: string): void;
}

export function connectToBroker(access: BrokerAccess, events: BrokerEvents): BrokerConnection {
  let isOver = false;
  let isUp = false;
  let trouble: string | undefined;
  let underWay = 0;
  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    isUp = false;
    clearTimeout(patience);
    probe.stop();
    client.stream?.destroy();
    client.end(true);
    events.onEnd(trouble ?? reason);
  };
  const client = new MqttClient((made) => openStream(made, access, end), {
    ...OPTIONS,
    clientId: access.clientId,
    ...(access.username === undefined ? {} : { username: access.username }),
    ...(access.password === undefined ? {} : { password: access.password }),
  });
  const wire: Wire = { client, end };
  const patience = setTimeout(() => end(whyNotUp(access, client)), ATTEMPT_MS);
  const probe = newProbe(wire, access, () => {
    clearTimeout(patience);
    isUp = true;
    events.onUp();
  });
  takeMessages(wire, (packet, settled) => {
    if (isOver) return;
    if (packet.topic !== probe.topic) {
      events.onMessage(packet, settled);
      return;
    }
    settled();
    probe.cameBack(packet.payload.toString());
  });
  client.on("error", (error) => {
    trouble ??= explain(error, access);
    end(trouble);
  });
  client.on("close", () => end(`${where(access)} closed the connection; its log says why`));
  client.on("connect", () => subscribe(wire, () => !isOver && probe.start()));
  return {
    isUp: () => isUp,
    roundTripMs: () => probe.roundTripMs(),
    publish: ({ topic, payload, qos }) => {
      if (!isUp || underWay >= MAX_DOWN_UNDER_WAY) return false;
      underWay += 1;
      // A failure is the connection's, and told there.
      client.publish(topic, payload, { qos }, () => void (underWay -= 1));
      return true;
    },
    end: (reason) => {
      trouble = reason;
      if (!isUp) return end(reason);
      setTimeout(() => end(reason), FAREWELL_MS);
      client.end(false, {}, () => end(reason));
    },
  };
}

function openStream(
  client: MqttClient,
  { host, port, ca, cert, key }: BrokerAccess,
  end: Wire["end"],
): TLSSocket | Duplex {
  const socket: TLSSocket = connectTls({ host, port, ca, cert, key, minVersion: "TLSv1.3" });
  // Two small packets in a row would otherwise wait 40 ms for a delayed acknowledgement.
  socket.setNoDelay(true);
  const guarded = guardStream(socket, FIRST_BYTE_OF_BROKER, (reason) =>
    end(`the broker sent what no hub takes: ${reason}; limit its messages to 64 KiB`),
  );
  client.once("connect", guarded.connected);
  return guarded.stream;
}

/** Hands in every message, and acknowledges each in its turn when it is settled. */
function takeMessages({ client }: Wire, onMessage: BrokerEvents["onMessage"]): void {
  const acknowledgements = acknowledgementsInOrder();
  const held: (() => void)[] = [];
  client.handleMessage = (packet, done) => {
    const { messageId, qos } = packet;
    if (qos === 0 || messageId === undefined) {
      onMessage(packet, () => {});
      done();
      return;
    }
    const settled = acknowledgements.expect(() => {
      // Four bytes, MQTT 3.1.1 section 3.4.
      if (!client.stream.destroyed) {
        client.stream.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
      }
    });
    onMessage(packet, () => {
      settled();
      if (acknowledgements.count() < MAX_UNSETTLED) for (const go of held.splice(0)) go();
    });
    // With an error the library goes on to the next message and leaves this one to us.
    const next = (): void => done(new Error("it is acknowledged when it is settled"));
    if (acknowledgements.count() < MAX_UNSETTLED) next();
    else held.push(next);
  };
}

function subscribe({ client, end }: Wire, onGranted: () => void): void {
  client.subscribe(EVERY_UP, { qos: 1 }, (error, granted) => {
    if (error || granted?.[0]?.qos !== 1) {
      end(
        `the broker does not let the hub subscribe to ${EVERY_UP} with QoS 1: see its access list`,
      );
    } else onGranted();
  });
}

interface Probe {
  readonly topic: string;
  start(): void;
  stop(): void;
  cameBack(text: string): void;
  roundTripMs(): number | undefined;
}

/** Our own message, sent to where we listen: proof that what pillars send would arrive. */
function newProbe({ client, end }: Wire, access: BrokerAccess, onFirst: () => void): Probe {
  const topic = probeTopic(access.clientId);
  const sentAt = new Map<string, number>();
  let count = 0;
  let heardAt: number | undefined;
  let roundTripMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    const now = performance.now();
    if (heardAt !== undefined && now - heardAt > PROBE_PATIENCE_MS) {
      end(`${where(access)} has brought nothing back for ${PROBE_PATIENCE_MS / 1000} s`);
      return;
    }
    const text = String((count += 1));
    sentAt.set(text, now);
    client.publish(topic, text, { qos: 1 }, () => {});
  };
  return {
    topic,
    roundTripMs: () => roundTripMs,
    stop: () => clearInterval(timer),
    start: () => {
      timer = setInterval(send, PROBE_MS);
      send();
    },
    cameBack: (text) => {
      const sent = sentAt.get(text);
      if (sent === undefined) return;
      sentAt.clear();
      const isFirst = heardAt === undefined;
      heardAt = performance.now();
      roundTripMs = heardAt - sent;
      if (isFirst) onFirst();
    },
  };
}

const where = ({ host, port }: BrokerAccess): string => `the broker at ${host}:${port}`;

function whyNotUp(access: BrokerAccess, { connected }: MqttClient): string {
  const patience = `within ${ATTEMPT_MS / 1000} s`;
  if (!connected) return `expected ${where(access)} to let the hub in ${patience}, found silence`;
  return (
    `expected ${where(access)} to bring the hub its own message back ${patience}, found silence: ` +
    `its access list must let ${access.clientId} write and read anzhu/v1/#`
  );
}

/** What was expected, what was found, and, where we know it, what to do. */
function explain(error: Error, access: BrokerAccess): string {
  const code = "code" in error ? String(error.code) : "";
  const found = `expected ${where(access)}, found ${error.message}`;
  if (code === "ECONNREFUSED") return `${found}: is it running?`;
  if (code === "ENOTFOUND") return `${found}: correct mqtt.external.url`;
  if (/ALERT/.test(code)) return `${found}: it must trust the hub's authority (cafile)`;
  if (/SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT/.test(code)) {
    return `${found}: make it a certificate with anzhu-hub broker-certificate`;
  }
  if (code === "4" || code === "5") {
    return `${found}: its access list must know ${access.clientId}`;
  }
  return found;
}
