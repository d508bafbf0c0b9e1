import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEnrolments } from "../../hub/identity/enrolments.ts";
import { HubConfig } from "../../hub/config.ts";
import { startHub, type HubProcess } from "../../hub/hub-process.ts";
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { EnrolmentResult } from "../../shared/api/enrolment.ts";
import { PillarId } from "../../shared/ids.ts";
import type { Accepted } from "../../shared/protocol/accepted.ts";
import { alarmPublicKey, keptLog, makeAlarm, makeRequest } from "../kit/wire/pillar-clients.ts";

const PILLAR = PillarId.parse("gate-1");

let dir: string;
let hub: HubProcess;
let enrolled: EnrolmentResult;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-entrance-"));
  const config = HubConfig.parse({
    dataDir: dir,
    ...{ http: { port: 0 }, mqtt: { port: 0 }, alarms: { port: 0 } },
  });
  const media = {
    send: () => {},
    start: () => {},
    status: () => [],
    close: () => Promise.resolve(),
  };
  hub = await startHub(config, { log: keptLog().log, media });
  const enrolments = openEnrolments(join(dir, "enrolments.db"));
  const place = { name: "门", grid: "", address: "", position: null };
  const secret = await enrolments.create({ pillarId: PILLAR, ...place });
  enrolments.close();
  const { csr } = await makeRequest(PILLAR);
  const answer = await fetch(`http://127.0.0.1:${hub.httpPort}/api/v1/enrolments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ pillarId: PILLAR, secret, csr, alarmPublicKey }),
  });
  enrolled = (await answer.json()) as EnrolmentResult;
});

afterAll(async () => {
  await hub.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

test("enrolment names the port where alarms go by HTTPS", () => {
  expect(enrolled.alarmsPort).toBe(hub.alarmsPort);
});

/** As a pillar would: it trusts the hub's own authority and shows no certificate. */
function post(path: string, payload: unknown): Promise<Answer> {
  const body = JSON.stringify(payload);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: "127.0.0.1", port: hub.alarmsPort, path, method: "POST" },
        ca: enrolled.caCertificate,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    asked.on("error", reject);
    asked.setNoDelay();
    asked.end(body);
  });
}

const alarmsOf = (id: string): string => `/api/v1/pillars/${id}/alarms`;

describe("the pillars' HTTPS fallback", () => {
  test("answers an alarm with the hub's signed receipt, the same one when it comes again", async () => {
    const alarm = makeAlarm(PILLAR);
    const first = await post(alarmsOf(PILLAR), alarm);
    expect(first.status).toBe(200);
    const { receipt, sig } = JSON.parse(first.body) as Accepted;
    expect(receipt).toMatchObject({ eventId: alarm.event.eventId, pillarId: PILLAR, seq: 1 });
    const key = createPublicKey(enrolled.hubPublicKey);
    const signed = Buffer.from(canonicalJson(receipt));
    expect(verify(null, signed, key, Buffer.from(sig, "base64url"))).toBe(true);
    const again = await post(alarmsOf(PILLAR), { ...alarm, attempt: 2 });
    expect(JSON.parse(again.body)).toEqual({ v: 1, receipt, sig });
  });

  test("refuses a signature that does not fit, and a pillar it does not know", async () => {
    const alarm = makeAlarm(PILLAR, 2);
    const forged = { ...alarm, sig: alarm.sig.replace(/^.{4}/, "AAAA") };
    expect((await post(alarmsOf(PILLAR), forged)).status).toBe(403);
    const stranger = PillarId.parse("gate-9");
    expect((await post(alarmsOf(stranger), makeAlarm(stranger))).status).toBe(404);
  });

  test("has no other route, whatever the console's port offers", async () => {
    for (const path of ["/", "/healthz", "/api/v1/sessions", "/api/v1/incidents"]) {
      expect([path, (await post(path, {})).status]).toEqual([path, 404]);
    }
  });

  test("reads no more than 64 KiB", async () => {
    expect((await post(alarmsOf(PILLAR), "x".repeat(70_000))).status).toBe(413);
  });
});
