/** Services over HTTP: made, used within their scopes, watched, and revoked while in use. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import type { ServiceScope } from "../../../shared/api/service.ts";
import { Username } from "../../../shared/ids.ts";
import { PROMISED_MS } from "../../../shared/promises.ts";
import { INCIDENT, RECORDING, incidentEvent, startTestApi } from "../../kit/hub/api-on-doubles.ts";
import type { TestApi } from "../../kit/hub/api-on-doubles.ts";
import { waitUntil } from "../../kit/run/wait.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api.close());

const SERVICE = { name: "dashboard", scopes: ["pillars:read"], days: 30 };
const make = (service: object = SERVICE) =>
  api.as("admin", "POST", "/api/v1/services", { payload: service });
async function tokenFor(...scopes: ServiceScope[]): Promise<string> {
  return (await make({ ...SERVICE, scopes })).json<{ token: string }>().token;
}
const askWith = (token: string, url: string, headers: object = {}) =>
  api.app.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });

/** A real stream; what came on it so far, and whether it has ended. */
async function follow(url: string, token: string) {
  const response = await fetch(`${url}/api/v1/events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const seen = { status: response.status, text: "", isOver: false };
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const part of response.body!) seen.text += decoder.decode(part);
  };
  const over = (): void => void (seen.isOver = true);
  void read().then(over, over);
  await waitUntil(() => seen.text.includes("hello"));
  return seen;
}

describe("an administrator", () => {
  test("makes a service, is shown its token once, and sees when it was used", async () => {
    const answer = await make();
    expect(answer.statusCode).toBe(201);
    const { token } = answer.json<{ token: string }>();
    expect((await askWith(token, "/api/v1/pillars")).statusCode).toBe(200);
    const list = await api.as("admin", "GET", "/api/v1/services");
    expect(list.json()).toMatchObject({
      items: [{ name: "dashboard", createdBy: "admin", lastUsedAt: expect.any(String) }],
    });
    expect(list.body).not.toContain(token);
    expect(api.facts).toContainEqual(
      expect.objectContaining({ type: "service-changed", change: "made", by: "admin" }),
    );
    expect(JSON.stringify(api.facts)).not.toContain(token);
  });

  test.each([
    ["no scope", { ...SERVICE, scopes: [] }, 400],
    ["an order as scope", { ...SERVICE, scopes: ["incidents:order"] }, 400],
    ["two years", { ...SERVICE, days: 730 }, 400],
    ["a person's name", { ...SERVICE, name: "operator" }, 409],
    ["a token of its own choice", { ...SERVICE, token: "anzhu_x" }, 400],
  ])("is told in words why %s is refused", async (_name, service, status) => {
    const answer = await make(service);
    expect(answer.statusCode).toBe(status);
    expect(answer.json().detail).toMatch(/expected|Invalid option|Unrecognized key/);
  });
});

describe("a service", () => {
  test("is refused in words beyond its scopes", async () => {
    const answer = await askWith(await tokenFor("pillars:read", "hub:read"), "/api/v1/incidents");
    expect(answer.json()).toMatchObject({ status: 403, code: "forbidden" });
    expect(answer.json().detail).toBe(
      "dashboard is a service with pillars:read, hub:read, which does not include: incidents read",
    );
  });

  test("reads the metrics from elsewhere, and a cookie with its token opens nothing", async () => {
    const token = await tokenFor("metrics:read");
    const from = { remoteAddress: "192.0.2.7", url: "/metrics" } as const;
    const headers = { authorization: `Bearer ${token}` };
    expect((await api.app.inject({ ...from, headers })).body).toContain("anzhu_pillars");
    const cookies = { "anzhu-session": token };
    expect((await api.app.inject({ ...from, cookies })).statusCode).toBe(401);
  });

  test("is told by /readyz what is wrong with `hub:read` alone", async () => {
    const few = await tokenFor("pillars:read");
    const more = await make({ ...SERVICE, name: "more", scopes: ["hub:read"] });
    expect((await askWith(few, "/readyz")).json()).not.toHaveProperty("checks");
    expect((await askWith(more.json().token, "/readyz")).json()).toHaveProperty("checks");
  });

  test("stands in the audit with what it read, and is no desk for an alarm to ring at", async () => {
    const token = await tokenFor("incidents:read", "recordings:read");
    await askWith(token, `/api/v1/incidents/${INCIDENT}`);
    await askWith(token, `/api/v1/recordings/${RECORDING}/media`);
    for (const type of ["records-read", "recording-viewed"]) {
      expect(api.facts).toContainEqual(expect.objectContaining({ type, by: "dashboard" }));
    }
    expect(api.signs.filter((sign) => sign.startsWith("dashboard"))).toEqual([]);
  });

  test("asks as often as its rate allows, and another one is answered meanwhile", async () => {
    const token = await tokenFor("pillars:read");
    const answers = await Promise.all(
      Array.from({ length: 250 }, async () => await askWith(token, "/api/v1/pillars")),
    );
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]!.json()).toMatchObject({
      code: "too-many-requests",
      detail: "expected at most 20 requests a second of a service",
    });
    expect(refused[0]!.headers["retry-after"]).toBe("2");
    const other = await make({ ...SERVICE, name: "other" });
    expect((await askWith(other.json().token, "/api/v1/pillars")).statusCode).toBe(200);
  });

  test("is told on its stream what its scopes include and nothing else", async () => {
    const token = await tokenFor("events:read");
    const all = await make({ ...SERVICE, name: "all", scopes: ["events:read", "incidents:read"] });
    const url = await api.listen();
    const [few, more] = [await follow(url, token), await follow(url, all.json().token)];
    api.publish(incidentEvent(7));
    await waitUntil(() => more.text.includes("event: incident"));
    expect(few.text).not.toContain("event: incident");
  });
});

describe("a service token revoked in use", () => {
  test("ends its open stream and opens nothing more, and others stay", async () => {
    const token = await tokenFor("events:read");
    const other = await make({ ...SERVICE, name: "other", scopes: ["events:read"] });
    const url = await api.listen();
    const [revoked, stays] = [await follow(url, token), await follow(url, other.json().token)];
    const answer = await api.as("admin", "DELETE", "/api/v1/services/dashboard");
    expect(answer.statusCode).toBe(204);
    await waitUntil(() => revoked.isOver);
    expect(stays.isOver).toBe(false);
    const after = await askWith(token, "/api/v1/events");
    expect(after.json()).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(after.json().detail).toContain("was revoked");
    expect((await api.as("admin", "DELETE", "/api/v1/services/dashboard")).statusCode).toBe(404);
  });

  test("by another program ends its stream within a second", async () => {
    const seen = await follow(await api.listen(), await tokenFor("events:read"));
    const others = openAccounts(join(api.dir, "accounts.db"));
    const at = performance.now();
    await others.revokeService(Username.parse("dashboard"), null);
    others.close();
    await waitUntil(() => seen.isOver);
    expect(performance.now() - at).toBeLessThan(PROMISED_MS.revoked);
    expect(api.facts).toContainEqual(
      expect.objectContaining({ type: "service-changed", change: "revoked", by: null }),
    );
  });
});
