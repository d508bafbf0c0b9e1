/** Who may watch and talk, and when that ends: the rule itself, without a media process. */
import { ROOT_AREA } from "../../../../shared/access/areas.ts";
import { beforeEach, describe, expect, test } from "vitest";
import { mediaOf } from "../../../../hub/core/media-of.ts";
import {
  decideView,
  MAX_VIEWS_OF_ONE,
  newViews,
  type Views,
} from "../../../../hub/core/view/view.ts";
import type { ViewEffect, ViewEvent, ViewWish } from "../../../../hub/core/view/view-events.ts";
import {
  MediaId,
  type IncidentId,
  type MediaSessionId,
  type Username,
} from "../../../../shared/ids.ts";
import {
  CHEN,
  LI,
  newStreet,
  pillar,
  START,
  WANG,
  ZHAO,
  type Person,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const MEDIA = MediaId.parse(1);
const ROOM = { WANG, LI };

let street: Street;
let views: Views;
let incidentId: IncidentId;
let now = 0;
beforeEach(() => {
  street = newStreet();
  street.alarm(0);
  incidentId = street.only().id;
  views = newViews(100);
  now = 0;
});

type Told<E = ViewEvent> = E extends ViewEvent ? Omit<E, "at"> : never;

const tell = (event: Told): ViewEffect[] =>
  decideView(views, { ...event, at: START } as ViewEvent, street.state);
const idOf = (name: string) => name as MediaSessionId;

const wishOf = ({ name, role, scope }: Person, what: ViewWish["role"] = "watch"): ViewWish => ({
  ...{ purpose: "call", incidentId, role: what, signInId: `sign-in of ${name}`, from: "127.0.0.1" },
  by: { username: name as Username, displayName: name, role, scope: scope ?? ROOT_AREA },
});
const ask = (id: string, who: Person, what: ViewWish["role"] = "watch"): ViewEffect[] =>
  tell({ type: "view-asked", id: idOf(id), wish: wishOf(who, what), monotonicMs: (now += 1000) });

/** Asked, answered by the media process, and written down. */
function give(id: string, who: Person, what: ViewWish["role"] = "watch"): ViewEffect[] {
  ask(id, who, what);
  tell({ type: "view-answered", id: idOf(id) });
  return tell({ type: "view-recorded", id: idOf(id) });
}

const answer = (who: Person) => street.order(who, incidentId, { name: "answer" });
const close = () =>
  street.order(WANG, incidentId, { name: "close", disposition: "resolved", note: "" });
const typesOf = (effects: readonly ViewEffect[]) => effects.map(({ type }) => type);

test("the begin of one media process ends the views of its own pillars, and no others", () => {
  street = newStreet({ pillars: 20, settings: { mediaProcesses: 2 } });
  const called = Array.from({ length: 20 }, (_, n) => {
    street.alarm(n);
    incidentId = [...street.state.incidents.values()].at(-1)!.id;
    give(`${n}`, Object.values(ROOM)[n % 2]!);
    return { id: idOf(`${n}`), mediaId: mediaOf(pillar(n), 2) };
  });
  expect(views.byId.size).toBe(20);
  const mediaId = MediaId.parse(2);
  const closed = tell({ type: "media-ready", mediaId }).filter(({ type }) => type === "close-view");
  const own = called.filter((one) => one.mediaId === mediaId);
  expect(closed).toMatchObject(own.map(({ id }) => ({ id })));
  expect(own.length).toBeGreaterThan(0);
  expect(views.byId.size).toBe(20 - own.length);
  expect(tell({ type: "media-ready", mediaId })).toEqual([]);
});

test("a view is offered, written down, and only then given", () => {
  expect(ask("one", LI)).toMatchObject([{ type: "offer-view", id: "one", pillarId: pillar(0) }]);
  expect(tell({ type: "view-answered", id: idOf("one") })).toMatchObject([
    { type: "record-view", fact: { type: "view-opened", by: "li", role: "watch" } },
  ]);
  expect(tell({ type: "view-recorded", id: idOf("one") })).toEqual([
    { type: "give-view", id: "one" },
  ]);
});

test("anybody on duty may watch, only the owner may talk, and nobody else either", () => {
  answer(WANG);
  expect(typesOf(ask("li watches", LI))).toEqual(["offer-view"]);
  expect(ask("li talks", LI, "talk")).toMatchObject([{ type: "refuse-view", code: "conflict" }]);
  expect(typesOf(ask("wang talks", WANG, "talk"))).toEqual(["offer-view"]);
  expect(ask("zhao", ZHAO)).toMatchObject([{ type: "refuse-view", code: "forbidden" }]);
});

test("nobody has the picture or the voice of a self-test: its pillar's may be those of a call", () => {
  street.alarm(0, { kind: "test", seq: 2 });
  incidentId = [...street.state.incidents.values()].at(-1)!.id;
  answer(CHEN);
  const refused = { type: "refuse-view", code: "conflict" };
  expect(ask("watch", CHEN)).toMatchObject([refused]);
  expect(ask("talk", CHEN, "talk")).toMatchObject([refused]);
  expect(ask("technician", ZHAO)).toMatchObject([{ type: "refuse-view", code: "forbidden" }]);
});

test("a view that cannot be written down is not given, and the media process ends it", () => {
  ask("one", LI);
  tell({ type: "view-answered", id: idOf("one") });
  expect(tell({ type: "view-unrecorded", id: idOf("one"), reason: "EIO" })).toEqual([
    { type: "close-view", id: "one", pillarId: pillar(0) },
    { type: "refuse-view", id: "one", code: "unavailable", detail: expect.stringContaining("EIO") },
  ]);
  expect(views.byId.size + views.endedEarly.size).toBe(0);
});

describe("a view ends", () => {
  const ended = [{ type: "close-view", id: "one" }, { type: "record-end" }];

  test.each([
    ["when its console says so", { type: "view-closed-by-console", id: idOf("one") }],
    ["with its sign-in session", { type: "sign-in-ended", signInId: "sign-in of wang" }],
    ["when its media process starts anew", { type: "media-ready", mediaId: MEDIA }],
    [
      "when its connection is lost",
      { type: "view-failed", id: idOf("one"), code: "media-unavailable", detail: "" },
    ],
  ] as [string, Told][])("%s", (_, event) => {
    give("one", WANG);
    expect(tell(event)).toMatchObject(ended);
    expect(tell(event)).toEqual([]);
  });

  test("with its incident; and talk with the owner, while watching goes on", () => {
    answer(WANG);
    give("one", WANG, "talk");
    give("two", WANG);
    expect(tell({ type: "incident-over", incidentId, who: "talkers" })).toMatchObject(ended);
    expect(tell({ type: "incident-over", incidentId, who: "all" })).toMatchObject([
      { type: "close-view", id: "two" },
      { type: "record-end" },
    ]);
  });

  test("and no other person's with it", () => {
    give("one", WANG);
    give("two", LI);
    tell({ type: "sign-in-ended", signInId: "sign-in of wang" });
    expect([...views.byId.keys()]).toEqual(["two"]);
  });

  test("when the fold is made again and nobody may have it any more", () => {
    answer(WANG);
    give("one", WANG, "talk");
    give("two", LI);
    expect(tell({ type: "state-renewed" })).toEqual([]);
    answer(CHEN);
    expect(tell({ type: "state-renewed" })).toMatchObject(ended);
    close();
    street.order(CHEN, incidentId, { name: "close", disposition: "resolved", note: "" });
    expect(typesOf(tell({ type: "state-renewed" }))).toEqual(["close-view", "record-end"]);
  });

  test("before it is given when the incident was closed meanwhile", () => {
    answer(WANG);
    ask("one", WANG, "talk");
    tell({ type: "view-answered", id: idOf("one") });
    close();
    expect(typesOf(tell({ type: "view-recorded", id: idOf("one") }))).toEqual([
      ...["close-view", "record-end", "refuse-view"],
    ]);
  });

  test("while the journal writes that it begins: its end is written down too", () => {
    ask("one", WANG);
    tell({ type: "view-answered", id: idOf("one") });
    expect(typesOf(tell({ type: "sign-in-ended", signInId: "sign-in of wang" }))).toEqual([
      ...["close-view", "refuse-view"],
    ]);
    expect(tell({ type: "view-recorded", id: idOf("one") })).toMatchObject([
      { type: "record-end", fact: { type: "view-closed", by: "wang" } },
    ]);
    expect(views.endedEarly.size).toBe(0);
  });
});

test("whoever talks again replaces the talk of before", () => {
  answer(WANG);
  give("one", WANG, "talk");
  expect(typesOf(ask("two", WANG, "talk"))).toEqual(["close-view", "record-end", "offer-view"]);
});

test("one person has so many views and no more, and the others theirs", () => {
  for (let n = 0; n < MAX_VIEWS_OF_ONE; n += 1) ask(`${n}`, WANG);
  expect(ask("more", WANG)).toMatchObject([{ type: "refuse-view", code: "too-many-windows" }]);
  expect(typesOf(ask("li", LI))).toEqual(["offer-view"]);
});
