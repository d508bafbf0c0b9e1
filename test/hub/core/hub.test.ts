import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IncidentId, RecordingId, Username } from "../../../shared/ids.ts";
import { unattended } from "../../../hub/core/hub.ts";
import { MAX_CLOSED } from "../../../hub/core/state/hub-state.ts";
import { newState } from "../../../hub/core/parts.ts";
import { readSnapshot, writeSnapshot } from "../../../hub/core/snapshot.ts";
import {
  CHEN,
  hex,
  LI,
  newStreet,
  pillar,
  WANG,
  ZHAO,
  type Street,
} from "../../kit/core/hub-core-street.ts";

const PILLARS = 3;

const someone = fc.constantFrom(WANG, LI, CHEN, ZHAO);
const given = fc.constantFrom(
  { name: "acknowledge" } as const,
  { name: "answer" } as const,
  { name: "hold", held: true } as const,
  { name: "hold", held: false } as const,
  { name: "transfer", to: "li" as Username, toName: "li" } as const,
  { name: "dispatch", unit: "巡逻3" } as const,
  { name: "note", text: "note" } as const,
  { name: "close", disposition: "resolved", note: "" } as const,
  { name: "reopen" } as const,
);
const kind = fc.constantFrom("voice", "silent", "text", "test");

type Step = (street: Street) => void;

/** Any incident of the street so far, open or closed. */
function pick(street: Street, n: number) {
  const ids = [...street.state.incidents.keys(), ...street.state.closed.keys()];
  return ids[n % Math.max(ids.length, 1)];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ n: fc.nat(PILLARS - 1), seq: fc.integer({ min: 1, max: 8 }), kind }).map(
    ({ n, ...details }): Step =>
      (street) =>
        void street.alarm(n, details as never),
  ),
  fc
    .record({ person: someone, order: given, n: fc.nat(9) })
    .map(({ person, order, n }): Step => (street) => {
      const id = pick(street, n);
      if (id) street.order(person, id, order);
    }),
  fc.nat(30).map(
    (seconds): Step =>
      (street) =>
        void street.advance(seconds),
  ),
  fc.integer({ min: -100_000, max: 100_000 }).map(
    (by): Step =>
      (street) =>
        street.setClock(by),
  ),
  fc
    .record({ n: fc.nat(PILLARS - 1), seq: fc.nat(9), bootEpoch: fc.integer({ min: 1, max: 3 }) })
    .map(
      ({ n, ...beat }): Step =>
        (street) =>
          void street.heartbeat(n, beat),
    ),
  fc.nat(PILLARS - 1).map(
    (n): Step =>
      (street) =>
        void street.connect(n),
  ),
  fc.nat(PILLARS - 1).map(
    (n): Step =>
      (street) =>
        void street.disconnect(n),
  ),
  fc.constant<Step>((street) => void street.startMedia()),
  fc.constant<Step>((street) => {
    const [recordingId] = street.state.recordings.keys();
    const end = { state: "recovered", durationMs: 1, bytes: 1 } as const;
    if (recordingId)
      street.tell({ type: "recording-ended", at: street.now(), recordingId, ...end });
  }),
);

describe("after any sequence of events", () => {
  test("every open incident has an owner or a running deadline", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const street = newStreet({ pillars: PILLARS });
        for (const take of steps) {
          take(street);
          expect(unattended(street.state)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("folding the facts again gives the state that decided them", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const street = newStreet({ pillars: PILLARS });
        for (const take of steps) take(street);
        expect(street.refolded()).toBe(writeSnapshot(street.state));
      }),
      { numRuns: 200 },
    );
  });

  test("a snapshot gives the state back, and goes on the same way", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const street = newStreet({ pillars: PILLARS });
        for (const take of steps) take(street);
        const text = writeSnapshot(street.state);
        const back = readSnapshot(street.settings, text);
        expect(back && writeSnapshot(back)).toBe(text);
        const { heard: _lost, ...folded } = street.state;
        const { heard: _new, ...read } = back ?? newState(street.settings);
        expect(read).toEqual(folded);
      }),
      { numRuns: 100 },
    );
  });

  test("no alarm is in two incidents, and none is without one", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const street = newStreet({ pillars: PILLARS });
        for (const take of steps) take(street);
        const sigs = street.facts.flatMap((fact) =>
          fact.type === "alarm-recorded" ? [fact.sig] : [],
        );
        expect(new Set(sigs).size).toBe(sigs.length);
        const presses = [...street.state.incidents.values(), ...street.state.closed.values()].map(
          (incident) => incident.presses,
        );
        expect(presses.reduce((sum, n) => sum + n, 0)).toBe(sigs.length);
      }),
      { numRuns: 200 },
    );
  });
});

test("deciding changes no state: only folded facts do", () => {
  const street = newStreet();
  street.alarm(0);
  const before = street.only();
  street.order(WANG, before.id, { name: "answer" });
  expect(before.state).toBe("open");
  expect(street.only().state).toBe("answered");
});

test("a snapshot holds every map of the state", () => {
  const street = newStreet({ pillars: 2 });
  const { state } = street;
  const closed = hex(5) as IncidentId;
  const at = 7;
  street.startMedia();
  street.alarm(0);
  street.order(WANG, street.only().id, { name: "answer" });
  street.order(WANG, street.only().id, { name: "close", disposition: "resolved", note: "" });
  street.alarm(1);
  state.deleting.set(hex(6) as RecordingId, { startedAt: 1, bytes: 2 });
  state.locked.add(closed);
  state.hubFaults.set("disk-low", { since: at, detail: "1 %" });
  state.owedCalls.set(closed, { ring: 1, tries: 2 });
  state.goneTargets.add("https://gone.example");
  state.lostGrids.set("g", 3);
  state.spent.add(pillar(1));
  const { heard: _heard, ...written } = state;
  const { settings: _settings, ...maps } = written;
  for (const [name, map] of Object.entries(maps)) expect([name, map.size]).not.toEqual([name, 0]);
  expect(readSnapshot(street.settings, writeSnapshot(state))).toEqual({
    ...written,
    heard: newState(street.settings).heard,
  });
});

test("a snapshot of another release is not believed", () => {
  const street = newStreet();
  const text = writeSnapshot(street.state).replace(/"version":\d+/, '"version":999');
  expect(readSnapshot(street.settings, text)).toBeUndefined();
});

test("closed incidents past the limit are forgotten by the core, oldest first", () => {
  const street = newStreet();
  for (let seq = 1; seq <= MAX_CLOSED + 3; seq++) {
    street.alarm(0, { seq });
    const [id] = street.state.incidents.keys();
    street.order(CHEN, id!, { name: "close", disposition: "resolved", note: "" });
  }
  expect(street.state.closed.size).toBe(MAX_CLOSED);
  expect(street.refolded()).toBe(writeSnapshot(street.state));
});
