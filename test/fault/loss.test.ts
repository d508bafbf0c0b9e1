/** Group D2: real agents in networks of their own that lose packets at random, both ways. */
import { expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { newNamespace, type Namespace } from "./harness/network/namespace.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = 300_000;
/**
 * Where half of all packets are lost a handshake may
 * need many tries, each longer than the one before.
 */
const IN_THE_END_MS = 120_000;
/** Loss in percent, and presses tried with it. */
const PRESSES = { 5: 4, 15: 4, 30: 4, 50: 2 } as const;

test(
  "D2 at 5, 15 and 30 % random loss both ways every press is accepted within 15 s, at 50 % in the end; each once",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("ip", "nft");
    skip(reason !== undefined, reason);
    const losses = Object.entries(PRESSES).map(([percent, presses]) => ({
      percent: Number(percent),
      presses,
    }));
    const cables: Namespace[] = [];
    for (let n = 0; n < losses.length; n += 1) {
      const cable = newNamespace(n);
      if (typeof cable === "string") return skip(cable);
      cables.push(cable);
    }
    const host = "0.0.0.0";
    const names = cables.map(({ outside }) => outside);
    const street = await openStreet({ mqtt: { host, names }, alarms: { host } });
    try {
      const pillars = await Promise.all(
        cables.map((cable, n) => pillarOn(street, cable, losses[n]!.percent)),
      );
      cables.forEach((cable, n) => cable.lose(losses[n]!.percent));
      await Promise.all(
        pillars.map((pillar, n) => pressing(street, pillar, { ...losses[n]!, cable: cables[n]! })),
      );
      expect(await street.verdict()).toEqual([]);
    } finally {
      await street?.close();
      cables.forEach((cable) => cable.remove());
    }
  },
);

async function pillarOn(street: Street, cable: Namespace, percent: number) {
  const { mqttPort, alarmsPort, url: httpUrl } = street.hub;
  const alarmUrls = [`https://${cable.outside}:${alarmsPort}`];
  const hub = { host: cable.outside, mqttPort, httpUrl, alarmUrls };
  const pillar = await street.add(`loses-${percent}`, { hub });
  pillar.start(cable.around);
  await pillar.untilArmed();
  return pillar;
}

async function pressing(
  { hub }: Street,
  pillar: PillarUnderTest,
  { percent, presses, cable }: { percent: number; presses: number; cable: Namespace },
): Promise<void> {
  // At half, it only has to arrive; what comes after is not what is tried.
  const isHalf = percent > 30;
  const mostMs = isHalf ? IN_THE_END_MS : PROMISED_MS.accepted;
  let lost = 0;
  for (let n = 0; n < presses; n += 1) {
    const pressedAt = performance.now();
    await pillar.press();
    await expect.poll(() => pillar.lamp(), { timeout: IN_THE_END_MS }).toBe("received");
    expect(performance.now() - pressedAt).toBeLessThan(mostMs);
    lost += cable.lost();
    cable.lose(isHalf ? 0 : percent);
    const open = (await hub.operator.active()).find(({ pillarId }) => pillarId === pillar.id);
    await hub.operator.order(open!.id, "answer");
    await pillar.untilLamp("answered");
    await hub.operator.order(open!.id, "close", { disposition: "test", note: "" });
    await pillar.untilLamp("standby");
    if (isHalf) cable.lose(percent);
  }
  expect(lost).toBeGreaterThan(0);
  cable.lose(0);
}
