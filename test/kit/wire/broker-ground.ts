/**
 * The hub as a client of a broker that is not its own,
 * and pillars that are clients of the same broker.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { examineBroker } from "../../../hub/command/broker-doctor.ts";
import { HubConfig } from "../../../hub/config.ts";
import type { Finding } from "../../../hub/command/finding.ts";
import { openAuthority } from "../../../hub/identity/authority.ts";
import { accessTo } from "../../../hub/link/external/broker-access.ts";
import { createExternalBroker } from "../../../hub/link/external/external-broker.ts";
import type { Authority } from "../../../hub/identity/ports.ts";
import type { WayIn } from "../../../hub/ports.ts";
import { PillarId } from "../../../shared/ids.ts";
import { until } from "../../../simulator/demo/hub-client.ts";
import { enrol, keptLog, type Identity, type Received } from "./pillar-clients.ts";

/** A pillar with a certificate of the authority, that the hub does not know. */
export const STRANGER = PillarId.parse("stranger");

export interface Ground<Broker> {
  readonly authority: Authority;
  readonly broker: Broker;
  readonly way: WayIn;
  readonly received: Received[];
  readonly told: string[];
  readonly lines: string[];
  /** Serial of a renewed certificate the pillars must be showing by now. */
  successor: string | undefined;
  /** What the hub does with a message; replace it to wait or to fail. */
  onMessage: () => Promise<void>;
  /** What the doctor says of the broker, once the hub has left. */
  examine(): Promise<Finding[]>;
  pillar(name: string, options?: IClientOptions): Promise<Identity & { client: MqttClient }>;
}

interface Wanted<Broker> {
  start(dir: string, authority: Authority): Promise<Broker>;
  /** What is to be done at the end of the test, last first. */
  readonly closers: (() => unknown)[];
  /** Wait until the hub is reached; the default is yes. */
  readonly isUp?: boolean | undefined;
}

export async function openGround<Broker extends { port: number; close(): Promise<void> }>({
  start,
  closers,
  isUp = true,
}: Wanted<Broker>): Promise<Ground<Broker>> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-external-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  const authority = await openAuthority(dir, []);
  const broker = await start(join(dir, "broker"), authority);
  closers.push(() => broker.close());
  const { mqtt } = HubConfig.parse({
    dataDir: dir,
    mqtt: { external: { url: `mqtts://127.0.0.1:${broker.port}` } },
  });
  const { external } = mqtt;
  if (external === "none") throw new Error("bug: no external broker");
  const { log, lines } = keptLog();
  const received: Received[] = [];
  const told: string[] = [];
  const readAccess = () => accessTo(external, authority);
  const way = createExternalBroker({
    access: await readAccess(),
    readAccess,
    isEnrolled: (pillarId) => pillarId !== STRANGER,
    successor: () => ground.successor,
    log,
  });
  await way.listen({
    onConnected: (pillarId, how) => void told.push(`${pillarId} shows ${how?.serial}`),
    onDisconnected: (pillarId) => void told.push(`${pillarId} away`),
    onBroker: (isReached) => void told.push(isReached ? "reached" : "unreachable"),
    onMessage: async (pillarId, message) => {
      received.push({ pillarId, message });
      await ground.onMessage();
    },
  });
  closers.push(() => way.close());
  const ground: Ground<Broker> = {
    ...{ authority, broker, way, received, told, lines },
    successor: undefined,
    onMessage: async () => {},
    async examine() {
      await way.close();
      return examineBroker(external, { dataDir: dir, isHubRunning: false });
    },
    async pillar(name, options = {}) {
      const identity = await enrol(authority, name);
      const client = await connectAsync({
        protocol: "mqtts",
        host: "127.0.0.1",
        port: broker.port,
        ca: authority.caCertificate,
        key: identity.key,
        cert: identity.cert,
        clientId: name,
        clean: true,
        reconnectPeriod: 0,
        protocolVersion: 4,
        ...options,
      });
      client.on("error", () => {});
      closers.push(() => client.endAsync(true));
      return { ...identity, client };
    },
  };
  const isReady = !isUp || (await until(15_000, () => Promise.resolve(way.health().isOk)));
  if (!isReady) throw new Error(`expected a way in: ${way.health().detail}`);
  return ground;
}
