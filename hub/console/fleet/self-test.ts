/**
 * A self-test as the technician follows it: sent as a command,
 * arrived as an alarm, confirmed at the pillar.
 *
 * It has passed only when the hub has the alarm and the pillar has the hub's receipt. Which alarm
 * belongs to a test is told by the pillar and by what was there before.
 */
import { shallowRef } from "vue";
import type { Incident } from "../../../shared/api/incident.ts";
import { CommandAnswer, type Pillar } from "../../../shared/api/pillar.ts";
import { ask } from "../api/client.ts";
import { incidents } from "../state/live-state.ts";
import { hubNow } from "../state/clock.ts";

const MAX_KEPT = 6;

export interface SelfTest {
  readonly number: number;
  readonly pillarId: string;
  readonly pillarName: string;
  /** Hub's time, Unix ms. */
  readonly startedAt: number;
  /**
   * Tests of this pillar that were there before, with
   * their alarms: a further one may join an open one.
   */
  readonly earlier: ReadonlyMap<string, number>;
  /** `undefined` while the pillar has not answered. */
  readonly answer:
    /** From the press to the hub's receipt, as the pillar measured it. */
    | { readonly isGood: true; readonly confirmedAfterMs: number | null }
    /**
     * `alarm`: what had come by then. An alarm that comes later may be of this test or of the next.
     */
    | { readonly isGood: false; readonly detail: string; readonly alarm: Incident | undefined }
    | undefined;
}

export type StepName = "sent" | "arrived" | "confirmed";
export interface Step {
  readonly name: StepName;
  readonly state: "waiting" | "done" | "failed";
  /** How long it took, where that is known. */
  readonly ms: number | null;
}

export interface Report {
  readonly steps: readonly Step[];
  readonly result: "running" | "passed" | "failed";
  /** Why it failed, in the hub's words. */
  readonly reason: string;
}

/** The newest first. */
export const selfTests = shallowRef<readonly SelfTest[]>([]);

export const isTesting = (pillarId: string): boolean =>
  selfTests.value.some((test) => test.pillarId === pillarId && test.answer === undefined);

let started = 0;

export async function runSelfTest({ id, name }: Pick<Pillar, "id" | "name">): Promise<void> {
  if (isTesting(id)) return;
  const test: SelfTest = {
    number: ++started,
    pillarId: id,
    pillarName: name,
    startedAt: hubNow(),
    earlier: new Map(testsOf(id, incidents.value).map((one) => [one.id, one.presses])),
    answer: undefined,
  };
  selfTests.value = [test, ...selfTests.value].slice(0, MAX_KEPT);
  const body = { command: { name: "self-test" } };
  const path = `/pillars/${id}/commands`;
  const told = await ask(path, CommandAnswer, { method: "POST", body });
  const alarm = alarmOf(test, incidents.value);
  const answer = told.ok
    ? ({ isGood: true, confirmedAfterMs: told.value.confirmedAfterMs } as const)
    : ({ isGood: false, detail: told.detail, alarm } as const);
  selfTests.value = selfTests.value.map((one) =>
    one.number === test.number ? { ...one, answer } : one,
  );
}

function testsOf(pillarId: string, known: readonly Incident[]): Incident[] {
  return known.filter((one) => one.kind === "test" && one.pillarId === pillarId);
}

/** A test may open an incident, or join the one that an earlier test left open. */
function alarmOf(test: SelfTest, known: readonly Incident[]): Incident | undefined {
  return testsOf(test.pillarId, known).find(
    ({ id, presses }) => presses > (test.earlier.get(id) ?? 0),
  );
}

export function reportOf(test: SelfTest, known: readonly Incident[]): Report {
  const { answer } = test;
  const alarm = answer?.isGood === false ? answer.alarm : alarmOf(test, known);
  const end = answer === undefined ? "waiting" : answer.isGood ? "done" : "failed";
  const arrived = alarm ? "done" : end === "failed" ? "failed" : "waiting";
  const isFirst = alarm?.presses === 1;
  const arrivedMs = isFirst ? Date.parse(alarm.openedAt) - Date.parse(alarm.pressedAt) : null;
  const confirmedMs = answer?.isGood ? answer.confirmedAfterMs : null;
  return {
    steps: [
      { name: "sent", state: arrived === "failed" ? "failed" : "done", ms: null },
      { name: "arrived", state: arrived, ms: arrivedMs },
      { name: "confirmed", state: end, ms: confirmedMs },
    ],
    // The receipt may overtake the alarm on its way to this page.
    result: end === "failed" ? "failed" : end === "done" && alarm ? "passed" : "running",
    reason: answer?.isGood === false ? answer.detail : "",
  };
}
