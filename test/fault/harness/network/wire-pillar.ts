/**
 * A pillar at protocol level: real keys, real certificate, real MQTT over TLS, and no manners.
 *
 * For tests that need a message the agent would never
 * send, or more of them than a button can be pressed.
 */
import { createPrivateKey, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { dataPaths } from "../../../../device/adapters/host/data-dir.ts";
import { enrol } from "../../../../device/adapters/hub/enrolment.ts";
import {
  readIdentity,
  sealWith,
  type Identity,
} from "../../../../device/adapters/identity/identity.ts";
import { AgentConfig } from "../../../../device/config.ts";
import type { SealedAlarm } from "../../../../device/core/state/kept.ts";
import { GENESIS } from "../../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../../shared/protocol/alarm.ts";
import type { PillarId } from "../../../../shared/ids.ts";
import { KEEP_ALIVE_SECONDS } from "../../../../shared/protocol/connection.ts";
import { parseDown, type DownMessage } from "../../../../shared/protocol/messages.ts";
import { downFilter, parseTopic, upTopic } from "../../../../shared/protocol/topics.ts";
import type { HubUnderTest } from "../programs/hub.ts";
import type { Street } from "../programs/street.ts";

/** Named by every alarm it sends. */
export const SESSION = "5".repeat(32);

export interface WirePillar {
  readonly id: PillarId;
  readonly identity: Identity;
  /** Signs and links the next alarm, with the changes that the test gives. */
  seal(change?: Partial<AlarmEvent>): SealedAlarm;
  /** By its alarm key, whatever the text. */
  sign(text: string): string;
  /** The alarm as it goes over the wire. */
  envelope(alarm: SealedAlarm, change?: object): object;
  connect(options?: IClientOptions): Promise<WireLink>;
  close(): Promise<void>;
}

export interface WireLink {
  readonly client: MqttClient;
  readonly received: readonly DownMessage[];
  /** Resolves with the broker's acknowledgement. */
  publish(channel: "alarm" | "heartbeat" | "report" | "signal", message: unknown): Promise<void>;
  raw(topic: string, bytes: Buffer | string): Promise<void>;
  /** A press that the history counts. */
  press(): Promise<SealedAlarm>;
  isAccepted(alarm: SealedAlarm): boolean;
}

/** Ends with its street. */
export async function wirePillar(street: Street, id: string): Promise<WirePillar> {
  const { dir, hub, history } = street;
  const config = AgentConfig.parse({
    pillarId: id,
    dataDir: join(dir, `wire-${id}`),
    hub: { host: "127.0.0.1", mqttPort: hub.mqttPort, httpUrl: hub.url },
    board: { kind: "modbus", path: "/dev/null" },
  });
  await enrol(config, await hub.code(id));
  const identity = readIdentity(config.dataDir, config.pillarId);
  const key = createPrivateKey(readFileSync(dataPaths(config.dataDir).alarmKey));
  let head = { seq: 0, hash: GENESIS };
  const clients: MqttClient[] = [];
  const pillar: WirePillar = {
    id: config.pillarId,
    identity,
    seal(change = {}) {
      const event = { ...nextEvent(config.pillarId, head), ...change };
      const sealed = sealWith(key, event);
      head = { seq: event.seq, hash: sealed.hash };
      return sealed;
    },
    sign: (text) => sign(null, Buffer.from(text), key).toString("base64url"),
    envelope: ({ event, sig }, change = {}) => ({
      v: 1,
      event,
      sig,
      ageMs: 10,
      attempt: 1,
      sessionNonce: SESSION,
      ...change,
    }),
    async connect(options = {}) {
      const client = await connectAsync({ ...tlsOf(hub, pillar), ...options });
      client.on("error", () => undefined);
      clients.push(client);
      return linkOn(pillar, client, history);
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.endAsync(true)));
    },
  };
  street.onClose(() => pillar.close());
  return pillar;
}

export function tlsOf(
  { mqttPort }: Pick<HubUnderTest, "mqttPort">,
  { id, identity }: Pick<WirePillar, "id" | "identity">,
): IClientOptions {
  return {
    protocol: "mqtts",
    host: "127.0.0.1",
    port: mqttPort,
    ca: identity.ca,
    key: identity.tlsKey,
    cert: identity.tlsCert,
    clientId: id,
    clean: true,
    keepalive: KEEP_ALIVE_SECONDS,
    reconnectPeriod: 0,
    protocolVersion: 4,
  };
}

function nextEvent(pillarId: PillarId, head: { seq: number; hash: string }): AlarmEvent {
  const event = {
    v: 1,
    eventId: randomBytes(16).toString("hex"),
    pillarId,
    bootEpoch: 1,
    seq: head.seq + 1,
    prevHash: head.hash,
    kind: "voice",
    wallMs: Date.now(),
    clock: { synced: true },
  };
  return event as AlarmEvent;
}

async function linkOn(
  pillar: WirePillar,
  client: MqttClient,
  history: Street["history"],
): Promise<WireLink> {
  const received: DownMessage[] = [];
  const { id: pillarId } = pillar;
  client.on("message", (topic, bytes) => {
    const parsed = parseTopic(topic);
    const message = parsed?.direction === "down" && parseDown(parsed.channel, bytes);
    if (!message || !message.ok) throw new Error(`the hub said nonsense on ${topic}`);
    received.push(message.value);
    if (message.value.channel !== "accepted") return;
    const { receipt, sig } = message.value.message;
    if (!pillar.identity.isFromHub(receipt, sig)) throw new Error("a receipt of another hub");
    const { eventId, seq } = receipt;
    history.record({ what: "receipt", at: Date.now(), pillarId, eventId, seq });
  });
  await client.subscribeAsync(downFilter(pillarId), { qos: 1 });
  const raw = async (topic: string, bytes: Buffer | string): Promise<void> => {
    await client.publishAsync(topic, bytes, { qos: 1 });
  };
  const publish: WireLink["publish"] = (channel, message) =>
    raw(upTopic(pillarId, channel), JSON.stringify(message));
  return {
    client,
    received,
    raw,
    publish,
    async press() {
      const sealed = pillar.seal();
      const { eventId, wallMs: at } = sealed.event;
      history.record({ what: "press", at, pillarId, eventId });
      await publish("alarm", pillar.envelope(sealed));
      return sealed;
    },
    isAccepted: ({ event }) =>
      received.some(
        (one) => one.channel === "accepted" && one.message.receipt.eventId === event.eventId,
      ),
  };
}
