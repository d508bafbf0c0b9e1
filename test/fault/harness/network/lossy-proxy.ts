/**
 * A proxy between one pillar and its hub that loses, doubles, delays or invents whole MQTT
 * messages. It has the keys of both sides, so TLS is real on both of its ends.
 *
 * What happens to each message is drawn from a seed. Only PUBLISH packets are touched: the others
 * are not messages of this project.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { generate } from "mqtt-packet";
import type { Identity } from "../../../../device/adapters/identity/identity.ts";
import { openAuthority } from "../../../../hub/identity/authority.ts";
import { seeded } from "../sweep/chance.ts";
import { eachPacket, PACKET } from "./mqtt-frame.ts";

/** Chances from 0 to 1, of each message and in both directions. */
export interface MessageFaults {
  readonly lost?: number;
  /** Only on the way down. */
  readonly lostDown?: number;
  /** Comes again, one to five times. */
  readonly repeated?: number;
  /** Comes later by 20 to 800 ms; whatever follows overtakes it. */
  readonly delayed?: number;
}

export interface LossyProxy {
  readonly port: number;
  set(faults: MessageFaults): void;
  /** Tells the pillar something that the hub did not say. */
  inject(topic: string, message: object): void;
  /** The session that the pillar named last, and the run that the hub named last. */
  stamp(): { readonly sessionNonce: string; readonly hubRun: string };
  /** What befell messages so far. */
  counts(): { readonly lost: number; readonly repeated: number; readonly delayed: number };
  close(): Promise<void>;
}

export interface Ends {
  readonly hubDir: string;
  readonly mqttPort: number;
  /** Read when a connection comes: the pillar may not be enrolled yet. */
  readonly identity: () => Identity;
}

const SESSION_IN = /"sessionNonce":"([0-9a-f]{32})"/;
const RUN_IN = /"hubRun":"([0-9a-f]{32})"/;
const MOST_REPEATS = 5;
const DELAY_MS = { least: 20, most: 800 };

export async function newLossyProxy(
  { hubDir, mqttPort, identity }: Ends,
  seed = 1,
): Promise<LossyProxy> {
  const { server: own, caCertificate } = await openAuthority(hubDir, []);
  const chance = seeded(seed);
  const counts = { lost: 0, repeated: 0, delayed: 0 };
  const sockets = new Set<TLSSocket>();
  let faults: MessageFaults = {};
  let [sessionNonce, hubRun] = ["", ""];
  let near: TLSSocket | undefined;
  const kept = (socket: TLSSocket): TLSSocket => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const pass = (to: TLSSocket, way: "up" | "down"): ((bytes: Buffer) => void) =>
    eachPacket(({ type }, bytes) => {
      const write = (): void => void (to.writable && to.write(bytes));
      if (type !== PACKET.publish) return write();
      const text = bytes.toString("latin1");
      if (way === "up") sessionNonce = SESSION_IN.exec(text)?.[1] ?? sessionNonce;
      else hubRun = RUN_IN.exec(text)?.[1] ?? hubRun;
      const mayBeLost = Math.max(faults.lost ?? 0, way === "down" ? (faults.lostDown ?? 0) : 0);
      if (chance() < mayBeLost) {
        counts.lost += 1;
        return;
      }
      const isRepeated = chance() < (faults.repeated ?? 0);
      const again = isRepeated ? 1 + Math.floor(chance() * MOST_REPEATS) : 0;
      if (isRepeated) counts.repeated += 1;
      for (let n = 0; n <= again; n += 1) {
        if (chance() >= (faults.delayed ?? 0)) write();
        else {
          counts.delayed += 1;
          setTimeout(write, DELAY_MS.least + chance() * (DELAY_MS.most - DELAY_MS.least));
        }
      }
    });
  const options = { key: own.key, cert: own.cert, ca: caCertificate, requestCert: true };
  const server = createServer({ ...options, minVersion: "TLSv1.3", noDelay: true }, (socket) => {
    near = kept(socket);
    const { ca, tlsKey: key, tlsCert: cert } = identity();
    const far = kept(connect({ host: "127.0.0.1", port: mqttPort, ca, key, cert }));
    socket.on("data", pass(far, "up"));
    far.on("data", pass(socket, "down"));
    socket.on("close", () => far.destroy());
    far.on("close", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => void (faults = next),
    stamp: () => ({ sessionNonce, hubRun }),
    counts: () => ({ ...counts }),
    inject(topic, message) {
      const payload = JSON.stringify(message);
      near?.write(generate({ cmd: "publish", topic, payload, qos: 0, retain: false, dup: false }));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
