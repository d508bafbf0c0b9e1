/** Real TLS sockets and real MQTT clients for the tests of the hub's ways in. */
// oxlint-disable-next-line import/no-unassigned-import -- x509 needs its side effect first
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { pino, type Logger } from "pino";
import { HubConfig } from "../../../hub/config.ts";
import { openAuthority } from "../../../hub/identity/authority.ts";
import { createBroker } from "../../../hub/link/embedded/embedded-broker.ts";
import { createSampledLog, type SampledLog } from "../../../hub/link/sampled-log.ts";
import type { Authority } from "../../../hub/identity/ports.ts";
import type { WayIn } from "../../../hub/ports.ts";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import {
  EventId,
  HubEpoch,
  HubRun,
  IncidentId,
  PillarId,
  SessionNonce,
  Sha256,
} from "../../../shared/ids.ts";
import type { Alarm, AlarmEvent } from "../../../shared/protocol/alarm.ts";
import { KEEP_ALIVE_SECONDS } from "../../../shared/protocol/connection.ts";
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface Identity {
  readonly pillarId: PillarId;
  readonly key: string;
  readonly cert: string;
}

export async function makeRequest(
  commonName: string,
  algorithm: EcKeyGenParams & { hash: string } = ALGORITHM,
): Promise<{ csr: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { csr: request.toString("pem"), key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

export async function enrol(authority: Authority, name: string): Promise<Identity> {
  const pillarId = PillarId.parse(name);
  const { csr, key } = await makeRequest(name);
  const { certificate } = await authority.issue(csr, pillarId);
  return { pillarId, key, cert: certificate };
}

/** A log that keeps its lines. */
export function keptLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line) => void lines.push(JSON.parse(line).msg) });
  return { log, lines };
}

export interface Received {
  readonly pillarId: PillarId;
  readonly message: UpMessage;
}

export interface TestBroker {
  readonly authority: Authority;
  readonly link: WayIn;
  readonly lines: string[];
  readonly refused: SampledLog;
  readonly received: Received[];
  readonly presence: string[];
  /** What the hub does with a message; replace it to fail or to wait. */
  onMessage: (pillarId: PillarId, message: UpMessage) => Promise<void>;
  connect(identity: Identity, options?: IClientOptions): Promise<MqttClient>;
  close(): Promise<void>;
}

export interface TestBrokerOptions {
  readonly known?: (pillarId: PillarId, serial: string) => boolean;
  readonly maxConnections?: number;
  readonly noDelay?: boolean;
}

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), "anzhu-broker-"));
  const authority = await openAuthority(dataDir, []);
  const { log, lines } = keptLog();
  const refused = createSampledLog(log);
  const received: Received[] = [];
  const presence: string[] = [];
  const clients: MqttClient[] = [];
  const broker: TestBroker = {
    authority,
    lines,
    refused,
    received,
    presence,
    onMessage: async () => {},
    link: createBroker({
      config: HubConfig.parse({
        dataDir,
        mqtt: { port: 0, maxConnections: options.maxConnections ?? 100 },
      }),
      authority,
      knownPillars: options.known ?? (() => true),
      noDelay: options.noDelay ?? true,
      log,
      refused,
    }),
    connect: async (identity, more = {}) => {
      const client = await connectAsync(tlsOptions(broker, identity, more));
      client.on("error", () => {});
      clients.push(client);
      const { stream } = client;
      if ("setNoDelay" in stream) (stream as unknown as { setNoDelay(): void }).setNoDelay();
      return client;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.endAsync(true)));
      await broker.link.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  await broker.link.listen({
    onConnected: (pillarId) => void presence.push(`${pillarId} connected`),
    onBroker: () => {},
    onDisconnected: (pillarId) => void presence.push(`${pillarId} disconnected`),
    onMessage: async (pillarId, message) => {
      received.push({ pillarId, message });
      await broker.onMessage(pillarId, message);
    },
  });
  return broker;
}

export function tlsOptions(
  broker: TestBroker,
  identity: Identity,
  more: IClientOptions = {},
): IClientOptions {
  return {
    protocol: "mqtts",
    host: "127.0.0.1",
    port: broker.link.port(),
    ca: broker.authority.caCertificate,
    key: identity.key,
    cert: identity.cert,
    clientId: identity.pillarId,
    clean: true,
    keepalive: KEEP_ALIVE_SECONDS,
    reconnectPeriod: 0,
    protocolVersion: 4,
    ...more,
  } as IClientOptions;
}

const alarmKeys = generateKeyPairSync("ed25519");
export const alarmPublicKey = alarmKeys.publicKey
  .export({ type: "spki", format: "pem" })
  .toString();

/** Of alarms and heartbeats made here. */
const SESSION = SessionNonce.parse("a".repeat(32));

export function makeAlarm(pillarId: PillarId, seq = 1): Alarm {
  const event: AlarmEvent = {
    v: 1,
    eventId: EventId.parse(randomBytes(16).toString("hex")),
    pillarId,
    bootEpoch: 1,
    seq,
    prevHash: Sha256.parse(createHash("sha256").update(String(seq)).digest("hex")),
    kind: "voice",
    wallMs: 1_790_000_000_000,
    clock: { synced: true, errorMs: 5 },
  };
  const sig = sign(null, Buffer.from(canonicalJson(event)), alarmKeys.privateKey);
  return {
    ...{ v: 1, event, sig: sig.toString("base64url") as Alarm["sig"] },
    ...{ ageMs: 20, attempt: 1, sessionNonce: SESSION },
  };
}

export function makeAccepted(
  authority: Authority,
  alarm: Alarm,
): Extract<DownMessage, { readonly channel: "accepted" }> {
  const receipt = {
    v: 1 as const,
    eventId: alarm.event.eventId,
    pillarId: alarm.event.pillarId,
    seq: alarm.event.seq,
    incidentId: IncidentId.parse("a".repeat(32)),
    hubEpoch: HubEpoch.parse("b".repeat(32)),
    isOver: false,
    journalIndex: 1,
    hubRun: HubRun.parse("d".repeat(32)),
    ...(alarm.sessionNonce && { sessionNonce: alarm.sessionNonce }),
  };
  return {
    channel: "accepted",
    message: { v: 1, receipt, sig: authority.sign(canonicalJson(receipt)) },
  };
}

export const makeHeartbeat = (): object => ({
  v: 1,
  bootEpoch: 1,
  sessionNonce: SESSION,
  uptimeMs: 1000,
  wallMs: 1_790_000_000_000,
  head: { seq: 0, hash: "0".repeat(64) },
  outboxDepth: 0,
  faults: [],
  release: "0.1.0",
});

export const closeOf = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => void client.once("close", () => resolve()));
