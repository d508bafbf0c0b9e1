/** What a technician sees of a self-test, from the command to the result. */
import { describe, expect, test } from "vitest";
import { reportOf, type Report, type SelfTest } from "../../hub/console/fleet/self-test.ts";
import type { Incident } from "../../shared/api/incident.ts";
import { at, idOf, incident, START_MS } from "../kit/console/incidents.ts";

const SENT: SelfTest = {
  number: 1,
  pillarId: "pillar-1",
  pillarName: "Pillar 1",
  startedAt: START_MS,
  earlier: new Map([[idOf(1), 1]]),
  answer: undefined,
};
const CONFIRMED: SelfTest = {
  ...SENT,
  answer: { isGood: true, confirmedAfterMs: 41 },
};
const failed = (alarm: Incident | undefined): SelfTest => ({
  ...SENT,
  answer: { isGood: false, detail: "no answer within 5 s", alarm },
});
const before = incident(1, { kind: "test", pillarId: "pillar-1" });
const alarm = incident(2, {
  kind: "test",
  pillarId: "pillar-1",
  pressedAt: at(0),
  openedAt: at(12),
});

const states = ({ steps }: Report): string[] => steps.map(({ state }) => state);

describe("a self-test", () => {
  test("has passed when the hub has the alarm and the pillar has the receipt, and says how fast", () => {
    const report = reportOf(CONFIRMED, [before, alarm]);
    expect(report).toMatchObject({ result: "passed", reason: "" });
    expect(report.steps).toEqual([
      { name: "sent", state: "done", ms: null },
      { name: "arrived", state: "done", ms: 12 },
      { name: "confirmed", state: "done", ms: 41 },
    ]);
  });

  test.each([
    ["just sent", SENT, [before], ["done", "waiting", "waiting"]],
    ["arrived, not confirmed yet", SENT, [before, alarm], ["done", "done", "waiting"]],
    ["confirmed, its alarm still on the stream", CONFIRMED, [before], ["done", "waiting", "done"]],
  ] as const)("is under way while it is %s", (_, test, known, wanted) => {
    const report = reportOf(test, known);
    expect(report.result).toBe("running");
    expect(states(report)).toEqual(wanted);
  });

  test.each([
    ["nothing came", undefined, ["failed", "failed", "failed"]],
    ["its alarm came and the receipt did not go back", alarm, ["done", "done", "failed"]],
  ] as const)("has failed when %s, and says why", (_, by, wanted) => {
    // An alarm that comes after the failure belongs to another self-test.
    const report = reportOf(failed(by), [
      before,
      incident(5, { kind: "test", pillarId: "pillar-1" }),
    ]);
    expect(report).toMatchObject({ result: "failed", reason: "no answer within 5 s" });
    expect(states(report)).toEqual(wanted);
  });

  test("that joins an open one has arrived when that has one alarm more", () => {
    const joined = incident(1, { kind: "test", presses: 2 });
    expect(reportOf(CONFIRMED, [joined]).result).toBe("passed");
    expect(reportOf(CONFIRMED, [joined]).steps[1]).toEqual({
      name: "arrived",
      state: "done",
      ms: null,
    });
  });

  test("is neither an earlier test, nor another pillar's, nor a call", () => {
    const call = incident(3, { pillarId: "pillar-1" });
    const other = incident(4, { kind: "test" });
    expect(states(reportOf(SENT, [before, call, other]))).toEqual(["done", "waiting", "waiting"]);
  });
});
