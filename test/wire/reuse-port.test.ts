/** The pillars' port when many come at once, over real TLS. */
import { once } from "node:events";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { openReusePort, type ReusePort } from "../../hub/link/entrance/reuse-port.ts";
import { applicationProtocols } from "../../shared/protocol/alpn.ts";
import {
  enrol,
  startTestBroker,
  type Identity,
  type TestBroker,
} from "../kit/wire/pillar-clients.ts";

const CROWD = 150;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function comes(broker: TestBroker, own: Identity, hasAlarm: boolean): TLSSocket {
  const { key, cert } = own;
  const ca = broker.authority.caCertificate;
  const port = broker.link.port();
  const ALPNProtocols = applicationProtocols(hasAlarm);
  const socket = connectTls({ host: "127.0.0.1", port, ca, key, cert, ALPNProtocols });
  socket.on("error", () => undefined);
  closers.push(async () => socket.destroy());
  return socket;
}

test("a pillar with an alarm that comes behind a crowd shakes hands before most of it", async () => {
  const broker = await startTestBroker({ maxConnections: 2 * CROWD });
  closers.push(() => broker.close());
  const own = await enrol(broker.authority, "demo-001");
  const order: string[] = [];
  const shaken = [...Array(CROWD).keys(), "alarm" as const].map(async (who) => {
    await once(comes(broker, own, who === "alarm"), "secureConnect");
    order.push(who === "alarm" ? "alarm" : "other");
  });
  await Promise.all(shaken);
  expect(order).toHaveLength(CROWD + 1);
  expect(order.indexOf("alarm")).toBeLessThan(CROWD / 2);
});

test("a port that another hub has is refused, though both would share it", async () => {
  const wanted = {
    ...{ host: "127.0.0.1", noDelay: true },
    onSocket: () => undefined,
    onError: () => undefined,
  };
  const first: ReusePort = await openReusePort({ ...wanted, port: 0 });
  closers.push(() => first.close());
  await expect(openReusePort({ ...wanted, port: first.port })).rejects.toThrow("EADDRINUSE");
});
