/**
 * Every operation asked by people of each role whose scope lies elsewhere: nothing is given, nothing
 * is done, and the answer is that of what does not exist. Opened doors are found.
 */
import cookies from "@fastify/cookie";
import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { guardRoutes } from "../../../../hub/api/access.ts";
import type { Api, ApiContext } from "../../../../hub/api/context.ts";
import { ROOT_AREA } from "../../../../shared/access/areas.ts";
import { Role } from "../../../../shared/api/session.ts";
import { A1, EAST, WEST } from "../../../kit/hub/api-on-doubles.ts";
import type { Operation } from "./description.ts";
import { foreignInput, rightInput, type Input } from "./inputs.ts";
import { isStream, OF_THE_WHOLE, openWalk } from "./walk.ts";

const { api, ask, description, insidePeople, known, outsidePeople, people, restoreFile, rows } =
  await openWalk();
beforeEach(restoreFile);
afterAll(async () => await api.close());

/** What of the pillar and its incident is in an answer: no id that was asked for counts. */
const TOLD = /East gate|bus stop|"incidentId":|0123456789|v=0/;

/** What an operation gives people who lie outside, and does for them. */
async function givenOutside(
  operation: Operation,
  input: Input,
  app: Pick<FastifyInstance, "inject"> = api.app,
): Promise<string[]> {
  const found: string[] = [];
  for (const identity of outsidePeople) {
    const before = api.orders.length + api.views.length + api.revocations.length + api.locks.length;
    const answer = await ask(operation, input, identity, app).catch(() => undefined);
    const after = api.orders.length + api.views.length + api.revocations.length + api.locks.length;
    const isPlaced = /\/(incidents|pillars|recordings)\/\{/.test(operation.path);
    const isGiven = isPlaced && answer !== undefined && answer.statusCode < 400;
    if (isGiven || after > before || TOLD.test(answer?.body ?? "")) {
      found.push(`${identity.who}: ${answer?.statusCode} ${answer?.body.slice(0, 80)}`);
    }
  }
  return found;
}

describe("I-3, I-10 every role of another area at every route", () => {
  // Those are asked by pillars.
  const asked = rows.filter(([, { roles }]) => roles !== undefined);

  test.each(asked)("%s gives nobody what lies outside their scope", async (_name, operation) => {
    expect(await givenOutside(operation, rightInput(operation, description, known))).toEqual([]);
  });

  test.each(asked)("%s answers it as what is not there", async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const foreign = foreignInput(operation, right);
    const isPlaced = /\/(incidents|pillars|recordings)\/\{/.test(operation.path);
    for (const identity of foreign && isPlaced ? outsidePeople : []) {
      const [there, notThere] = [
        await ask(operation, right, identity),
        await ask(operation, foreign ?? right, identity),
      ];
      const body = there.body.replaceAll(/[12]{32}|demo-001/g, "x");
      const other = notThere.body.replaceAll(/f{32}|not-demo-001/g, "x");
      expect([identity.who, there.statusCode, body]).toEqual([
        identity.who,
        notThere.statusCode,
        other,
      ]);
    }
  });

  test.each(asked)(
    "%s answers people of its area as those of everything",
    async (_name, operation) => {
      const right = rightInput(operation, description, known);
      const isOnce = isStream(operation) || /delete|services|accounts|sessions/i.test(_name);
      for (const { role, who, headers } of isOnce ? [] : insidePeople) {
        const whole = people.find((one) => one.role === role && one.who.endsWith("token"))!;
        const all = await ask(operation, right, whole);
        const part = await ask(operation, right, { who, role, headers });
        const expected = OF_THE_WHOLE.includes(operation.action ?? "") ? 403 : all.statusCode;
        expect([who, part.statusCode]).toEqual([who, expected]);
      }
    },
  );

  test("one opened door is found: where a pillar lies is answered wrongly", async () => {
    const open = vi.spyOn(api.places, "areasOf").mockReturnValue([ROOT_AREA, EAST, A1, WEST]);
    const found: string[] = [];
    for (const [name, operation] of asked) {
      const given = await givenOutside(operation, rightInput(operation, description, known));
      if (given.length > 0) found.push(name);
    }
    open.mockRestore();
    // Nobody opened the connection that an example names, and nobody has the example's name.
    const isRefusedAnyway = /session|transfer/;
    const placed = asked.filter(
      ([, { path }]) =>
        /(incidents|pillars|recordings)\/\{/.test(path) && !isRefusedAnyway.test(path),
    );
    expect(found).toEqual(expect.arrayContaining(["GET /api/v1/pillars"]));
    expect(placed.map(([name]) => name).filter((name) => !found.includes(name))).toEqual([]);
  });

  test.each([
    ["pillar", 0],
    ["nothing placed", Role.options.length],
  ] as const)("a route that says its path names %s is found %s times", async (of, times) => {
    const app = fastify();
    await app.register(cookies);
    const { accounts, places } = api;
    const reads = { pillar: async (id: string) => ({ id }) };
    const hub = { sawConsole: () => {}, ...places };
    const context = { accounts, hub, reads, address: { name: "x" } } as unknown as ApiContext;
    guardRoutes(app as unknown as Api, context);
    const config = { may: "pillars:read", of } as const;
    app.get("/api/v1/pillars/:id", { config }, () => ({ name: "East gate" }));
    const [, operation] = asked.find(([name]) => name === "GET /api/v1/pillars/{id}")!;
    const given = await givenOutside(operation, rightInput(operation, description, known), app);
    expect(given).toHaveLength(times);
    await app.close();
  });
});
