import { describe, expect, test } from "vitest";
import {
  ALARM_BURST_BYTES,
  budgetOf,
  DAY_MS,
  MAX_BYTES_PER_DAY,
  MAX_FACTS_PER_DAY,
  MAX_RENEWALS_PER_DAY,
  isRenewalBudgetSpent,
} from "../../../../hub/core/pillar/budget.ts";
import type { Fact } from "../../../../hub/core/facts.ts";
import type { FaultCode } from "../../../../shared/protocol/heartbeat.ts";
import { newFlood } from "../../../kit/core/flood.ts";
import { FAR_AHEAD, CHEN, newStreet, pillar, types } from "../../../kit/core/hub-core-street.ts";

const faultsOf = (facts: readonly Fact[], code: FaultCode) =>
  facts.filter((fact) => fact.type === "pillar-fault" && fact.code === code);
const shown = (street: ReturnType<typeof newStreet>, n = 0) =>
  street.state.pillars.get(pillar(n))?.faults ?? [];

describe("L8 tamper, battery and heat that come and go all day", () => {
  function storm() {
    const street = newStreet({ pillars: 2 });
    let hasAlarmWaited = false;
    let seq = 0;
    for (let second = 0; second < 86_400; second += 5) {
      const isOn = (second / 5) % 2 === 0;
      const faults = isOn ? ["tamper-open", "battery-low", "over-temperature"] : [];
      street.heartbeat(0, { faults, uptimeMs: 1000 + second * 1000, seq });
      if (second % 3600 === 0) {
        seq += 1;
        const { effects } = street.alarm(0, { seq });
        if (!types(effects).includes("accept")) hasAlarmWaited = true;
      }
      street.advance(5);
    }
    return { street, hasAlarmWaited, seq };
  }

  test("are coalesced into a few facts, shown as what is worse, and no alarm waits for them", () => {
    const { street, hasAlarmWaited } = storm();
    expect(hasAlarmWaited).toBe(false);
    const changes = faultsOf(street.facts, "tamper-open");
    // Without the budget there would be 8,640. It allows a burst of 20 a day, twice here because
    // midnight lies within the test, and some two dozen slower ones.
    expect(changes.length).toBeGreaterThan(40);
    expect(changes.length).toBeLessThan(160);
    // Unknown fault codes of a newer pillar are shown as one fault.
    expect(faultsOf(street.facts, "protocol-newer").length).toBeLessThan(160);
    expect(shown(street)).toContain("tamper-open");
    expect(shown(street)).not.toContain("budget-spent");
  }, 30_000);

  test("are gone from the screen within the longest hold once it is quiet", () => {
    const { street, seq } = storm();
    for (let n = 0; n < 3600 / 5 && shown(street).length > 0; n += 1) {
      street.heartbeat(0, { faults: [], uptimeMs: 90_000_000, seq });
      street.advance(5);
    }
    expect(shown(street)).toEqual([]);
  }, 30_000);
});

test("a fault is shown at once, and its end too, as often as an honest pillar has it", () => {
  const street = newStreet();
  for (let n = 0; n < 20; n += 1) {
    street.heartbeat(0, { faults: ["camera-lost"] });
    expect(shown(street)).toEqual(["camera-lost"]);
    street.heartbeat(0, { faults: [] });
    expect(shown(street)).toEqual([]);
  }
  street.heartbeat(0, { faults: ["camera-lost"] });
  street.heartbeat(0, { faults: [] });
  expect(shown(street)).toEqual(["camera-lost"]);
  street.advance(60);
  street.heartbeat(0, { faults: [] });
  expect(shown(street)).toEqual([]);
});

describe("the budget of faults and starts", () => {
  function spend(street: ReturnType<typeof newStreet>): void {
    for (let n = 0; n < MAX_FACTS_PER_DAY + 50; n += 1) {
      street.heartbeat(0, { bootEpoch: 2 + n, uptimeMs: 1000 });
    }
  }

  test("once spent is a fact and a fault, told once, and costs nothing more", () => {
    const street = newStreet({ pillars: 2 });
    spend(street);
    expect(faultsOf(street.facts, "budget-spent")).toHaveLength(1);
    expect(shown(street)).toContain("budget-spent");
    const before = street.facts.length;
    street.heartbeat(0, { bootEpoch: 90_000, faults: ["camera-lost"] });
    expect(street.facts.length).toBe(before);
    // Another pillar's budget is not affected, and neither are presence and alarms of this one.
    street.heartbeat(1, { faults: ["camera-lost"] });
    expect(shown(street, 1)).toEqual(["camera-lost"]);
    expect(types(street.alarm(0).effects)).toContain("accept");
    street.disconnect(0);
    expect(types(street.advance(6))).toContain("presence-changed");
  });

  test("is the same after a restart, and from a snapshot", () => {
    const street = newStreet();
    spend(street);
    const before = budgetOf(street.state, pillar(0), street.now());
    expect(before.facts).toBe(MAX_FACTS_PER_DAY);
    expect(before.bytes).toBeLessThanOrEqual(MAX_BYTES_PER_DAY);
    street.restart();
    expect(budgetOf(street.state, pillar(0), street.now())).toEqual(before);
    expect(street.state.spent).toEqual(new Set([pillar(0)]));
  });

  test("begins anew on the next day, and the fault is over then", () => {
    const street = newStreet();
    spend(street);
    street.setClock(DAY_MS);
    street.advance(1);
    expect(shown(street)).not.toContain("budget-spent");
    expect(faultsOf(street.facts, "budget-spent")).toHaveLength(2);
    street.heartbeat(0, { bootEpoch: 99_000, faults: ["camera-lost"] });
    expect(shown(street)).toContain("camera-lost");
  });

  test("is a new one for a new identity", () => {
    const street = newStreet();
    spend(street);
    const keys = {
      certificateSerial: "2",
      alarmPublicKey: "other",
      certificateExpiresAt: FAR_AHEAD,
    };
    street.record({ type: "pillar-enrolled", at: street.now(), pillarId: pillar(0), ...keys });
    expect(shown(street)).not.toContain("budget-spent");
    expect(budgetOf(street.state, pillar(0), street.now()).facts).toBe(0);
  });
});

describe("the budget of alarms", () => {
  function press(street: ReturnType<typeof newStreet>, most: number): number {
    let seq = street.state.marks.get(pillar(0))?.headSeq ?? 0;
    for (let n = 0; n < most; n += 1) {
      seq += 1;
      const { effects } = street.alarm(0, { seq });
      if (!types(effects).includes("accept")) return n;
    }
    return most;
  }

  test("takes a ledger sent again after a long outage at full pace", () => {
    const street = newStreet();
    const taken = press(street, 10_000);
    expect(taken).toBeGreaterThan(1500);
    expect(taken).toBeLessThan(6000);
    expect(shown(street)).toContain("budget-spent");
  });

  test("once spent lets one through every few seconds, each recorded once, and says so", () => {
    const street = newStreet();
    press(street, 10_000);
    street.advance(20);
    expect(press(street, 10)).toBeGreaterThanOrEqual(1);
    expect(faultsOf(street.facts, "budget-spent")).toHaveLength(1);
    // An alarm that got no receipt is recorded when the pillar sends it again later.
    const seq = (street.state.marks.get(pillar(0))?.headSeq ?? 0) + 1;
    expect(types(street.alarm(0, { seq }).effects)).not.toContain("accept");
    street.advance(20);
    expect(types(street.alarm(0, { seq }).facts)).toContain("alarm-recorded");
    expect(types(street.alarm(0, { seq }).facts)).toEqual([]);
  });

  test("once spent still lets through at once what opens an incident or makes it a silent one", () => {
    const street = newStreet();
    press(street, 10_000);
    const silent = street.alarm(0, { seq: 90_000, kind: "silent" });
    expect(types(silent.effects)).toContain("accept");
    expect(street.only().kind).toBe("silent");
    const close = { name: "close", disposition: "resolved", note: "" } as const;
    street.order(CHEN, street.only().id, close);
    expect(types(street.alarm(0, { seq: 90_001 }).facts)).toContain("incident-opened");
  });

  test("half spent keeps of a large alarm what is known, its signature and the link of all of it", () => {
    const { street, run } = newFlood();
    run(60, 1);
    const recorded = street.facts.filter((fact) => fact.type === "alarm-recorded");
    expect(recorded[0]?.event).toHaveProperty("more");
    expect(recorded[0]).not.toHaveProperty("signedBytes");
    const last = recorded.at(-1);
    expect(last?.event).not.toHaveProperty("more");
    expect(last).toMatchObject({ signedBytes: expect.any(Number) as number });
    expect(last?.hash).toHaveLength(64);
    expect(budgetOf(street.state, pillar(0), street.now()).alarmBytes).toBeLessThan(
      ALARM_BURST_BYTES * 1.01,
    );
  }, 30_000);
});

test("a certificate is renewed a dozen times a day and no more", () => {
  const street = newStreet();
  for (let n = 0; n < MAX_RENEWALS_PER_DAY; n += 1) {
    expect(isRenewalBudgetSpent(street.state, pillar(0), street.now())).toBe(false);
    const certificate = { certificateSerial: String(n + 2), certificateExpiresAt: street.now() };
    const renewed = { type: "certificate-renewed", at: street.now(), replaces: "1" } as const;
    street.record({ ...renewed, pillarId: pillar(0), ...certificate });
  }
  expect(isRenewalBudgetSpent(street.state, pillar(0), street.now())).toBe(true);
  expect(isRenewalBudgetSpent(street.state, pillar(0), street.now() + DAY_MS)).toBe(false);
});
