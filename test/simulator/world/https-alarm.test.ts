/** What an alarm by HTTPS is answered in the simulated world, and when: as the real hub answers. */
import { expect, test } from "vitest";
import type { Decision } from "../../../hub/core/decision.ts";
import type { HubEffect } from "../../../hub/core/events.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { newNumbering } from "../../../hub/core/told/call.ts";
import type { CanonicalValue } from "../../../shared/canonical-json.ts";
import type { HubRun } from "../../../shared/ids.ts";
import { alarmArrives } from "../../../simulator/world/hub/hub-ingest.ts";
import type { AnswerRequest, HubWorld } from "../../../simulator/world/hub/hub-state.ts";
import { HONEST } from "../../../simulator/world/rules.ts";
import { signWith } from "../../../simulator/world/seal.ts";
import { newAlarm, newStreet, pillar, type Street } from "../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const unsigned = newAlarm(PILLAR);
const keyOf = ({ state }: Street): string => state.pillars.get(PILLAR)?.alarmPublicKey ?? "";

/** A hub that decides as the test says, on a disk that commits when the test says. */
function hubThatDecides(decision: Decision) {
  const street = newStreet();
  const disk: (() => void)[] = [];
  const answers: string[] = [];
  const nothing = (): void => undefined;
  const world = {
    hub: {
      ...{ isUp: true, failure: undefined as string | undefined, life: 1, state: street.state },
      ...{ clock: { wall: street.now, monotonic: () => 0 }, chance: { hex: () => "0" } },
      ...{ alarmsByKey: new Map(), requests: new Set<AnswerRequest>(), expelled: new Set() },
      numbering: newNumbering("0".repeat(32) as HubRun),
      journal: {
        nextIndex: () => 1,
        append: (_facts: readonly Fact[], done: () => void) => void disk.push(done),
        follow: (done: () => void) => (disk.length > 0 ? void disk.push(done) : done()),
      },
    },
    ...{ rules: { ...HONEST, handle: () => decision }, scheduler: { now: () => 0 } },
    ...{ note: nothing, happened: nothing, trace: { count: nothing } },
    coverage: { count: nothing },
    ...{ faults: { atEffect: nothing }, watch: { decided: nothing } },
  };
  const alarm = { ...unsigned, sig: signWith(keyOf(street), unsigned.event as CanonicalValue) };
  return {
    ...{ hub: world.hub, answers },
    ask: (sent = alarm) => {
      const arrival = { pillarId: PILLAR, alarm: sent, via: "https" } as const;
      alarmArrives(world as unknown as HubWorld, arrival, (answer) => {
        if ("reason" in answer) return answers.push(answer.reason);
        return answers.push(answer.accepted ? `receipt ${answer.accepted.receipt.seq}` : "202");
      });
    },
    commit: () => {
      for (const done of disk.splice(0)) done();
    },
  };
}

const fact: Fact = { type: "grid-lost", at: 0, grid: "g", count: 1 };
const accept: HubEffect = {
  ...{ type: "accept", pillarId: PILLAR, eventId: unsigned.event.eventId, seq: 1 },
  ...{ incidentId: "i" as never, isOver: false },
};

test("an alarm that is accepted is answered when its facts are durable, and not before", () => {
  const { ask, commit, answers } = hubThatDecides({ facts: [fact], effects: [accept] });
  ask();
  expect(answers).toEqual([]);
  commit();
  expect(answers).toEqual(["receipt 1"]);
});

test("an alarm that the hub holds is answered at once", () => {
  const { ask, answers } = hubThatDecides({ facts: [], effects: [] });
  ask();
  expect(answers).toEqual(["202"]);
});

test("a hub that holds an alarm and writes something down answers when that is durable", () => {
  const { ask, commit, answers } = hubThatDecides({ facts: [fact], effects: [] });
  ask();
  expect(answers).toEqual([]);
  commit();
  expect(answers).toEqual(["202"]);
});

test("a hub whose journal fails, or that knows another key, answers at once", () => {
  const { ask, hub, answers } = hubThatDecides({ facts: [fact], effects: [accept] });
  ask(unsigned);
  hub.failure = "EIO";
  ask();
  expect(answers).toEqual(["403", "503"]);
});
