/** Group D2: a real agent in a network of its own that loses packets at random, both ways. */
import { expect, test } from "vitest";
import { newNamespace } from "./harness/namespace.ts";
import { openStreet } from "./harness/street.ts";
import { missing } from "./harness/tool.ts";

const SLOW = 180_000;
const PRESSES = 5;
/** The most a press may wait at 30 % loss, by the goals. */
const MOST_MS = 15_000;

test(
  "D2 at 30 % random loss both ways every press is accepted within 15 s, once",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("ip", "nft");
    skip(reason !== undefined, reason);
    const cable = newNamespace();
    if (typeof cable === "string") return skip(cable);
    const host = "0.0.0.0";
    const names = [cable.outside];
    const street = await openStreet({ mqtt: { host, names }, alarms: { host } });
    try {
      const pillar = await street.add("pillar-1", {
        hub: {
          host: cable.outside,
          mqttPort: street.hub.mqttPort,
          httpUrl: street.hub.url,
          alarmUrls: [`https://${cable.outside}:${street.hub.alarmsPort}`],
        },
      });
      pillar.start(cable.around);
      await pillar.untilArmed();
      cable.lose(30);
      for (let n = 0; n < PRESSES; n += 1) {
        const pressedAt = performance.now();
        await pillar.press();
        await pillar.untilLamp("received");
        expect(performance.now() - pressedAt).toBeLessThan(MOST_MS);
        await street.hub.desk.clear();
        await pillar.untilLamp("standby");
      }
      expect(cable.lost()).toBeGreaterThan(PRESSES);
      cable.lose(0);
      expect(await street.verdict()).toEqual([]);
    } finally {
      await street.close();
      cable.remove();
    }
  },
);
