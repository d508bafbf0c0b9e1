/** Group D: what lies between pillar and hub fails in the ways networks do. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { newLine, type Line } from "./harness/network/line.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { endCall, openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 90_000;

let street: Street;
let pillar: PillarUnderTest;
/** Both ways of the pillar, so that a test may break the one and leave the other. */
let mqtt: Line;
let https: Line;
beforeAll(async () => {
  street = await openStreet();
  [mqtt, https] = [await newLine(street.hub.mqttPort), await newLine(street.hub.alarmsPort)];
  pillar = await street.add("pillar-1", {
    hub: {
      host: "127.0.0.1",
      mqttPort: mqtt.port,
      httpUrl: street.hub.url,
      alarmUrls: [`https://127.0.0.1:${https.port}`],
    },
  });
  pillar.start();
  await pillar.untilLamp("standby");
  await pillar.untilArmed();
});
afterAll(async () => {
  await street?.close();
  await Promise.all([mqtt?.close(), https?.close()]);
});

const presence = async (): Promise<string> =>
  (await street.hub.operator.pillar(pillar.id)).presence;
const untilPresence = (wanted: string, withinMs: number): Promise<void> =>
  expect.poll(presence, { timeout: withinMs }).toBe(wanted);

test(
  "D1 presses while the cable is out are one call as soon as it is in again, and nothing is lost",
  { timeout: SLOW },
  async () => {
    for (const line of [mqtt, https]) line.set("cut");
    await delay(500);
    for (let n = 0; n < 3; n += 1) {
      await pillar.press();
      await delay(2000);
      expect(pillar.lamp()).toBe("calling");
    }
    for (const line of [mqtt, https]) line.set("open");
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);

test.each([
  [1, [400, 400, 400]],
  [10, [9900]],
])(
  "D13 a middlebox that resets every connection after %i s loses no press",
  { timeout: SLOW },
  async (seconds, pausesMs) => {
    mqtt.breakAfter(seconds * 1000);
    mqtt.set("cut");
    mqtt.set("open");
    for (const pauseMs of pausesMs) {
      await delay(pauseMs);
      await pillar.press();
      await endCall(street, pillar);
    }
    mqtt.breakAfter(0);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "D5 a line that is dead without an error is noticed at both ends, and comes back",
  { timeout: SLOW },
  async () => {
    await untilPresence("online", 20_000);
    const silentFrom = pillar.process().lines().length;
    const frozenAt = performance.now();
    mqtt.set("frozen");
    await untilPresence("lost", PROMISED_MS.visible);
    await expect
      .poll(
        () =>
          pillar
            .process()
            .lines()
            .slice(silentFrom)
            .some((line) => line.includes("hub is not reached")),
        { timeout: PROMISED_MS.visible },
      )
      .toBe(true);
    expect(performance.now() - frozenAt).toBeLessThan(PROMISED_MS.visible);
    mqtt.set("cut");
    mqtt.set("open");
    await untilPresence("online", 20_000);
  },
);

test(
  "D6 a call that is closed while no receipt comes through is told to be over by the receipt itself",
  { timeout: SLOW },
  async () => {
    https.set("cut");
    mqtt.set("frozen-down");
    await pillar.press();
    const { operator } = street.hub;
    await expect.poll(async () => (await operator.active()).length, { timeout: 20_000 }).toBe(1);
    await operator.clear();
    expect(await operator.active()).toEqual([]);
    expect(pillar.lamp()).toBe("calling");
    mqtt.set("cut");
    https.set("open");
    await pillar.untilLamp("standby");
    mqtt.set("open");
    await pillar.untilArmed();
    expect(await street.verdict()).toEqual([]);
  },
);

test.each(["frozen-up", "frozen-down"] as const)(
  "D6 one direction is dead (%s): the alarm takes the HTTPS fallback while it lasts",
  { timeout: SLOW },
  async (state) => {
    mqtt.set(state);
    await pillar.press();
    await pillar.untilLamp("received");
    mqtt.set("cut");
    mqtt.set("open");
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);
