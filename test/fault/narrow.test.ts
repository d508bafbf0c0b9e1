/** Group D4: a line that is far too narrow for a picture, with a picture on it. */
import { expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { newNamespace } from "./harness/network/namespace.ts";
import { openStreet } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = 120_000;
const KBIT = 32;
const PRESSES = 4;

test(
  "D4 over a line of 32 kbit/s, with a camera that would fill it fifty times over, every press is accepted within 5 s",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("ip", "nft", "tc");
    skip(reason !== undefined, reason);
    const cable = newNamespace();
    if (typeof cable === "string") return skip(cable);
    const host = "0.0.0.0";
    const street = await openStreet({
      mqtt: { host, names: [cable.outside] },
      alarms: { host },
      media: { addresses: [cable.outside] },
    });
    try {
      const { mqttPort, alarmsPort, url: httpUrl } = street.hub;
      const alarmUrls = [`https://${cable.outside}:${alarmsPort}`];
      const pillar = await street.add("narrow", {
        hub: { host: cable.outside, mqttPort, httpUrl, alarmUrls },
        media: {
          cameras: [{ id: "front", source: { kind: "test" } }],
          microphone: { kind: "test" },
        },
      });
      pillar.start(cable.around);
      await pillar.untilArmed();
      await pillar.untilLamp("standby");
      cable.narrow(KBIT);
      for (let n = 0; n < PRESSES; n += 1) {
        const pressedAt = performance.now();
        await pillar.press();
        await pillar.untilLamp("received");
        expect(performance.now() - pressedAt).toBeLessThan(PROMISED_MS.acceptedOverNarrowLine);
        const [open] = await street.hub.operator.active();
        await street.hub.operator.order(open!.id, "answer");
        await pillar.untilLamp("answered");
        await street.hub.operator.order(open!.id, "close", { disposition: "test", note: "" });
        await pillar.untilLamp("standby");
      }
      expect(cable.dropped()).toBeGreaterThan(0);
      expect(await street.verdict()).toEqual([]);
    } finally {
      await street?.close();
      cable.remove();
    }
  },
);
