/** The hub's line of decisions: what is decided, and when it leaves. */
import { expect, test } from "vitest";
import { handle } from "../../../hub/core/hub.ts";
import {
  FIRST_RECOVERY_MS,
  orphanAfter,
  recoveryAfter,
  settle,
  takeEvent,
} from "../../../hub/core/line.ts";
import { beginFold } from "../../../hub/core/refold.ts";
import { SNAPSHOT_VERSION, writeSnapshot } from "../../../hub/core/snapshot.ts";
import { newHeartbeat, newStreet, pillar, START } from "../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);

test("while the journal fails an event is heard, and nothing is decided", () => {
  const { state } = newStreet();
  const line = { state, hasFailed: true, handle };
  const at = START + 5000;
  const heartbeat = newHeartbeat({ bootEpoch: 7 });
  const event = { type: "heartbeat", at, pillarId: PILLAR, heartbeat } as const;
  const now = { monotonicMs: 5000, nextIndex: 30 };
  expect(takeEvent(line, event, now)).toBeUndefined();
  expect(state.heard.contacts.get(PILLAR)?.sessionNonce).toBe(heartbeat.sessionNonce);
  expect(state.pillars.get(PILLAR)?.bootEpoch).not.toBe(7);
  const decided = takeEvent({ ...line, hasFailed: false }, event, now);
  expect(decided?.first).toBe(30);
  expect(decided?.facts.length).toBeGreaterThan(0);
  expect(state.pillars.get(PILLAR)?.bootEpoch).toBe(7);
});

test("an incident without owner and deadline is seen after a tick and an order, and only then", () => {
  const street = newStreet();
  street.alarm(0);
  const tick = { type: "tick", at: START } as const;
  expect(orphanAfter(street.state, tick)).toBeUndefined();
  const incident = street.only();
  street.state.incidents.set(incident.id, { ...incident, owner: null, deadline: null });
  expect(orphanAfter(street.state, tick)).toBe(incident.id);
  const left = { type: "pillar-disconnected", at: START, pillarId: PILLAR } as const;
  expect(orphanAfter(street.state, left)).toBeUndefined();
});

test("what was decided leaves behind its facts, or behind those of the decisions before it", () => {
  const seen: unknown[] = [];
  const commits = {
    append: (facts: readonly unknown[], leave: () => void) => seen.push([facts.length, leave]),
    follow: (leave: () => void) => seen.push(["follows", leave]),
  };
  const leave = (): void => undefined;
  const lost = { type: "grid-lost", at: 0, grid: "g", count: 1 } as const;
  settle(commits, { facts: [lost], effects: [], first: 1 }, leave);
  settle(commits, { facts: [], effects: [], first: 2 }, leave);
  expect(seen).toEqual([
    [1, leave],
    ["follows", leave],
  ]);
});

test("a journal that fails is opened again after 1, 2, 4 and 8 s, and then every 10 s", () => {
  const waits = [FIRST_RECOVERY_MS];
  while (waits.length < 6) waits.push(recoveryAfter(waits.at(-1)!));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("the fold made again begins with the snapshot, hears on, and skips a snapshot of another release", () => {
  const street = newStreet();
  street.alarm(0);
  const text = writeSnapshot(street.state);
  const { settings, heard } = street.state;
  const later = street.facts.length;
  const folding = beginFold(settings);
  const old = text.replace(`"version":${SNAPSHOT_VERSION}`, '"version":1');
  expect(folding.fold.snapshot(old, 3)).toBe(false);
  expect(folding.fold.snapshot(text, later)).toBe(true);
  const folded = folding.end(heard);
  expect(folded.snapshotAt).toBe(later);
  expect(folded.state.heard).toBe(heard);
  expect(writeSnapshot(folded.state)).toBe(text);
  const whole = beginFold(settings);
  for (const [i, fact] of street.facts.entries()) whole.fold.fact(fact, i + 1);
  const { snapshotAt, state } = whole.end(heard);
  expect([snapshotAt, writeSnapshot(state)]).toEqual([0, text]);
});
