/**
 * Every operation of the OpenAPI description, called with every kind of identity and input.
 *
 * The calls are made from the description, so a new route is covered without a change here. No
 * answer may differ from the description, no undocumented 5xx may come, and nobody may get what
 * their role does not include.
 */
import type { LightMyRequestResponse } from "fastify";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Role } from "../../../shared/api/session.ts";
import type { Operation } from "./walk/description.ts";
import type { Identity } from "./walk/identities.ts";
import { foreignInput, HOSTILE_NAMES, rightInput, wrongInputs, type Input } from "./walk/inputs.ts";
import { isStream, OF_THE_WHOLE, openWalk } from "./walk/walk.ts";

const walk = await openWalk();
const { api, ask, description, known, rows } = walk;
const { insidePeople, outsidePeople, people, services, strangers } = walk;
const everybody = [...strangers, ...people, ...insidePeople, ...outsidePeople, ...services];
beforeEach(walk.restoreFile);
afterAll(async () => await api.close());

/** Words that appear only in internal error messages. */
const INSIDE = /SQLITE|SQLite format|node:|node_modules|\.ts:\d|ENOENT|EISDIR/;

/** Everything that is wrong with one answer, with the request it belongs to. */
async function complaints(
  operation: Operation,
  input: Input,
  identity: Identity,
): Promise<string[]> {
  const name = `${operation.method} ${input.url.slice(0, 120)} (${input.what}) by ${identity.who}`;
  const answer = await ask(operation, input, identity).catch((error: unknown) => {
    if (isStream(operation) && (identity.role ?? identity.serviceScope)) return undefined;
    throw new Error(`${name}: ${String(error)}`);
  });
  if (!answer) return [];
  const found = [description.judge(operation, answer), wrongfulStatus(operation, identity, answer)];
  if (INSIDE.test(answer.body)) found.push(`tells what is inside: ${answer.body.slice(0, 200)}`);
  return found.flatMap((one) => (one === undefined ? [] : `${name}: ${answer.statusCode} ${one}`));
}

/**
 * Without the right to do it the status must be 401 or 403, whatever was sent. Addresses without a
 * route are not checked here.
 */
function wrongfulStatus(
  { action, roles, scopes, method }: Operation,
  { role, scope, serviceScope, isForeignPage }: Identity,
  { statusCode }: LightMyRequestResponse,
): string | undefined {
  const isNoRoute = [400, 404, 405, 429].includes(statusCode);
  if (!roles) return undefined;
  if (serviceScope) {
    if (scopes.includes(serviceScope)) return undefined;
    return statusCode === 403 || isNoRoute ? undefined : "expected 403 for this scope";
  }
  if (!role) return statusCode === 401 || isNoRoute ? undefined : "expected 401";
  const isRefused = statusCode === 403 || isNoRoute;
  if (scope && OF_THE_WHOLE.includes(action)) return isRefused ? undefined : "expected 403";
  if (!roles.includes(role)) return isRefused ? undefined : "expected 403 for this role";
  const isUnsafe = method !== "GET" && method !== "HEAD";
  if (isForeignPage && isUnsafe) return isRefused ? undefined : "expected 403 for this page";
  return undefined;
}

describe("I-3, I-10 every role at every route", () => {
  test.each(rows)("%s answers everybody as described", async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const foreign = foreignInput(operation, right);
    const found: string[] = [];
    for (const identity of everybody) {
      found.push(...(await complaints(operation, right, identity)));
      if (foreign) found.push(...(await complaints(operation, foreign, identity)));
    }
    expect(found).toEqual([]);
  });

  test.each(rows)("%s gives nobody what is not there or not theirs", async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const foreign = foreignInput(operation, right);
    const found: unknown[] = [];
    for (const identity of foreign ? [...people, ...insidePeople, ...services] : []) {
      const { statusCode } = await ask(operation, foreign ?? right, identity);
      if (statusCode < 400) found.push([identity.who, foreign?.url, statusCode]);
    }
    expect(found).toEqual([]);
  });
});

describe("I-4, I-10 every wrong input at every route", () => {
  /** One person who may do it, one who may not, and one without a session. */
  const asked = (operation: Operation): readonly Identity[] => {
    const byToken = people.filter(({ who }) => who.endsWith("by token"));
    const may = byToken.find(({ role }) => role && (operation.roles?.includes(role) ?? true));
    const mayNot = byToken.find(({ role }) => role && operation.roles?.includes(role) === false);
    const service = services.find(
      ({ serviceScope }) => serviceScope && operation.scopes.includes(serviceScope),
    );
    return [strangers[0], may, mayNot, service].flatMap((one) => one ?? []);
  };

  test.each(rows)("%s refuses it as described", { timeout: 120_000 }, async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const found: string[] = [];
    let count = 0;
    for (const input of wrongInputs(operation, right, description)) {
      for (const identity of asked(operation)) {
        found.push(...(await complaints(operation, input, identity)));
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(20);
    expect(found).toEqual([]);
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
    const roles = (await api.accounts.list()).map(({ username, role }) => [username, role]);
    for (const role of Role.options) expect(roles).toContainEqual([role, role]);
  });

  test("I-4 no name in the place of a file leads out of the console's folder", async () => {
    for (const folder of ["/", "/assets/", "/..%2f", "/assets/..%2f..%2f"]) {
      for (const name of HOSTILE_NAMES) {
        const { statusCode, body } = await api.app.inject({ url: folder + name });
        expect([400, 403, 404, 503]).toContain(statusCode);
        expect(body).not.toMatch(INSIDE);
      }
    }
  });
});

test("no role caused a call of the hub that it does not include", () => {
  const by = new Set(api.orders.map(({ by: { role } }) => role));
  expect([...by].toSorted()).toEqual(["operator", "supervisor"]);
  expect(api.revocations.every(({ by: { role } }) => role === "admin")).toBe(true);
});
