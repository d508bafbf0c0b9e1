/**
 * Whether a person is at a desk: everything the hub remembers of them, and what happens when they
 * are gone.
 */
import { describe, expect, test } from "vitest";
import {
  decideReleases,
  hearAbsence,
  hearConsole,
  OWNER_GONE_MS,
} from "../../../../hub/core/incident/console.ts";
import { type PersonContact, silence } from "../../../../hub/core/state/heard-state.ts";
import type { Username } from "../../../../shared/ids.ts";
import { LI, newStreet, START, WANG, type Street } from "../../../kit/core/hub-core-street.ts";

const wang = "wang" as Username;
type Sign = "connected" | "disconnected" | "beat" | "seen";

/** What the hub knows of one person after these events. */
function deskAfter(...signs: readonly Sign[]): PersonContact {
  const heard = silence();
  for (const sign of signs) {
    hearConsole(heard, { type: `console-${sign}`, username: wang });
  }
  return heard.people.get(wang)!;
}

describe("a desk", () => {
  const desk = (streams: number, hasBeat = false): PersonContact => ({
    streams,
    hasBeat,
    goneAt: null,
  });
  test.each<[Sign[], PersonContact]>([
    [["seen"], desk(0)],
    [["connected"], desk(1)],
    [["connected", "connected"], desk(2)],
    [["connected", "disconnected"], desk(0)],
    [["disconnected"], desk(0)],
    [["connected", "connected", "beat", "disconnected"], desk(1, true)],
    [["connected", "beat", "disconnected"], desk(0)],
    [["connected", "beat", "disconnected", "connected"], desk(1)],
    [["beat"], desk(0)],
    [["connected", "seen"], desk(1)],
  ])("after %j is this", (signs, expected) => {
    expect(deskAfter(...signs)).toEqual(expected);
  });

  const stateWith = (desks: readonly (readonly [string, PersonContact])[]) => {
    const { state } = newStreet();
    state.heard.clock.nowMs = 700;
    for (const [name, one] of desks) state.heard.people.set(name as Username, one);
    return state;
  };
  test("is in doubt from the next tick on, unless a stream is open that never answered a ping", () => {
    const state = stateWith([
      ["simple", desk(1)],
      ["beating", desk(1, true)],
      ["away", desk(0)],
      ["doubted", { ...desk(0), goneAt: 300 }],
    ]);
    hearAbsence(state);
    expect([...state.heard.people].map(([name, { goneAt }]) => [name, goneAt])).toEqual([
      ["simple", null],
      ["beating", 700],
      ["away", 700],
      ["doubted", 300],
    ]);
  });

  test("of a person without a stream is remembered among ten thousand, and no more", () => {
    const many = (count: number) =>
      stateWith(Array.from({ length: count }, (_, n) => [`person-${n}`, desk(n === 0 ? 1 : 0)]));
    const left = (count: number): number => {
      const state = many(count);
      hearAbsence(state);
      return state.heard.people.size;
    };
    expect([left(10_000), left(10_001), left(10_005)]).toEqual([10_000, 10_000, 10_000]);
    const state = many(10_001);
    state.heard.people.set("beating" as Username, desk(2, true));
    hearAbsence(state);
    expect(["person-0", "beating"].every((name) => state.heard.people.has(name as Username))).toBe(
      true,
    );
  });
});

/** Wang has answered the pillar's call. */
function answered(): Street {
  const street = newStreet();
  street.alarm(0);
  street.order(WANG, street.only().id, { name: "answer" });
  return street;
}

describe("an owner", () => {
  test("has a desk from the first tick on, and is in doubt since then when nothing was heard", () => {
    const street = answered();
    street.restart();
    street.advance(1);
    expect([...street.state.heard.people]).toEqual([
      [wang, { streams: 0, hasBeat: false, goneAt: 1100 }],
    ]);
  });

  test("who is gone for 30 s loses the call: it rings again for everybody, with a new deadline", () => {
    expect(OWNER_GONE_MS).toBe(30_000);
    const street = answered();
    const { id, pillarId, lastEventId } = street.only();
    const { clock, people: desks } = street.state.heard;
    const tick = { type: "tick", at: START } as const;
    clock.nowMs = 50_000;
    desks.set(wang, { streams: 0, hasBeat: false, goneAt: 20_001 });
    expect(decideReleases(street.state, tick)).toEqual({ facts: [], effects: [] });
    desks.delete(wang);
    expect(decideReleases(street.state, tick)).toEqual({ facts: [], effects: [] });
    desks.set(wang, { streams: 0, hasBeat: false, goneAt: 20_000 });
    const of = { at: START, incidentId: id, reason: "owner-lost" };
    expect(decideReleases(street.state, tick)).toEqual({
      facts: [
        { type: "incident-released", ...of, from: "wang", fromName: "wang" },
        { type: "deadline-set", ...of, dueAt: START + 10_000 },
      ],
      effects: [
        {
          ...{ type: "tell-pillar", pillarId },
          call: { v: 1, incidentId: id, eventId: lastEventId, status: "ringing" },
        },
        { type: "end-views", incidentId: id, who: "talkers" },
      ],
    });
  });

  test("who has only acknowledged is released too; to whom it rings yet, is none", () => {
    const street = newStreet();
    street.alarm(0);
    const { id } = street.only();
    street.order(WANG, id, { name: "acknowledge" });
    street.state.heard.people.set(wang, { streams: 0, hasBeat: false, goneAt: -60_000 });
    const released = () => decideReleases(street.state, { type: "tick", at: START }).facts.length;
    expect(released()).toBe(2);
    const to = { to: LI.name as Username, toName: LI.name };
    street.record({
      ...{ type: "incident-transferred", at: START, incidentId: id, note: "", ...to },
      ...{ by: wang, byName: "wang" },
    } as never);
    street.state.heard.people.set(to.to, { streams: 0, hasBeat: false, goneAt: -60_000 });
    expect(released()).toBe(0);
  });
});
