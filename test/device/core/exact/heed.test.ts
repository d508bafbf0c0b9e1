/**
 * Which messages are refused and which are accepted: everything a session remembers, and each log
 * line.
 */
import { describe, expect, test } from "vitest";
import { HubRun, IncidentId, PillarId, SessionNonce } from "../../../../shared/ids.ts";
import type { Stamp } from "../../../../shared/protocol/addressed.ts";
import { after, only, set } from "../../../kit/core/effects.ts";
import {
  LINK_UP,
  NONCE,
  PILLAR,
  reachedPillar,
  RUN,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const OTHER = SessionNonce.parse("9".repeat(32));
const run = (n: number): HubRun => HubRun.parse(n.toString(16).padStart(32, "0"));
const heard = (pillar: FalsePillar) => pillar.state().heeded;
const eventId = "e".repeat(32) as never;
const call = {
  v: 1,
  incidentId: IncidentId.parse("1".repeat(32)),
  eventId,
  status: "ringing",
} as const;

const tell = (pillar: FalsePillar, change: Partial<Stamp>) =>
  after(pillar, () => {
    const stamp: Stamp = { v: 1, pillarId: PILLAR, sessionNonce: NONCE, hubRun: RUN, number: 1 };
    pillar.tell({ type: "call-told", body: { ...stamp, ...change, call } });
  });
const lines = (effects: ReturnType<typeof tell>) =>
  only(effects, "log").map((one) => one.type === "log" && `${one.level} ${one.text}`);

describe("a session", () => {
  test("has heard nothing at first, and then the highest number of the present run", () => {
    const pillar = reachedPillar();
    const fresh = { hubRun: undefined, number: 0, earlierRuns: [], refused: 0 };
    expect(heard(pillar)).toEqual(fresh);
    tell(pillar, { number: 4 });
    expect(heard(pillar)).toEqual({ ...fresh, hubRun: RUN, number: 4 });
    tell(pillar, { number: 5 });
    expect(heard(pillar)).toEqual({ ...fresh, hubRun: RUN, number: 5 });
    tell(pillar, { hubRun: run(1), number: 2 });
    expect(heard(pillar)).toEqual({
      ...{ hubRun: run(1), number: 2, earlierRuns: [RUN], refused: 0 },
    });
  });

  test("remembers thirty-two earlier runs of the hub, the latest", () => {
    const pillar = reachedPillar();
    for (let n = 1; n <= 34; n++) tell(pillar, { hubRun: run(n) });
    expect(heard(pillar).earlierRuns).toEqual(Array.from({ length: 32 }, (_, n) => run(n + 2)));
    tell(pillar, { hubRun: run(2), number: 9 });
    expect([heard(pillar).hubRun, heard(pillar).refused]).toEqual([run(34), 1]);
    tell(pillar, { hubRun: run(1), number: 9 });
    expect(heard(pillar).hubRun).toBe(run(1));
  });

  test("that follows has heard nothing, and still knows how much was refused", () => {
    const pillar = reachedPillar();
    tell(pillar, { number: 4 });
    tell(pillar, { number: 4 });
    pillar.tell({ type: "link-down", reason: "test" });
    pillar.tell({ ...LINK_UP, sessionNonce: OTHER });
    expect(heard(pillar)).toEqual({ hubRun: undefined, number: 0, earlierRuns: [], refused: 1 });
  });
});

describe("what is outdated", () => {
  test.each<[Partial<Stamp>, string]>([
    [{ sessionNonce: OTHER }, "it is for another session of this pillar"],
    [{ hubRun: run(1), number: 99 }, "it is from before the hub's last start"],
    [{ number: 5 }, "expected a number above 5, found 5"],
    [{ number: 4 }, "expected a number above 5, found 4"],
  ])("%j is refused with the reason, and is no fault", (change, reason) => {
    const pillar = reachedPillar();
    tell(pillar, { hubRun: run(1), number: 7 });
    tell(pillar, { number: 5 });
    const effects = tell(pillar, change);
    expect(effects).toEqual([
      set("refusals-calm", pillar.now() + 600_000),
      { type: "log", level: "warn", text: `message on down/call refused (number 1): ${reason}` },
    ]);
    expect([pillar.faults(), heard(pillar).number, heard(pillar).refused]).toEqual([[], 5, 1]);
  });

  test("is refused without a link, whatever session it names", () => {
    const pillar = reachedPillar();
    pillar.tell({ type: "link-down", reason: "test" });
    tell(pillar, { number: 9 });
    expect(heard(pillar)).toMatchObject({ number: 0, refused: 1 });
  });
});

describe("what is meant for another pillar", () => {
  const reason = "expected one for pillar-1, found one for pillar-2";
  const wrong = { pillarId: PillarId.parse("pillar-2") };
  const detail =
    `a message on down/call was refused: ${reason}. ` +
    "Look at who may write to this pillar's topics at the broker";

  test("is a fault in words, until ten minutes have passed without any", () => {
    const pillar = reachedPillar();
    expect(lines(tell(pillar, wrong))).toEqual([
      `warn message on down/call refused (number 1): ${reason}`,
      `error fault messages-refused raised: ${detail}`,
    ]);
    expect([...pillar.state().health.faults]).toEqual([["messages-refused", detail]]);
    pillar.pass(599_999);
    expect([pillar.faults(), heard(pillar).refused]).toEqual([["messages-refused"], 1]);
    pillar.pass(1);
    expect([pillar.faults(), heard(pillar).refused]).toEqual([[], 0]);
  });

  test("is written in the log at the first, the tenth and the hundredth time", () => {
    const pillar = reachedPillar();
    const written = Array.from({ length: 100 }, () => lines(tell(pillar, wrong)).length);
    const numbers = written.flatMap((count, n) => (count > 0 ? [n + 1] : []));
    expect(numbers).toEqual([1, 10, 100]);
  });
});
