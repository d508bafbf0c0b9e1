import { describe, expect, test } from "vitest";
import type { SessionNonce } from "../../../../shared/ids.ts";
import {
  FAR_AHEAD,
  hex,
  newStreet,
  pillar,
  types,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const nonce = (n: number): SessionNonce => hex(n) as SessionNonce;
const faults = (street: Street) => street.state.pillars.get(pillar(0))?.faults;

interface Beat {
  readonly session: number;
  readonly bootEpoch?: number;
  readonly uptimeMs: number;
}

function beat(street: Street, { session, ...of }: Beat): readonly string[] {
  return types(street.heartbeat(0, { sessionNonce: nonce(session), ...of }).facts);
}

function enrolAgain(street: Street): void {
  const keys = { certificateSerial: "2", alarmPublicKey: "new", certificateExpiresAt: FAR_AHEAD };
  street.record({ type: "pillar-enrolled", at: street.now(), pillarId: pillar(0), ...keys });
}

describe("one identity on two machines", () => {
  test("is found when a boot that was replaced speaks again", () => {
    const street = newStreet();
    beat(street, { session: 1, uptimeMs: 600_000 });
    street.advance(5);
    beat(street, { session: 2, uptimeMs: 20_000 });
    street.advance(5);
    expect(beat(street, { session: 3, uptimeMs: 610_000 })).toContain("pillar-cloned");
    expect(faults(street)).toEqual(["clone-suspected"]);
    street.advance(5);
    expect(beat(street, { session: 4, uptimeMs: 30_000 })).toEqual([]);
  });

  test("is found when its boots count backwards, and not by one message that was held up", () => {
    const street = newStreet();
    beat(street, { session: 1, bootEpoch: 8, uptimeMs: 5000 });
    expect(beat(street, { session: 2, bootEpoch: 7, uptimeMs: 90_000 })).toEqual([]);
    street.advance(5);
    const facts = beat(street, { session: 2, bootEpoch: 7, uptimeMs: 95_000 });
    expect(facts).toContain("pillar-cloned");
    expect(street.state.pillars.get(pillar(0))?.bootEpoch).toBe(8);
  });

  test("is found the eighth time in a row that one connection throws out the other", () => {
    const street = newStreet();
    street.heartbeat(0);
    const found: boolean[] = [];
    for (let n = 0; n < 8; n++) {
      street.advance(4);
      street.disconnect(0);
      found.push(types(street.connect(0, true).facts).includes("pillar-cloned"));
    }
    expect(found).toEqual([...Array.from({ length: 7 }, () => false), true]);
    expect(faults(street)).toContain("clone-suspected");
  });

  test("is not suspected because a line that fails again and again leaves its dead connection behind", () => {
    const street = newStreet();
    street.heartbeat(0);
    for (let n = 0; n < 30; n++) {
      street.advance(5);
      expect(types(street.connect(0, true).facts)).not.toContain("pillar-cloned");
    }
  });

  test("is not suspected because a technician looks at it again and again", () => {
    const street = newStreet();
    street.heartbeat(0);
    for (let n = 0; n < 20; n++) {
      street.advance(1);
      // The technician's connection replaces the agent's; the agent connects again when the
      // technician has finished.
      for (const hasTakenOver of [true, false]) {
        street.disconnect(0);
        expect(types(street.connect(0, hasTakenOver).facts)).not.toContain("pillar-cloned");
      }
    }
  });

  test("is not suspected because a dying line makes it take over from itself now and then", () => {
    const street = newStreet();
    street.heartbeat(0);
    for (let n = 0; n < 20; n++) {
      street.advance(31);
      street.disconnect(0);
      expect(types(street.connect(0, true).facts)).not.toContain("pillar-cloned");
    }
  });

  test("is not suspected because a link is reset every four seconds", () => {
    const street = newStreet();
    street.heartbeat(0);
    for (let n = 0; n < 60; n++) {
      street.advance(4);
      street.disconnect(0);
      expect(types(street.connect(0).facts)).not.toContain("pillar-cloned");
    }
  });

  test("still rings, marked as unverified, until it is enrolled again", () => {
    const street = newStreet();
    beat(street, { session: 1, bootEpoch: 8, uptimeMs: 5000 });
    for (const uptimeMs of [90_000, 95_000]) {
      beat(street, { session: 2, bootEpoch: 7, uptimeMs });
      street.advance(5);
    }
    street.alarm(0, { seq: 1 });
    expect(street.only()).toMatchObject({ isVerified: false, state: "open" });
    enrolAgain(street);
    expect(faults(street)).toEqual([]);
    expect(beat(street, { session: 9, bootEpoch: 1, uptimeMs: 1000 })).not.toContain(
      "pillar-cloned",
    );
    street.advance(5);
    beat(street, { session: 9, bootEpoch: 1, uptimeMs: 6000 });
    expect(faults(street)).toEqual([]);
    street.alarm(0, { seq: 1, eventId: 5 });
    expect(street.only().isVerified).toBe(true);
  });
});

describe("one machine", () => {
  test("that starts again and again, and reconnects in between, is not taken for two", () => {
    const street = newStreet();
    let session = 0;
    for (let bootEpoch = 1; bootEpoch <= 20; bootEpoch++) {
      for (let uptimeMs = 1000; uptimeMs < 60_000; uptimeMs += 5000) {
        if (uptimeMs % 3 === 0) {
          street.disconnect(0);
          street.advance(1);
          street.connect(0);
        }
        beat(street, { session: (session += uptimeMs % 3 === 0 ? 1 : 0), bootEpoch, uptimeMs });
        street.advance(5);
      }
      session += 1;
    }
    expect(faults(street)).toEqual([]);
  });

  test("whose disk keeps no boot number is not taken for two", () => {
    const street = newStreet();
    for (let session = 1; session < 10; session++) {
      for (let uptimeMs = 1000; uptimeMs < 40_000; uptimeMs += 5000) {
        beat(street, { session, uptimeMs });
        street.advance(5);
      }
    }
    expect(faults(street)).toEqual([]);
  });

  test("that once took its clock for a boot number is not taken for two when it counts again", () => {
    const street = newStreet();
    for (const [session, bootEpoch] of [6, 1_795_435_200, 7, 8].entries()) {
      beat(street, { session, bootEpoch, uptimeMs: 1000 });
      street.advance(5);
      beat(street, { session, bootEpoch, uptimeMs: 6000 });
      expect(street.state.pillars.get(pillar(0))?.bootEpoch).toBe(bootEpoch);
    }
    expect(faults(street)).toEqual([]);
  });

  test("whose hub's clock is set is not taken for two", () => {
    const street = newStreet();
    let uptimeMs = 0;
    for (let session = 1; session < 20; session++) {
      street.setClock(session % 2 === 0 ? 60_000 : -60_000);
      street.advance(5);
      uptimeMs += 5000;
      beat(street, { session, uptimeMs });
    }
    expect(faults(street)).toEqual([]);
  });
});
