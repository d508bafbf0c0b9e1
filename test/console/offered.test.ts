/** What the console offers to whom: the same that the hub would answer, for each role. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Role } from "../../shared/api/session.ts";
import { forgetSession, homeOf, me, restoreSession } from "../../hub/console/state/session.ts";
import * as session from "../../hub/console/state/session.ts";
import { incident } from "../kit/hub/api-on-doubles.ts";

beforeEach(() => {
  vi.stubGlobal("document", { baseURI: "http://hub.test/" });
  vi.stubGlobal("location", { href: "http://hub.test/" });
});
afterEach(() => {
  forgetSession();
  vi.unstubAllGlobals();
});

async function signInAs(role: Role): Promise<void> {
  const expiresAt = "2030-01-01T00:00:00.000Z";
  const person = { username: "wang", displayName: "Wang", role, scope: "all", expiresAt };
  vi.stubGlobal("fetch", async () => Response.json(person));
  await restoreSession();
}

const offered = (): string[] =>
  Object.entries(session)
    .flatMap(([name, value]) =>
      typeof value === "object" && "value" in value && value.value === true ? [name] : [],
    )
    .toSorted();

const DESK = ["mayLook", "mayPlayBack", "mayReadCalls", "mayWatch"];

test.each([
  ["operator", DESK, "/desk"],
  [
    "supervisor",
    [...DESK, "mayAudit", "mayCommand", "mayLock", "maySeeHub", "mayTakeOver"],
    "/desk",
  ],
  ["technician", ["mayCommand", "mayLook", "maySeeHub"], "/fleet"],
  [
    "admin",
    ["mayAudit", "mayCommand", "mayManage", "mayManageServices", "mayRevoke", "maySeeHub"],
    "/fleet",
  ],
] as const)("a %s is offered what the role includes", async (role, expected, home) => {
  await signInAs(role);
  expect(offered()).toEqual([...expected].toSorted());
  expect(homeOf(me.value)).toBe(home);
});

test("nobody is offered anything before signing in", () => {
  expect(offered()).toEqual([]);
  expect(session.mayDo("session:own")).toBe(false);
});

test("an operator is offered the orders of what is theirs, once they have taken it", async () => {
  await signInAs("operator");
  const owner = me.value?.username ?? null;
  const mayClose = (more: Partial<typeof incident>): boolean =>
    session.mayDo("incidents:close", { incident: { ...incident, ...more } });
  expect(mayClose({ owner, state: "answered" })).toBe(true);
  expect(mayClose({ owner, state: "open" })).toBe(false);
  expect(mayClose({ state: "open" })).toBe(false);
  await signInAs("supervisor");
  expect(mayClose({ state: "open" })).toBe(true);
});
