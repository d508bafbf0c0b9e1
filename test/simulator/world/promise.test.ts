/** The judge of words is shown true and false ones: lamp, voice and screen, each by itself. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import type { EventId } from "../../../shared/ids.ts";
import { checkPromise } from "../../../simulator/world/checkers/words/promise.ts";
import type { Happening } from "../../../simulator/world/run/happening.ts";
import type { History } from "../../../simulator/world/run/history.ts";

const pillar = "pillar-0";
const eventId = "a".repeat(32) as EventId;
const incidentId = "1".repeat(32);

const complaints = (happenings: readonly Happening[]): string[] =>
  checkPromise({ happenings, endedAt: 200_000 } as History).map(({ detail }) => detail);

let index = 0;
const fact = (at: number, type: Fact["type"], rest: object = {}): Happening => ({
  type: "durable",
  at,
  index: ++index,
  fact: { type, at, incidentId, ...rest } as unknown as Fact,
});

/** A call that Wang answers at 10 s, at a pillar that can be told everything at once. */
function begun(): Happening[] {
  index = 0;
  return [
    { type: "link", at: 0, pillar, isUp: true },
    { type: "reach", at: 0, pillar, canBeTold: true },
    fact(1000, "alarm-recorded", { event: { eventId, pillarId: pillar, kind: "voice" } }),
    fact(1000, "incident-opened", { pillarId: pillar, kind: "voice", eventId }),
    { type: "shown", at: 1100, pillar, lamp: "received", eventId },
    fact(10_000, "incident-answered", { by: "wang", byName: "Wang" }),
  ];
}

const lamp = (at: number, pattern: "received" | "answered" | "standby"): Happening => ({
  type: "shown",
  at,
  pillar,
  lamp: pattern,
  eventId,
});
const voice = (at: number, prompt: "answered" | "held" | "received" | "ended"): Happening => ({
  type: "said",
  at,
  pillar,
  prompt,
  eventId,
});
const screen = (at: number, phase: "answered" | "held" | "received", by: string): Happening => ({
  type: "displayed",
  at,
  pillar,
  phase,
  zh: `${by}已接听，请讲话。`,
  en: `${by} is with you.`,
  eventId,
});
const answered = (): Happening[] => [
  lamp(10_050, "answered"),
  voice(10_050, "answered"),
  screen(10_050, "answered", "Wang"),
];
const over = (at: number): Happening[] => [
  fact(at, "incident-closed"),
  lamp(at + 50, "standby"),
  voice(at + 50, "ended"),
  screen(at + 50, "received", "").type === "displayed"
    ? { ...(screen(at + 50, "received", "") as Happening & { type: "displayed" }), phase: "closed" }
    : lamp(at + 50, "standby"),
];

describe("words", () => {
  test("that are true as long as they are said are no complaint", () => {
    expect(complaints([...begun(), ...answered(), ...over(50_000)])).toEqual([]);
  });

  test("of an answer are taken back within 2 s of its end, each by its own medium", () => {
    const lost = fact(50_000, "incident-released", { from: "wang", fromName: "Wang" });
    const back = (at: number): Happening[] => [
      lamp(at, "received"),
      voice(at, "received"),
      screen(at, "received", ""),
    ];
    expect(complaints([...begun(), ...answered(), lost, ...back(51_900), ...over(90_000)])).toEqual(
      [],
    );
    const late = complaints([...begun(), ...answered(), lost, ...back(53_000), ...over(90_000)]);
    expect(late).toHaveLength(3);
    const [, spoken, shown] = back(50_100);
    const dark = complaints([...begun(), ...answered(), lost, spoken!, shown!, ...over(90_000)]);
    expect(dark).toEqual(['the lamp still says "answered", and its call is ringing']);
  });

  test("with the first name are wrong when somebody else has taken over", () => {
    const taken = fact(50_000, "incident-answered", { by: "li", byName: "Li" });
    const [complaint, ...others] = complaints([...begun(), ...answered(), taken, ...over(90_000)]);
    expect(complaint).toContain("the screen still says");
    expect(others).toEqual([]);
  });

  test("are excused while the pillar cannot be told, and not a moment longer", () => {
    const closed = fact(50_000, "incident-closed");
    const reach = (at: number, canBeTold: boolean): Happening => ({
      type: "reach",
      at,
      pillar,
      canBeTold,
    });
    const cut = [...begun(), ...answered(), reach(49_000, false), closed];
    expect(complaints(cut)).toEqual([]);
    expect(complaints([...cut, reach(100_000, true)])).toHaveLength(3);
  });

  test("of an answer go when the pillar knows that its link is lost, however long the way stays cut", () => {
    const cut: Happening[] = [
      { type: "reach", at: 40_000, pillar, canBeTold: false },
      { type: "link", at: 52_000, pillar, isUp: false },
    ];
    expect(complaints([...begun(), ...answered(), ...cut])).toHaveLength(3);
  });

  test("are wrong at once when they were never true", () => {
    const [early] = complaints([...begun(), screen(10_050, "answered", "Nobody"), ...over(11_000)]);
    expect(early).toContain("who never answered this pillar");
    const unheard = { ...lamp(500, "received"), eventId: "b".repeat(32) as EventId } as Happening;
    expect(complaints([...begun().slice(0, 2), unheard, lamp(600, "standby")])).toHaveLength(1);
  });

  test('"received" is wrong of a call that ended long before, and a lamp that falls back may say it', () => {
    const cut: Happening[] = [
      { type: "reach", at: 20_000, pillar, canBeTold: false },
      { type: "link", at: 20_000, pillar, isUp: false },
    ];
    const closed = fact(30_000, "incident-closed");
    const later = (at: number): string[] =>
      complaints([...begun(), lamp(20_000, "standby"), ...cut, closed, lamp(at, "received")]);
    expect(later(40_000)).toEqual([]);
    expect(later(46_000)).toEqual(['the lamp says "received"; its call has been over for 16 s']);
    const fallen = [...begun(), lamp(10_050, "answered"), ...cut, closed, lamp(46_000, "received")];
    expect(complaints(fallen).filter((text) => text.includes("has been over"))).toEqual([]);
  });

  test("aloud are wrong to somebody who hides, when a revoked pillar is enrolled again", () => {
    const hidden = "b".repeat(32) as EventId;
    const silent: Happening[] = [
      { type: "pushed", at: 12_000, pillar, kind: "silent", isIdle: false },
      { type: "born", at: 12_000, pillar, eventId: hidden, kind: "silent" },
      fact(12_100, "alarm-recorded", {
        event: { eventId: hidden, pillarId: pillar, kind: "silent" },
      }),
    ];
    const away = [
      fact(20_000, "pillar-revoked", { pillarId: pillar }),
      lamp(20_050, "standby"),
      fact(30_000, "pillar-enrolled", { pillarId: pillar }),
    ];
    const aloud: Happening = { type: "pushed", at: 25_000, pillar, kind: "voice", isIdle: true };
    const told = (...between: Happening[]): string[] =>
      complaints([...begun(), ...silent, ...away, voice(31_000, "received"), ...over(32_000)])
        .concat(complaints([...begun(), ...silent, away[0]!, away[1]!, ...between, away[2]!]))
        .filter((text) => text.includes("hides"));
    expect(told()).toEqual(['the voice said "received" to somebody who hides']);
    const next = [...begun(), ...silent, away[0]!, away[1]!, aloud, away[2]!];
    expect(complaints([...next, voice(31_000, "received")]).join("")).not.toContain("hides");
  });

  test("aloud are wrong of the next call, when the silent press before it has no alarm yet", () => {
    const hidden = "b".repeat(32) as EventId;
    const push: Happening = { type: "pushed", at: 5000, pillar, kind: "silent", isIdle: false };
    const next = "c".repeat(32) as EventId;
    const born = (at: number, id: EventId, kind: string): Happening => ({
      ...{ type: "born", at, pillar },
      eventId: id,
      kind,
    });
    const first = [...begun().slice(0, 5), push, born(5000, hidden, "silent")];
    const closed = fact(9000, "incident-closed");
    const calls = [born(10_000, next, "voice"), { ...voice(10_000, "received"), eventId: next }];
    const hides = (all: readonly Happening[]): number =>
      complaints(all as Happening[]).filter((text) => text.includes("hides")).length;
    expect(hides([...first, closed, ...calls])).toBe(0);
    expect(hides([...first, { ...push, at: 8000 }, closed, ...calls])).toBe(1);
  });

  test("aloud are wrong to somebody who pressed silently, also after a restart", () => {
    const silent: Happening = { type: "pushed", at: 5000, pillar, kind: "silent", isIdle: false };
    const restart: Happening[] = [
      { type: "pillar-down", at: 6000, pillar, unstored: 0 },
      { type: "pillar-up", at: 8000, pillar, isBornBlind: false },
    ];
    const hidden = "b".repeat(32) as EventId;
    const born: Happening = { type: "born", at: 5000, pillar, eventId: hidden, kind: "silent" };
    const kept: Happening[] = [
      { type: "stored", at: 5010, pillar, eventId: hidden },
      fact(5050, "alarm-recorded", {
        event: { eventId: hidden, pillarId: pillar, kind: "silent" },
      }),
    ];
    const said = (...pressed: Happening[]): string[] => {
      const told = [...begun().slice(0, 5), silent, ...pressed, ...restart, begun()[5]!];
      return complaints([...told, voice(10_100, "answered"), ...over(11_000)]);
    };
    const wrong = ['the voice said "answered" to somebody who hides'];
    for (const by of kept) expect(said(born, by)).toEqual(wrong);
    // In the pillar's memory alone when its power failed: nothing that is left can know of it.
    expect(said(born)).toEqual([]);
    expect(said()).toEqual([]);
  });
});

test("what a voice says within 2 s of the end of a silent call stays, and later it does not", () => {
  const hidden = fact(15_000, "alarm-recorded", {
    event: { eventId: "b".repeat(32), pillarId: pillar, kind: "silent" },
  });
  const until = [...begun(), hidden, ...over(20_000).filter(({ type }) => type !== "said")];
  expect(complaints([...until, voice(20_100, "answered")])).toEqual([]);
  expect(complaints([...until, voice(24_000, "answered")])).toEqual([
    'the voice still says "answered", and its call is over',
  ]);
});
