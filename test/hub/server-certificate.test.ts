/**
 * The hub's own certificate is valid for every address it listens on, and is renewed while it runs.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { pino } from "pino";
import { HubConfig } from "../../hub/config.ts";
import { examine } from "../../hub/command/doctor.ts";
import { startHub, type HubProcess } from "../../hub/hub-process.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import { ownAddresses, serverNames } from "../../hub/identity/server-names.ts";
import { tempDir } from "../kit/journal/directory.ts";

const DAY_MS = 86_400_000;
const EVERYWHERE = { host: "0.0.0.0", port: 0 };

afterEach(() => void vi.useRealTimers());

const configOf = (dataDir: string, more: object = {}): HubConfig =>
  HubConfig.parse({ dataDir, http: EVERYWHERE, mqtt: EVERYWHERE, alarms: EVERYWHERE, ...more });

async function started(config: HubConfig): Promise<HubProcess> {
  const hub = await startHub(config, {
    log: pino({ level: "silent" }),
    media: { send: () => {}, start: () => {}, status: () => [], close: () => Promise.resolve() },
    certificateCheckMs: 20,
  });
  onTestFinished(() => hub.stop());
  return hub;
}

const read = (dataDir: string, name: string): string =>
  readFileSync(join(dataDir, "authority", name), "utf8");

/**
 * Connects as a client that trusts this hub's authority only. Rejects when the certificate does not
 * name the host.
 */
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
  // It is renewed after two thirds of 398 days, which are 265 days and 8 hours.
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

/**
 * A broker certified by that authority, which closes every connection that shows a certificate; and
 * the serial numbers it was shown.
 */
async function hangingUp(dataDir: string): Promise<{ url: string; shown: readonly string[] }> {
  const authority = await openAuthority(dataDir, []);
  const { key, cert } = await authority.certifyBroker(["127.0.0.1"]);
  const ca = authority.caCertificate;
  const shown: string[] = [];
  const server = createServer({ key, cert, ca, requestCert: true, minVersion: "TLSv1.3" });
  server.on("secureConnection", (socket) => {
    shown.push(serialOf(socket));
    socket.on("error", () => undefined);
    socket.destroy();
  });
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return { url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`, shown };
}

/** The serial number of the second connection from now on: the first may have begun earlier. */
async function shownNext(shown: readonly string[]): Promise<string | undefined> {
  const count = shown.length;
  await expect.poll(() => shown.length, { timeout: 20_000 }).toBeGreaterThan(count + 1);
  return shown.at(-1);
}

test("what the hub shows to somebody else's broker renews itself while the hub runs, with its key", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const now = Date.now();
  vi.setSystemTime(now - 270 * DAY_MS);
  const dataDir = tempDir();
  const { url, shown } = await hangingUp(dataDir);
  await started(configOf(dataDir, { mqtt: { ...EVERYWHERE, external: { url } } }));
  const inFile = () => new X509Certificate(read(dataDir, "broker-client.cert.pem"));
  const old = inFile().serialNumber;
  expect(await shownNext(shown)).toBe(old);
  vi.setSystemTime(now - 10 * DAY_MS);
  expect(await shownNext(shown)).toBe(old);
  vi.setSystemTime(now);
  await expect.poll(() => inFile().serialNumber).not.toBe(old);
  expect(await shownNext(shown)).toBe(inFile().serialNumber);
  const key = createPrivateKey(read(dataDir, "broker-client.key.pem"));
  expect(inFile().checkPrivateKey(key)).toBe(true);
}, 60_000);

test("a certificate file that its owner replaces is shown with the next connection; while one cannot be read the hub shows none and tries again", async () => {
  const dataDir = tempDir();
  const { url, shown } = await hangingUp(dataDir);
  const files = {
    certificate: join(dataDir, "their.cert.pem"),
    key: join(dataDir, "their.key.pem"),
  };
  const authority = await openAuthority(dataDir, []);
  const put = async (name: string): Promise<string> => {
    const { cert, key } = await authority.brokerClient(name);
    writeFileSync(files.certificate, cert);
    writeFileSync(files.key, key);
    return new X509Certificate(cert).serialNumber;
  };
  const first = await put("first_hub");
  await started(configOf(dataDir, { mqtt: { ...EVERYWHERE, external: { url, ...files } } }));
  expect(await shownNext(shown)).toBe(first);
  rmSync(files.key);
  const count = shown.length;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(shown.length).toBeLessThanOrEqual(count + 1);
  const second = await put("second_hub");
  expect(await shownNext(shown)).toBe(second);
}, 60_000);

test("a certificate beside a key that is not its own is made again", async () => {
  const dataDir = tempDir();
  const before = await (await openAuthority(dataDir, [])).brokerClient("anzhu_hub");
  const other = await (await openAuthority(tempDir(), [])).brokerClient("anzhu_hub");
  writeFileSync(join(dataDir, "authority", "broker-client.key.pem"), other.key);
  const after = await (await openAuthority(dataDir, [])).brokerClient("anzhu_hub");
  expect(after.cert).not.toBe(before.cert);
  expect(new X509Certificate(after.cert).checkPrivateKey(createPrivateKey(after.key))).toBe(true);
});

test("asked twice at once, the authority makes one certificate for the broker", async () => {
  const dataDir = tempDir();
  const authority = await openAuthority(dataDir, []);
  const [one, other] = await Promise.all([
    authority.brokerClient("anzhu_hub"),
    authority.brokerClient("anzhu_hub"),
  ]);
  expect(other).toEqual(one);
  expect(read(dataDir, "broker-client.key.pem")).toBe(one?.key);
});
