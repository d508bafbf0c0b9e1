/**
 * The way to the hub as `device/adapters/hub/mqtt-link.ts` goes it, for thousands in one process:
 * mutual TLS 1.3, MQTT 3.1.1, one socket per attempt, up when the subscription is granted.
 *
 * A packet is written and read by the same library the agent's client uses; what is left out is
 * that client's memory and its keep-alive, because a heartbeat every 5 s says more; and the look at
 * the hub's name, after its chain was verified. Keys are read once, not at each attempt, and one
 * attempt begins in each turn of the event loop: here one processor does what ten thousand do, and
 * a handshake under way must not wait for those that only begin.
 */
import {
  connect,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { generate, parser, type Packet } from "mqtt-packet";
import { codeOf, reasonOf } from "../../device/adapters/host/failure.ts";
import type { HubLink } from "../../device/ports.ts";
import type { PillarId } from "../../shared/ids.ts";
import { applicationProtocols } from "../../shared/protocol/alpn.ts";
import { parseDown, type DownMessage, type UpMessage } from "../../shared/protocol/messages.ts";
import { KEEP_ALIVE_SECONDS } from "../../shared/protocol/connection.ts";
import { downFilter, parseTopic, qosOf, upTopic } from "../../shared/protocol/topics.ts";

/** As in the agent's link. */
const ATTEMPT_MS = 10_000;
const MQTT_3_1_1 = { protocolId: "MQTT", protocolVersion: 4 } as const;
const MAX_MESSAGE_ID = 65_535;

export interface LightLinkSettings {
  readonly pillarId: PillarId;
  readonly host: string;
  readonly port: number;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  /** Source address: a loopback address has ports for 28,000 connections and no more. */
  readonly from: string;
}

interface Listeners {
  readonly up: (() => void)[];
  readonly down: ((reason: string) => void)[];
  readonly message: ((message: DownMessage) => void)[];
}

interface Attempt {
  readonly send: (packet: Packet) => void;
  isUp: boolean;
  messageId: number;
  end(reason: string): void;
}

export function lightLink(settings: LightLinkSettings): HubLink {
  const listeners: Listeners = { up: [], down: [], message: [] };
  let current: Attempt | undefined;
  let context: SecureContext | undefined;
  let isClosed = false;
  let isAsked = false;
  const begin = (hasAlarm: boolean): void => {
    isAsked = false;
    if (current || isClosed) return;
    context ??= contextOf(settings);
    current = newAttempt(
      { ...settings, context, hasAlarm },
      {
        onUp: () => listeners.up.forEach((listener) => listener()),
        onEnd: (reason) => {
          current = undefined;
          if (!isClosed) listeners.down.forEach((listener) => listener(reason));
        },
        onMessage: (message) => listeners.message.forEach((listener) => listener(message)),
      },
    );
  };
  return {
    connect: (hasAlarm) => {
      if (current || isClosed || isAsked) return;
      isAsked = true;
      inTurn(() => begin(hasAlarm));
    },
    publish: (up) => {
      if (current?.isUp) publish(settings.pillarId, current, up);
    },
    onUp: (listener) => void listeners.up.push(listener),
    onDown: (listener) => void listeners.down.push(listener),
    onMessage: (listener) => void listeners.message.push(listener),
    close: () => {
      isClosed = true;
      if (current?.isUp) current.send({ cmd: "disconnect" });
      current?.end("the fleet ends");
      return Promise.resolve();
    },
  };
}

const beginnings: (() => void)[] = [];

/** One in each turn of the event loop. */
function inTurn(begin: () => void): void {
  beginnings.push(begin);
  if (beginnings.length > 1) return;
  const next = (): void => {
    beginnings[0]?.();
    beginnings.shift();
    if (beginnings.length > 0) setImmediate(next);
  };
  setImmediate(next);
}

function publish(pillarId: PillarId, attempt: Attempt, up: UpMessage): void {
  const qos = qosOf(up.channel);
  const topic = upTopic(pillarId, up.channel);
  const payload = JSON.stringify(up.message);
  const packet = { cmd: "publish", topic, payload, qos, retain: false, dup: false } as const;
  if (qos === 0) return attempt.send(packet);
  attempt.messageId = (attempt.messageId % MAX_MESSAGE_ID) + 1;
  return attempt.send({ ...packet, messageId: attempt.messageId });
}

interface AttemptEvents {
  onUp(): void;
  onEnd(reason: string): void;
  onMessage(message: DownMessage): void;
}

type Prepared = Omit<LightLinkSettings, "tlsKey" | "tlsCert" | "ca"> & {
  readonly context: SecureContext;
  readonly hasAlarm: boolean;
};

function newAttempt(settings: Prepared, events: AttemptEvents): Attempt {
  const socket = openSocket(settings);
  const reading = parser({ protocolVersion: 4 });
  let isOver = false;
  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    attempt.isUp = false;
    clearTimeout(timer);
    // What was written last (a farewell) still goes out.
    socket.destroySoon();
    events.onEnd(reason);
  };
  const attempt: Attempt = {
    send: (packet) => void socket.write(generate(packet)),
    isUp: false,
    messageId: 1,
    end,
  };
  const timer = setTimeout(() => {
    end(`no answer within ${ATTEMPT_MS / 1000} s`);
    socket.destroy();
  }, ATTEMPT_MS);
  const up = (): void => {
    clearTimeout(timer);
    attempt.isUp = true;
    events.onUp();
  };
  socket.once("secureConnect", () => attempt.send(hello(settings.pillarId)));
  socket.on("data", (chunk: Buffer) => void reading.parse(chunk));
  socket.on("error", (error) => end(codeOf(error) ?? reasonOf(error)));
  socket.on("close", () => end("the hub closed the connection"));
  reading.on("error", (error: Error) => end(`the hub spoke no MQTT: ${error.message}`));
  reading.on("packet", (packet: Packet) => {
    if (!isOver) hear(packet, settings.pillarId, { ...events, attempt, up });
  });
  return attempt;
}

interface PacketReader extends Pick<AttemptEvents, "onMessage"> {
  readonly attempt: Attempt;
  readonly up: () => void;
}

function hear(packet: Packet, pillarId: PillarId, { attempt, up, onMessage }: PacketReader): void {
  if (packet.cmd === "connack") {
    if (packet.returnCode !== 0) return attempt.end(`refused with code ${packet.returnCode}`);
    const subscriptions = [{ topic: downFilter(pillarId), qos: 1 as const }];
    return attempt.send({ cmd: "subscribe", messageId: 1, subscriptions });
  }
  if (packet.cmd === "suback") {
    return packet.granted[0] === 1 ? up() : attempt.end("the subscription was refused");
  }
  if (packet.cmd !== "publish") return undefined;
  if (packet.qos === 1) attempt.send({ cmd: "puback", messageId: packet.messageId ?? 0 });
  const topic = parseTopic(packet.topic);
  if (topic?.direction !== "down" || topic.pillarId !== pillarId) {
    return attempt.end(`a message for somebody else: ${packet.topic}`);
  }
  const message = parseDown(topic.channel, Buffer.from(packet.payload));
  return message.ok ? onMessage(message.value) : attempt.end(message.reason);
}

const hello = (pillarId: PillarId): Packet => ({
  cmd: "connect",
  ...MQTT_3_1_1,
  clientId: pillarId,
  clean: true,
  keepalive: KEEP_ALIVE_SECONDS,
});

const NO_CERTIFICATE = {} as DetailedPeerCertificate;

const contextOf = ({ tlsKey: key, tlsCert: cert, ca }: LightLinkSettings): SecureContext =>
  createSecureContext({ key, cert, ca, minVersion: "TLSv1.3" });

function openSocket({ host, port, from, context, hasAlarm }: Prepared): TLSSocket {
  const socket = connect({
    ...{ host, port, localAddress: from },
    secureContext: context,
    ALPNProtocols: applicationProtocols(hasAlarm),
    checkServerIdentity: () => undefined,
  });
  // Only the name would be looked for in it, and turning the
  // chain into objects costs as much as the handshake.
  socket.getPeerCertificate = () => NO_CERTIFICATE;
  socket.setNoDelay(true);
  return socket;
}
