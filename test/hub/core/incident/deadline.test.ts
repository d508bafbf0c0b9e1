import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IncidentId, Username } from "../../../../shared/ids.ts";
import type { Fact } from "../../../../hub/core/facts.ts";
import { unattended } from "../../../../hub/core/hub.ts";
import {
  CHEN,
  LI,
  newStreet,
  START,
  types,
  WANG,
  type Person,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const OUTSIDE = { desksAfterMs: 10_000, supervisorAfterMs: 20_000, externalAfterMs: 40_000 };
const settings = { escalation: { ...OUTSIDE, targets: ["https://one.example/hook"] } };

const deadlines = (facts: Parameters<typeof types>[0]): string[] =>
  types(facts).filter((type) => type.startsWith("deadline"));

/** Levels and the seconds after the first ring at which they came. */
const levels = (facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) =>
    fact.type === "incident-escalated" ? [`${fact.level} ${(fact.at - START) / 1000}`] : [],
  );

describe("an incident nobody takes", () => {
  test("calls the desks, the supervisor and the external contacts, each once and in time", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    expect(levels(street.advance(600))).toEqual(["desks 10", "supervisor 20", "external 40"]);
    expect(street.only().escalation).toBe("external");
  });

  test("without an address outside is never said to have been told there", () => {
    const street = newStreet();
    street.alarm(0);
    expect(levels(street.advance(600))).toEqual(["desks 10", "supervisor 20"]);
  });

  test("is told to everybody again once a minute, and it never ends", () => {
    const street = newStreet();
    street.alarm(0);
    street.advance(60);
    const passed = street.advance(600).filter(({ type }) => type === "deadline-passed");
    expect(passed).toHaveLength(10);
  });

  test("and is a test rings nobody further", () => {
    const street = newStreet({ settings });
    street.alarm(0, { kind: "test" });
    expect(levels(street.advance(120))).toEqual([]);
  });

  test("begins anew with every ring: handed over, or opened again", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    street.advance(25);
    const to = { name: "transfer", to: "li" as Username, toName: "li" } as const;
    street.order(CHEN, street.only().id, to);
    expect(street.only()).toMatchObject({ ring: 2, escalation: "none" });
    expect(levels(street.advance(60))).toEqual(["desks 35", "supervisor 45", "external 65"]);
  });
});

test("an owner stops the deadline", () => {
  const street = newStreet();
  street.alarm(0);
  street.order(WANG, street.only().id, { name: "acknowledge" });
  street.connectConsole(WANG);
  expect(deadlines(street.advance(120))).toEqual([]);
});

describe("a clock that is set", () => {
  test.each([-86_400_000, -15_000, 15_000, 3_600_000, 86_400_000])(
    "by %i ms moves no step of the escalation",
    (by) => {
      const street = newStreet({ settings });
      street.alarm(0);
      street.advance(3);
      street.setClock(by);
      expect(street.advance(6).filter(({ type }) => type === "incident-escalated")).toEqual([]);
      const desks = street.advance(2).filter(({ type }) => type === "incident-escalated");
      expect(desks).toMatchObject([{ level: "desks" }]);
      const later = street.advance(32).filter(({ type }) => type === "incident-escalated");
      expect(later).toMatchObject([{ level: "supervisor" }, { level: "external" }]);
    },
  );

  test.each([-86_400_000, 15_000, 86_400_000])(
    "by %i ms in the second in which a step is due fires that step and no other",
    (by) => {
      const street = newStreet({ settings });
      const steps = (facts: readonly Fact[]) =>
        facts.flatMap((fact) => (fact.type === "incident-escalated" ? [fact.level] : []));
      street.alarm(0);
      street.advance(9);
      street.setClock(by);
      expect(steps(street.advance(2))).toEqual(["desks"]);
      expect(steps(street.advance(8))).toEqual([]);
      expect(steps(street.advance(2))).toEqual(["supervisor"]);
      expect(steps(street.advance(17))).toEqual([]);
      expect(steps(street.advance(3))).toEqual(["external"]);
    },
  );

  test.each([-86_400_000, -1000, 1000, 86_400_000])(
    "by %i ms and back again within a second, with a press between, moves no step",
    (by) => {
      const street = newStreet({ settings });
      street.advance(2);
      street.setClock(by);
      street.alarm(0);
      street.setClock(-by);
      const steps = (facts: readonly Fact[]) =>
        facts.flatMap((fact) => (fact.type === "incident-escalated" ? [fact.level] : []));
      expect(steps(street.advance(9))).toEqual([]);
      expect(steps(street.advance(2))).toEqual(["desks"]);
      expect(steps(street.advance(8))).toEqual([]);
    },
  );

  test("again and again delays no step by more than the last leap's second", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    street.advance(1);
    for (const by of [1, -1, 2, -2, 3, -3, 4, -4]) {
      street.setClock(by * 3_600_000);
      street.advance(1);
    }
    const came = street.advance(2).filter(({ type }) => type === "incident-escalated");
    expect(came).toMatchObject([{ level: "desks" }]);
  });

  test("back, while the hub was down, delays a step by the whole wait at most", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    street.setClock(-86_400_000);
    street.restart();
    expect(deadlines(street.advance(11))).toContain("deadline-passed");
  });
});

describe("a restart", () => {
  test("at every second of the escalation lets each level come exactly once", () => {
    for (let second = 0; second <= 45; second++) {
      const street = newStreet({ settings });
      street.alarm(0);
      const before = street.advance(second);
      street.restart();
      const told = levels([...before, ...street.advance(60 - second)]);
      expect(told, `restart after ${second} s`).toEqual([
        "desks 10",
        "supervisor 20",
        "external 40",
      ]);
    }
  });

  test("that took minutes makes up for the steps that were missed, one after the other", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    street.away(300);
    expect(levels(street.advance(4))).toEqual(["desks 301", "supervisor 302", "external 303"]);
  });
});

describe("an owner whose console vanished", () => {
  const owned = (): { street: Street; id: IncidentId } => {
    const street = newStreet({ settings });
    street.connectConsole(WANG);
    street.alarm(0);
    const { id } = street.only();
    street.order(WANG, id, { name: "answer" });
    // The pillar sends nothing from here on: these tests are about the owner alone.
    street.advance(20);
    return { street, id };
  };

  test("is released after 30 s by name, and it rings again with a new deadline", () => {
    const { street } = owned();
    expect(street.advance(300)).toEqual([]);
    street.disconnectConsole(WANG);
    expect(types(street.advance(29))).toEqual([]);
    const facts = street.advance(3);
    expect(facts).toMatchObject([
      { type: "incident-released", reason: "owner-lost", from: "wang", fromName: "wang" },
      { type: "deadline-set", reason: "owner-lost" },
    ]);
    expect(street.only()).toMatchObject({ state: "open", owner: null, ring: 2 });
    expect(types(street.advance(10))).toContain("incident-escalated");
  });

  test("and came back in time stays the owner", () => {
    const { street } = owned();
    for (let n = 0; n < 5; n++) {
      street.disconnectConsole(WANG);
      street.advance(25);
      street.connectConsole(WANG);
      expect(street.advance(60)).toEqual([]);
    }
  });

  test("but who has another one open stays the owner", () => {
    const { street } = owned();
    street.connectConsole(WANG);
    street.disconnectConsole(WANG);
    expect(street.advance(120)).toEqual([]);
  });

  test("whose stream stands open but answers no ping any more is released", () => {
    const { street } = owned();
    for (let n = 0; n < 10; n++) {
      street.beatConsole(WANG);
      expect(street.advance(10)).toEqual([]);
    }
    expect(street.advance(19)).toEqual([]);
    expect(types(street.advance(3))).toContain("incident-released");
  });

  test("has 30 s after a restart of the hub, and no more", () => {
    const { street } = owned();
    street.restart();
    expect(types(street.advance(29))).toEqual([]);
    expect(types(street.advance(3))).toContain("incident-released");
  });

  test("without any stream stays the owner as long as there are signs of life", () => {
    const { street } = owned();
    street.disconnectConsole(WANG);
    for (let n = 0; n < 10; n++) {
      street.advance(20);
      street.seeConsole(WANG);
    }
    expect(street.only().owner).toBe("wang");
  });
});

const PEOPLE = [WANG, LI, CHEN] as const;
type Move = (street: Street) => void;
const someone: fc.Arbitrary<Person> = fc.constantFrom(...PEOPLE);
const order = fc.constantFrom(
  { name: "acknowledge" } as const,
  { name: "answer" } as const,
  { name: "transfer", to: "li" as Username, toName: "li" } as const,
  { name: "close", disposition: "resolved", note: "" } as const,
  { name: "reopen" } as const,
);
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ n: fc.nat(2), seq: fc.integer({ min: 1, max: 6 }) }).map(
    ({ n, seq }): Move =>
      (street) =>
        void street.alarm(n, { seq }),
  ),
  fc
    .record({ person: someone, given: order, n: fc.nat(5) })
    .map(({ person, given, n }): Move => (street) => {
      const ids = [...street.state.incidents.keys(), ...street.state.closed.keys()];
      const id = ids[n % Math.max(1, ids.length)];
      if (id) street.order(person, id, given);
    }),
  fc.nat(35).map(
    (seconds): Move =>
      (street) =>
        void street.advance(seconds),
  ),
  fc.constantFrom(-86_400_000, -20_000, -300, 300, 20_000, 86_400_000).map(
    (by): Move =>
      (street) =>
        street.setClock(by),
  ),
  fc.constant<Move>((street) => street.restart()),
  someone.map(
    (person): Move =>
      (street) =>
        void street.connectConsole(person),
  ),
  someone.map(
    (person): Move =>
      (street) =>
        void street.disconnectConsole(person),
  ),
);

/**
 * The latest time after the first ring for the last level. A restart or a set clock may add one
 * more wait.
 */
const LATEST_S = 40 + 2;

/** It was released or transferred a short time ago, so its next level need not have come yet. */
function rangAnew(street: Street, id: IncidentId): boolean {
  const since = street.facts.findLast(
    (fact) =>
      "incidentId" in fact &&
      fact.incidentId === id &&
      ["incident-released", "incident-transferred"].includes(fact.type),
  );
  return since !== undefined && street.now() - since.at <= LATEST_S * 1000;
}

describe("whatever happens: restarts, set clocks, vanishing operators", () => {
  test("every open incident has somebody who is there, or a running deadline (I5)", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const street = newStreet({ pillars: 3, settings });
        for (const take of moves) {
          take(street);
          expect(unattended(street.state)).toEqual([]);
        }
        // Longer than an owner may be absent: after that nobody without a console owns an incident.
        street.advance(31);
        for (const { owner, state } of street.state.incidents.values()) {
          if (state === "open" || !owner) continue;
          expect(street.state.heard.people.get(owner)?.streams).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("each level comes once in a ring, and what still rings has reached the outside in time", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const street = newStreet({ pillars: 3, settings });
        for (const take of moves) take(street);
        street.advance(LATEST_S);
        const told = street.facts.flatMap((fact) =>
          fact.type === "incident-escalated"
            ? [`${fact.incidentId} ${fact.ring} ${fact.level}`]
            : [],
        );
        expect(new Set(told).size).toBe(told.length);
        const behind = [...street.state.incidents.values()].filter(
          ({ id, state, owner, escalation }) =>
            state === "open" && !owner && escalation !== "external" && !rangAnew(street, id),
        );
        expect(behind).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
