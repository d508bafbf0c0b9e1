/** What the pillar reports about mains power and about an HTTPS fallback that is switched off. */
import { expect, test } from "vitest";
import { reachedPillar, type FalsePillar } from "../../kit/core/pillar-core.ts";

const reports = (pillar: FalsePillar) =>
  pillar.sent.flatMap((one) => (one.channel === "report" ? [one.message] : []));

test("mains power that fails is told at once, stands in the next heartbeat, and is cleared", () => {
  const pillar = reachedPillar();
  pillar.tell({ type: "mains-changed", isLost: true });
  expect(reports(pillar)).toMatchObject([{ type: "fault-raised", code: "mains-lost" }]);
  pillar.pass(5000);
  const beats = pillar.sent.flatMap((one) => (one.channel === "heartbeat" ? [one.message] : []));
  expect(beats.at(-1)?.faults).toEqual(["mains-lost"]);
  pillar.tell({ type: "mains-changed", isLost: false });
  expect(pillar.faults()).toEqual([]);
});

test("an HTTPS fallback that is switched off is a fault", () => {
  const pillar = reachedPillar();
  pillar.tell({ type: "fallback-off" });
  expect(pillar.faults()).toEqual(["fallback-off"]);
});
