/** Who looks at a pillar from which nobody calls: named, granted in short pieces, and for a while. */
import { beforeEach, expect, test } from "vitest";
import {
  decideView,
  GRANT_SECONDS,
  newViews,
  RENEW_EVERY_MS,
  type Views,
} from "../../../../hub/core/view/view.ts";
import type {
  ViewEffect,
  ViewEvent,
  ViewTold,
  ViewWish,
} from "../../../../hub/core/view/view-events.ts";
import { ROOT_AREA } from "../../../../shared/access/areas.ts";
import type { MediaSessionId, PillarId, Username } from "../../../../shared/ids.ts";
import { PROMISED_MS } from "../../../../shared/promises.ts";
import { LOOK_AT_MOST_MS, LookPurpose } from "../../../../shared/protocol/purpose.ts";
import {
  newStreet,
  pillar,
  START,
  WANG,
  ZHAO,
  type Person,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const ID = "1".repeat(32) as MediaSessionId;

let street: Street;
let views: Views;
let now = 0;
beforeEach(() => {
  street = newStreet();
  views = newViews(100);
  now = 0;
});

const tell = (told: ViewTold): ViewEffect[] =>
  decideView(views, { ...told, at: START } as ViewEvent, street.state);

interface Asked {
  readonly purpose?: LookPurpose;
  readonly reason?: string;
  readonly pillarId?: PillarId;
}

function ask({ name, role, scope }: Person, asked: Asked = {}): ViewEffect[] {
  const { purpose = "check", reason = "", pillarId = pillar(0) } = asked;
  const wish: ViewWish = {
    ...{ purpose, reason, pillarId, role: "watch", signInId: "one", from: "127.0.0.1" },
    by: { username: name as Username, displayName: name, role, scope: scope ?? ROOT_AREA },
  };
  return tell({ type: "view-asked", id: ID, wish, monotonicMs: (now += 1000) });
}

function give(who: Person, asked: Asked = {}): void {
  ask(who, asked);
  tell({ type: "view-answered", id: ID });
  tell({ type: "view-recorded", id: ID });
  tell({ type: "look-granted", id: ID, monotonicMs: now });
}

const about = { pillarId: pillar(0), purpose: "check", reason: "", from: "127.0.0.1" };
const granted = { type: "grant-look", id: ID, pillarId: pillar(0), purpose: "check" };
const ENDED = [
  { type: "close-view", id: ID },
  { type: "end-grant", id: ID, pillarId: pillar(0) },
  { type: "record-end", fact: { type: "look-closed", ...about } },
];

test("it is offered, written down by name, granted, and only then given", () => {
  expect(ask(ZHAO)).toMatchObject([{ type: "offer-view", pillarId: pillar(0) }]);
  expect(tell({ type: "view-answered", id: ID })).toMatchObject([
    { type: "record-view", fact: { type: "look-opened", ...about, by: ZHAO.name } },
  ]);
  expect(tell({ type: "view-recorded", id: ID })).toEqual([{ ...granted, seconds: GRANT_SECONDS }]);
  expect(tell({ type: "look-granted", id: ID, monotonicMs: 5 })).toEqual([
    { type: "give-view", id: ID },
  ]);
});

test("it is granted again and again, and ends after its time", () => {
  give(ZHAO);
  for (let ms = RENEW_EVERY_MS; ms < LOOK_AT_MOST_MS.check; ms += RENEW_EVERY_MS) {
    expect(tell({ type: "looks-due", monotonicMs: now + ms })).toMatchObject([granted]);
    expect(tell({ type: "look-granted", id: ID, monotonicMs: now + ms })).toEqual([]);
  }
  expect(tell({ type: "looks-due", monotonicMs: now + LOOK_AT_MOST_MS.check })).toMatchObject(
    ENDED,
  );
  expect(tell({ type: "looks-due", monotonicMs: now + LOOK_AT_MOST_MS.listen })).toEqual([]);
});

test.each(LookPurpose.options)("no grant for a %s lasts beyond its time", (purpose) => {
  give(WANG, { purpose, reason: "a shout" });
  // The hub looks when it is due, which is at no round time.
  for (let ms = RENEW_EVERY_MS - 1; ms < LOOK_AT_MOST_MS[purpose]; ms += RENEW_EVERY_MS) {
    const [effect] = tell({ type: "looks-due", monotonicMs: now + ms });
    if (effect?.type !== "grant-look") throw new Error(`at ${ms} ms: found ${effect?.type}`);
    expect(effect.seconds).toBeGreaterThanOrEqual(1);
    expect(ms + (effect.seconds - 1) * 1000).toBeLessThan(LOOK_AT_MOST_MS[purpose]);
  }
});

test("a grant outlives its last word by no more than is promised", () => {
  expect(GRANT_SECONDS * 1000).toBeLessThan(PROMISED_MS.lookEnded);
  expect(RENEW_EVERY_MS * 2).toBeLessThan(GRANT_SECONDS * 1000);
});

test("what the pillar refuses is told to whoever asked, and written down as ended", () => {
  ask(ZHAO);
  tell({ type: "view-answered", id: ID });
  tell({ type: "view-recorded", id: ID });
  const detail = "the lamp cannot be lit: the board does not answer";
  const refused = tell({ type: "view-failed", id: ID, code: "conflict", detail });
  expect(refused).toMatchObject([...ENDED, { type: "refuse-view", code: "conflict", detail }]);
  expect(views.byId.size).toBe(0);
});

test("one that is given ends when its pillar does not answer any more", () => {
  give(ZHAO);
  const lost = { type: "view-failed", id: ID, code: "media-unavailable", detail: "" } as const;
  expect(tell(lost)).toMatchObject(ENDED);
});

test("it ends when somebody presses there, and is refused while they call", () => {
  give(ZHAO);
  const { effects } = street.alarm(0);
  expect(effects).toContainEqual({ type: "review-views", pillarId: pillar(0) });
  expect(tell({ type: "pillar-changed", pillarId: pillar(0) })).toMatchObject(ENDED);
  expect(ask(WANG)).toMatchObject([
    { type: "refuse-view", code: "conflict", detail: expect.stringContaining("calls at this") },
  ]);
});

test("a press between the journal and the pillar's answer refuses it", () => {
  ask(ZHAO);
  tell({ type: "view-answered", id: ID });
  tell({ type: "view-recorded", id: ID });
  street.alarm(0);
  expect(tell({ type: "look-granted", id: ID, monotonicMs: 5 })).toMatchObject([
    ...ENDED,
    { type: "refuse-view", code: "conflict" },
  ]);
});

test("a press elsewhere, and a self-test at the pillar itself, end nothing", () => {
  street = newStreet({ pillars: 2 });
  give(ZHAO);
  street.alarm(1);
  expect(tell({ type: "pillar-changed", pillarId: pillar(1) })).toEqual([]);
  const { effects } = street.alarm(0, { kind: "test" });
  expect(effects.map(({ type }) => type)).not.toContain("review-views");
  expect(tell({ type: "pillar-changed", pillarId: pillar(0) })).toEqual([]);
});

const listen = (reason: string): Asked => ({ purpose: "listen", reason });

test.each<[string, Person, Asked, object]>([
  ["a technician checks", ZHAO, {}, { type: "offer-view" }],
  ["an operator listens with a reason", WANG, listen("a shout"), { type: "offer-view" }],
  ["nobody listens without one", WANG, listen(""), { code: "bad-request" }],
  ["a technician does not listen", ZHAO, listen("a shout"), { code: "forbidden" }],
  ["an administrator does not look", { ...ZHAO, role: "admin" }, {}, { code: "forbidden" }],
  ["at no pillar that is not there", WANG, { pillarId: pillar(99) }, { code: "not-found" }],
  ["at none of another area", { ...WANG, scope: "west" as never }, {}, { code: "not-found" }],
])("%s", (_what, who, asked, effect) => {
  expect(ask(who, asked)).toMatchObject([effect]);
});
