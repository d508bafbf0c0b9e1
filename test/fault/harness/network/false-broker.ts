/** A broker with the hub's own certificate that follows MQTT and loses messages. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { openAuthority } from "../../../../hub/identity/authority.ts";
import { eachPacket, PACKET, type Packet } from "./mqtt-frame.ts";

export type Misbehaviour =
  /** CONNACK 3: server unavailable. */
  | "refuses"
  /** Accepts the connection and never says CONNACK. */
  | "says-nothing"
  /** Takes alarms and never acknowledges one. */
  | "never-acknowledges"
  /** Acknowledges every alarm and drops it. */
  | "acknowledges-and-drops";

export interface FalseBroker {
  readonly port: number;
  close(): Promise<void>;
}

export async function falseBroker(hubDir: string, how: Misbehaviour): Promise<FalseBroker> {
  const { server: own, caCertificate } = await openAuthority(hubDir, []);
  const sockets = new Set<TLSSocket>();
  const options = { key: own.key, cert: own.cert, ca: caCertificate, requestCert: true };
  const server = createServer({ ...options, minVersion: "TLSv1.3", noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const answers = eachPacket((packet) => {
      const answer = answerTo(packet, how);
      if (answer) socket.write(answer);
    });
    socket.on("data", answers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function answerTo({ type, qos, body }: Packet, how: Misbehaviour): Buffer | undefined {
  if (how === "says-nothing") return undefined;
  switch (type) {
    case PACKET.connect:
      return Buffer.from([0x20, 2, 0, how === "refuses" ? 3 : 0]);
    case PACKET.subscribe:
      return Buffer.from([0x90, 3, body[0] ?? 0, body[1] ?? 0, 1]);
    case PACKET.ping:
      return Buffer.from([0xd0, 0]);
    case PACKET.publish: {
      if (qos === 0 || how === "never-acknowledges") return undefined;
      const id = 2 + body.readUInt16BE(0);
      return Buffer.from([0x40, 2, body[id] ?? 0, body[id + 1] ?? 0]);
    }
    default:
      return undefined;
  }
}
