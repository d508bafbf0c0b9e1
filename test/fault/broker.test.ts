/** Groups A, D and E where a broker stands between pillars and hub that is not the hub's own. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import { hubClient } from "../../simulator/demo/hub-client.ts";
import { ACCOUNTS, PASSWORD } from "../../simulator/demo/demo-hub.ts";
import { noMosquitto } from "../kit/programs/mosquitto.ts";
import { openBrokeredStreet, type BrokeredStreet } from "./harness/programs/brokered-street.ts";
import { jitteryBroker, type JitteryBroker } from "./harness/network/jittery-broker.ts";
import { killBrokers } from "./harness/sweep/kill-sweep.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { endCall, openStreet } from "./harness/programs/street.ts";
import { wirePillar } from "./harness/network/wire-pillar.ts";

const ROUNDS = 20;
const SLOW = 120_000;
const VERY_SLOW = 400_000;
const skipped = noMosquitto();

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function open(settings?: (documented: string) => string): Promise<BrokeredStreet> {
  const brokered = await openBrokeredStreet(settings ? { settings } : {});
  closers.push(() => brokered.close());
  return brokered;
}

async function armed(brokered: BrokeredStreet, id: string): Promise<PillarUnderTest> {
  const pillar = await brokered.add(id);
  pillar.start();
  await pillar.untilLamp("standby");
  await pillar.untilArmed();
  return pillar;
}

/** Notifications an operator's screen has shown since now. */
function notificationsOf({ street }: BrokeredStreet): string[] {
  const codes: string[] = [];
  const listening = new AbortController();
  const client = hubClient(street.hub.url, {
    username: ACCOUNTS[0]?.username ?? "",
    password: PASSWORD,
  });
  const watching = client.watch((event) => {
    if (event.type === "notification") codes.push(event.notification.code);
  }, listening.signal);
  closers.push(() => (listening.abort(), watching));
  return codes;
}

/** Presses, and waits until the person there is told another way to get help. */
async function pressedAndToldToDial(pillar: PillarUnderTest): Promise<void> {
  const before = pillar.lines().length;
  await pillar.press();
  const isTold = (): boolean =>
    pillar
      .lines()
      .slice(before)
      .some((line) => line.includes('"prompt":"network-fault-dial-110"'));
  await expect.poll(isTold, { timeout: 30_000 }).toBe(true);
  expect(pillar.lamp()).toBe("calling");
}

describe.skipIf(skipped)(`with a broker between (${skipped ?? "mosquitto"})`, () => {
  test(
    "A6 the broker is killed (kill -9) at any instant around a press: nothing is lost, nothing counts twice",
    { timeout: VERY_SLOW },
    async () => {
      const brokered = await open();
      await killBrokers(brokered, { id: "broker-killed", rounds: ROUNDS });
      expect(await brokered.street.verdict()).toEqual([]);
    },
  );

  test(
    "G4 a pillar is revoked in a call: its lamp takes the answer back within 2 s, though its link stays, and a press is told to dial 110",
    { timeout: SLOW },
    async () => {
      const brokered = await open();
      const { street } = brokered;
      const pillar = await armed(brokered, "revoked");
      await pillar.press();
      await pillar.untilLamp("received");
      const [incident] = await street.hub.operator.active();
      await street.hub.operator.order(incident!.id, "answer");
      await pillar.untilLamp("answered");
      const revokedAt = performance.now();
      const revoked = await street.hub.operator.request("/pillars/revoked/revoke", {
        as: "admin",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ reason: "pillar-stolen", note: "" }),
      });
      expect(revoked.status).toBe(200);
      await pillar.untilLamp("standby");
      expect(performance.now() - revokedAt).toBeLessThan(PROMISED_MS.wordTakenBack);
      await street.hub.operator.order(incident!.id, "hold", { held: true });
      await pressedAndToldToDial(pillar);
      expect(await street.hub.operator.incident(incident!.id)).toMatchObject({
        ...{ state: "answered", presses: 1, isVerified: false },
      });
    },
  );

  test(
    "D7 the pillar reaches the broker and the broker not the hub: the alarm takes the HTTPS fallback, and screens say why",
    { timeout: SLOW },
    async () => {
      const brokered = await open();
      const { street, line } = brokered;
      const pillar = await armed(brokered, "split");
      const notifications = notificationsOf(brokered);
      const presence = async (): Promise<string> =>
        (await street.hub.operator.pillar(pillar.id)).presence;
      await expect.poll(presence).toBe("online");
      line.set("frozen");
      const splitAt = performance.now();
      await pillar.press();
      await pillar.untilLamp("received");
      await expect.poll(presence, { timeout: PROMISED_MS.visible }).toBe("lost");
      await expect
        .poll(() => notifications, { timeout: PROMISED_MS.visible })
        .toContain("broker-unreachable");
      expect(performance.now() - splitAt).toBeLessThan(PROMISED_MS.visible);
      expect(await street.hub.isReady()).toBe(false);
      line.set("cut");
      line.set("open");
      await expect.poll(() => notifications).toContain("broker-back");
      await expect.poll(presence).toBe("online");
      await endCall(brokered.street, pillar);
      expect(await street.verdict()).toEqual([]);
    },
  );

  test(
    "D7 with the HTTPS fallback cut as well the pillar says so at 20 s, and calls when either is back",
    { timeout: SLOW },
    async () => {
      const brokered = await open();
      const { street, line, https } = brokered;
      const pillar = await armed(brokered, "alone");
      line.set("frozen");
      https.set("cut");
      await pressedAndToldToDial(pillar);
      line.set("cut");
      line.set("open");
      await endCall(brokered.street, pillar);
      expect(await street.verdict()).toEqual([]);
    },
  );

  test(
    "E9 the broker loses its data directory with alarms in it: the pillars say them again",
    { timeout: SLOW },
    async () => {
      const brokered = await open((documented) =>
        documented.replace("persistence false", "persistence true\nautosave_interval 1"),
      );
      const { street, mosquitto, line, https } = brokered;
      const pillar = await armed(brokered, "wiped");
      line.set("frozen");
      https.set("cut");
      await pillar.press();
      await pillar.untilLamp("calling");
      // It has written something down, which is now lost.
      await expect.poll(() => existsSync(join(mosquitto.dir, "data/mosquitto.db"))).toBe(true);
      await mosquitto.crash();
      mosquitto.wipe();
      await mosquitto.start();
      line.set("cut");
      line.set("open");
      https.set("open");
      await endCall(brokered.street, pillar);
      expect(await street.verdict()).toEqual([]);
    },
  );
});

test(
  "E3 a broker that drops overtaken messages after its receipt costs nothing: they are said again until accepted",
  { timeout: SLOW },
  async () => {
    let broker: JitteryBroker | undefined;
    const street = await openStreet(async (hubDir) => {
      broker = await jitteryBroker(await openAuthority(hubDir, []));
      return { mqtt: { external: { url: `mqtts://127.0.0.1:${broker.port}` } } };
    });
    closers.push(
      () => broker!.close(),
      () => street?.close(),
    );
    const pillar = await wirePillar(street, "overtaken");
    closers.push(() => pillar.close());
    const link = await pillar.connect({ port: broker!.port });
    const alarms = await Promise.all(Array.from({ length: 16 }, () => link.press()));
    await expect.poll(() => broker!.handled()).toBe(16);
    expect(broker!.delivered()).toBeLessThan(16);
    const left = () => alarms.filter((alarm) => !link.isAccepted(alarm));
    const resend = async (): Promise<number> => {
      await Promise.all(left().map((alarm) => link.publish("alarm", pillar.envelope(alarm))));
      return left().length;
    };
    await expect.poll(resend, { timeout: 30_000, interval: 500 }).toBe(0);
    expect(await street.verdict()).toEqual([]);
  },
);
