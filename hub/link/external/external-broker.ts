/**
 * An existing broker instead of our own (docs/external-broker.md), with the hub as its client.
 *
 * The broker's access list decides who may write under which pillar's name, and nothing here can
 * check that: alarms prove themselves by their signature; everything else pillars send is as
 * trustworthy as that list. The broker is a wire and not a store: its PUBACK to a pillar proves
 * nothing, and ours to it only sets its pace.
 *
 * The hub does not see pillars connect and disconnect. Heartbeats show them, and while the broker
 * is away no pillar is heard.
 */
import type { IPublishPacket } from "mqtt";
import type { Logger } from "pino";
import { fullJitter } from "../../../shared/backoff.ts";
import { milliseconds, seconds } from "../../../shared/duration.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { upOwner } from "../../../shared/protocol/topics.ts";
import type { PillarLinkEvents, WayIn } from "../../ports.ts";
import { connectToBroker, type BrokerAccess, type BrokerConnection } from "./broker-client.ts";
import { downPacket } from "../down-packet.ts";
import { createReceiver, type Receiver, type Sender } from "../receiver.ts";
import { createSampledLog, type SampledLog } from "../sampled-log.ts";

const RECONNECT = { first: milliseconds(500), most: seconds(5) };
/** Full jitter may draw zero. */
const RECONNECT_NOT_BEFORE_MS = 100;
/** A broker that restarts is back within this time, and no notification is sent. */
const TELL_AFTER_MS = 2000;
/** While it lasts: a console that came later has to be told too. */
const TELL_EVERY_MS = 8000;

export interface ExternalBrokerOptions {
  /** For the first attempt. */
  readonly access: BrokerAccess;
  /** For each further attempt: certificates are renewed and files replaced while the hub runs. */
  readonly readAccess: () => Promise<BrokerAccess>;
  /** The broker checks certificates; which pillars are enrolled only the hub knows. */
  readonly isEnrolled: (pillarId: PillarId) => boolean;
  /** Serial of a renewed certificate that it must be showing by now, although nobody told us. */
  readonly successor: (pillarId: PillarId) => string | undefined;
  readonly log: Logger;
  /** Of the whole hub, so that the metrics count what happens here; unless given, its own. */
  readonly refused?: SampledLog | undefined;
}

interface Link extends Omit<ExternalBrokerOptions, "refused" | "access"> {
  readonly events: PillarLinkEvents;
  access: BrokerAccess;
  readonly receiver: Receiver;
  readonly refused: SampledLog;
  readonly senders: Map<PillarId, Sender>;
  /** Since the broker was last reached. */
  readonly heard: Set<PillarId>;
  connection: BrokerConnection | undefined;
  attempt: number;
  /** Why it is not reached; `undefined` while it is. */
  trouble: string | undefined;
  telling: NodeJS.Timeout | undefined;
  isTold: boolean;
  retry: NodeJS.Timeout | undefined;
  isClosed: boolean;
  onEnd: () => void;
}

export function createExternalBroker(options: ExternalBrokerOptions): WayIn {
  const { access, log } = options;
  let link: Link | undefined;
  return {
    /** Returns at once: while its broker is away the hub still has the HTTPS fallback. */
    listen: async (events) => {
      link = newLink(options, events);
      missed(link);
      connect(link);
    },
    port: () => access.port,
    health: () => (link ? healthOf(link) : { isOk: false, detail: NOT_REACHED }),
    send: (pillarId, message) => {
      if (!link?.connection?.isUp()) return; // Asked again with the next alarm or heartbeat.
      const packet = downPacket(pillarId, message, log);
      if (!packet || link.connection.publish(packet)) return;
      refuse(link, pillarId, "a message to it was dropped: the broker takes no more");
    },
    drop: (pillarId, reason) => {
      if (link) refuse(link, pillarId, `what it sends is dropped: ${reason}`);
    },
    close: async () => {
      if (link) await close(link);
    },
  };
}

const NOT_REACHED = "it was not reached yet";

function newLink(options: ExternalBrokerOptions, events: PillarLinkEvents): Link {
  const { refused = createSampledLog(options.log) } = options;
  return {
    ...options,
    events,
    refused,
    receiver: createReceiver({ events, refused }),
    senders: new Map(),
    heard: new Set(),
    connection: undefined,
    attempt: 0,
    trouble: NOT_REACHED,
    telling: undefined,
    isTold: false,
    retry: undefined,
    isClosed: false,
    onEnd: () => {},
  };
}

function connect(link: Link): void {
  link.connection = connectToBroker(link.access, {
    onUp: () => reached(link),
    onEnd: (reason) => ended(link, reason),
    onMessage: (packet, settled) => take(link, packet, settled),
  });
}

async function connectAgain(link: Link): Promise<void> {
  try {
    link.access = await link.readAccess();
  } catch (error) {
    ended(link, String(error));
    return;
  }
  if (!link.isClosed) connect(link);
}

function reached(link: Link): void {
  const { host, port } = link.access;
  const detail = `the broker at ${host}:${port} is reached`;
  link.attempt = 0;
  link.trouble = undefined;
  clearTimeout(link.telling);
  link.log.info(`pillar link: ${detail}`);
  if (link.isTold) link.events.onBroker(true, detail);
  link.isTold = false;
}

function ended(link: Link, reason: string): void {
  const wasUp = link.trouble === undefined;
  link.trouble = reason;
  link.connection = undefined;
  // Nothing is known of them now, and what they were told may not have arrived.
  for (const pillarId of link.heard) link.events.onDisconnected(pillarId);
  link.heard.clear();
  if (link.isClosed) {
    link.onEnd();
    return;
  }
  link.refused({
    ...{ kind: "broker", sender: "all" },
    ...{ text: `pillar link: ${reason}`, fields: {} },
  });
  if (wasUp) missed(link);
  const delay = fullJitter(RECONNECT, link.attempt, Math.random());
  link.attempt += 1;
  link.retry = setTimeout(() => void connectAgain(link), Math.max(delay, RECONNECT_NOT_BEFORE_MS));
}

/** Tells the consoles when it lasts, and again and again while it does. */
function missed(link: Link, afterMs = TELL_AFTER_MS): void {
  link.telling = setTimeout(() => {
    link.isTold = true;
    link.events.onBroker(false, link.trouble ?? "");
    missed(link, TELL_EVERY_MS);
  }, afterMs);
}

function take(link: Link, packet: IPublishPacket, settled: () => void): void {
  const pillarId = upOwner(packet.topic);
  if (pillarId === undefined || !link.isEnrolled(pillarId)) {
    const name = JSON.stringify(packet.topic.slice(0, 80));
    const text = `pillar link: a message on ${name} was dropped: no pillar of this hub`;
    link.refused({ kind: "foreign-topic", sender: "all", text, fields: {} });
    settled();
    return;
  }
  link.heard.add(pillarId);
  const serial = link.successor(pillarId);
  if (serial !== undefined) link.events.onConnected(pillarId, { serial });
  const sender = senderOf(link, pillarId);
  const waitMs = link.receiver.receive(sender, packet, (error) => {
    if (error) refuse(link, pillarId, error.message);
    settled();
  });
  // Its turn comes later; holding this acknowledgement back would hold back all others.
  if (waitMs > 0) settled();
}

function senderOf({ senders, access }: Link, pillarId: PillarId): Sender {
  let sender = senders.get(pillarId);
  if (!sender) {
    const peer = { pillarId, address: `${access.host}:${access.port}` };
    sender = { peer, client: { closed: false }, waiting: 0, badMessages: 0 };
    senders.set(pillarId, sender);
  }
  return sender;
}

function refuse(link: Link, pillarId: PillarId, reason: string): void {
  const text = `pillar link: ${pillarId}: ${reason}`;
  link.refused({ kind: "message", sender: { pillarId }, text, fields: { pillarId } });
}

function healthOf({ access, connection, trouble }: Link): ReturnType<WayIn["health"]> {
  if (trouble !== undefined) return { isOk: false, detail: trouble };
  const roundTrip = Math.round(connection?.roundTripMs() ?? 0);
  const detail = `messages travel by ${access.host}:${access.port}, there and back in ${roundTrip} ms`;
  return { isOk: true, detail };
}

async function close(link: Link): Promise<void> {
  link.isClosed = true;
  clearTimeout(link.retry);
  clearTimeout(link.telling);
  link.heard.clear();
  const { connection } = link;
  if (!connection) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  link.onEnd = resolve;
  connection.end("the hub ends");
  await promise;
}
