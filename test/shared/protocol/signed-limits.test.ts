/**
 * What may be signed: how long, how deep, and which
 * numbers; and the limits of the messages around it.
 */
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import { Accepted } from "../../../shared/protocol/accepted.ts";
import { Alarm, AlarmEvent } from "../../../shared/protocol/alarm.ts";
import { SignedCall } from "../../../shared/protocol/call.ts";
import { Command } from "../../../shared/protocol/command.ts";
import { parseUp } from "../../../shared/protocol/messages.ts";
import { SignedSignal } from "../../../shared/protocol/signal.ts";
import { AnyVersion, isNewer, Version } from "../../../shared/protocol/version.ts";

const SIG = "A".repeat(86);
const id = (digit: string): string => digit.repeat(32);
const EVENT = {
  ...{ v: 1, eventId: id("e"), pillarId: "a", bootEpoch: 1, seq: 1, prevHash: "0".repeat(64) },
  ...{ kind: "voice", wallMs: 1, clock: { synced: true } },
};
const isTaken = (
  schema: { safeParse(value: unknown): { success: boolean } },
  value: unknown,
): boolean => schema.safeParse(value).success;

/** An event with this many levels of objects and lists in it. */
function deep(levels: number): object {
  let inner: unknown = 1;
  for (let n = 1; n < levels; n++) inner = [inner];
  return { ...EVENT, more: inner };
}
/** An event whose canonical form has this many characters. */
function long(length: number): object {
  const rest = canonicalJson({ ...EVENT, more: "" } as never).length;
  return { ...EVENT, more: "x".repeat(length - rest) };
}

describe("what is signed", () => {
  test("is read up to 16384 characters and eight levels, and refused beyond in words", () => {
    expect([long(16_384), long(16_385)].map((one) => isTaken(AlarmEvent, one))).toEqual([
      ...[true, false],
    ]);
    expect([deep(8), deep(9)].map((one) => isTaken(AlarmEvent, one))).toEqual([true, false]);
    const bytes = new TextEncoder().encode(
      JSON.stringify({ v: 1, event: deep(9), sig: SIG, attempt: 1 }),
    );
    const parsed = parseUp("alarm", bytes);
    expect(parsed.ok ? "" : parsed.reason).toContain(
      "expected integers only, at most 8 levels and 16384 characters",
    );
  });

  test("holds whole numbers alone, and no number too large to be exact", () => {
    const withMore = (more: unknown) => isTaken(AlarmEvent, { ...EVENT, more });
    expect([withMore(1), withMore(Number.MAX_SAFE_INTEGER), withMore(null)]).toEqual([
      ...[true, true, true],
    ]);
    expect([withMore(1.5), withMore(2 ** 53), withMore([1, { a: 0.5 }])]).toEqual([
      ...[false, false, false],
    ]);
  });
});

test("a version is this one, or for what is only read any up to a thousand", () => {
  expect([0, 1, 2].map((v) => isTaken(Version, v))).toEqual([false, true, false]);
  expect([0, 1, 1000, 1001, 1.5].map((v) => isTaken(AnyVersion, v))).toEqual([
    ...[false, true, true, false, false],
  ]);
  expect([1, 2].map(isNewer)).toEqual([false, true]);
});

type Row = readonly [name: string, good: readonly unknown[], bad: readonly unknown[]];

/**
 * What is read other than it should be: the message as it
 * is, and with each field at its limit and beyond it.
 */
function wrong(
  schema: { safeParse(value: unknown): { success: boolean } },
  of: (change: object) => unknown,
  rows: readonly Row[],
): unknown[] {
  const isGood = (name: string, value: unknown) => isTaken(schema, of({ [name]: value }));
  const found = rows.flatMap(([name, good, bad]) => [
    ...good.filter((value) => !isGood(name, value)).map((value) => [name, value]),
    ...bad.filter((value) => isGood(name, value)).map((value) => [name, value]),
  ]);
  return isTaken(schema, of({})) ? found : ["as it is", ...found];
}

describe("a message is read up to its limits:", () => {
  test("an alarm", () => {
    expect(
      wrong(AlarmEvent, (change) => ({ ...EVENT, ...change }), [
        ["v", [1, 1000], [0, 1001]],
        ["bootEpoch", [1], [0, 1.5]],
        ["seq", [1], [0]],
        ["kind", ["k", "k".repeat(40)], ["", "k".repeat(41)]],
        ["wallMs", [0, -5], [0.5]],
        ["text", ["", "t".repeat(1000)], ["t".repeat(1001)]],
        ["clock", [{ synced: false, errorMs: 0 }], [{ synced: 1 }, { synced: true, errorMs: -1 }]],
      ]),
    ).toEqual([]);
    expect(
      wrong(Alarm, (change) => ({ v: 1, event: EVENT, sig: SIG, attempt: 1, ...change }), [
        ["ageMs", [0], [-1, 0.5]],
        ["attempt", [1], [0]],
        ["sessionNonce", [id("5"), undefined], ["5", null]],
      ]),
    ).toEqual([]);
  });

  test("a receipt", () => {
    const receipt = {
      ...{ v: 1, eventId: id("e"), pillarId: "a", seq: 1, incidentId: id("1") },
      ...{ isOver: false, hubEpoch: id("f"), journalIndex: 0, hubRun: id("6") },
    };
    const of = (change: object) => ({ v: 1, receipt: { ...receipt, ...change }, sig: SIG });
    expect(
      wrong(Accepted, of, [
        ["seq", [1], [0]],
        ["journalIndex", [0], [-1]],
        ["isOver", [true], [undefined, 0]],
        ["hubRun", [id("7")], [undefined, "7"]],
        ["sessionNonce", [id("5"), undefined], ["5", null]],
      ]),
    ).toEqual([]);
  });

  const stamp = {
    ...{ v: 1, pillarId: "a", sessionNonce: id("5"), hubRun: id("6"), number: 1 },
  };
  test("a call", () => {
    const call = { v: 1, incidentId: id("1"), eventId: id("e"), status: "ringing" };
    const of = (change: object) => ({
      v: 1,
      body: { ...stamp, call: { ...call, ...change } },
      sig: SIG,
    });
    expect(
      wrong(SignedCall, of, [
        ["status", ["ringing", "answered", "held", "ended"], ["busy"]],
        ["by", ["b", "b".repeat(60)], ["", "b".repeat(61)]],
        ["isSilent", [true, false], [1]],
        ["v", [1], [2]],
      ]),
    ).toEqual([]);
    expect(
      wrong(SignedCall, (change) => ({ v: 1, body: { ...stamp, ...change, call }, sig: SIG }), [
        ["number", [1], [0]],
        ["v", [1], [2]],
      ]),
    ).toEqual([]);
  });

  test("a command", () => {
    const body = {
      ...{ v: 1, commandId: id("c"), pillarId: "a", command: { name: "self-test" }, bootEpoch: 1 },
      ...{ sessionNonce: id("5"), issuedWallMs: 0, expiresInMs: 1000 },
    };
    const of = (change: object) => ({ v: 1, body: { ...body, ...change }, sig: SIG });
    expect(
      wrong(Command, of, [
        ["bootEpoch", [1], [0]],
        ["issuedWallMs", [-1], [0.5]],
        ["expiresInMs", [1000, 60_000], [999, 60_001]],
      ]),
    ).toEqual([]);
  });

  test("a signal, which may be longer than other signed messages", () => {
    const signal = { v: 1, sessionId: id("a"), type: "offer" };
    const of = ({ sdp = "v=0" }: { readonly sdp?: unknown }) => ({
      ...{ v: 1, body: { ...stamp, signal: { ...signal, sdp } }, sig: SIG },
    });
    expect(
      wrong(SignedSignal, of, [
        ["sdp", ["v=0".padEnd(32_768, "x")], ["v=0".padEnd(32_769, "x"), "", "v=1"]],
      ]),
    ).toEqual([]);
  });
});
