/**
 * The link to the hub over MQTT 3.1.1 and mutual TLS 1.3, on a socket that has proven the hub
 * without the calendar.
 *
 * One client per attempt: nothing of an old connection is stored, replayed or reconnected by the
 * library, because the outbox is ours and the core decides when to try again. The link is up when
 * the hub has granted our subscription; with TLS 1.3 a finished handshake does not yet mean that
 * our certificate was accepted.
 */
import type { TLSSocket } from "node:tls";
import { MqttClient, type IClientOptions } from "mqtt";
import type { PillarId } from "../../../shared/ids.ts";
import { applicationProtocols } from "../../../shared/protocol/alpn.ts";
import { KEEP_ALIVE_SECONDS } from "../../../shared/protocol/connection.ts";
import { parseDown, type DownMessage, type UpMessage } from "../../../shared/protocol/messages.ts";
import {
  downFilter,
  parseTopic,
  qosOf,
  upTopic,
  type DownChannel,
} from "../../../shared/protocol/topics.ts";
import type { HubLink } from "../../ports.ts";
import { codeOf, reasonOf } from "../host/failure.ts";
import type { Reach } from "./hub-address.ts";
import { pinnedTlsSocket } from "./pinned-tls-socket.ts";

/** From the first packet to the granted subscription. */
const ATTEMPT_MS = 10_000;
/**
 * Messages published and not yet acknowledged by the broker; alarms alone are never dropped here.
 */
const MAX_UNDER_WAY = 256;

/** Read at each attempt: key and certificate may have been renewed. */
export interface LinkSettings {
  readonly pillarId: PillarId;
  readonly host: string;
  readonly port: number;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  /**
   * Unix ms of the latest moment this pillar is sure of;
   * a hub's certificate must not have ended before.
   */
  readonly notEndedBefore: () => number;
  /** Of the agent; by the system's resolver alone when nothing is said. */
  readonly reach?: Reach;
}

interface Listeners {
  readonly up: (() => void)[];
  readonly down: ((reason: string) => void)[];
  readonly message: ((message: DownMessage) => void)[];
  readonly unreadable: ((channel: DownChannel, reason: string) => void)[];
}

interface Attempt {
  /** Once the hub has proven itself. */
  client: MqttClient | undefined;
  isUp: boolean;
  underWay: number;
  end(reason: string): void;
}

export function mqttLink(settings: LinkSettings, warn: (text: string) => void): HubLink {
  const listeners: Listeners = { up: [], down: [], message: [], unreadable: [] };
  let current: Attempt | undefined;
  let isClosed = false;

  const publish = (up: UpMessage): void => {
    const attempt = current;
    if (!attempt?.isUp) return;
    if (attempt.underWay >= MAX_UNDER_WAY && up.channel !== "alarm") {
      warn(`${up.channel} dropped: ${MAX_UNDER_WAY} messages already wait for the broker`);
      return;
    }
    attempt.underWay += 1;
    const topic = upTopic(settings.pillarId, up.channel);
    const text = JSON.stringify(up.message);
    attempt.client?.publish(topic, text, { qos: qosOf(up.channel) }, (error) => {
      attempt.underWay -= 1;
      if (error && attempt.isUp) warn(`${up.channel} was not sent: ${reasonOf(error)}`);
    });
  };

  const connect = (hasAlarm: boolean): void => {
    if (current || isClosed) return;
    current = newAttempt(
      { ...settings, hasAlarm },
      {
        onUp: () => listeners.up.forEach((listener) => listener()),
        onEnd: (reason) => {
          current = undefined;
          if (!isClosed) listeners.down.forEach((listener) => listener(reason));
        },
        onPacket: (topic, payload) => {
          const parsed = parseTopic(topic);
          // The broker sends what we asked for, which is our own topics.
          if (parsed?.direction !== "down" || parsed.pillarId !== settings.pillarId) return;
          const { channel } = parsed;
          const message = parseDown(channel, payload);
          if (message.ok) listeners.message.forEach((listener) => listener(message.value));
          else listeners.unreadable.forEach((listener) => listener(channel, message.reason));
        },
      },
    );
  };

  return {
    publish,
    connect,
    onUp: (listener) => void listeners.up.push(listener),
    onDown: (listener) => void listeners.down.push(listener),
    onMessage: (listener) => void listeners.message.push(listener),
    onUnreadable: (listener) => void listeners.unreadable.push(listener),
    startAnew: (reason) => {
      if (current?.isUp) current.end(reason);
    },
    close: async () => {
      isClosed = true;
      const attempt = current;
      if (!attempt) return;
      // A DISCONNECT tells the hub that this end is meant.
      if (attempt.isUp && attempt.client) await farewell(attempt.client);
      attempt.end("the agent ends");
    },
  };
}

const FAREWELL_MS = 500;

function farewell(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FAREWELL_MS);
    client.end(false, {}, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

interface Wanted extends LinkSettings {
  readonly hasAlarm: boolean;
}

interface AttemptEvents {
  onUp(): void;
  onEnd(reason: string): void;
  onPacket(topic: string, payload: Uint8Array): void;
}

const OPTIONS = {
  protocolVersion: 4,
  clean: true,
  keepalive: KEEP_ALIVE_SECONDS,
  reconnectPeriod: 0,
  // With the library's default a client that was refused once would not reconnect.
  reconnectOnConnackError: true,
  resubscribe: false,
  queueQoSZero: false,
  connectTimeout: ATTEMPT_MS,
} as const satisfies IClientOptions;

function newAttempt(settings: Wanted, events: AttemptEvents): Attempt {
  let isOver = false;
  const leaving = new AbortController();
  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    attempt.isUp = false;
    clearTimeout(timer);
    leaving.abort();
    attempt.client?.stream?.destroy();
    attempt.client?.end(true);
    events.onEnd(why);
  };
  const attempt: Attempt = { client: undefined, isUp: false, underWay: 0, end };
  const timer = setTimeout(() => end(`no answer within ${ATTEMPT_MS / 1000} s`), ATTEMPT_MS);
  const up = (): void => {
    if (isOver) return;
    clearTimeout(timer);
    attempt.isUp = true;
    events.onUp();
  };
  const onPacket: AttemptEvents["onPacket"] = (topic, payload) => {
    if (!isOver) events.onPacket(topic, payload);
  };
  const begin = async (): Promise<void> => {
    try {
      const socket = await openSocket(settings, leaving.signal);
      if (isOver) socket.destroy();
      else attempt.client = speak(settings, socket, to);
    } catch (error) {
      end(explain(error, settings));
    }
  };
  const to: Conversation = { up, end, onPacket, isUp: () => attempt.isUp };
  void begin();
  return attempt;
}

interface Conversation {
  up(): void;
  end(reason: string): void;
  onPacket(topic: string, payload: Uint8Array): void;
  isUp(): boolean;
}

function speak(settings: LinkSettings, socket: TLSSocket, to: Conversation): MqttClient {
  let reason = "";
  const client = new MqttClient(() => socket, { ...OPTIONS, clientId: settings.pillarId });
  client.on("error", (error) => {
    reason = explain(error, settings);
    if (!to.isUp()) to.end(reason);
  });
  client.on("close", () => to.end(reason || closeReason(settings, to.isUp())));
  client.on("message", (topic, payload) => to.onPacket(topic, payload));
  client.on("connect", () => {
    const filter = downFilter(settings.pillarId);
    client.subscribe(filter, { qos: 1 }, (error, granted) => {
      if (error) to.end(`the subscription failed: ${reasonOf(error)}`);
      else if (granted?.[0]?.qos !== 1) to.end(`the hub refused the subscription to ${filter}`);
      else to.up();
    });
  });
  return client;
}

function openSocket(settings: Wanted, signal: AbortSignal): Promise<TLSSocket> {
  const { host, port, tlsKey, tlsCert, ca, notEndedBefore, hasAlarm } = settings;
  const { reach = pinnedTlsSocket } = settings;
  const protocols = applicationProtocols(hasAlarm);
  const peer = { host, port, tlsKey, tlsCert, ca, protocols };
  const bounds = { withinMs: ATTEMPT_MS, notEndedBefore: notEndedBefore(), signal };
  return reach({ ...peer, ...bounds });
}

function closeReason({ host, port }: LinkSettings, wasUp: boolean): string {
  return wasUp
    ? `${host}:${port} closed the connection`
    : `${host}:${port} closed the connection before it was ready; its log says why`;
}

/** What was expected, what was found, and, where we know it, what to do. */
function explain(error: unknown, { host, port }: LinkSettings): string {
  const code = codeOf(error) ?? "";
  const found = `expected the hub at ${host}:${port}, found ${code || reasonOf(error)}`;
  if (code === "ECONNREFUSED") return `${found}; is the hub running?`;
  if (code === "ENOTFOUND") return `${found}; correct hub.host`;
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE|ACCESS_DENIED)/.test(code)) {
    return `${found}: it refused this pillar's certificate; enrol again`;
  }
  if (/SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT/.test(code)) {
    return `${found}: ${reasonOf(error)}; another hub answers, or its certificate is out of date`;
  }
  return code ? `${found}: ${reasonOf(error)}` : found;
}
