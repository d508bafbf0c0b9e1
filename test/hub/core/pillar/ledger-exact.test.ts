/**
 * What the hub knows of a pillar's ledger, compared completely after each alarm, and the words for
 * what is wrong with one.
 */
import { describe, expect, test } from "vitest";
import type { KnownAlarm } from "../../../../hub/core/state/known-alarm.ts";
import {
  faultOf,
  headFault,
  markOf,
  MAX_RECENT_ALARMS,
  missingFrom,
  needsJournal,
  rememberAlarm,
  renewMark,
  sight,
} from "../../../../hub/core/pillar/ledger.ts";
import { NEW_MARK, type LedgerMark } from "../../../../hub/core/state/ledger-mark.ts";
import type { IncidentId, Sha256 } from "../../../../shared/ids.ts";
import {
  hashOf,
  hex,
  newAlarm,
  newHeartbeat,
  newStreet,
  pillar,
  START,
  type AlarmDetails,
} from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const INCIDENT = hex(500) as IncidentId;

/** A state that has recorded these alarms, with journal indexes from 10 on. */
function holding(...alarms: readonly AlarmDetails[]) {
  const { state } = newStreet();
  for (const [n, details] of alarms.entries()) record(state, details, 10 + n);
  return state;
}
type State = ReturnType<typeof holding>;

function record(state: State, details: AlarmDetails, index: number, n = 0): void {
  const { event, sig } = newAlarm(pillar(n), details);
  const told = { via: "mqtt", pressedAt: START, isVerified: true, hash: hashOf(details) } as const;
  const fact = { type: "alarm-recorded", at: START, incidentId: INCIDENT, event, sig, ...told };
  rememberAlarm(state, fact as never, index);
}

const seqs = (...numbers: number[]) => numbers.map((seq) => ({ seq }));
const markAfter = (...alarms: readonly AlarmDetails[]): LedgerMark =>
  markOf(holding(...alarms), PILLAR);
/** The last number before the first gap, and the ranges of numbers after it. */
const heldAfter = (...numbers: number[]) => {
  const { contiguousSeq, ahead } = markAfter(...seqs(...numbers));
  return [contiguousSeq, ...ahead];
};
const heartbeat = (details: Parameters<typeof newHeartbeat>[0], at = START) =>
  ({ type: "heartbeat", at, pillarId: PILLAR, heartbeat: newHeartbeat(details) }) as const;

describe("a mark", () => {
  test("is new before any alarm, and after one says all that is known of it", () => {
    expect(markOf(newStreet({ pillars: 0 }).state, PILLAR)).toEqual(NEW_MARK);
    expect(NEW_MARK).toEqual({
      ...{ headSeq: 0, headHash: null, headBoot: null, contiguousSeq: 0, ahead: [], since: 0 },
      ...{ enrolments: 0, lastIncidentId: null, lastEventId: null },
    });
    expect(markAfter({ seq: 1, eventId: 7, bootEpoch: 4 })).toEqual({
      ...{ headSeq: 1, headHash: hashOf({ seq: 1, eventId: 7 }), headBoot: 4, contiguousSeq: 1 },
      ...{ ahead: [], since: 2, enrolments: 1, lastIncidentId: INCIDENT, lastEventId: hex(7) },
    });
  });

  test("keeps its head when an older alarm comes late, and its call when a test comes", () => {
    const mark = markAfter({ seq: 1 }, { seq: 3, bootEpoch: 5 }, { seq: 2, bootEpoch: 4 });
    expect([mark.headSeq, mark.headHash, mark.headBoot]).toEqual([3, hashOf({ seq: 3 }), 5]);
    const again = markAfter({ seq: 1, bootEpoch: 4 }, { seq: 1, eventId: 9, bootEpoch: 5 });
    expect([again.headHash, again.headBoot]).toEqual([hashOf({ seq: 1 }), 4]);
    expect(markAfter({ seq: 1 }, { seq: 2, kind: "test" }).lastEventId).toBe(hex(1));
    expect(markAfter({ seq: 1, kind: "test" }).lastIncidentId).toBe(null);
  });

  test.each([
    [[1, 2, 3], [3]],
    [[2], [0, [2, 2]]],
    [
      [1, 3],
      [1, [3, 3]],
    ],
    [
      [1, 3, 4, 6],
      [1, [3, 4], [6, 6]],
    ],
    [
      [1, 4, 3],
      [1, [3, 4]],
    ],
    [
      [1, 3, 5, 4],
      [1, [3, 5]],
    ],
    [
      [1, 3, 5, 2],
      [3, [5, 5]],
    ],
    [
      [1, 3, 4, 4],
      [1, [3, 4]],
    ],
    [[1, 3, 2, 2, 1], [3]],
    [[1, 3, 5, 4, 2], [5]],
  ])("that has heard of %j holds %j", (numbers, held) => {
    expect(heldAfter(...numbers)).toEqual(held);
  });

  test("keeps 256 runs beyond a gap, the lowest", () => {
    const far = Array.from({ length: 257 }, (_, n) => 3 + 2 * n);
    const { ahead, headSeq } = markAfter(...seqs(...far));
    expect([ahead.length, ahead[0], ahead.at(-1), headSeq]).toEqual([256, [3, 3], [513, 513], 515]);
  });

  test("counts from a chain that began anew without its count of boots, and from no other", () => {
    const anew = { seq: 9, bootEpoch: 100_000_000 };
    expect(markAfter({ seq: 1 }, anew)).toMatchObject({ contiguousSeq: 9, ahead: [], headSeq: 9 });
    const held = [{ seq: 1 }, { seq: 2 }, { seq: 3 }];
    expect(markAfter(...held, { ...anew, seq: 2, eventId: 9 }).contiguousSeq).toBe(3);
    const known = { ...anew, bootEpoch: 99_999_999 };
    expect(markAfter({ seq: 1 }, known)).toMatchObject({ contiguousSeq: 1, ahead: [[9, 9]] });
    const linked = { ...anew, prevHash: hashOf({ seq: 8 }) };
    expect(markAfter({ seq: 1 }, linked)).toMatchObject({ contiguousSeq: 1, ahead: [[9, 9]] });
  });

  test("begins anew with an enrolment that is not the first, and expects no number until one comes", () => {
    const state = holding({ seq: 1 }, { seq: 3 });
    const before = markOf(state, PILLAR);
    renewMark(state, PILLAR, 40);
    const renewed = { headSeq: 0, headHash: null, headBoot: null, contiguousSeq: null, ahead: [] };
    expect(markOf(state, PILLAR)).toEqual({ ...before, ...renewed, since: 40, enrolments: 2 });
    expect(missingFrom(state, heartbeat({ seq: 8 }))).toBeUndefined();
    record(state, { seq: 5, eventId: 55 }, 41);
    expect(markOf(state, PILLAR)).toMatchObject({ headSeq: 5, contiguousSeq: 5, ahead: [] });
    state.marks.set(PILLAR, { ...before, enrolments: 0 });
    renewMark(state, PILLAR, 50);
    expect(markOf(state, PILLAR)).toEqual({ ...before, since: 50, enrolments: 1 });
  });
});

describe("an alarm that comes", () => {
  const known = (details: AlarmDetails & { seq: number }, index: number): KnownAlarm => ({
    ...{
      pillarId: PILLAR,
      seq: details.seq,
      eventId: hex(details.eventId ?? details.seq) as never,
    },
    ...{ bootEpoch: 1, incidentId: INCIDENT, sig: newAlarm(PILLAR, details).sig, index },
  });
  const sighted = (state: State, details: AlarmDetails, recorded?: readonly KnownAlarm[]) =>
    sight(state, { pillarId: PILLAR, alarm: newAlarm(PILLAR, details), recorded } as never);

  test("is the same by its signature, in memory or in the journal", () => {
    const first = known({ seq: 1 }, 10);
    expect(sighted(holding({ seq: 1 }), { seq: 1 })).toEqual({ same: first });
    expect(sighted(holding(), { seq: 1 }, [first])).toEqual({ same: first });
    expect(sighted(holding(), { seq: 1 })).toEqual({});
  });

  test("is a rival under the number or the id of another one of its pillar", () => {
    const first = known({ seq: 1 }, 10);
    const state = holding({ seq: 1 });
    expect(sighted(state, { seq: 1, eventId: 8 })).toEqual({ rival: first });
    expect(sighted(state, { seq: 8, eventId: 1 })).toEqual({ rival: first });
    expect(sighted(state, { seq: 8, eventId: 8 })).toEqual({});
    expect(sighted(holding(), { seq: 1, eventId: 8 }, [first])).toEqual({ rival: first });
    const others = { ...first, pillarId: pillar(1) };
    expect(sighted(holding(), { seq: 1, eventId: 8 }, [others])).toEqual({});
  });

  test("of before an enrolment is the same when number and id are, and no rival by its number alone", () => {
    const state = holding();
    renewMark(state, PILLAR, 20);
    const again = { seq: 1, sig: "new-key" };
    const [before, after] = [known({ seq: 1 }, 20), known({ seq: 1 }, 21)];
    expect(sighted(state, again, [before])).toEqual({ same: before });
    expect(sighted(state, again, [after])).toEqual({ rival: after });
    expect(sighted(state, { ...again, eventId: 8 }, [before])).toEqual({});
    expect(sighted(state, { ...again, eventId: 8 }, [after])).toEqual({ rival: after });
    expect(sighted(state, { ...again, seq: 8, eventId: 1 }, [before])).toEqual({ rival: before });
  });

  test("asks the journal when memory cannot tell", () => {
    const state = holding({ seq: 5 });
    const needs = (details: AlarmDetails): boolean =>
      needsJournal(state, newAlarm(PILLAR, details));
    expect([needs({ seq: 5 }), needs({ seq: 5, eventId: 8 })]).toEqual([false, true]);
    expect([needs({ seq: 4 }), needs({ seq: 6 })]).toEqual([true, false]);
    renewMark(state, PILLAR, 20);
    expect(needs({ seq: 6 })).toBe(true);
  });

  test("is remembered among the latest 4096, and the oldest is forgotten whole", () => {
    expect(MAX_RECENT_ALARMS).toBe(4096);
    const state = holding(...Array.from({ length: 4096 }, (_, n) => ({ seq: n + 1 })));
    const sizes = () => [state.alarms, state.signatureBySeq, state.signatureByEvent].map(sizeOf);
    expect(sizes()).toEqual([4096, 4096, 4096]);
    record(state, { seq: 4097 }, 9000);
    expect(sizes()).toEqual([4096, 4096, 4096]);
    expect(sighted(state, { seq: 1 })).toEqual({});
    // Its number and its id are now used by later alarms.
    record(state, { seq: 2, eventId: 3, sig: "other" }, 9001);
    record(state, { seq: 4098 }, 9002);
    expect(sighted(state, { seq: 2, eventId: 9999 }).rival?.index).toBe(9001);
    expect(sighted(state, { seq: 9999, eventId: 3 }).rival?.index).toBe(9001);
  });
});
const sizeOf = ({ size }: { readonly size: number }): number => size;

describe("a heartbeat", () => {
  test("tells of the first number that is missing, unless it is on its way", () => {
    const missing = (seq: number, oldestUnacceptedSeq?: number) =>
      missingFrom(
        holding({ seq: 1 }, { seq: 3 }),
        heartbeat({ seq, ...(oldestUnacceptedSeq !== undefined && { oldestUnacceptedSeq }) }),
      );
    expect([missing(1), missing(2), missing(9)]).toEqual([undefined, 2, 2]);
    expect([missing(9, 1), missing(9, 2), missing(9, 3)]).toEqual([undefined, undefined, 2]);
  });

  const fault = (details: Parameters<typeof newHeartbeat>[0], behindForMs?: number) => {
    const street = newStreet();
    record(street.state, { seq: 4, bootEpoch: 2 }, 10);
    street.heartbeat(0, { seq: 4, bootEpoch: 2 });
    const contact = street.state.heard.contacts.get(PILLAR)!;
    contact.behindSince = behindForMs === undefined ? null : START - behindForMs;
    return headFault(street.state, heartbeat(details));
  };

  test("with another link at the head is a fork at once", () => {
    const hash = "f".repeat(64) as Sha256;
    expect(fault({ seq: 4, bootEpoch: 2 })).toBeUndefined();
    expect(fault({ bootEpoch: 2, head: { seq: 4, hash } })).toEqual({
      code: "ledger-forked",
      detail: `expected alarm 4 with link ${hashOf({ seq: 4 })}, found ${hash}; inspect and enrol again`,
    });
    expect(fault({ bootEpoch: 2, head: { seq: 5, hash } })).toBeUndefined();
  });

  test("that is behind counts from four seconds on", () => {
    const forked = {
      code: "ledger-forked",
      detail: "expected the ledger to reach alarm 4, found 3; inspect and enrol again",
    };
    const behind = { seq: 3, bootEpoch: 2 };
    expect([fault(behind), fault(behind, 3999)]).toEqual([undefined, undefined]);
    expect(fault(behind, 4000)).toEqual(forked);
    expect(fault({ seq: 4, bootEpoch: 2 }, 4000)).toBeUndefined();
    expect(fault({ seq: 3, bootEpoch: 3 }, 4000)).toEqual({
      code: "ledger-lost",
      detail:
        "expected the ledger to reach alarm 4, found 3: since boot 3 the pillar has forgotten what boot 2 sent; " +
        "it is kept here; replace its card and enrol it again",
    });
  });

  test("of a later boot has lost what the one before sent, and of any other is a fork", () => {
    const code = (before: number, now: number) => faultOf({ before, now }, "x").code;
    expect([code(2, 3), code(2, 2), code(3, 2)]).toEqual([
      ...["ledger-lost", "ledger-forked", "ledger-forked"],
    ]);
    expect([code(100_000_000, 3), code(100_000_000, 100_000_000)]).toEqual([
      ...["ledger-lost", "ledger-forked"],
    ]);
  });
});
