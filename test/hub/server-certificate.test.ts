/** The hub's own certificate: for every address it listens on, and renewed while it runs. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { pino } from "pino";
import { HubConfig } from "../../hub/config.ts";
import { examine } from "../../hub/doctor.ts";
import { startHub, type HubProcess } from "../../hub/hub-process.ts";
import { openAuthority } from "../../hub/link/authority.ts";
import { ownAddresses, serverNames } from "../../hub/link/server-names.ts";
import { tempDir } from "./journal/directory.ts";

const DAY_MS = 86_400_000;
const EVERYWHERE = { host: "0.0.0.0", port: 0 };

afterEach(() => void vi.useRealTimers());

const configOf = (dataDir: string, more: object = {}): HubConfig =>
  HubConfig.parse({ dataDir, http: EVERYWHERE, mqtt: EVERYWHERE, alarms: EVERYWHERE, ...more });

async function started(config: HubConfig): Promise<HubProcess> {
  const hub = await startHub(config, {
    log: pino({ level: "silent" }),
    media: { send: () => {}, onMessage: () => {}, close: () => Promise.resolve() },
    certificateCheckMs: 20,
  });
  onTestFinished(() => hub.stop());
  return hub;
}

const read = (dataDir: string, name: string): string =>
  readFileSync(join(dataDir, "authority", name), "utf8");

/** As a client that trusts this hub's authority and nothing else sees it; rejects when the name does not fit. */
function meet(dataDir: string, host: string, port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: read(dataDir, "ca.cert.pem") });
    socket.once("secureConnect", () => resolve(socket));
    socket.on("error", reject);
    onTestFinished(() => void socket.destroy());
  });
}
const serialOf = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber;

test("what the hub listens on is in its names: an address as it stands, all of the machine's for every address", () => {
  const at = (host: string) => ({ host, port: 0 });
  const config = configOf("/nowhere", {
    http: at("10.1.2.3"),
    mqtt: { ...at("::1"), names: ["hub.example"] },
    alarms: at("10.1.2.3"),
  });
  expect(serverNames(config)).toEqual(["hub.example", "10.1.2.3", "::1"]);
  const every = serverNames(configOf("/nowhere"));
  expect(every).toEqual([...new Set(ownAddresses())]);
  expect(every).not.toContain("0.0.0.0");
  expect(every.filter((name) => name.includes("%"))).toEqual([]);
});

test("a client at the machine's own address finds that address in the certificate, on every port", async ({
  skip,
}) => {
  const [address] = ownAddresses();
  if (address === undefined) return skip("needs a network address beside loopback");
  const dataDir = tempDir();
  const { httpPort, mqttPort, alarmsPort } = await started(configOf(dataDir));
  for (const port of [httpPort, mqttPort, alarmsPort]) {
    expect((await meet(dataDir, address, port)).authorized).toBe(true);
  }
});

test("a change of address makes a new certificate at the next start, and the doctor says when one is missing", async () => {
  const dataDir = tempDir();
  const before = await openAuthority(dataDir, []);
  const config = configOf(dataDir, { mqtt: { ...EVERYWHERE, names: ["10.9.8.7"] } });
  const finding = async () =>
    (await examine(config)).find(({ what }) => what === "certificate names");
  expect(await finding()).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/10\.9\.8\.7.*restart the hub.*mqtt\.names/),
  });
  const after = await openAuthority(dataDir, serverNames(config));
  expect(after.server.cert).not.toBe(before.server.cert);
  expect(after.caFingerprint).toBe(before.caFingerprint);
  expect(await finding()).toMatchObject({ isOk: true });
});

test("at two thirds of its life the certificate renews itself: new connections get the new one, old ones go on", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const now = Date.now();
  // Two thirds of 398 days are 265 and a third.
  vi.setSystemTime(now - 270 * DAY_MS);
  const dataDir = tempDir();
  const { httpPort, mqttPort, alarmsPort } = await started(
    configOf(dataDir, { mqtt: { ...EVERYWHERE, names: ["localhost"] } }),
  );
  const old = new X509Certificate(read(dataDir, "server.cert.pem")).serialNumber;
  const first = await meet(dataDir, "localhost", alarmsPort);
  expect(serialOf(first)).toBe(old);
  vi.setSystemTime(now - 10 * DAY_MS);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(serialOf(await meet(dataDir, "localhost", alarmsPort))).toBe(old);
  vi.setSystemTime(now);
  await expect
    .poll(() => new X509Certificate(read(dataDir, "server.cert.pem")).serialNumber)
    .not.toBe(old);
  const renewed = new X509Certificate(read(dataDir, "server.cert.pem")).serialNumber;
  for (const port of [httpPort, mqttPort, alarmsPort]) {
    await expect.poll(async () => serialOf(await meet(dataDir, "localhost", port))).toBe(renewed);
  }
  expect(first.destroyed).toBe(false);
});
