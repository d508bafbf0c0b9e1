/**
 * Pillars on the HTTP interface: enrolment, an alarm
 * when MQTT is silent, and the end of an identity.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alarmPublicKey,
  makeAccepted,
  makeAlarm,
  makeRequest,
} from "../../kit/wire/pillar-clients.ts";
import { PILLAR, startTestApi, type TestApi } from "../../kit/hub/api-on-doubles.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api?.close());

async function request(): Promise<{ pillarId: string; csr: string; alarmPublicKey: string }> {
  return { pillarId: PILLAR, csr: (await makeRequest(PILLAR)).csr, alarmPublicKey };
}
const post = (payload: object): ReturnType<TestApi["as"]> =>
  api.app.inject({ method: "POST", url: "/api/v1/enrolments", payload }) as never;

describe("enrolment", () => {
  const details = { pillarId: PILLAR, name: "East", grid: "A1", address: "", position: null };

  test("a code is traded once for a certificate, and the journal knows", async () => {
    const secret = await api.enrolments.create(details);
    const answer = await post({ ...(await request()), secret });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({
      pillarId: PILLAR,
      caCertificate: api.authority.caCertificate,
      mqttPort: 8883,
    });
    expect(api.facts).toMatchObject([
      { type: "pillar-registered", name: "East" },
      { type: "pillar-enrolled", pillarId: PILLAR, alarmPublicKey },
    ]);
    const again = await post({ ...(await request()), secret });
    expect(again.json()).toMatchObject({ status: 403, code: "forbidden" });
  });

  test("that the journal cannot take is refused in words, and its code is good again", async () => {
    const secret = await api.enrolments.create(details);
    api.onRecord = () => Promise.reject(new Error("EIO"));
    const refused = await post({ ...(await request()), secret });
    expect(refused.json()).toMatchObject({ status: 503, code: "unavailable" });
    expect(refused.json().detail).toContain("could not be recorded");
    api.onRecord = () => Promise.resolve();
    expect((await post({ ...(await request()), secret })).statusCode).toBe(201);
  });

  test("a request that cannot be certified does not use the code up", async () => {
    const secret = await api.enrolments.create(details);
    const other = (await makeRequest("demo-002")).csr;
    const refused = await post({ ...(await request()), csr: other, secret });
    expect(refused.json()).toMatchObject({ status: 400 });
    expect(refused.json().detail).toContain("expected the common name demo-001");
    const keyless = await post({ ...(await request()), alarmPublicKey: "none", secret });
    expect(keyless.json().detail).toContain("Ed25519");
    const answer = await post({ ...(await request()), secret });
    expect(answer.statusCode).toBe(201);
  });
});

describe("an alarm by HTTPS", () => {
  const url = `/api/v1/pillars/${PILLAR}/alarms`;

  test("is handed to the hub, and its receipt is the answer", async () => {
    const alarm = makeAlarm(PILLAR);
    const accepted = makeAccepted(api.authority, alarm);
    api.onAlarm = async () => ({ outcome: "accepted", accepted: accepted.message });
    const answer = await api.app.inject({ method: "POST", url, payload: alarm });
    expect(api.alarms).toMatchObject([{ pillarId: PILLAR, via: "https" }]);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual(accepted.message);
  });

  test("of another pillar is refused", async () => {
    const payload = makeAlarm("demo-002" as never);
    const answer = await api.app.inject({ method: "POST", url, payload });
    expect(answer.json().detail).toBe("expected an alarm of demo-001, found one of demo-002");
    expect(api.alarms).toEqual([]);
  });

  test("that is malformed is refused with the field's name", async () => {
    const { sig: _sig, ...payload } = makeAlarm(PILLAR);
    const answer = await api.app.inject({ method: "POST", url, payload });
    expect(answer.json()).toMatchObject({ status: 400 });
    expect(answer.json().detail).toContain("body.sig");
  });
});

describe("revoking an identity", () => {
  const url = `/api/v1/pillars/${PILLAR}/revoke`;
  const payload = { reason: "pillar-stolen", note: "found open" };

  test.each(["operator", "supervisor", "technician"] as const)("is not for a %s", async (role) => {
    const answer = await api.as(role, "POST", url, { payload });
    expect(answer.json()).toMatchObject({ status: 403, code: "forbidden" });
    expect(api.revocations).toEqual([]);
  });

  test("by an administrator reaches the hub once, with reason, name and key", async () => {
    const headers = { "idempotency-key": "k1" };
    const answer = await api.as("admin", "POST", url, { payload, headers });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ id: PILLAR });
    expect(api.revocations).toMatchObject([
      { request: payload, by: { username: "admin", role: "admin" }, key: "k1" },
    ]);
  });

  test("without a known reason is refused in words, and so is what the hub refuses", async () => {
    const wrong = await api.as("admin", "POST", url, { payload: { reason: "because" } });
    expect(wrong.json()).toMatchObject({ status: 400, code: "bad-request" });
    expect(wrong.json().detail).toContain("body.reason");
    api.ended = { ok: false, code: "conflict", detail: "expected the certificate 1, found 2" };
    const late = await api.as("admin", "POST", url, { payload });
    expect(late.json()).toMatchObject({
      status: 409,
      detail: "expected the certificate 1, found 2",
    });
  });
});
