/** The hub's disk and faults, locks on recordings, and recordings that are gone, by HTTP. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { HubStatus } from "../../../shared/api/hub.ts";
import { MediaId } from "../../../shared/ids.ts";
import { Problem } from "../../../shared/api/problem.ts";
import {
  INCIDENT,
  recording,
  RECORDING,
  startTestApi,
  type TestApi,
} from "../../kit/hub/api-on-doubles.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

const FULL: HubStatus = {
  disk: { freeBytes: 5e9, totalBytes: 250e9, fullInDays: 3.5 },
  keepDays: 90,
  leastFreePercent: 10,
  faults: [{ code: "disk-critical", since: "2026-11-01T00:00:00.000Z", detail: "2 %" }],
};

test("technicians, supervisors and administrators see the hub's disk and faults, operators do not", async () => {
  api.status = FULL;
  for (const role of ["technician", "supervisor", "admin"] as const) {
    const answer = await api.as(role, "GET", "/api/v1/hub");
    expect(HubStatus.parse(answer.json())).toEqual(FULL);
  }
  expect((await api.as("operator", "GET", "/api/v1/hub")).statusCode).toBe(403);
  expect((await api.app.inject("/api/v1/hub")).statusCode).toBe(401);
});

test("Prometheus reads disk, forecast and faults; what is unknown is -1, a disk that does not fill +Inf", async () => {
  const read = async (): Promise<string[]> => {
    const text = (await api.app.inject("/metrics")).body;
    return text.split("\n").filter((line) => /^anzhu_(disk|hub)/.test(line));
  };
  expect(await read()).toEqual(
    expect.arrayContaining([
      "anzhu_disk_free_bytes -1",
      "anzhu_disk_total_bytes -1",
      "anzhu_disk_full_in_days +Inf",
      'anzhu_hub_fault{code="disk-critical"} 0',
    ]),
  );
  api.status = FULL;
  expect(await read()).toEqual(
    expect.arrayContaining([
      "anzhu_disk_free_bytes 5000000000",
      "anzhu_disk_total_bytes 250000000000",
      "anzhu_disk_full_in_days 3.5",
      'anzhu_hub_fault{code="disk-critical"} 1',
      'anzhu_hub_fault{code="disk-low"} 0',
    ]),
  );
});

test("each media process has its own numbers: whether it is up, and how often it began", async () => {
  api.media = [
    { mediaId: MediaId.parse(1), isUp: true, starts: 1 },
    { mediaId: MediaId.parse(2), isUp: false, starts: 3 },
  ];
  const text = (await api.app.inject("/metrics")).body;
  expect(text.split("\n").filter((line) => line.startsWith("anzhu_media"))).toEqual([
    'anzhu_media_up{media="1"} 1',
    'anzhu_media_up{media="2"} 0',
    'anzhu_media_starts_total{media="1"} 1',
    'anzhu_media_starts_total{media="2"} 3',
  ]);
});

test("deleted recordings are counted by reason, each once", async () => {
  const deletion = { at: "2026-11-01T00:00:00.000Z", reason: "space" } as const;
  const event = { type: "recording", recording: { ...recording, deletion } } as const;
  api.publish({ index: 1, event });
  api.publish({ index: 2, event });
  const { body } = await api.app.inject("/metrics");
  expect(body).toContain('anzhu_recordings_deleted_total{reason="space"} 1');
});

test("a supervisor locks and unlocks an incident's recordings with a reason; nobody else does", async () => {
  const url = (name: string): string => `/api/v1/incidents/${INCIDENT}/${name}`;
  const payload = { reason: "法院调取" };
  for (const role of ["operator", "technician", "admin"] as const) {
    expect((await api.as(role, "POST", url("lock"), { payload })).statusCode).toBe(403);
  }
  const headers = { "idempotency-key": "one" };
  expect((await api.as("supervisor", "POST", url("lock"), { payload, headers })).statusCode).toBe(
    200,
  );
  expect((await api.as("supervisor", "POST", url("unlock"), { payload })).statusCode).toBe(200);
  expect(api.locks).toMatchObject([
    { order: { isLocked: true, reason: "法院调取" }, by: { username: "supervisor" }, key: "one" },
    { order: { isLocked: false }, key: undefined },
  ]);
  for (const wrong of [{}, { reason: "" }, { reason: "   " }, { reason: "x".repeat(501) }]) {
    const answer = await api.as("supervisor", "POST", url("lock"), { payload: wrong });
    expect(answer.statusCode).toBe(400);
  }
});

test("a recording that was deleted is answered with 410, when and why, and is not counted as viewed", async () => {
  const deletion = { at: "2026-11-01T00:00:00.000Z", reason: "age" } as const;
  await api.close();
  const reads = { recording: async () => ({ ...recording, deletion, path: "/nowhere" }) };
  api = await startTestApi();
  const plain = await startTestApi({
    reads: new Proxy({} as never, { get: (_, name) => reads[name as keyof typeof reads] }),
  });
  try {
    const answer = await plain.as("supervisor", "GET", `/api/v1/recordings/${RECORDING}/media`);
    expect(answer.statusCode).toBe(410);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(Problem.parse(answer.json())).toMatchObject({ code: "gone", status: 410 });
    expect(answer.json()).toMatchObject({ detail: expect.stringContaining("2026-11-01") });
    expect(plain.facts.filter(({ type }) => type === "recording-viewed")).toEqual([]);
  } finally {
    await plain.close();
  }
});
