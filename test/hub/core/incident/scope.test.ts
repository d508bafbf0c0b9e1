/** What lies outside somebody's scope is not there for them, whatever they order. */
import { describe, expect, test } from "vitest";
import { areasOf, pillarsIn } from "../../../../hub/core/pillar/place.ts";
import type { Fact } from "../../../../hub/core/facts.ts";
import { decideView, newViews } from "../../../../hub/core/view/view.ts";
import { ROOT_AREA, treeOf } from "../../../../shared/access/areas.ts";
import { AreaId, type MediaSessionId, type Username } from "../../../../shared/ids.ts";
import {
  CHEN,
  newStreet,
  pillar,
  START,
  WANG,
  type Person,
} from "../../../kit/core/hub-core-street.ts";

const [EAST, WEST, GRID] = ["east", "west", "g"].map((id) => AreaId.parse(id)) as [
  AreaId,
  AreaId,
  AreaId,
];
const areas = treeOf([{ id: EAST, areas: [{ id: GRID }] }, { id: WEST }]);
const ORDERS = [
  { name: "acknowledge" },
  { name: "answer" },
  { name: "note", text: "seen" },
  { name: "close", disposition: "resolved", note: "" },
  { name: "reopen" },
] as const;

function ringing() {
  const street = newStreet({ settings: { areas } });
  street.alarm(0);
  return { ...street, id: street.only().id };
}
const of = (person: Person, scope: AreaId): Person => ({ ...person, scope });

describe("an incident of another area", () => {
  test.each(ORDERS)("is not found by an operator's $name, and nothing happens", (order) => {
    const street = ringing();
    const { facts, effects } = street.order(of(WANG, WEST), street.id, order);
    expect(facts).toEqual([]);
    expect(effects).toMatchObject([{ type: "refuse", code: "not-found" }]);
    const unknown = street.order(of(WANG, WEST), "f".repeat(32) as typeof street.id, order);
    const [there, notThere] = [effects, unknown.effects].map((list) =>
      JSON.stringify(list).replaceAll(/[0-9a-f]{32}/g, "id"),
    );
    expect(there).toBe(notThere);
  });

  test.each([EAST, GRID, ROOT_AREA])("is answered by somebody of %s", (scope) => {
    const street = ringing();
    const { facts } = street.order(of(WANG, scope), street.id, { name: "answer" });
    expect(facts.map(({ type }) => type)).toEqual(["incident-answered"]);
  });

  test("is neither watched nor locked from there", () => {
    const street = ringing();
    const { name, role } = CHEN;
    const by = { username: name as Username, displayName: name, role, scope: WEST };
    const subject = { purpose: "call", incidentId: street.id, role: "watch" } as const;
    const wish = { ...subject, by, signInId: "one", from: "" };
    const id = "1".repeat(32) as MediaSessionId;
    const asked = { type: "view-asked", at: START, id, wish, monotonicMs: 1 } as const;
    expect(decideView(newViews(10), asked, street.state)).toMatchObject([
      { type: "refuse-view", code: "not-found" },
    ]);
    const lock = { type: "lock-order", at: START, incidentId: street.id, atPillar: pillar(0) };
    const more = { isLocked: true, reason: "court", by: name, byName: name, role };
    for (const [scope, found] of [
      [WEST, "not-found"],
      [EAST, undefined],
    ] as const) {
      const { effects } = street.tell({ ...lock, ...more, scope } as never);
      expect(effects.flatMap((one) => (one.type === "refuse" ? one.code : []))[0]).toBe(found);
    }
  });

  test("is in the whole alone where no area names the pillar's grid, or no pillar is known", () => {
    const { state } = ringing();
    expect(areasOf(state, pillar(0))).toEqual([ROOT_AREA, EAST, GRID]);
    expect(areasOf(state, pillar(7))).toEqual([ROOT_AREA]);
    const plain = { ...state, settings: { ...state.settings, areas: treeOf([{ id: WEST }]) } };
    expect(areasOf(plain, pillar(0))).toEqual([ROOT_AREA]);
    expect(pillarsIn(state, EAST)).toEqual([pillar(0)]);
    expect(pillarsIn(state, WEST)).toEqual([]);
  });

  test("moves with its pillar, when that is enrolled for another grid", () => {
    const street = ringing();
    const place = { name: "门", grid: "west", address: "", position: null };
    const moved: Fact = { type: "pillar-registered", at: START, pillarId: pillar(0), ...place };
    street.record(moved);
    expect(areasOf(street.state, pillar(0))).toEqual([ROOT_AREA, WEST]);
    const { facts } = street.order(of(WANG, WEST), street.id, { name: "answer" });
    expect(facts).toHaveLength(1);
  });
});
