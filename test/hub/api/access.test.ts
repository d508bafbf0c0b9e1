/** Who may do what on the HTTP interface. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Role } from "../../../shared/api/session.ts";
import {
  INCIDENT,
  PILLAR,
  RECORDING,
  startTestApi,
  type TestApi,
} from "../../kit/hub/api-on-doubles.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api?.close());

const SIGN_IN = { username: "operator", password: "demo" };

describe("sessions", () => {
  test("signing in gives a cookie for the browser and a token for programs", async () => {
    const answer = await api.app.inject({
      method: "POST",
      url: "/api/v1/sessions",
      payload: SIGN_IN,
    });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ username: "operator", role: "operator" });
    expect(answer.cookies[0]).toMatchObject({
      name: "anzhu-session",
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
    });
    expect(api.facts).toMatchObject([{ type: "session-opened", username: "operator" }]);
    const cookies = { "anzhu-session": answer.cookies[0]!.value };
    const mine = await api.app.inject({ url: "/api/v1/sessions/current", cookies });
    expect(mine.json()).toMatchObject({ username: "operator", displayName: "OPERATOR" });
    expect(mine.json()).not.toHaveProperty("token");
  });

  test.each([
    ["a wrong password", { username: "operator", password: "guess" }],
    ["an unknown name", { username: "nobody", password: "demo" }],
  ])("%s is refused without saying which it was", async (_name, payload) => {
    const answer = await api.app.inject({ method: "POST", url: "/api/v1/sessions", payload });
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ code: "unauthenticated" });
    expect(answer.json().detail).toBe("the name or the password is wrong");
  });

  test("after ten wrong passwords the name waits, and another name does not", async () => {
    const wrong = { method: "POST", url: "/api/v1/sessions" } as const;
    const payload = { username: "admin", password: "guess" };
    for (let tried = 0; tried < 10; tried++) await api.app.inject({ ...wrong, payload });
    const right = { username: "admin", password: "demo" };
    const answer = await api.app.inject({ ...wrong, payload: right });
    expect(answer.json()).toMatchObject({ status: 429, code: "too-many-requests" });
    const other = await api.app.inject({ ...wrong, payload: SIGN_IN });
    expect(other.statusCode).toBe(201);
  });

  test("a token is worth nothing after signing out", async () => {
    const answer = await api.as("operator", "DELETE", "/api/v1/sessions/current");
    expect(answer.statusCode).toBe(204);
    const after = await api.as("operator", "GET", "/api/v1/sessions/current");
    expect(after.json()).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test.each([
    ["no origin", {}, 403],
    ["another page's origin", { origin: "https://evil.example" }, 403],
    ["a sandboxed origin", { origin: "null" }, 403],
    ["a cross-site fetch", { "sec-fetch-site": "cross-site" }, 403],
    ["a sibling site's fetch", { "sec-fetch-site": "same-site" }, 403],
    ["its own origin", { origin: "http://localhost:8110", host: "localhost:8110" }, 200],
    ["a same-origin fetch", { "sec-fetch-site": "same-origin" }, 200],
  ])("an order by cookie with %s is answered %s", async (_name, headers, status) => {
    const cookies = { "anzhu-session": await api.signIn("operator") };
    const url = `/api/v1/incidents/${INCIDENT}/acknowledge`;
    const answer = await api.app.inject({ method: "POST", url, headers, cookies });
    expect(answer.statusCode).toBe(status);
  });

  test("another site's page cannot sign somebody in", async () => {
    const answer = await api.app.inject({
      method: "POST",
      url: "/api/v1/sessions",
      headers: { origin: "https://evil.example" },
      payload: SIGN_IN,
    });
    expect(answer.json()).toMatchObject({ status: 403, code: "foreign-origin" });
  });
});

describe("roles", () => {
  const OPERATOR_ONLY = [
    ["GET", "/api/v1/incidents"],
    ["GET", `/api/v1/incidents/${INCIDENT}`],
    ["GET", `/api/v1/incidents/${INCIDENT}/timeline`],
    ["GET", `/api/v1/incidents/${INCIDENT}/recordings`],
    ["GET", `/api/v1/recordings/${RECORDING}/media`],
    ["POST", `/api/v1/incidents/${INCIDENT}/answer`],
    ["POST", `/api/v1/incidents/${INCIDENT}/whep`],
    ["POST", `/api/v1/incidents/${INCIDENT}/whip`],
    ["GET", "/api/v1/operators"],
  ] as const;
  const rows = OPERATOR_ONLY.flatMap(([method, url]) =>
    (["technician", "admin"] as const).map((role) => [role, method, url] as const),
  );

  test.each(rows)("%s may not %s %s", async (role, method, url) => {
    const answer = await api.as(role, method, url);
    expect(answer.json()).toMatchObject({ status: 403, code: "forbidden" });
  });

  test.each(OPERATOR_ONLY)("without a token %s %s is answered 401", async (method, url) => {
    const answer = await api.app.inject({ method, url });
    expect(answer.json()).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test.each([
    ["operator", "identify", 403],
    ["operator", "siren", 202],
    ["supervisor", "identify", 202],
    ["technician", "identify", 202],
    ["admin", "siren", 403],
  ] as const)("%s ordering %s is answered %s", async (role: Role, name, status) => {
    const command = name === "siren" ? { name, on: true } : { name, seconds: 5 };
    const url = `/api/v1/pillars/${PILLAR}/commands`;
    const answer = await api.as(role, "POST", url, { payload: { command } });
    expect(answer.statusCode).toBe(status);
  });
});
