/** What arrives at a pillar, as its core is told it: only what its own hub has signed. */
import { describe, expect, test } from "vitest";
import { ledgerBase } from "../../../device/core/ledger/ledger-base.ts";
import { toldByHttps, toldByLedger, toldByLink } from "../../../device/core/told.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { EventId } from "../../../shared/ids.ts";

const signed = (): boolean => true;
const unsigned = (): boolean => false;
const ID = "1".repeat(32) as EventId;
const OTHER = "2".repeat(32);

describe("a message over the link", () => {
  test.each([
    ["accepted", { receipt: "r" }, { type: "accepted", receipt: "r", via: "link" }, "the receipt"],
    ["command", { body: "b" }, { type: "command-received", body: "b" }, "the command"],
    ["call", { body: "b" }, { type: "call-told", body: "b" }, "it"],
    ["signal", { body: "b" }, { type: "signalled", body: "b" }, "it"],
  ])(
    "%s counts with the hub's signature, and without it is refused",
    (channel, message, told, subject) => {
      const down = { channel, message } as never;
      expect(toldByLink(down, signed)).toEqual(told);
      expect(toldByLink(down, unsigned)).toEqual({
        ...{ type: "message-refused", channel, reason: `${subject} is not signed by our hub` },
      });
    },
  );
});

describe("an answer by HTTPS", () => {
  const accepted = (eventId: string) => ({ receipt: { eventId }, sig: "s" }) as never;

  test("is the receipt of this alarm, signed by our hub", () => {
    expect(toldByHttps(ID, accepted(ID), signed)).toEqual({
      ...{ type: "accepted", receipt: { eventId: ID }, via: "https" },
    });
  });

  test.each([
    [undefined, signed, "taken by the hub, its receipt is still to come"],
    [accepted(ID), unsigned, "the receipt is not signed by our hub"],
    [accepted(OTHER), signed, `that is the receipt of ${OTHER}`],
  ])("or a reason to go on asking", (answer, isFromHub, reason) => {
    const told = { type: "fallback-failed", eventId: ID, reason };
    expect(toldByHttps(ID, answer, isFromHub)).toEqual(told);
  });
});

test("the ledger's news are told with what was found, or with the reason", () => {
  const found = { hubEpoch: undefined, unaccepted: [], replayFrom: 3 };
  expect(toldByLedger({ type: "back", ...found })).toEqual({ type: "ledger-back", ...found });
  expect(toldByLedger({ type: "moved", reason: "EIO" })).toEqual({
    ...{ type: "ledger-moved", reason: "EIO" },
  });
});

test("numbers begin at the wall clock's seconds, or at random ones when it was never set", () => {
  const draw = (bound: number): number => bound - 1;
  const head = (seq: number) => ({ bootEpoch: seq, head: { seq, hash: GENESIS } });
  expect(ledgerBase(1_780_000_000_999, draw)).toEqual(head(1_780_000_000));
  expect(ledgerBase(0, draw)).toEqual(head(1_735_689_600 + 2 ** 30 - 1));
});
