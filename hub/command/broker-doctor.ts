/**
 * Whether an external broker does what the hub has to trust it with.
 *
 * The doctor connects as the hub and as two test pillars, whose certificates are valid only for
 * this check, and tries what the access list must forbid. While a hub runs it does not connect as
 * the hub, and can check less.
 */
import type { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { connectAsync, type MqttClient } from "mqtt";
import { PillarId } from "../../shared/ids.ts";
import { MAX_MESSAGE_BYTES } from "../../shared/parse.ts";
import { downFilter, downTopic, EVERY_UP, upTopic } from "../../shared/protocol/topics.ts";
import type { ExternalBroker } from "../config.ts";
import type { Finding } from "./finding.ts";
import { accessTo } from "../link/external/broker-access.ts";
import { connectToBroker, type BrokerAccess } from "../link/external/broker-client.ts";
import type { KeyAndCert } from "../identity/certificates.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_BEFORE_DAYS = 30;
const CONNECT_MS = 5000;
/** A forbidden message that has not come by then is taken not to come. */
const LISTEN_MS = 1000;
const ONE = PillarId.parse("anzhu-doctor-1");
const OTHER = PillarId.parse("anzhu-doctor-2");

export interface Place {
  readonly dataDir: string;
  readonly isHubRunning: boolean;
}

export async function examineBroker(external: ExternalBroker, place: Place): Promise<Finding[]> {
  const { dataDir, isHubRunning } = place;
  const keys = authorityIn(dataDir);
  if (!keys) {
    const detail = "the hub has no authority yet; the first start makes it: ask again then";
    return [{ what: "broker", isOk: true, detail }];
  }
  const { createHubClientCertificate, createTrialPillar, loadIssuer } =
    await import("../identity/certificates.ts");
  const issuer = await loadIssuer(keys);
  const heard: string[] = [];
  const closers: (() => unknown)[] = [];
  try {
    const access = await accessTo(external, {
      caCertificate: keys.cert,
      brokerClient: (name) => createHubClientCertificate(issuer, name),
    });
    const { host, port } = access;
    const trialOf = async (clientId: PillarId): Promise<Trial> => {
      return {
        host,
        port,
        ca: keys.cert,
        clientId,
        ...(await createTrialPillar(issuer, clientId)),
      };
    };
    const pillars = { one: await trialOf(ONE), other: await trialOf(OTHER) };
    const hub = isHubRunning ? leftAlone : await asHub(access, heard, closers);
    return [
      hub,
      await certificate(pillars.one),
      await refusesStrangers(pillars.one),
      ...(await asPillars(pillars, { heard, isHeard: !isHubRunning && hub.isOk }, closers)),
    ];
  } catch (error) {
    return [fault("broker", error instanceof Error ? error.message : String(error))];
  } finally {
    for (const close of closers) close();
  }
}

const leftAlone: Finding = {
  what: "broker",
  isOk: true,
  detail: "a hub is running and holds the connection; its /readyz says how it is",
};

const fine = (what: string, detail: string): Finding => ({ what, isOk: true, detail });
const fault = (what: string, detail: string): Finding => ({ what, isOk: false, detail });

function authorityIn(dataDir: string): KeyAndCert | undefined {
  const file = (name: string): string => join(dataDir, "authority", name);
  if (!existsSync(file("ca.key.pem")) || !existsSync(file("ca.cert.pem"))) return undefined;
  const [key, cert] = ["ca.key.pem", "ca.cert.pem"].map((name) => readFileSync(file(name), "utf8"));
  return { key: key ?? "", cert: cert ?? "" };
}

const MANNERS = {
  protocol: "mqtts",
  minVersion: "TLSv1.3",
  clean: true,
  reconnectPeriod: 0,
  protocolVersion: 4,
  connectTimeout: CONNECT_MS,
} as const;

interface Trial extends KeyAndCert {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly clientId: PillarId;
}

async function asHub(
  access: BrokerAccess,
  heard: string[],
  closers: (() => unknown)[],
): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const connection = connectToBroker(access, {
    onUp: () => {
      const { host, port } = access;
      const ms = Math.round(connection.roundTripMs() ?? 0);
      resolve(
        fine("broker", `${host}:${port} takes the hub's message and brings it back, ${ms} ms`),
      );
    },
    onEnd: (reason) => resolve(fault("broker", reason)),
    onMessage: (packet, settled) => {
      heard.push(packet.topic);
      settled();
    },
  });
  closers.push(() => connection.end("the doctor has seen enough"));
  return await promise;
}

async function certificate({ host, port, ca, key, cert }: Trial): Promise<Finding> {
  const what = "broker certificate";
  const found = await new Promise<X509Certificate | Error | undefined>((resolve) => {
    const socket = connectTls({ host, port, ca, key, cert });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error("no answer")));
    socket.once("error", resolve);
    socket.once("secureConnect", () => {
      resolve(socket.getPeerX509Certificate());
      socket.destroy();
    });
  });
  const advice = "make one with anzhu-hub broker-certificate";
  if (found instanceof Error) {
    return fault(what, `pillars do not believe ${host}:${port} (${found.message}): ${advice}`);
  }
  const days = Math.floor((Date.parse(found?.validTo ?? "") - Date.now()) / DAY_MS);
  const words = `valid for ${days} days`;
  return days >= RENEW_BEFORE_DAYS ? fine(what, words) : fault(what, `${words}: ${advice}`);
}

async function refusesStrangers({ host, port, ca, clientId }: Trial): Promise<Finding> {
  const what = "broker strangers";
  const trial = { ...MANNERS, host, port, ca, clientId };
  try {
    const client = await connectAsync(trial);
    client.end(true);
    return fault(
      what,
      "it accepts clients without a certificate: require one (require_certificate true)",
    );
  } catch {
    return fine(what, "it refuses clients without a certificate");
  }
}

interface Ear {
  /** Topics that reached the hub. */
  readonly heard: readonly string[];
  readonly isHeard: boolean;
}

interface Seen {
  /** Another pillar's topics, that reached a pillar. */
  readonly overheard: readonly string[];
  readonly keptItsPlace: boolean;
}

interface Pillars {
  readonly one: Trial;
  readonly other: Trial;
}

async function asPillars(
  pillars: Pillars,
  { heard, isHeard }: Ear,
  closers: (() => unknown)[],
): Promise<Finding[]> {
  const seen = await misbehave(pillars, closers).catch((error: unknown) => String(error));
  if (typeof seen === "string") return [fault("broker pillars", `no pillar can connect: ${seen}`)];
  const { overheard, keptItsPlace } = seen;
  const reached = (topic: string): boolean => heard.includes(topic);
  const isForged = reached(upTopic(OTHER, "alarm"));
  const advice = "correct its access list, docs/external-broker.md";
  return [
    reached(upTopic(OTHER, "heartbeat")) || !isHeard
      ? fine("broker pillars", "a pillar can connect, and its messages arrive")
      : fault("broker pillars", `a pillar's messages do not reach the hub: ${advice}`),
    overheard.length === 0 && !isForged
      ? fine(
          "broker access list",
          "a pillar can neither publish as another one nor receive its messages",
        )
      : fault(
          "broker access list",
          `a pillar can publish as another one, or receive its messages: ${advice}`,
        ),
    keptItsPlace
      ? fine("broker names", "a pillar cannot take another one's connection")
      : fault(
          "broker names",
          "a pillar can take another one's connection: bind client id to certificate",
        ),
    reached(upTopic(OTHER, "report"))
      ? fault("broker limits", `it accepts messages above ${MAX_MESSAGE_BYTES} bytes: limit them`)
      : fine(
          "broker limits",
          isHeard ? "it takes no long messages" : "not tried: a hub is running",
        ),
  ];
}

/** Publishes what a pillar may, and everything it may not. */
async function misbehave({ one, other }: Pillars, closers: (() => unknown)[]): Promise<Seen> {
  const overheard: string[] = [];
  const enter = async (trial: Trial): Promise<MqttClient> => {
    const client = await connectAsync({ ...MANNERS, ...trial });
    closers.push(() => client.end(true));
    client.on("error", () => undefined);
    client.on("message", (topic) => {
      if (trial === other || topic.includes(`/${OTHER}/`)) overheard.push(topic);
    });
    return client;
  };
  const [first, second] = [await enter(one), await enter(other)];
  await second.subscribeAsync(downFilter(OTHER), { qos: 1 });
  // A refused subscription is as good as one that stays silent.
  await first.subscribeAsync(["#", EVERY_UP, downFilter(OTHER)], { qos: 1 }).catch(() => undefined);
  // These receipts are not awaited: a broker may close the connection instead.
  const say = (client: MqttClient, topic: string, payload: string | Buffer): void =>
    void client.publish(topic, payload, { qos: 1 }, () => undefined);
  say(first, downTopic(OTHER, "call"), "{}");
  say(first, upTopic(OTHER, "alarm"), "{}");
  say(second, upTopic(OTHER, "heartbeat"), "{}");
  await delay(LISTEN_MS);
  const usurper = await connectAsync({ ...MANNERS, ...one, clientId: OTHER }).catch(
    () => undefined,
  );
  closers.push(() => usurper?.end(true));
  await delay(LISTEN_MS);
  const keptItsPlace = second.connected;
  say(second, upTopic(OTHER, "report"), Buffer.alloc(MAX_MESSAGE_BYTES + 1));
  await delay(LISTEN_MS);
  return { overheard, keptItsPlace };
}
