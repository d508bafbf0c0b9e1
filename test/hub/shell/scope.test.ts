/** A person of another area at a real hub: each way in takes the scope with it. */
import { expect, test } from "vitest";
import { areasOf } from "../../../hub/core/pillar/place.ts";
import { ROOT_AREA, treeOf } from "../../../shared/access/areas.ts";
import { AreaId, type IncidentId } from "../../../shared/ids.ts";
import { pillar } from "../../kit/core/hub-core-street.ts";
import { newHub, person } from "../../kit/hub/shell-on-doubles.ts";

const [EAST, WEST, GRID] = ["east", "west", "g"].map((id) => AreaId.parse(id)) as [
  AreaId,
  AreaId,
  AreaId,
];
const areas = treeOf([{ id: EAST, areas: [{ id: GRID }] }, { id: WEST }]);
const of = (scope: AreaId) => ({ ...person("chen", "supervisor"), scope });

test("orders and locks of another area find no incident, and those of its own do", async () => {
  const { shell, press } = await newHub({ settings: { areas } });
  await press();
  const [incidentId] = [...shell.loop.state().incidents.keys()] as [IncidentId];
  const { order, lock } = shell.commands;
  const keep = { isLocked: true, reason: "court" };
  for (const [scope, isThere] of [
    [WEST, false],
    [EAST, true],
  ] as const) {
    const ordered = await order(incidentId, { name: "acknowledge" }, of(scope));
    const locked = await lock(incidentId, keep, of(scope));
    const expected = isThere ? { ok: true } : { ok: false, code: "not-found" };
    expect([ordered, locked]).toMatchObject([expected, expected]);
  }
});

test("an idempotency key of one area is no way into another", async () => {
  const { shell, press } = await newHub({ settings: { areas } });
  await press();
  const [incidentId] = [...shell.loop.state().incidents.keys()] as [IncidentId];
  const key = "same";
  const note = { name: "note", text: "seen" } as const;
  expect(await shell.commands.order(incidentId, note, of(EAST), key)).toMatchObject({ ok: true });
  const other = { ...person("wang"), scope: WEST };
  const refused = await shell.commands.order(incidentId, note, other, key);
  expect(refused).toMatchObject({ ok: false, code: "not-found" });
});

test("the hub says where pillars lie, also after a restart, and its news carry it", async () => {
  const hub = await newHub({ settings: { areas } });
  await hub.press();
  await hub.restart();
  const { areasOf: ask, pillarsIn } = hub.shell.commands;
  expect(ask(pillar(0))).toEqual([ROOT_AREA, EAST, GRID]);
  expect(areasOf(hub.shell.loop.state(), pillar(0))).toEqual(ask(pillar(0)));
  expect([pillarsIn(EAST), pillarsIn(WEST)]).toEqual([[pillar(0)], []]);
  const placed = hub.events.filter(({ event }) => event.type === "incident");
  expect(placed.length).toBeGreaterThan(0);
  expect(placed.every(({ pillarId }) => pillarId === pillar(0))).toBe(true);
});
