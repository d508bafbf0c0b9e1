/** The judge of who watches and talks: what it finds, and what it lets pass. */
import { expect, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import { PROMISED_MS } from "../../../shared/promises.ts";
import { checkViews } from "../../../simulator/world/checkers/views.ts";
import type { Happening } from "../../../simulator/world/run/happening.ts";
import type { History } from "../../../simulator/world/run/history.ts";

const [incidentId, pillarId] = ["i" as never, "pillar-0" as never];
const wang = { by: "wang" as never, byName: "wang" };
let index = 0;

const durable = (at: number, fact: object): Happening => ({
  ...{ type: "durable", at, index: ++index },
  fact: { at, incidentId, pillarId, ...fact } as unknown as Fact,
});
const opened = (at: number, kind = "voice") => durable(at, { type: "incident-opened", kind });
const answered = (at: number, by = wang) => durable(at, { type: "incident-answered", ...by });
const closed = (at: number) => durable(at, { type: "incident-closed", ...wang });
const begins = (at: number, change: object = {}): Happening => ({
  ...{ type: "view-begins", at, id: "v", pillar: pillarId, incidentId, username: "wang" },
  ...{ purpose: "call", role: "watch", isOperator: true, signInId: "s", ...change },
});
const ends = (at: number, because: EndCause = "view-closed-by-console"): Happening => ({
  ...{ type: "view-ends", at, id: "v", because },
});
type EndCause = Extract<Happening, { type: "view-ends" }>["because"];
const over: Happening = { type: "sign-in-over", at: 10_000, signInId: "s" };
const talk = { role: "talk" };

const judged = (...happenings: Happening[]): string[] =>
  checkViews({ happenings, endedAt: 100_000 } as unknown as History).map(({ detail }) => detail);

const ENDED = 10_000 + PROMISED_MS.viewEnded;

test("a view ends within the promised time after its session, its incident, its pillar's identity", () => {
  const causes = [over, closed(10_000), durable(10_000, { type: "pillar-revoked" })];
  for (const cause of causes) {
    expect(judged(opened(0), begins(5), cause, ends(ENDED))).toEqual([]);
    expect(judged(opened(0), begins(5), cause, ends(ENDED + 1))).toHaveLength(1);
    expect(judged(opened(0), begins(5), cause)).toHaveLength(1);
  }
});

test("one that begins without a right counts from its beginning", () => {
  expect(judged(opened(0), over, begins(20_000), ends(20_900))).toEqual([]);
  expect(judged(opened(0), over, begins(20_000), ends(22_000))).toEqual([
    "wang goes on to watch pillar-0: the sign-in session is over",
  ]);
});

test("only the owner talks, and whoever watches goes on", () => {
  const taken = answered(10_000, { by: "zhao" as never, byName: "zhao" });
  expect(judged(opened(0), answered(1), begins(5), taken)).toEqual([]);
  expect(judged(opened(0), answered(1), begins(5, talk), taken)).toEqual([
    "wang goes on to talk pillar-0: somebody else owns the call",
  ]);
});

test("a silent press ends the talk of before, and forbids none that is begun after it", () => {
  const silent = durable(10_000, { type: "incident-joined", kind: "silent" });
  expect(judged(opened(0), answered(1), begins(5, talk), silent)).toHaveLength(1);
  expect(judged(opened(0), answered(1), silent, begins(20_000, talk))).toEqual([]);
});

test("a technician watches no call, and nobody watches a test", () => {
  const technician = { isOperator: false };
  expect(judged(opened(0), begins(5, technician))).toHaveLength(1);
  expect(judged(opened(0, "test"), begins(5, technician))).toHaveLength(1);
  expect(judged(opened(0, "test"), begins(5))).toHaveLength(1);
});

test("the begin of a media process ends no view that another one carries", () => {
  expect(judged(opened(0), begins(5), ends(10))).toEqual([]);
  expect(judged(opened(0), begins(5), ends(10, "media-ended"))).toEqual([]);
  expect(judged(opened(0), begins(5), ends(10, "media-ready"))).toEqual([
    "a view of pillar-0 ended because another media process began",
  ]);
  expect(judged(opened(0), ends(10, "media-ready"))).toEqual([]);
});

test("a right that comes back in time, and a journal that was put back, accuse nobody", () => {
  const reopened = durable(10_500, { type: "incident-reopened", ...wang });
  expect(judged(opened(0), begins(5), closed(10_000), reopened)).toEqual([]);
  const restored: Happening = { type: "restored", at: 10_500, keptIndex: 0 };
  expect(judged(opened(0), begins(5), closed(10_000), restored)).toEqual([]);
});
