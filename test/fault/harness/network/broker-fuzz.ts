/**
 * Packets of every MQTT type, bent at random, over real TLS connections of valid pillars.
 *
 * A case is one bent packet after a good CONNECT; a connection carries several, until the hub
 * closes it. The same seed bends the same packets in the same order on each connection.
 */
import { connect, type TLSSocket } from "node:tls";
import { generate, type Packet } from "mqtt-packet";
import { seeded } from "../sweep/chance.ts";
import type { Street } from "../programs/street.ts";
import { KEEP_ALIVE_SECONDS } from "../../../../shared/protocol/connection.ts";
import { wirePillar, type WirePillar } from "./wire-pillar.ts";

const AT_ONCE = 4;
const PER_CONNECTION = 20;
/** Whoever has been told nothing for so long goes away by itself. */
const IDLE_MS = 30;
const MOST_BENDS = 4;

export interface Fuzz {
  readonly cases: number;
  readonly seed: number;
}

/** Returns how many connections it took. */
export async function fuzzBroker(street: Street, { cases, seed }: Fuzz): Promise<number> {
  const names = Array.from({ length: AT_ONCE }, (_, n) => `fuzz-${n}`);
  const pillars = await Promise.all(names.map((name) => wirePillar(street, name)));
  let left = cases;
  let connections = 0;
  const work = async (pillar: WirePillar, n: number): Promise<void> => {
    const chance = seeded(seed + n);
    const corpus = corpusOf(pillar.id);
    while (left > 0) {
      const bent = Array.from({ length: Math.min(left, PER_CONNECTION) }, () =>
        bend(corpus[Math.floor(chance() * corpus.length)]!, chance),
      );
      left -= bent.length;
      connections += 1;
      await say(street, pillar, bent);
    }
  };
  await Promise.all(pillars.map(work));
  return connections;
}

function corpusOf(pillarId: string): Buffer[] {
  const payload = JSON.stringify({ v: 1, type: "nothing", deep: [[[["x"]]]] });
  const publish = {
    cmd: "publish",
    topic: `p/${pillarId}/up/report`,
    payload,
    retain: false,
  } as const;
  const subscriptions = [{ topic: `p/${pillarId}/down/#`, qos: 1 as const }];
  const packets: Packet[] = [
    connectOf(pillarId),
    { ...publish, qos: 0, dup: false },
    { ...publish, qos: 1, dup: true, messageId: 7 },
    { ...publish, qos: 2, dup: false, messageId: 8 },
    { cmd: "subscribe", messageId: 9, subscriptions } as Packet,
    { cmd: "unsubscribe", messageId: 10, unsubscriptions: ["$SYS/#", "+/+"] },
    { cmd: "connack", returnCode: 0, sessionPresent: false },
    { cmd: "suback", messageId: 9, granted: [0, 1, 128] },
    { cmd: "unsuback", messageId: 10 } as Packet,
    ...(["puback", "pubrec", "pubrel", "pubcomp"] as const).map(
      (cmd) => ({ cmd, messageId: 11 }) as Packet,
    ),
    ...(["pingreq", "pingresp", "disconnect"] as const).map((cmd) => ({ cmd }) as Packet),
  ];
  return packets.map((packet) => generate(packet));
}

const connectOf = (clientId: string): Packet => ({
  ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 4 },
  ...{ clean: true, clientId, keepalive: KEEP_ALIVE_SECONDS },
});

/**
 * Up to four of: a bit flipped, a byte replaced, the end
 * torn off, bytes doubled, another length or type.
 */
function bend(packet: Buffer, chance: () => number): Buffer {
  let bytes = Buffer.from(packet);
  const below = (limit: number): number => Math.floor(chance() * limit);
  for (let n = 0; n <= below(MOST_BENDS); n += 1) {
    const at = below(bytes.length);
    const how = below(6);
    if (how === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (how === 1) bytes[at] = below(256);
    else if (how === 2) bytes = bytes.subarray(0, Math.max(1, at));
    else if (how === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes]);
    else if (how === 4 && bytes.length > 1) bytes[1] = below(256);
    else bytes[0] = below(256);
  }
  return bytes;
}

function say(street: Street, pillar: WirePillar, packets: readonly Buffer[]): Promise<void> {
  const { ca, tlsKey: key, tlsCert: cert } = pillar.identity;
  const options = { host: "127.0.0.1", port: street.hub.mqttPort, ca, key, cert };
  return new Promise((resolve) => {
    const socket: TLSSocket = connect(options);
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
    socket.once("secureConnect", () => socket.write(generate(connectOf(pillar.id))));
    socket.once("data", () => {
      socket.setTimeout(IDLE_MS, () => socket.destroy());
      for (const packet of packets) socket.write(packet);
    });
  });
}
