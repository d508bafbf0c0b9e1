/** A hub of a few lines behind a real TLS broker: it accepts alarms when it is told to. */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { Aedes, type Client } from "aedes";
import { dataPaths } from "../../../device/adapters/host/data-dir.ts";
import { makeKeys } from "../../../device/adapters/identity/key-pair.ts";
import { writeTlsPair } from "../../../device/adapters/identity/tls-pair.ts";
import { AgentConfig } from "../../../device/config.ts";
import { openAuthority } from "../../../hub/identity/authority.ts";
import type { Authority } from "../../../hub/identity/ports.ts";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import {
  HubEpoch,
  HubRun,
  IncidentId,
  PillarId,
  type EventId,
  SessionNonce,
} from "../../../shared/ids.ts";
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { Alarm } from "../../../shared/protocol/alarm.ts";
import type { Call, CallStatus } from "../../../shared/protocol/call.ts";
import type { PillarCommand } from "../../../shared/protocol/command.ts";
import { parseUp, type DownMessage, type UpMessage } from "../../../shared/protocol/messages.ts";
import { downTopic, parseTopic, qosOf } from "../../../shared/protocol/topics.ts";
import { freePort } from "../programs/free-ports.ts";

export const hex128 = (): string => randomBytes(16).toString("hex");
export const PILLAR = PillarId.parse("pillar-1");

export interface SmallHub {
  readonly port: number;
  readonly authority: Authority;
  readonly received: UpMessage[];
  /** Whether alarms are accepted as they come. */
  accepts: boolean;
  epoch: HubEpoch;
  /** Breaks every signature. */
  forges: boolean;
  alarms(): Alarm[];
  send(message: DownMessage): void;
  /** Any bytes on any topic. */
  sendRaw(topic: string, payload: string | Buffer): void;
  call(eventId: EventId, status: CallStatus, by?: string): void;
  /** For the newest session that was heard of, with the next number. */
  tell(call: Call): void;
  /** For the newest session that was heard of, unless another one is named. */
  command(command: PillarCommand, bootEpoch: number, sessionNonce?: SessionNonce): string;
  accept(alarm: Alarm): void;
  /** Cuts every connection; with `false` no client can connect again. */
  cut(isOpen: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface Pillar {
  readonly config: AgentConfig;
  readonly dir: string;
  remove(): void;
}

/** Everything `anzhu-agent enrol` would have left, made without asking anybody. */
export async function enrolledPillar(hub: Pick<SmallHub, "authority" | "port">): Promise<Pillar> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-agent-"));
  const keys = await makeKeys(PILLAR);
  const issued = await hub.authority.issue(keys.csr, PILLAR);
  const paths = dataPaths(dir);
  mkdirSync(paths.identityDir, { recursive: true });
  writeTlsPair(paths.tlsPair, { tlsKey: keys.tlsKey, tlsCert: issued.certificate });
  writeFileSync(paths.ca, hub.authority.caCertificate);
  writeFileSync(paths.alarmKey, keys.alarmKey);
  writeFileSync(paths.hubPublicKey, hub.authority.hubPublicKey);
  const config = AgentConfig.parse({
    pillarId: PILLAR,
    dataDir: dir,
    hub: { host: "127.0.0.1", mqttPort: hub.port, httpUrl: "http://127.0.0.1:1" },
    board: { kind: "modbus", path: join(dir, "board") },
    media: { cameras: [], microphone: { kind: "none" } },
  });
  return { config, dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** `names`: what its certificate names beside loopback. */
export async function smallHub(names: readonly string[] = []): Promise<SmallHub> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-small-hub-"));
  const authority = await openAuthority(dir, names);
  const broker = await Aedes.createBroker();
  const sockets = new Set<TLSSocket>();
  let current: Client | undefined;
  const received: UpMessage[] = [];
  const hubRun = HubRun.parse(hex128());
  let told = 0;
  const incidents = new Map<EventId, IncidentId>();

  const send = ({ channel, message }: DownMessage): void =>
    sendRaw(downTopic(PILLAR, channel), JSON.stringify(message), qosOf(channel));
  const sendRaw = (topic: string, payload: string | Buffer, qos: 0 | 1 = 1): void => {
    const packet = { cmd: "publish", topic, payload, qos, retain: false, dup: false } as const;
    current?.publish({ ...packet, payload: Buffer.from(payload) }, () => undefined);
  };
  const signed = (text: string): ReturnType<Authority["sign"]> => {
    if (!hub.forges) return authority.sign(text);
    const { privateKey } = generateKeyPairSync("ed25519");
    const forged = sign(null, createHash("sha256").update(text).digest(), privateKey);
    return forged.toString("base64url") as ReturnType<Authority["sign"]>;
  };
  broker.on("client", (client) => (current = client));
  broker.authorizePublish = (_client, packet, done) => {
    const topic = parseTopic(packet.topic);
    const parsed = topic?.direction === "up" && parseUp(topic.channel, Buffer.from(packet.payload));
    if (!parsed || !parsed.ok) return done(new Error("not a message"));
    received.push(parsed.value);
    done(null);
    if (parsed.value.channel === "alarm" && hub.accepts) hub.accept(parsed.value.message);
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const { key, cert } = authority.server;
      const server = createServer(
        {
          key,
          cert,
          ca: authority.caCertificate,
          requestCert: true,
          minVersion: "TLSv1.3",
          noDelay: true,
        },
        (socket) => {
          sockets.add(socket);
          socket.on("error", () => undefined);
          socket.on("close", () => sockets.delete(socket));
          broker.handle(socket);
        },
      );
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => resolve(server));
    });
  // One that stays free while the hub is away.
  const port = await freePort();
  let server: Server | undefined = await listen(port);
  const stop = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    for (const socket of sockets) socket.destroy();
    if (closing) await new Promise((resolve) => closing.close(resolve));
  };

  const newestNonce = (): SessionNonce | undefined =>
    received
      .flatMap((one) => (one.channel === "heartbeat" ? [one.message.sessionNonce] : []))
      .at(-1);

  const hub: SmallHub = {
    port,
    authority,
    received,
    accepts: true,
    forges: false,
    epoch: HubEpoch.parse(hex128()),
    alarms: () => received.flatMap((one) => (one.channel === "alarm" ? [one.message] : [])),
    send,
    sendRaw,
    call: (eventId, status, by) =>
      hub.tell({
        ...{ v: 1, incidentId: incidentOf(eventId), eventId, status },
        ...(by && { by }),
      }),
    tell: (call) => {
      const sessionNonce = newestNonce() ?? SessionNonce.parse("0".repeat(32));
      const body = { v: 1, pillarId: PILLAR, sessionNonce, hubRun, number: ++told, call } as const;
      const sig = signed(canonicalJson(body));
      send({ channel: "call", message: { v: 1, body, sig } });
    },
    command: (command, bootEpoch, sessionNonce = newestNonce()) => {
      const commandId = hex128();
      const body = {
        v: 1,
        commandId,
        pillarId: PILLAR,
        command,
        bootEpoch,
        sessionNonce,
        issuedWallMs: Date.now(),
        expiresInMs: 10_000,
      } as Extract<DownMessage, { channel: "command" }>["message"]["body"];
      send({ channel: "command", message: { v: 1, body, sig: signed(canonicalJson(body)) } });
      return commandId;
    },
    accept: ({ event, sessionNonce }) => {
      const receipt: Receipt = {
        v: 1,
        eventId: event.eventId,
        pillarId: event.pillarId,
        seq: event.seq,
        incidentId: incidentOf(event.eventId),
        hubEpoch: hub.epoch,
        isOver: false,
        journalIndex: received.length,
        hubRun,
        ...(sessionNonce && { sessionNonce }),
      };
      const sig = signed(canonicalJson(receipt));
      send({ channel: "accepted", message: { v: 1, receipt, sig } });
    },
    cut: async (isOpen) => {
      await stop();
      if (isOpen) server = await listen(port);
    },
    close: async () => {
      await stop();
      await new Promise<void>((resolve) => broker.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
  const incidentOf = (eventId: EventId): IncidentId => {
    const incidentId = incidents.get(eventId) ?? IncidentId.parse(hex128());
    incidents.set(eventId, incidentId);
    return incidentId;
  };
  return hub;
}
