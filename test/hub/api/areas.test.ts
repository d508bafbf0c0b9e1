/** What comes on the event stream of somebody whose scope is a part. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AreaSettings } from "../../../shared/api/area.ts";
import { Username, type AreaId } from "../../../shared/ids.ts";
import { cursorOf } from "../../../hub/api/cursor.ts";
import type { NumberedEvent } from "../../../hub/ports.ts";
import {
  A1,
  EAST,
  incidentEvent,
  JOURNAL,
  pillar,
  PILLAR,
  recording,
  startTestApi,
  WEST,
  type TestApi,
} from "../../kit/hub/api-on-doubles.ts";
import { waitUntil } from "../../kit/run/wait.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api.close());

const notification = (detail: string) =>
  ({ type: "notification", notification: { level: "info", code: "grid-lost", detail } }) as const;
const here = { pillarId: PILLAR };
const EVENTS: readonly NumberedEvent[] = [
  { ...incidentEvent(1), ...here },
  { index: 2, event: { type: "pillar", pillar }, ...here },
  { index: 3, event: { type: "recording", recording }, ...here },
  { index: 4, event: notification("of the pillar"), ...here },
  { index: 5, event: notification("of the grid"), grid: "A1" },
];
const LAST: NumberedEvent = { index: 6, event: notification("of the hub") };

async function follow(url: string, scope: AreaId, cursor?: string) {
  const username = Username.parse(`li-${scope.toLowerCase()}`);
  const account = { username, displayName: "Li", role: "supervisor", password: "demo" } as const;
  await api.accounts.add({ ...account, scope, isDemo: true }, null);
  const token = await api.accounts.openSession(username, Date.now() + 60_000);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(cursor === undefined ? {} : { "last-event-id": cursor }),
  };
  const response = await fetch(`${url}/api/v1/events`, { headers });
  const seen = { text: "" };
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const part of response.body!) seen.text += decoder.decode(part);
  };
  void read().catch(() => undefined);
  await waitUntil(() => seen.text.includes("hello"));
  return seen;
}
const KNOWN = ["event: incident", "event: pillar", "event: recording", "of the grid", "of the hub"];
const seenOf = ({ text }: { readonly text: string }): string[] =>
  [...KNOWN, "of the pillar"].filter((one) => text.includes(one));

test.each([
  [EAST, [...KNOWN, "of the pillar"]],
  [A1, [...KNOWN, "of the pillar"]],
  [WEST, ["of the hub"]],
])("somebody of %s is sent %j, as it comes and as it is missed", async (scope, expected) => {
  const url = await api.listen();
  const live = await follow(url, scope);
  for (const event of [...EVENTS, LAST]) api.publish(event);
  await waitUntil(() => live.text.includes("of the hub"));
  expect(seenOf(live)).toEqual(expected);
  api.past.push(...EVENTS, LAST);
  const late = await follow(url, scope, cursorOf(JOURNAL, 0));
  await waitUntil(() => late.text.includes("of the hub"));
  expect(seenOf(late)).toEqual(expected);
});

test.each([
  ["an id twice", [{ id: "east", areas: [{ id: "A1" }] }, { id: "A1" }], "each area's id once"],
  ["the root's id", [{ id: "all" }], "none called all"],
  ["a line break in an id", [{ id: "ea\nst" }], "expected letters, digits"],
  ["an id of 41 characters", [{ id: "x".repeat(41) }], "at most 40 characters"],
  ["an empty id", [{ id: "" }], "found nothing"],
  ["an unknown key", [{ id: "east", grids: [] }], "Unrecognized key"],
])("settings with %s are refused in words", (_name, areas, words) => {
  const read = AreaSettings.safeParse(areas);
  expect(JSON.stringify(read.error?.issues)).toContain(words);
});
