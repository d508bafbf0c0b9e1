/** Every refusal has the same form, and none reveals internal details. */
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Problem } from "../../../shared/api/problem.ts";
import { INCIDENT, startTestApi, type TestApi } from "../../kit/hub/api-on-doubles.ts";

const SECRET = "ENOENT: no such file, open '/var/lib/anzhu/journal.db'";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api.close());

test.each([
  ["nothing", {}, 500, "internal"],
  ["status 500", { statusCode: 500 }, 500, "internal"],
  ["status 200", { statusCode: 200 }, 500, "internal"],
  ["status 400 of a library", { statusCode: 400 }, 400, "bad-request"],
  ["status 404 of a library", { statusCode: 404, code: "ENOENT" }, 404, "not-found"],
])("a thrown error with %s keeps its words to the log", async (_name, extra, status, code) => {
  api.onHealth = () => {
    throw Object.assign(new Error(SECRET), extra);
  };
  const answer = await api.app.inject({ url: "/readyz" });
  expect(answer.statusCode).toBe(status);
  expect(answer.headers["content-type"]).toContain("application/problem+json");
  expect(Problem.parse(answer.json())).toMatchObject({ status, code });
  expect(answer.body).not.toContain("journal");
});

test("whoever asks too often is always told when to come again", async () => {
  api.viewAnswer = { ok: false, code: "too-many-requests", detail: "too many viewers" };
  const url = `/api/v1/incidents/${INCIDENT}/whep`;
  const offer = { headers: { "content-type": "application/sdp" }, payload: "v=0\r\noffer" };
  const answer = await api.as("operator", "POST", url, offer);
  expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([429, "2"]);
});

test.each([
  ["/api/v1/incidents/%c0%ae%c0%ae", 400],
  ["/%", 400],
  ["/api/v1/incidents/a%00b", 401],
])("the address %s is refused as a problem", async (url, status) => {
  const answer = await api.app.inject({ url });
  expect(answer.headers["content-type"]).toContain("application/problem+json");
  expect(Problem.parse(answer.json()).status).toBe(status);
});

test.each([
  ["no HTTP", "\u0016\u0003\u0001\r\n\r\n", 400, "bad-request"],
  [
    "headers too large",
    `GET / HTTP/1.1\r\nHost: h\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    431,
    "headers-too-large",
  ],
  [
    "two lengths",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    400,
    "bad-request",
  ],
  [
    "length and chunks",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
    "bad-request",
  ],
])("%s is refused as a problem before it is a request", async (_name, bytes, status, code) => {
  const said = await exchange(await api.listen(), bytes);
  const [head = "", body = ""] = said.split("\r\n\r\n");
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain("application/problem+json");
  expect(Problem.parse(JSON.parse(body))).toMatchObject({ status, code });
});

/** Everything the server says until it closes. */
function exchange(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
    let said = "";
    socket.on("data", (chunk) => (said += chunk.toString()));
    socket.on("close", () => resolve(said));
    socket.on("error", reject);
    socket.write(bytes);
  });
}
