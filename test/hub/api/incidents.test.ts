/** Orders to incidents, and the answers to invalid ones. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Problem } from "../../../shared/api/problem.ts";
import { makeAlarm } from "../../kit/wire/pillar-clients.ts";
import {
  INCIDENT,
  PILLAR,
  incident,
  startTestApi,
  type TestApi,
} from "../../kit/hub/api-on-doubles.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api?.close());

const url = (order: string): string => `/api/v1/incidents/${INCIDENT}/${order}`;

describe("incidents", () => {
  test.each([
    ["acknowledge", undefined, { name: "acknowledge" }],
    ["answer", {}, { name: "answer" }],
    ["hold", undefined, { name: "hold", held: true }],
    ["hold", { held: false }, { name: "hold", held: false }],
    ["dispatch", { unit: "P-7" }, { name: "dispatch", unit: "P-7" }],
    ["note", { text: " seen " }, { name: "note", text: "seen" }],
    ["close", { disposition: "resolved" }, { name: "close", disposition: "resolved", note: "" }],
    ["reopen", undefined, { name: "reopen" }],
    [
      "transfer",
      { to: "supervisor" },
      { name: "transfer", to: "supervisor", toName: "SUPERVISOR" },
    ],
  ])("the order %s with %j reaches the hub", async (name, payload, order) => {
    const answer = await api.as("operator", "POST", url(name), payload ? { payload } : {});
    expect(answer.json()).toEqual(incident);
    expect(api.orders).toMatchObject([{ order, by: { username: "operator" } }]);
  });

  test("an empty body with a JSON type is no body", async () => {
    const headers = { "content-type": "application/json" };
    const answer = await api.as("operator", "POST", url("answer"), { headers });
    expect(answer.statusCode).toBe(200);
  });

  test("an idempotency key is passed on with the person", async () => {
    const headers = { "idempotency-key": "k1" };
    await api.as("operator", "POST", url("answer"), { headers });
    expect(api.orders[0]).toMatchObject({ key: "k1", by: { username: "operator" } });
  });

  test("losing a race is answered 409 with who won", async () => {
    api.outcome = { ok: false, code: "conflict", detail: "answered already", by: "Li Na" };
    const answer = await api.as("operator", "POST", url("answer"));
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json()).toMatchObject({ status: 409, code: "conflict", by: "Li Na" });
  });

  test("an incident cannot be handed to a technician", async () => {
    const payload = { to: "technician" };
    const answer = await api.as("operator", "POST", url("transfer"), { payload });
    expect(answer.json()).toMatchObject({ code: "bad-request" });
    expect(api.orders).toEqual([]);
  });
});

describe("mistakes", () => {
  test.each([
    ["an unknown route", "GET", "/api/v1/nothing", {}, 404, "GET /api/v1/nothing"],
    ["an unknown incident", "GET", `/api/v1/incidents/${"9".repeat(32)}`, {}, 404, "9999"],
    ["an id that is none", "GET", "/api/v1/incidents/9", {}, 400, "params.id"],
    ["a wrong filter", "GET", "/api/v1/incidents?state=lost", {}, 400, "querystring.state"],
    ["an unknown filter", "GET", "/api/v1/incidents?colour=red", {}, 400, "colour"],
    [
      "no JSON",
      "POST",
      `/api/v1/incidents/${INCIDENT}/note`,
      { headers: { "content-type": "application/json" }, payload: "{text" },
      400,
      'expected JSON, found "{text"',
    ],
    [
      "a wrong type",
      "POST",
      `/api/v1/incidents/${INCIDENT}/note`,
      { payload: { text: 5 } },
      400,
      "body.text: Invalid input: expected string, received number",
    ],
    [
      "a body over 64 KiB",
      "POST",
      `/api/v1/incidents/${INCIDENT}/note`,
      { payload: { text: "x".repeat(70_000) } },
      413,
      "too large",
    ],
    [
      "another media type",
      "POST",
      `/api/v1/incidents/${INCIDENT}/note`,
      { headers: { "content-type": "text/xml" }, payload: "<a/>" },
      415,
      "text/xml",
    ],
  ] as const)("%s is answered with a problem that says so", async (...row) => {
    const [, method, url, more, status, words] = row;
    const answer = await api.as("operator", method, url, more);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    const problem = Problem.parse(answer.json());
    expect(problem.status).toBe(status);
    expect(problem.detail).toContain(words);
  });

  test("a malformed bearer token is answered 401", async () => {
    const headers = { authorization: "Bearer x" };
    const answer = await api.app.inject({ url: "/api/v1/incidents", headers });
    expect(answer.json()).toMatchObject({ status: 401 });
  });

  test("what broke inside stays inside", async () => {
    api.onAlarm = async () => {
      throw new Error("secret path");
    };
    const alarm = makeAlarm(PILLAR);
    const url = `/api/v1/pillars/${PILLAR}/alarms`;
    const answer = await api.app.inject({ method: "POST", url, payload: alarm });
    expect(answer.json()).toMatchObject({ status: 503, code: "unavailable" });
    expect(answer.body).not.toContain("secret");
  });
});

test("a cursor that is none of an earlier answer is a bad request in words, and never the first page", async () => {
  for (const cursor of ["x", "-1", "1.5", "9".repeat(16), ""]) {
    const answer = await api.as("operator", "GET", `/api/v1/incidents?cursor=${cursor}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      code: "bad-request",
      detail: expect.stringContaining("expected the `next` of an earlier answer"),
    });
  }
});
