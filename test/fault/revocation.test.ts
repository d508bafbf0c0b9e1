/**
 * Groups C and G: identities end, by an order or by the
 * calendar, at a real hub process under real agents.
 */
import { once } from "node:events";
import { execFile } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { connectAsync } from "mqtt";
import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { enrol } from "../../device/adapters/hub/enrolment.ts";
import { AgentConfig } from "../../device/config.ts";
import { loadConfig } from "../../device/adapters/host/config-file.ts";
import { askForCertificate } from "../../device/adapters/hub/renewal.ts";
import type { OwnIdentity } from "../../device/adapters/identity/identity.ts";
import type { Pillar } from "../../shared/api/pillar.ts";
import { until } from "../../simulator/demo/hub-client.ts";
import { failSyncs } from "./harness/disk/failing-now.ts";
import { recordedBytes } from "./harness/judge/playback.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { libfaketime, missing } from "./harness/programs/tool.ts";
import { tlsOf, wirePillar, type WirePillar } from "./harness/network/wire-pillar.ts";

const SLOW = 120_000;

let street: Street;
beforeEach(async () => {
  street = await openStreet();
});
afterEach(() => street?.close());

const wire = (id: string): Promise<WirePillar> => wirePillar(street, id);

async function armed(id: string, wanted: object = {}): Promise<PillarUnderTest> {
  const pillar = await street.add(id, wanted);
  pillar.start();
  await pillar.untilArmed();
  return pillar;
}

async function revoke(id: string, as = "admin"): Promise<Response> {
  return await street.hub.operator.request(`/pillars/${id}/revoke`, {
    as,
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": `revoke ${id}` },
    body: JSON.stringify({ reason: "pillar-stolen", note: "its box was found open" }),
  });
}

interface Row<T> {
  readonly at: number;
  readonly fact: T;
}

const factsOf = <T>(type: string): Row<T>[] =>
  readJournal(street.hub.dir)
    .filter((row) => row.type === type)
    .map((row) => ({ at: row.at, fact: JSON.parse(row.body) as T }));

const alarmsOf = (pillarId: string): string[] =>
  factsOf<{ via: string; event: { pillarId: string } }>("alarm-recorded")
    .filter(({ fact }) => fact.event.pillarId === pillarId)
    .map(({ fact }) => fact.via);

const pillarOf = (id: string): Promise<Pillar> => street.hub.operator.pillar(id);

/** By HTTPS at the pillars' entrance: the status. */
async function postAlarm(pillar: WirePillar): Promise<number> {
  const url = `${street.hub.url}/api/v1/pillars/${pillar.id}/alarms`;
  const body = JSON.stringify(pillar.envelope(pillar.seal()));
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method: "POST", headers, body })).status;
}

const renewal = ({ id, identity }: WirePillar): Promise<unknown> =>
  askForCertificate({
    pillarId: id,
    urls: [`https://127.0.0.1:${street.hub.alarmsPort}`],
    identity: identity as OwnIdentity,
    notEndedBefore: () => 0,
  });

test(
  "G4 a pillar is revoked while it is connected: its connection is dead within a second, and a new code brings it back",
  { timeout: SLOW },
  async () => {
    const pillar = await armed("stolen");
    const isCutOff = (): boolean => pillar.lines().some((line) => line.includes("is not reached"));
    expect((await revoke("stolen", "technician")).status).toBe(403);
    expect(isCutOff()).toBe(false);
    const calledAt = Date.now();
    const [answer, cutOffAt] = await Promise.all([
      revoke("stolen"),
      until(5000, () => Promise.resolve(isCutOff())).then(() => Date.now()),
    ]);
    expect(answer.status).toBe(200);
    expect(cutOffAt - calledAt).toBeLessThanOrEqual(PROMISED_MS.revoked);
    expect(await pillarOf("stolen")).toMatchObject({
      isEnrolled: false,
      certificate: null,
      presence: "out-of-service",
      revocation: { reason: "pillar-stolen", byName: "管理员", note: "its box was found open" },
    });
    await pillar.press();
    const refused = (): boolean => pillar.lines().some((line) => line.includes("(403)"));
    await expect.poll(refused, { timeout: 20_000 }).toBe(true);
    await street.hub.crash();
    await street.hub.start();
    await pillar.process().stop();
    expect(alarmsOf("stolen")).toEqual([]);
    const config = loadConfig(join(street.dir, "stolen", "agent.yaml"), {});
    await enrol(config, await street.hub.code("stolen"));
    pillar.start();
    await pillar.untilArmed();
    expect(await pillarOf("stolen")).toMatchObject({ isEnrolled: true, revocation: null });
    // What was pressed meanwhile is sent again, under the new key.
    await expect.poll(() => alarmsOf("stolen").length, { timeout: 30_000 }).toBe(1);
    await pillar.untilLamp("received");
    await pillar.press();
    await expect.poll(() => alarmsOf("stolen").length, { timeout: 30_000 }).toBe(2);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "G4 a pillar is revoked in a call: picture, sound and recording end within a second, the incident stays its operator's",
  { timeout: SLOW },
  async () => {
    const media = {
      cameras: [{ id: "front", source: { kind: "test" } }],
      size: "640x360",
      framesPerSecond: 10,
      microphone: { kind: "test" },
    };
    const pillar = await armed("taken", { media });
    await pillar.press();
    await pillar.untilLamp("received");
    const [incident] = await street.hub.operator.active();
    const { id } = incident!;
    await street.hub.operator.order(id, "answer");
    const recordings = () => street.hub.operator.recordings(id);
    await expect
      .poll(async () => recordedBytes(street, (await recordings())[0]!.id), { timeout: 30_000 })
      .toBeGreaterThan(20_000);
    expect((await revoke("taken")).status).toBe(200);
    await expect.poll(async () => (await recordings())[0]!.state).toBe("closed");
    const [revoked] = factsOf<object>("pillar-revoked");
    const [ended] = factsOf<object>("recording-ended");
    expect(ended!.at - revoked!.at).toBeLessThanOrEqual(PROMISED_MS.revoked);
    const mediaEnded = (): string | undefined =>
      street.hub.lines().find((line) => line.includes("media of taken ended"));
    await expect.poll(mediaEnded).toBeDefined();
    const { time } = JSON.parse(mediaEnded()!) as { time: number };
    expect(time - revoked!.at).toBeLessThanOrEqual(PROMISED_MS.revoked);
    expect(await street.hub.operator.incident(id)).toMatchObject({
      state: "answered",
      owner: "operator",
      isVerified: false,
    });
    const timeline = await street.hub.operator.get<{ items: { type: string }[] }>(
      `/incidents/${id}/timeline`,
    );
    expect(timeline.items.map(({ type }) => type)).toContain("incident-pillar-revoked");
    const view = await street.hub.operator.request(`/incidents/${id}/whep`, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: "v=0\r\n",
    });
    expect(view.status).toBe(409);
    await street.hub.operator.order(id, "close", { disposition: "resolved", note: "" });
  },
);

test(
  "G4 a hub restored from a backup older than the revocation still refuses it, and knows whom it enrolled since",
  { timeout: SLOW },
  async () => {
    const thief = await wire("thief");
    const copy = join(street.dir, "copy.db");
    await street.hub.command("backup", copy);
    const late = await wire("late");
    expect((await revoke("thief")).status).toBe(200);
    await street.hub.stop();
    await street.hub.command("restore", copy);
    await street.hub.start();
    await expect(thief.connect()).rejects.toThrow(/Not authorized/);
    expect(await postAlarm(thief)).toBe(403);
    expect((await pillarOf("thief")).revocation).toMatchObject({ byName: "管理员" });
    const link = await late.connect();
    const alarm = await link.press();
    await expect.poll(() => link.isAccepted(alarm)).toBe(true);
  },
);

test(
  "B4 the journal's disk fails during an enrolment: it is refused, the old identity stays good, and so does the code",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    const old = await wire("twice");
    const { hub } = street;
    const code = await hub.code("twice");
    const config = AgentConfig.parse({
      pillarId: "twice",
      dataDir: join(street.dir, "twice-new"),
      hub: { host: "127.0.0.1", mqttPort: hub.mqttPort, httpUrl: hub.url },
      board: { kind: "modbus", path: "/dev/null" },
    });
    const mend = await failSyncs(hub.process().pid(), join(hub.dir, "journal.db"));
    await expect(enrol(config, code)).rejects.toThrow(/could not be recorded/);
    expect((await revoke("twice")).status).toBe(503);
    await mend();
    await expect
      .poll(() => hub.lines().some((line) => line.includes("the journal holds again")), {
        timeout: 30_000,
      })
      .toBe(true);
    await hub.stop();
    await hub.start();
    const link = await old.connect();
    const alarm = await link.press();
    await expect.poll(() => link.isAccepted(alarm)).toBe(true);
    await link.client.endAsync();
    await enrol(config, code);
    await expect(old.connect()).rejects.toThrow(/Not authorized/);
  },
);

test(
  "A5 the hub is killed when the journal has a revocation and the register beside the authority has not: it holds, also after an old backup",
  { timeout: SLOW },
  async () => {
    const { hub } = street;
    const thief = await wire("thief");
    const copy = join(street.dir, "copy");
    await hub.command("backup", copy);
    // Whoever opens a pipe that nobody reads waits for ever.
    const register = join(hub.dir, "authority", "register.jsonl");
    renameSync(register, `${register}.kept`);
    await promisify(execFile)("mkfifo", [register]);
    const unheard = revoke("thief").catch(() => undefined);
    await expect.poll(() => factsOf("pillar-revoked").length).toBe(1);
    await hub.crash();
    await unheard;
    renameSync(`${register}.kept`, register);
    await hub.start();
    await expect(thief.connect()).rejects.toThrow(/Not authorized/);
    await hub.stop();
    await hub.command("restore", copy);
    await hub.start();
    await expect(thief.connect()).rejects.toThrow(/Not authorized/);
    expect((await pillarOf("thief")).revocation).toMatchObject({ byName: "管理员" });
  },
);

test(
  "G1 a revoked certificate is refused at every entrance: for MQTT, for an alarm, for its own renewal",
  { timeout: SLOW },
  async () => {
    const pillar = await wire("revoked");
    await expect(renewal(pillar)).resolves.toBeUndefined();
    expect((await revoke(pillar.id)).status).toBe(200);
    await expect(pillar.connect()).rejects.toThrow(/Not authorized/);
    expect(await postAlarm(pillar)).toBe(403);
    await expect(renewal(pillar)).rejects.toThrow(/revoked by 管理员/);
    expect(alarmsOf(pillar.id)).toEqual([]);
    expect(street.hub.lines().some((line) => line.includes("was revoked by"))).toBe(true);
  },
);

test(
  "G5 a revoked certificate is refused, also when its TLS session is resumed",
  { timeout: SLOW },
  async () => {
    const pillar = await wire("resumed");
    const { ca, tlsKey: key, tlsCert: cert } = pillar.identity;
    const first = connectTls({ host: "127.0.0.1", port: street.hub.mqttPort, ca, key, cert });
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    const link = await pillar.connect({ session } as object);
    await link.client.endAsync();
    expect((await revoke(pillar.id)).status).toBe(200);
    const again = connectAsync({ ...tlsOf(street.hub, pillar), session } as object);
    await expect(again).rejects.toThrow(/Not authorized/);
  },
);

test(
  "G6 no status list, no responder: nobody is asked whether a certificate is good, and the others go on",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    await street.hub.stop();
    const trace = join(street.dir, "connects");
    const calls = ["--seccomp-bpf", "-e", "trace=connect"];
    await street.hub.start({ wrap: ["strace", "-f", ...calls, "-qq", "-o", trace] });
    const [good, bad] = [await wire("good"), await wire("bad")];
    const link = await good.connect();
    expect((await revoke(bad.id)).status).toBe(200);
    await expect(bad.connect()).rejects.toThrow(/Not authorized/);
    const alarm = await link.press();
    await expect.poll(() => link.isAccepted(alarm)).toBe(true);
    const asked = readFileSync(trace, "utf8")
      .split("\n")
      .filter((line) => /AF_INET/.test(line) && !/127\.0\.0\.1|::1/.test(line));
    expect(asked).toEqual([]);
    const { raw, infoAccess } = new X509Certificate(good.identity.tlsCert);
    const distributionPoints = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1f]);
    expect([infoAccess, raw.includes(distributionPoints)]).toEqual([undefined, false]);
  },
);

test(
  "C2 a pillar whose clock says 1970 is accepted over MQTT: the hub's certificate is not judged by the date",
  { timeout: SLOW },
  async ({ skip }) => {
    const library = libfaketime();
    skip(library === undefined, "needs libfaketime; install it with apt-get");
    const pillar = await street.add("timeless");
    pillar.start({
      env: {
        LD_PRELOAD: library ?? "",
        FAKETIME: "@1970-01-02 00:00:00",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    await pillar.untilArmed();
    await pillar.press();
    await pillar.untilLamp("received");
    expect(alarmsOf("timeless")).toEqual(["mqtt"]);
    await expect
      .poll(async () => (await pillarOf("timeless")).faults, { timeout: PROMISED_MS.visible })
      .toContain("clock-unsynced");
    await street.hub.operator.clear();
  },
);

test(
  "C6 a hub whose clock is set back revives neither an expired nor a revoked certificate; the expired one still rings",
  { timeout: SLOW },
  async ({ skip }) => {
    const library = libfaketime();
    skip(library === undefined, "needs libfaketime; install it with apt-get");
    const clock = join(street.dir, "clock");
    const setClock = (offset: string): void => writeFileSync(clock, `${offset}\n`);
    setClock("+0");
    await street.hub.stop();
    await street.hub.start({
      env: {
        LD_PRELOAD: library ?? "",
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    const [expired, revoked] = [await wire("expired"), await wire("revoked")];
    expect((await revoke(revoked.id)).status).toBe(200);
    const faults = async (): Promise<readonly string[]> => (await pillarOf(expired.id)).faults;
    setClock("+61d");
    await expect.poll(faults, { timeout: PROMISED_MS.visible }).toContain("certificate-expired");
    setClock("+63d");
    await expect
      .poll(() => factsOf("certificate-expired").length, { timeout: PROMISED_MS.visible })
      .toBe(1);
    setClock("+0");
    await street.hub.crash();
    await street.hub.start();
    await expect(expired.connect()).rejects.toThrow(/Not authorized/);
    await expect(renewal(expired)).rejects.toThrow(/expired/);
    await expect(revoked.connect()).rejects.toThrow(/Not authorized/);
    expect(await postAlarm(revoked)).toBe(403);
    expect(await postAlarm(expired)).toBe(200);
    expect(await street.hub.operator.active()).toMatchObject([
      { pillarId: "expired", isVerified: false },
    ]);
  },
);
