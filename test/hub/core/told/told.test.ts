/** What the hub signs for pillars: receipts, commands, numbered calls, and last words. */
import { describe, expect, test } from "vitest";
import type { HubEffect } from "../../../../hub/core/events.ts";
import { callFor, lastWords, newNumbering, nextStamp } from "../../../../hub/core/told/call.ts";
import { commandBody, resendOf } from "../../../../hub/core/told/command.ts";
import { receiptFor } from "../../../../hub/core/told/receipt.ts";
import type {
  CommandId,
  EventId,
  HubEpoch,
  HubRun,
  IncidentId,
  SessionNonce,
} from "../../../../shared/ids.ts";
import type { Call } from "../../../../shared/protocol/call.ts";
import { hex, newStreet, pillar } from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const RUN = hex(9) as HubRun;
const SESSION = hex(1) as SessionNonce;
const issuer = { hubEpoch: hex(8) as HubEpoch, hubRun: RUN };
const call: Call = {
  ...{ v: 1, incidentId: hex(5) as IncidentId, eventId: hex(6) as EventId, status: "ringing" },
};

describe("a receipt", () => {
  const about = {
    ...{ eventId: hex(6) as EventId, pillarId: PILLAR, seq: 4, incidentId: hex(5) as IncidentId },
    isOver: false,
  };
  const effect: Extract<HubEffect, { type: "accept" }> = { type: "accept", ...about };
  const lost = { type: "grid-lost", at: 0, grid: "g", count: 1 } as const;
  const recorded = { type: "alarm-recorded" } as never;

  test("names the place that its alarm has just been given", () => {
    const settled = { facts: [lost, recorded], effects: [], first: 41 };
    expect(receiptFor(effect, settled, issuer)).toEqual({
      ...{ v: 1, ...about, ...issuer, journalIndex: 42 },
    });
  });

  test("of an alarm that the journal had before names that place, and its session when it has one", () => {
    const again = { ...effect, index: 7, sessionNonce: SESSION };
    const settled = { facts: [recorded], effects: [], first: 41 };
    expect(receiptFor(again, settled, issuer)).toEqual({
      ...{ v: 1, ...about, ...issuer, journalIndex: 7, sessionNonce: SESSION },
    });
  });
});

test("a resend is asked of one boot and one session, and is void after ten seconds", () => {
  const asked = { pillarId: PILLAR, fromSeq: 12, bootEpoch: 3, sessionNonce: SESSION };
  const given = { commandId: hex(2) as CommandId, issuedWallMs: 99 };
  expect(commandBody(resendOf({ type: "ask-resend", ...asked }), given)).toEqual({
    ...{ v: 1, ...given, pillarId: PILLAR, command: { name: "resend", fromSeq: 12 } },
    ...{ bootEpoch: 3, sessionNonce: SESSION, expiresInMs: 10_000 },
  });
});

describe("what is told of calls", () => {
  const told = { pillarId: PILLAR, call };

  test("waits for the session's first heartbeat, and is numbered from one in each run", () => {
    const street = newStreet();
    const numbering = newNumbering(RUN);
    expect(callFor(numbering, street.state, told)).toBeUndefined();
    street.heartbeat(0);
    const stamp = { v: 1, pillarId: PILLAR, sessionNonce: SESSION, hubRun: RUN };
    expect(callFor(numbering, street.state, told)).toEqual({ ...stamp, number: 1, call });
    expect(nextStamp(numbering, PILLAR, SESSION)).toEqual({ ...stamp, number: 2 });
    expect(callFor(numbering, street.state, told)).toEqual({ ...stamp, number: 3, call });
  });

  test("ends with the last words of a session, and one without a session has none", () => {
    const numbering = newNumbering(RUN);
    const ended = { ...call, status: "ended" } as const;
    expect(lastWords(numbering, PILLAR, { sessionNonce: null, lastCalls: [ended] })).toEqual([]);
    const last = { sessionNonce: SESSION, lastCalls: [call, ended] };
    expect(lastWords(numbering, PILLAR, last)).toMatchObject([
      { number: 1, sessionNonce: SESSION, call },
      { number: 2, sessionNonce: SESSION, call: ended },
    ]);
  });
});
