/** Each checker is shown a history in which its promise is broken, and must say so. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import { GENESIS, linkHash } from "../../../shared/hash-chain.ts";
import type {
  CommandId,
  EventId,
  HubEpoch,
  IncidentId,
  PillarId,
  Signature,
} from "../../../shared/ids.ts";
import { checkAll } from "../../../simulator/world/checkers/all.ts";
import type { Happening } from "../../../simulator/world/run/happening.ts";
import type { History } from "../../../simulator/world/run/history.ts";
import { sha256 } from "../../../simulator/world/seal.ts";

const PILLAR = "pillar-0" as PillarId;
const INCIDENT = "1".repeat(32) as IncidentId;
const eventId = (n: number): EventId => n.toString(16).padStart(32, "0") as EventId;

function recorded(n: number, seq = n): Fact {
  return {
    type: "alarm-recorded",
    at: 0,
    incidentId: INCIDENT,
    event: {
      v: 1,
      eventId: eventId(n),
      pillarId: PILLAR,
      bootEpoch: 1,
      seq,
      prevHash: GENESIS,
      kind: "voice",
      wallMs: 0,
      clock: { synced: true },
    },
    sig: "s".repeat(86) as Signature,
    via: "mqtt",
    pressedAt: 0,
    isVerified: true,
  } as Fact;
}

function opened(n: number): Fact {
  return {
    type: "incident-opened",
    at: 0,
    incidentId: INCIDENT,
    pillarId: PILLAR,
    kind: "voice",
    priority: 2,
    rules: ["kind"],
    reason: "kind",
    eventId: eventId(n),
    pressedAt: 0,
    text: null,
    isVerified: true,
  } as Fact;
}

function linkOf(fact: Fact): string {
  if (fact.type !== "alarm-recorded") throw new Error("expected an alarm");
  return linkHash(sha256, fact.event.prevHash, fact.event);
}

const shownAs = (change: Partial<Shown>): Shown => ({
  pillar: PILLAR,
  presence: "online",
  faults: [],
  headSeq: 0,
  expiresAt: undefined,
  isExpired: false,
  ...change,
});

type Shown = History["hub"]["pillars"][number];

interface Planted {
  readonly happenings?: readonly Happening[];
  readonly journal?: readonly Fact[];
  readonly ending?: Partial<History["pillars"][number]>;
  readonly hub?: Partial<History["hub"]>;
}

function historyOf({ happenings = [], journal = [], ending, hub }: Planted): History {
  return {
    happenings,
    healedAt: 100_000,
    endedAt: 200_000,
    pillars: [
      {
        pillar: PILLAR,
        isOn: true,
        isLinked: true,
        pending: [],
        unstored: 0,
        isMoved: false,
        isClockLost: false,
        phase: "idle",
        callEvent: undefined,
        incident: undefined,
        isReplaying: false,
        head: { seq: 0, hash: GENESIS },
        ...ending,
      },
    ],
    hub: {
      isUp: true,
      hubEpoch: "e".repeat(32) as HubEpoch,
      journal,
      open: [],
      pillars: [shownAs({})],
      ...hub,
    },
  };
}

const found = (planted: Planted): string[] =>
  checkAll(historyOf(planted)).map(({ invariant }) => invariant);

const press = (change: Partial<Extract<Happening, { type: "pressed" }>>): Happening => ({
  type: "pressed",
  at: 1000,
  pillar: PILLAR,
  eventId: eventId(1),
  call: undefined,
  incident: undefined,
  isDiskGood: true,
  ...change,
});

describe("the checkers", () => {
  test("find nothing in a quiet history", () => {
    expect(found({})).toEqual([]);
  });

  test("find a press that is not in the journal (I1)", () => {
    expect(found({ happenings: [press({})] })).toEqual(["I1"]);
  });

  test("excuse a press whose pillar lost its power before the disk had it (I1)", () => {
    const down: Happening = { type: "pillar-down", at: 1100, pillar: PILLAR, unstored: 0 };
    expect(found({ happenings: [press({}), down] })).toEqual([]);
  });

  test("do not excuse it when the disk had it (I1)", () => {
    const stored: Happening = { type: "stored", at: 1050, pillar: PILLAR, eventId: eventId(1) };
    const down: Happening = { type: "pillar-down", at: 1100, pillar: PILLAR, unstored: 0 };
    expect(found({ happenings: [press({}), stored, down] })).toEqual(["I1"]);
  });

  test("find a press that fell into a call that was over (I1)", () => {
    const closed = {
      type: "incident-closed",
      at: 0,
      incidentId: INCIDENT,
      by: "li",
      byName: "Li",
      disposition: "resolved",
      note: "",
    } as Fact;
    const durable = (fact: Fact): Happening => ({ type: "durable", at: 10, index: 1, fact });
    const again = press({ at: 9000, eventId: undefined, call: eventId(1) });
    const happenings = [durable(recorded(1)), durable(closed), again];
    const hub = { pillars: [shownAs({ faults: ["ledger-lost"] })] };
    expect(found({ happenings, journal: [recorded(1)], hub })).toEqual(["I1"]);
  });

  test("find an alarm recorded twice, and an incident opened twice (I3)", () => {
    expect(found({ journal: [recorded(1), recorded(1)] })).toContain("I3");
    expect(found({ journal: [opened(1), opened(1)] })).toContain("I3");
    expect(found({ journal: [recorded(1, 7), recorded(2, 7)] })).toContain("I3");
  });

  test("find what did not come to rest (I4, I11)", () => {
    expect(found({ ending: { pending: [eventId(1)] } })).toEqual(["I4"]);
    expect(found({ ending: { unstored: 1 } })).toEqual(["I4"]);
    expect(found({ ending: { isLinked: false } })).toEqual(["I4"]);
    expect(found({ hub: { isUp: false } })).toEqual(["I11"]);
  });

  test("find an incident that nobody owns and no deadline runs for (I5)", () => {
    const open = [{ incidentId: INCIDENT, isAttended: false }];
    expect(found({ hub: { open } })).toEqual(["I5"]);
  });

  test("find a late deadline and an owner who is gone (I5)", () => {
    const overdue = { type: "overdue", at: 5, incidentId: INCIDENT, lateMs: 3000 } as const;
    const abandoned = { type: "abandoned", at: 5, incidentId: INCIDENT } as const;
    const happenings = [overdue, { ...abandoned, owner: "li", goneMs: 40_000 }];
    expect(found({ happenings })).toEqual(["I5", "I5"]);
  });

  test("find a gap in a pillar's numbers that no fault tells of (I6)", () => {
    const journal = [recorded(1), recorded(3)];
    expect(found({ journal })).toEqual(["I6"]);
    const hub = { pillars: [shownAs({ faults: ["ledger-lost"], headSeq: 3 })] };
    expect(found({ journal, hub })).toEqual([]);
  });

  test("find growth without a limit, stale presence and a stale lamp (I10, I13)", () => {
    const outgrown = { type: "outgrown", at: 1, actor: PILLAR, what: "outbox", size: 2, limit: 1 };
    expect(found({ happenings: [outgrown as Happening] })).toEqual(["I10"]);
    const stale = { type: "stale", at: 1, pillar: PILLAR, presence: "online", silentMs: 16_000 };
    expect(found({ happenings: [stale as Happening] })).toEqual(["I13"]);
    expect(found({ ending: { phase: "answered", incident: INCIDENT } })).toEqual(["I13"]);
  });

  test("excuse a gap below a chain that began anew, and no other (I6)", () => {
    const base = 1_780_000_000;
    const head = { seq: base, hash: linkOf(recorded(2, base)) };
    expect(found({ journal: [recorded(1), recorded(2, base)], ending: { head } })).toEqual([]);
    expect(found({ journal: [recorded(1), recorded(2, 7)] })).toEqual(["I6"]);
  });

  test("excuse a number given again after an enrolment, and none without one (I3, I6)", () => {
    const enrolled = { type: "pillar-enrolled", at: 0, pillarId: PILLAR } as Fact;
    const again = [recorded(1), recorded(2, 1)];
    const head = { seq: 1, hash: linkOf(recorded(2, 1)) };
    expect(found({ journal: again, ending: { head } })).toEqual(["I3", "I6"]);
    const journal = [recorded(1), enrolled, recorded(2, 1)];
    expect(found({ journal, ending: { head } })).toEqual([]);
  });

  test("excuse a ledger that falls back at an enrolment, and none without one (I6)", () => {
    const enrolled = { type: "pillar-enrolled", at: 0, pillarId: PILLAR } as Fact;
    const fromClock = recorded(2, 1_780_000_000);
    const head = { seq: 1, hash: linkOf(recorded(1)) };
    expect(found({ journal: [recorded(1), fromClock], ending: { head } })).toEqual(["I6"]);
    expect(found({ journal: [recorded(1), fromClock, enrolled], ending: { head } })).toEqual([]);
  });

  test("find an incident that is less urgent than the rules say, or that nobody may lower (I15)", () => {
    const said = (change: object): Fact => ({ ...opened(1), ...change }) as Fact;
    const by = { by: "li", byName: "Li", at: 0, incidentId: INCIDENT };
    const lowered = {
      type: "incident-regraded",
      ...by,
      priority: 3,
      reason: "",
    } as unknown as Fact;
    expect(found({ journal: [said({ kind: "silent" })] })).toContain("I15");
    expect(found({ journal: [opened(1), lowered] })).toContain("I15");
    const taken = { type: "incident-acknowledged", ...by } as unknown as Fact;
    expect(found({ journal: [opened(1), taken, lowered] })).not.toContain("I15");
  });

  test("find what stays shown as broken, and what is shown too late (I13)", () => {
    const hub = { pillars: [shownAs({ faults: ["ledger-failing"] })] };
    expect(found({ hub })).toEqual(["I13"]);
    expect(found({ hub, ending: { isMoved: true } })).toEqual([]);
    const unseen = { type: "fault-unseen", at: 1, pillar: PILLAR, code: "ledger-slow" } as const;
    expect(found({ happenings: [{ ...unseen, isRaised: true, lateMs: 1 }] })).toEqual(["I13"]);
    expect(found({ happenings: [{ type: "grid-untold", at: 1, isGone: true }] })).toEqual(["I13"]);
  });

  test("find a receipt of a database that was left, and a command performed twice (I7)", () => {
    const of = (hubEpoch: string, pillar: string = PILLAR) =>
      ({ type: "database", at: 1, pillar, hubEpoch: hubEpoch as HubEpoch }) as const;
    const down = { type: "pillar-down", at: 2, pillar: PILLAR, unstored: 0 } as const;
    expect(found({ happenings: [of("a"), of("b"), of("b"), of("c")] })).toEqual([]);
    expect(found({ happenings: [of("a"), of("b"), of("a", "pillar-9")] })).toEqual([]);
    expect(found({ happenings: [of("a"), of("b"), down, of("a")] })).toEqual([]);
    expect(found({ happenings: [of("a"), of("b"), of("a")] })).toEqual(["I7"]);
    const commandId = "c" as CommandId;
    const performed = { type: "performed", at: 1, pillar: PILLAR, commandId } as const;
    expect(found({ happenings: [performed] })).toEqual([]);
    expect(found({ happenings: [performed, down, performed] })).toEqual(["I7"]);
  });

  test("find a level of escalation that comes too early or too late (I5)", () => {
    const untimely = {
      type: "untimely",
      at: 5,
      incidentId: INCIDENT,
      level: "supervisor",
    } as const;
    expect(found({ happenings: [{ ...untimely, offMs: 10 }] })).toEqual(["I5"]);
    expect(found({ happenings: [{ ...untimely, offMs: -200 }] })).toEqual(["I5"]);
  });

  test("find a grid that is lost twice (I13)", () => {
    const news = (type: "grid-lost" | "grid-back"): Fact => ({ type, at: 0, grid: "G1", count: 3 });
    expect(found({ journal: [news("grid-lost"), news("grid-back")] })).toEqual([]);
    expect(found({ journal: [news("grid-lost"), news("grid-lost")] })).toEqual(["I13"]);
    expect(found({ journal: [news("grid-back")] })).toEqual(["I13"]);
  });

  test("find an expired identity that is taken for more than a voice (I7)", () => {
    const alarm = { ...recorded(1), at: 20 } as Fact;
    const started = { type: "pillar-started", at: 20, pillarId: PILLAR, bootEpoch: 1 } as Fact;
    const hub = { pillars: [shownAs({ expiresAt: 10, isExpired: true })] };
    const head = { seq: 1, hash: linkOf(alarm) };
    expect(found({ journal: [alarm, started], hub, ending: { head } })).toEqual(["I7", "I7"]);
    const doubted = { ...alarm, isVerified: false } as Fact;
    expect(found({ journal: [doubted], hub, ending: { head, isLinked: false } })).toEqual([]);
  });

  test("find one machine that is called two, and a memory that is called lost (I13)", () => {
    const cloned: Fact = { type: "pillar-cloned", at: 1, pillarId: PILLAR, detail: "" };
    const lost = { type: "pillar-fault", at: 1, pillarId: PILLAR, detail: "" } as const;
    const journal: Fact[] = [cloned, { ...lost, code: "ledger-lost", isActive: true }];
    expect(found({ journal })).toEqual(["I13", "I13"]);
    const down: Happening = { type: "pillar-down", at: 1100, pillar: PILLAR, unstored: 1 };
    expect(found({ journal: journal.slice(1), happenings: [down] })).toEqual([]);
  });

  test("find an alarm without a receipt under a quiet sky, and excuse one in a storm (I4)", () => {
    const up: Happening = { type: "hub-up", at: 0, isLive: true };
    const quiet = press({ at: 100_000 });
    const kept = {
      journal: [recorded(1)],
      ending: { head: { seq: 1, hash: linkOf(recorded(1)) } },
    };
    expect(found({ ...kept, happenings: [up, quiet] })).toEqual(["I4"]);
    const receipt = { type: "accepted", pillar: PILLAR, eventId: eventId(1) } as const;
    expect(found({ ...kept, happenings: [up, quiet, { ...receipt, at: 101_000 }] })).toEqual([]);
    const storm: Happening = { type: "trouble", at: 90_000, until: 95_000 };
    expect(found({ ...kept, happenings: [up, storm, quiet] })).toEqual([]);
    expect(found({ ...kept, happenings: [up, { ...storm, pillar: PILLAR }, quiet] })).toEqual([]);
    const elsewhere: Happening = { ...storm, pillar: "pillar-9" };
    expect(found({ ...kept, happenings: [up, elsewhere, quiet] })).toEqual(["I4"]);
  });

  describe("of a revoked pillar", () => {
    const revoked = { type: "pillar-revoked", at: 10, pillarId: PILLAR } as Fact;
    const enrolled = { type: "pillar-enrolled", at: 30, pillarId: PILLAR } as Fact;
    const durable = (fact: Fact, at: number): Happening => ({
      type: "durable",
      at,
      index: at,
      fact,
    });
    const end = durable(revoked, 20_000);
    const again = durable(enrolled, 50_000);

    test("find what it says in the journal, and nothing after it is enrolled again (I7)", () => {
      const started = { type: "pillar-started", at: 20, pillarId: PILLAR, bootEpoch: 1 } as Fact;
      const fault = { type: "pillar-fault", at: 20, pillarId: PILLAR, detail: "", isActive: true };
      const said = { ...fault, code: "camera" } as unknown as Fact;
      const seen = { ...fault, code: "certificate-ending" } as unknown as Fact;
      expect(found({ journal: [revoked, started] })).toEqual(["I7"]);
      expect(found({ journal: [revoked, said] })).toContain("I7");
      expect(found({ journal: [revoked, seen] })).not.toContain("I7");
      expect(found({ journal: [started, revoked, enrolled, started] })).toEqual([]);
    });

    test("find what the hub signs for it (I7)", () => {
      const told: Happening = { type: "told-expelled", at: 21_000, pillar: PILLAR };
      expect(found({ happenings: [end, told] })).toEqual(["I7"]);
    });

    test("find an answer on its lamp 45 s later (I7)", () => {
      const lit = (at: number, lamp: "answered" | "standby"): Happening => ({
        ...{ type: "shown", at, pillar: PILLAR, eventId: eventId(1) },
        lamp,
      });
      const broken = (...happenings: Happening[]): number =>
        found({ happenings }).filter((invariant) => invariant === "I7").length;
      const later: Happening = { type: "trouble", at: 70_000, until: 70_000 };
      expect(broken(lit(1000, "answered"), end, later)).toBe(1);
      expect(broken(end, lit(21_000, "answered"), later)).toBe(1);
      expect(broken(lit(1000, "answered"), end, lit(60_000, "standby"), later)).toBe(0);
      expect(broken(lit(1000, "answered"), end, again, later)).toBe(0);
    });

    test("find somebody who pressed there and is not told to dial 110 (I7)", () => {
      const pushed: Happening = {
        ...{ type: "pushed", at: 22_000, pillar: PILLAR },
        ...{ kind: "voice", isIdle: true },
      };
      const said: Happening = {
        ...{ type: "said", at: 42_500, pillar: PILLAR, eventId: eventId(1) },
        prompt: "network-fault-dial-110",
      };
      const later: Happening = { type: "trouble", at: 44_000, until: 44_000 };
      expect(found({ happenings: [end, pushed, later] })).toEqual(["I7"]);
      expect(found({ happenings: [end, pushed, said, later] })).toEqual([]);
      expect(found({ happenings: [end, { ...pushed, kind: "silent" }, later] })).toEqual([]);
      expect(found({ happenings: [pushed, later] })).toEqual([]);
    });
  });
});
