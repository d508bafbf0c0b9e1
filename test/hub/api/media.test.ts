/** Media negotiation and recordings. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Problem } from "../../../shared/api/problem.ts";
import { MAX_SDP_BYTES } from "../../../shared/protocol/signal.ts";
import { INCIDENT, RECORDING, startTestApi, type TestApi } from "./api-kit.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api.close());

const OFFER = { headers: { "content-type": "application/sdp" }, payload: "v=0\r\noffer" };
const url = (name: string): string => `/api/v1/incidents/${INCIDENT}/${name}`;

describe("watching and talking", () => {
  test.each([
    ["whep", "watch"],
    ["whip", "talk"],
  ])("%s: an offer is answered with 201, a location and SDP", async (name, role) => {
    const answer = await api.as("operator", "POST", url(name), OFFER);
    expect(answer.statusCode).toBe(201);
    expect(answer.headers["content-type"]).toBe("application/sdp");
    expect(answer.headers.location).toBe(`${url(name)}/${"3".repeat(32)}`);
    expect(answer.body).toBe("v=0\r\nanswer");
    expect(api.views).toMatchObject([{ incidentId: INCIDENT, role, sdp: OFFER.payload }]);
    const stranger = await api.as("supervisor", "DELETE", answer.headers.location!);
    expect(stranger.statusCode).toBe(404);
    const ended = await api.as("operator", "DELETE", answer.headers.location!);
    expect(ended.statusCode).toBe(200);
    expect(api.endedViews).toEqual(["3".repeat(32)]);
    const again = await api.as("operator", "DELETE", answer.headers.location!);
    expect(again.statusCode).toBe(404);
  });

  test.each([
    ["JSON instead of SDP", { payload: { sdp: "v=0" } }, 415],
    ["no SDP", { ...OFFER, payload: "hello" }, 400],
    ["an offer over 32 KiB", { ...OFFER, payload: "v=0".padEnd(MAX_SDP_BYTES + 1) }, 413],
    ["Accept: text/html", { ...OFFER, headers: { ...OFFER.headers, accept: "text/html" } }, 406],
  ])("an offer with %s is answered %s", async (...row) => {
    const [, more, status] = row;
    const answer = await api.as("operator", "POST", url("whep"), more);
    expect(Problem.parse(answer.json()).status).toBe(status);
  });

  test("without media the answer says so", async () => {
    api.viewAnswer = { ok: false, code: "media-unavailable", detail: "starting" };
    const answer = await api.as("operator", "POST", url("whep"), OFFER);
    expect(answer.json()).toMatchObject({ status: 503, code: "media-unavailable" });
  });

  test("OPTIONS says what may be posted, and GET is not allowed", async () => {
    const options = await api.app.inject({ method: "OPTIONS", url: url("whip") });
    expect(options.headers["accept-post"]).toBe("application/sdp");
    const get = await api.app.inject({ url: url("whip") });
    expect(get.json()).toMatchObject({ status: 405, code: "method-not-allowed" });
  });
});

describe("recordings", () => {
  const media = `/api/v1/recordings/${RECORDING}/media`;
  beforeEach(async () => await writeFile(join(api.dir, "recording.mp4"), "0123456789"));

  test.each([
    [undefined, 200, undefined, "0123456789"],
    ["bytes=0-", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=2-4", 206, "bytes 2-4/10", "234"],
    ["bytes=8-99", 206, "bytes 8-9/10", "89"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=1-2,4-5", 200, undefined, "0123456789"],
    ["lines=1-2", 200, undefined, "0123456789"],
  ])("Range %s is answered %s", async (...row) => {
    const [range, status, contentRange, body] = row;
    const answer = await api.as("operator", "GET", media, { headers: range ? { range } : {} });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers["content-range"]).toBe(contentRange);
    expect(answer.headers["content-type"]).toBe("video/mp4");
    expect(answer.headers["accept-ranges"]).toBe("bytes");
    expect(answer.body).toBe(body);
  });

  test("a range beyond the end is answered 416 with the size", async () => {
    const answer = await api.as("operator", "GET", media, { headers: { range: "bytes=10-" } });
    expect(answer.statusCode).toBe(416);
    expect(answer.headers["content-range"]).toBe("bytes */10");
  });

  test("a view is journalled once for each session, before the first byte", async () => {
    await api.as("operator", "GET", media);
    await api.as("operator", "GET", media, { headers: { range: "bytes=2-4" } });
    await api.as("supervisor", "GET", media);
    const viewed = api.facts.filter((fact) => fact.type === "recording-viewed");
    expect(viewed).toMatchObject([{ by: "operator" }, { by: "supervisor" }]);
  });

  test("a recording that grew is served as far as it has come", async () => {
    await writeFile(join(api.dir, "recording.mp4"), "0123456789abc");
    const answer = await api.as("operator", "GET", media, { headers: { range: "bytes=10-" } });
    expect(answer.headers["content-range"]).toBe("bytes 10-12/13");
  });
});
