/**
 * A broker that acknowledges alarms and loses some of them: aedes with a store of uneven latency,
 * whose filter of duplicates takes a message that was overtaken for an old one (aedes #955, #994).
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { setTimeout as delay } from "node:timers/promises";
import { Aedes } from "aedes";
import type { Authority } from "../../../../hub/identity/ports.ts";

/** Every second message is that much slower in the store. */
const SLOW_MS = 8;

export interface JitteryBroker {
  readonly port: number;
  /** Alarms it has acknowledged and is done with. */
  handled(): number;
  /** Alarms handed to the hub. */
  delivered(): number;
  close(): Promise<void>;
}

export async function jitteryBroker(
  authority: Pick<Authority, "caCertificate" | "certifyBroker">,
): Promise<JitteryBroker> {
  let handled = 0;
  let delivered = 0;
  const isAlarm = (topic: string): boolean => topic.endsWith("/up/alarm");
  const aedes = await Aedes.createBroker({
    authorizeForward: (_client, packet) => {
      if (isAlarm(packet.topic)) delivered += 1;
      return packet;
    },
    published: (packet, _client, done) => {
      if (isAlarm(packet.topic)) handled += 1;
      done();
    },
  });
  slowEverySecond(aedes);
  const { key, cert } = await authority.certifyBroker(["127.0.0.1"]);
  const sockets = new Set<TLSSocket>();
  const options = { key, cert, ca: authority.caCertificate, requestCert: true, noDelay: true };
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    aedes.handle(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    handled: () => handled,
    delivered: () => delivered,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(resolve));
      server.close();
    },
  };
}

/** As a store over a network is now and then. */
function slowEverySecond(aedes: Aedes): void {
  const { persistence } = aedes as unknown as {
    persistence: { subscriptionsByTopic(topic: string): Promise<unknown> };
  };
  const lookUp = persistence.subscriptionsByTopic.bind(persistence);
  let count = 0;
  persistence.subscriptionsByTopic = async (topic) => {
    count += 1;
    if (count % 2 === 1) await delay(SLOW_MS);
    return lookUp(topic);
  };
}
