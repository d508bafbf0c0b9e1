/** Group E: the hub, or a broker in its place, does not do what it should. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import {
  falseBroker,
  type FalseBroker,
  type Misbehaviour,
} from "./harness/network/false-broker.ts";
import { newLine, type Line } from "./harness/network/line.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { endCall, openStreet, type Street } from "./harness/programs/street.ts";
import { unaccepted } from "./harness/programs/unaccepted.ts";

const SLOW = 90_000;
const PILLARS = 25;
const PRESSES = 40;

let street: Street;
let pillar: PillarUnderTest;
let line: Line;
let broker: FalseBroker | undefined;
beforeAll(async () => {
  street = await openStreet();
  line = await newLine(street.hub.mqttPort);
  pillar = await street.add("pillar-1", {
    hub: {
      host: "127.0.0.1",
      mqttPort: line.port,
      httpUrl: street.hub.url,
      alarmUrls: [`https://127.0.0.1:${street.hub.alarmsPort}`],
    },
  });
  pillar.start();
  await pillar.untilArmed();
});
afterEach(async () => {
  line.redirect(street.hub.mqttPort);
  await broker?.close();
  broker = undefined;
});
afterAll(async () => {
  await street?.close();
  await line?.close();
});

async function useFalseBroker(how: Misbehaviour): Promise<void> {
  broker = await falseBroker(street.hub.dir, how);
  line.redirect(broker.port);
}

test(
  "E1 a hub that returns with a thousand alarms waiting at many pillars accepts each of them once",
  { timeout: SLOW },
  async () => {
    const waiting = await unaccepted(street, { pillars: PILLARS, presses: PRESSES });
    await street.hub.crash();
    await waiting.press();
    await street.hub.start();
    await waiting.send();
    await expect.poll(() => waiting.left(), { timeout: 20_000 }).toBe(0);
    await waiting.close();
    expect(await street.verdict()).toEqual([]);
    await street.hub.operator.clear();
    await pillar.untilLamp("standby");
  },
);

test(
  "E6 a hub that refuses connections for a while finds its pillar back within 15 s",
  { timeout: SLOW },
  async () => {
    const before = pillar.lines().length;
    await useFalseBroker("refuses");
    const refusals = (): number =>
      pillar
        .lines()
        .slice(before)
        .filter((text) => text.includes("not reached")).length;
    await expect.poll(refusals, { timeout: 60_000 }).toBeGreaterThan(2);
    line.redirect(street.hub.mqttPort);
    const recoveredAt = performance.now();
    await pillar.press();
    await endCall(street, pillar);
    expect(performance.now() - recoveredAt).toBeLessThan(PROMISED_MS.foundBack);
  },
);

test.each<Misbehaviour>(["says-nothing", "never-acknowledges", "acknowledges-and-drops"])(
  "E7 a broker that %s proves nothing: the alarm takes the HTTPS fallback, and the lamp waits for the receipt",
  { timeout: SLOW },
  async (how) => {
    await useFalseBroker(how);
    await pillar.press();
    await pillar.untilLamp("received");
    expect((await street.hub.operator.active()).length).toBe(1);
    line.redirect(street.hub.mqttPort);
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);
