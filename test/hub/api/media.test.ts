/** Media negotiation and recordings. */
import { mkdir, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Problem } from "../../../shared/api/problem.ts";
import type { Role } from "../../../shared/api/session.ts";
import { MAX_SDP_BYTES } from "../../../shared/protocol/signal.ts";
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
    expect(answer.headers.etag).toBe(`"${"3".repeat(32)}"`);
    expect(answer.body).toBe("v=0\r\nanswer");
    expect(api.views).toMatchObject([{ incidentId: INCIDENT, role, sdp: OFFER.payload }]);
    const stranger = await api.as("supervisor", "DELETE", answer.headers.location!);
    expect(stranger.statusCode).toBe(404);
    const ended = await api.as("operator", "DELETE", answer.headers.location!);
    expect([ended.statusCode, ended.body]).toEqual([204, ""]);
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

  test("a camera asked for by name is passed on, and an unknown one is a problem in words", async () => {
    await api.as("operator", "POST", `${url("whep")}?camera=rear`, OFFER);
    await api.as("operator", "POST", url("whep"), OFFER);
    expect(api.views.map(({ camera }) => camera)).toEqual(["rear", undefined]);
    const detail = "expected a camera of this pillar (front), found rear";
    api.viewAnswer = { ok: false, code: "not-found", detail };
    const answer = await api.as("operator", "POST", `${url("whep")}?camera=rear`, OFFER);
    expect(answer.json()).toMatchObject({ status: 404, code: "not-found", detail });
  });

  test.each([
    ["whep?camera=Rear-1", /camera.*expected a letter and up to 15 of a-z and 0-9/],
    ["whep?camera=", /camera/],
    ["whep?camera=a&camera=b", /camera/],
    ["whep?lens=rear", /lens/],
    ["whip?camera=front", /camera/],
  ])("%s is answered 400, and nothing is asked of the media", async (path, words) => {
    const answer = await api.as("operator", "POST", url(path), OFFER);
    expect([answer.statusCode, Problem.parse(answer.json()).detail]).toEqual([
      400,
      expect.stringMatching(words),
    ]);
    expect(api.views).toEqual([]);
  });

  test("without media the answer says so", async () => {
    api.viewAnswer = { ok: false, code: "media-unavailable", detail: "starting" };
    const answer = await api.as("operator", "POST", url("whep"), OFFER);
    expect(answer.json()).toMatchObject({ status: 503, code: "media-unavailable" });
  });

  test.each(["whep", "whip"])(
    "OPTIONS at %s says what may be posted (RFC 9725, 4.2)",
    async (name) => {
      const options = await api.app.inject({ method: "OPTIONS", url: url(name) });
      expect([options.statusCode, options.body]).toEqual([200, ""]);
      expect(options.headers["accept-post"]).toBe("application/sdp");
      expect(options.headers.allow).toBe("OPTIONS, POST");
    },
  );

  test.each([
    ["GET", "", "OPTIONS, POST"],
    ["PUT", "", "OPTIONS, POST"],
    ["PATCH", "", "OPTIONS, POST"],
    ["DELETE", "", "OPTIONS, POST"],
    ["GET", `/${"3".repeat(32)}`, "DELETE, OPTIONS"],
    ["PATCH", `/${"3".repeat(32)}`, "DELETE, OPTIONS"],
    ["POST", `/${"3".repeat(32)}`, "DELETE, OPTIONS"],
  ] as const)("%s at whip%s is not allowed, and the answer says what is", async (...row) => {
    const [method, rest, allow] = row;
    const headers = { "content-type": "application/trickle-ice-sdpfrag", "if-match": "*" };
    const payload = method === "GET" ? {} : { payload: "a=ice-ufrag:x\r\n" };
    const answer = await api.app.inject({ method, url: url("whip") + rest, headers, ...payload });
    expect(Problem.parse(answer.json())).toMatchObject({ status: 405, code: "method-not-allowed" });
    expect(answer.headers.allow).toBe(allow);
  });

  test("every other address refuses a foreign method in the same way", async () => {
    const answer = await api.app.inject({ method: "DELETE", url: "/api/v1/incidents" });
    expect(answer.json()).toMatchObject({ status: 405 });
    expect(answer.headers.allow).toBe("GET, HEAD, OPTIONS");
    const unknown = await api.app.inject({ method: "DELETE", url: "/api/v1/nothing" });
    expect(unknown.json()).toMatchObject({ status: 404, code: "not-found" });
  });
});

describe("looking at a pillar", () => {
  const look = `/api/v1/pillars/${PILLAR}/whep`;

  test("an offer for a check is answered like one for a call, and passed on with its purpose", async () => {
    const answer = await api.as("technician", "POST", `${look}?purpose=check&camera=rear`, OFFER);
    expect(answer.statusCode).toBe(201);
    expect(answer.headers.location).toBe(`${look}/${"3".repeat(32)}`);
    expect(api.views).toMatchObject([
      { pillarId: PILLAR, purpose: "check", reason: "", role: "watch", camera: "rear" },
    ]);
    const ended = await api.as("technician", "DELETE", answer.headers.location!);
    expect([ended.statusCode, api.endedViews]).toEqual([204, ["3".repeat(32)]]);
  });

  test("the reason of somebody who listens is passed on, without blanks around it", async () => {
    const reason = encodeURIComponent("  a shout was heard ");
    await api.as("operator", "POST", `${look}?purpose=listen&reason=${reason}`, OFFER);
    expect(api.views).toMatchObject([{ purpose: "listen", reason: "a shout was heard" }]);
  });

  test.each([
    ["", /purpose/],
    ["?purpose=call", /purpose/],
    ["?purpose=shout", /purpose/],
    [`?purpose=check&reason=${"x".repeat(201)}`, /reason/],
    ["?purpose=check&incident=1", /incident/],
  ])("%s is answered 400, and nothing is asked of the media", async (query, words) => {
    const answer = await api.as("operator", "POST", look + query, OFFER);
    expect([answer.statusCode, Problem.parse(answer.json()).detail]).toEqual([
      400,
      expect.stringMatching(words),
    ]);
    expect(api.views).toEqual([]);
  });

  test("an administrator may not", async () => {
    const answer = await api.as("admin", "POST", `${look}?purpose=check`, OFFER);
    expect(answer.statusCode).toBe(403);
  });

  test("what the pillar refuses is a problem in its words", async () => {
    const detail = "the lamp cannot be lit: the board does not answer";
    api.viewAnswer = { ok: false, code: "conflict", detail };
    const answer = await api.as("technician", "POST", `${look}?purpose=check`, OFFER);
    expect(answer.json()).toMatchObject({ status: 409, code: "conflict", detail });
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

  test("HEAD is no view: it tells nothing of what was said", async () => {
    await api.as("operator", "HEAD", media);
    expect(api.facts.filter((fact) => fact.type === "recording-viewed")).toEqual([]);
    await api.as("operator", "GET", media);
    expect(api.facts.filter((fact) => fact.type === "recording-viewed")).toHaveLength(1);
  });

  test("what is being sent is cut within a second of its session's end, and no other session's", async () => {
    await truncate(join(api.dir, "recording.mp4"), 512 * 1024 * 1024);
    const base = await api.listen();
    const open = async (role: Role) => {
      const headers = { authorization: `Bearer ${await api.signIn(role)}` };
      const answer = await fetch(`${base}${media}?download`, { headers });
      expect(answer.status).toBe(200);
      const reader = answer.body!.getReader();
      await reader.read();
      return { headers, reader };
    };
    const [own, other] = [await open("operator"), await open("supervisor")];
    const end = await fetch(`${base}/api/v1/sessions/current`, {
      method: "DELETE",
      headers: own.headers,
    });
    expect(end.status).toBe(204);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await readAll(own.reader)).toMatchObject({ isWhole: false });
    expect(await readAll(other.reader)).toMatchObject({ isWhole: true });
  });

  test("a recording that grew is served as far as it has come", async () => {
    await writeFile(join(api.dir, "recording.mp4"), "0123456789abc");
    const answer = await api.as("operator", "GET", media, { headers: { range: "bytes=10-" } });
    expect(answer.headers["content-range"]).toBe("bytes 10-12/13");
  });

  test("HEAD tells the true length, and sends nothing (RFC 9110, 8.6)", async () => {
    const head = await api.as("operator", "HEAD", media);
    expect([head.statusCode, head.body]).toEqual([200, ""]);
    expect(head.headers["content-length"]).toBe("10");
    expect(head.headers["content-type"]).toBe("video/mp4");
    expect(head.headers["accept-ranges"]).toBe("bytes");
    // Range is defined for GET only (RFC 9110, 14.2).
    const part = await api.as("operator", "HEAD", media, { headers: { range: "bytes=2-4" } });
    expect([part.statusCode, part.headers["content-length"]]).toEqual([200, "10"]);
  });

  test("an empty recording is an empty answer, and no part of it can be had", async () => {
    await writeFile(join(api.dir, "recording.mp4"), "");
    for (const method of ["GET", "HEAD"] as const) {
      const answer = await api.as("operator", method, media);
      expect([answer.statusCode, answer.body]).toEqual([200, ""]);
      expect(answer.headers["content-length"]).toBe("0");
    }
    const part = await api.as("operator", "GET", media, { headers: { range: "bytes=0-" } });
    expect([part.statusCode, part.headers["content-range"]]).toEqual([416, "bytes */0"]);
  });

  test("what is no plain file is not sent", async () => {
    const path = join(api.dir, "recording.mp4");
    await rm(path);
    expect((await api.as("operator", "GET", media)).statusCode).toBe(404);
    await symlink(join(api.dir, "accounts.db"), path);
    expect((await api.as("operator", "GET", media)).json()).toMatchObject({ status: 404 });
    await rm(path);
    await mkdir(path);
    expect((await api.as("operator", "GET", media)).json()).toMatchObject({ status: 404 });
  });
});

describe("a recording under conditions (RFC 9110, 13)", () => {
  const media = `/api/v1/recordings/${RECORDING}/media`;
  const CHANGED = new Date("2026-03-04T05:06:07Z");
  const get = async (headers: Record<string, string>) =>
    await api.as("operator", "GET", media, { headers });

  beforeEach(async () => {
    const path = join(api.dir, "recording.mp4");
    await writeFile(path, "0123456789");
    await utimes(path, CHANGED, CHANGED);
  });

  describe("that is closed", () => {
    let etag: string;
    beforeEach(async () => {
      api.recordingState = "closed";
      etag = String((await get({})).headers.etag);
    });

    test("has a strong tag and its date", async () => {
      expect(etag).toMatch(/^"[0-9a-f]+-[0-9a-f]+"$/);
      expect((await get({})).headers["last-modified"]).toBe(CHANGED.toUTCString());
    });

    test.each([
      ["the right tag", () => etag, 206],
      ["another tag", () => '"a-0"', 200],
      ["its tag made weak", () => `W/${etag}`, 200],
      ["two tags", () => `${etag}, "a-0"`, 200],
      ["its date", () => CHANGED.toUTCString(), 206],
      ["a later date", () => new Date(CHANGED.getTime() + 1000).toUTCString(), 200],
      ["nonsense", () => "yesterday", 200],
    ])("If-Range with %s", async (_name, condition, status) => {
      const answer = await get({ range: "bytes=2-4", "if-range": condition() });
      expect(answer.statusCode).toBe(status);
      expect(answer.body).toBe(status === 206 ? "234" : "0123456789");
    });

    test("If-Range turns a range beyond the end of something else into the whole", async () => {
      const answer = await get({ range: "bytes=99-", "if-range": '"a-0"' });
      expect([answer.statusCode, answer.body]).toEqual([200, "0123456789"]);
    });

    test("a date within the last minute does not vouch for the bytes (8.8.2.2)", async () => {
      const now = new Date();
      await utimes(join(api.dir, "recording.mp4"), now, now);
      const answer = await get({ range: "bytes=2-4", "if-range": now.toUTCString() });
      expect(answer.statusCode).toBe(200);
    });

    test.each([
      ["if-none-match", () => etag, 304],
      ["if-none-match", () => `"x", W/${etag}`, 304],
      ["if-none-match", () => "*", 304],
      ["if-none-match", () => '"x"', 200],
      ["if-modified-since", () => CHANGED.toUTCString(), 304],
      ["if-modified-since", () => new Date(0).toUTCString(), 200],
      ["if-modified-since", () => "yesterday", 200],
      ["if-match", () => etag, 200],
      ["if-match", () => "*", 200],
      ["if-match", () => '"x"', 412],
      ["if-unmodified-since", () => CHANGED.toUTCString(), 200],
      ["if-unmodified-since", () => new Date(0).toUTCString(), 412],
    ])("%s", async (name, condition, status) => {
      const answer = await get({ [name]: condition() });
      expect(answer.statusCode).toBe(status);
      const bodies: Record<number, unknown> = {
        200: "0123456789",
        304: "",
        412: expect.stringContaining("precondition"),
      };
      expect(answer.body).toEqual(bodies[status]);
    });

    test("If-None-Match counts before If-Modified-Since", async () => {
      const both = { "if-none-match": '"x"', "if-modified-since": CHANGED.toUTCString() };
      expect((await get(both)).statusCode).toBe(200);
    });
  });

  test("that still grows has a weak tag, which vouches for no part", async () => {
    const { etag } = (await get({})).headers;
    expect(etag).toMatch(/^W\/"/);
    const part = await get({ range: "bytes=2-4", "if-range": String(etag) });
    expect([part.statusCode, part.body]).toEqual([200, "0123456789"]);
    expect((await get({ "if-none-match": String(etag) })).statusCode).toBe(304);
    await writeFile(join(api.dir, "recording.mp4"), "0123456789abc");
    const grown = await get({ "if-none-match": String(etag) });
    expect([grown.statusCode, grown.body]).toEqual([200, "0123456789abc"]);
  });
});

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ readonly isWhole: boolean }> {
  try {
    while (!(await reader.read()).done);
    return { isWhole: true };
  } catch {
    // The connection was closed before all bytes of `Content-Length` had come.
    return { isWhole: false };
  }
}
